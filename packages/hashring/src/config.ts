import { type Hash, xxh32 } from "./hash.ts";
import { checkText, compareText, type Member, type MemberInput, STATES } from "./member.ts";
import { WEIGHT_MAX } from "./score.ts";

/**
 * How the zones of one slot's owners relate. `ignore`: not at all (random placement). `prefer`: one
 * owner a zone as long as there are unused zones, then the best of the rest. `strict`: never two
 * owners in one zone, so fewer owners than `replicas` when there are fewer zones.
 *
 * @public
 */
export type ZoneRule = "ignore" | "prefer" | "strict";

/**
 * How many owners a slot has, and how they spread.
 *
 * @public
 */
export interface SpreadRule {
  /**
   * Owners of each slot, the primary included; 1 to 255. With fewer eligible members (or zones, if
   * `strict`) every slot has fewer owners: compare {@link Ring.copies} with {@link Ring.replicas}.
   *
   * @defaultValue 3
   */
  readonly replicas?: number;
  /**
   * How the owners of a slot spread over zones.
   *
   * @defaultValue "prefer"
   */
  readonly zones?: ZoneRule;
}

/**
 * The rule of a placement class.
 *
 * @public
 */
export interface PlacementRule extends SpreadRule {
  /**
   * Ids of the only members that may own slots in this class; an unknown id waits for its member.
   *
   * @defaultValue every member
   */
  readonly pinnedTo?: readonly string[];
}

/**
 * Names the first owners of one slot. Ids that are not eligible members (or, under `strict`, whose
 * zone is taken) are passed over; rendezvous fills the rest.
 *
 * @public
 */
export interface Override {
  /** Number of the slot, from 0. */
  readonly slot: number;
  /** Ids in order of preference, at least one, no two alike. */
  readonly owners: readonly string[];
  /** Name of the placement class. Left out: the default placement. */
  readonly class?: string;
}

/**
 * What a ring is made of. `replicas` and `zones` are the rule of the default placement.
 *
 * @public
 */
export interface RingOptions extends SpreadRule {
  /** Ids must differ; the order is irrelevant. At most 65535. */
  readonly members: readonly MemberInput[];
  /**
   * Number of slots: a power of two from 2^10 to 2^18, fixed for the life of the data, because another
   * number is another placement. With 3 replicas the loads deviate by sqrt((N - 3) / (3 slots)).
   *
   * @defaultValue 16384
   */
  readonly slots?: number;
  /** Further placement rules over the same members, by name. */
  readonly classes?: Readonly<Record<string, PlacementRule>>;
  /** First owners of single slots; at most one override for each slot of a class. */
  readonly overrides?: readonly Override[];
  /**
   * Key to unsigned 32-bit integer; see {@link Hash}.
   *
   * @defaultValue xxh32
   */
  readonly hash?: Hash;
}

/**
 * What {@link Ring.with} changes. Rules, classes and overrides are replaced as a whole.
 *
 * @public
 */
export interface RingChanges extends SpreadRule {
  /** Members to add, or to alter in the given properties. */
  readonly set?: readonly MemberInput[];
  /** Ids to remove; each must be a member. */
  readonly remove?: readonly string[];
  /** The placement classes, all of them. */
  readonly classes?: Readonly<Record<string, PlacementRule>>;
  /** The overrides, all of them: to add one, `[...ring.overrides, another]`. */
  readonly overrides?: readonly Override[];
}

/** A placement rule with its defaults and without its name, `pinnedTo` sorted. */
export interface ResolvedRule {
  readonly replicas: number;
  readonly zones: ZoneRule;
  readonly pinnedTo: readonly string[] | undefined;
  /** Slot to owner ids, in slot order. */
  readonly overrides: ReadonlyMap<number, readonly string[]>;
}

/** Options in canonical form: equal rings have equal configurations, whatever their history. */
export interface RingConfig {
  readonly slotBits: number;
  readonly hash: Hash;
  /** `hash` of a fixed text: tells rings apart that hash keys differently. */
  readonly hashProbe: number;
  /** Sorted by id. */
  readonly members: readonly Member[];
  /** Sorted by name; `""` is the default placement. */
  readonly rules: ReadonlyMap<string, ResolvedRule>;
}

const MEMBERS_MAX = 65_535;
/** In the order of their codes in the encoding. */
export const ZONE_RULES: readonly ZoneRule[] = ["ignore", "prefer", "strict"];
const PROBE = "@engram/hashring";

/** Checks options and fills in defaults; the only place that does. */
export function resolveOptions(options: RingOptions): RingConfig {
  const { slots = 16_384, hash = xxh32 } = options;
  const slotBits = 31 - Math.clz32(slots);
  if (2 ** slotBits !== slots || slotBits < 10 || slotBits > 18) {
    throw new RangeError(`slots must be a power of two from 1024 to 262144, not ${slots}`);
  }
  const hashProbe = hash(PROBE);
  if (!Number.isInteger(hashProbe) || hashProbe < 0 || hashProbe >= 2 ** 32) {
    throw new TypeError("hash must return an unsigned 32-bit integer");
  }
  const members = changeMembers([], options.members, []);
  return { slotBits, hash, hashProbe, members, rules: resolveRules(options, slots) };
}

/** The configuration after `changes`; throws as {@link resolveOptions} does and changes nothing. */
export function applyChanges(config: RingConfig, changes: RingChanges): RingConfig {
  const { set = [], remove = [], ...rules } = changes;
  return {
    ...config,
    members: changeMembers(config.members, set, remove),
    rules:
      Object.keys(rules).length === 0
        ? config.rules
        : resolveRules({ ...describeRules(config.rules), ...rules }, 2 ** config.slotBits),
  };
}

function changeMembers(
  members: readonly Member[],
  set: readonly MemberInput[],
  remove: readonly string[],
): readonly Member[] {
  const byId = new Map(members.map((member) => [member.id, member]));
  const named = new Set<string>();
  for (const id of remove) {
    if (!byId.delete(id)) throw new RangeError(`cannot remove ${id}: not a member`);
    named.add(id);
  }
  for (const input of set) {
    if (named.has(input.id)) throw new RangeError(`member ${input.id} is named twice`);
    named.add(input.id);
    byId.set(input.id, resolveMember(input, byId.get(input.id)));
  }
  if (byId.size > MEMBERS_MAX) throw new RangeError(`more than ${MEMBERS_MAX} members`);
  return [...byId.values()].sort((a, b) => compareText(a.id, b.id));
}

function resolveMember(input: MemberInput, base: Member | undefined): Member {
  const member: Member = {
    id: input.id,
    weight: input.weight ?? base?.weight ?? 1,
    zone: input.zone ?? base?.zone ?? "",
    state: input.state ?? base?.state ?? "active",
  };
  checkText(member.id, "member id");
  checkText(member.zone, "zone");
  if (member.id === "") throw new RangeError("member id must not be empty");
  if (!Number.isInteger(member.weight) || member.weight < 1 || member.weight > WEIGHT_MAX) {
    throw new RangeError(
      `weight of ${member.id} must be an integer from 1 to ${WEIGHT_MAX}, not ${member.weight}`,
    );
  }
  if (!STATES.includes(member.state)) {
    throw new RangeError(`state of ${member.id} must be one of ${STATES.join(", ")}`);
  }
  return Object.freeze(member);
}

type RuleOptions = Omit<RingOptions, "members" | "slots" | "hash">;

function resolveRules(options: RuleOptions, slots: number): ReadonlyMap<string, ResolvedRule> {
  const rules = new Map<string, ResolvedRule>();
  const overrides = groupOverrides(options.overrides ?? [], slots);
  const classes = Object.entries(options.classes ?? {});
  const { replicas = 3, zones = "prefer" } = options;
  for (const [name, rule] of [["", { replicas, zones }] as const, ...classes]) {
    if (rules.has(name)) throw new RangeError("the name of a class must not be empty");
    rules.set(name, resolveRule(name, rule, overrides.get(name)));
    overrides.delete(name);
  }
  for (const name of overrides.keys()) throw new RangeError(`override in unknown class ${name}`);
  return new Map([...rules].sort(([a], [b]) => compareText(a, b)));
}

function resolveRule(
  name: string,
  rule: PlacementRule,
  overrides: ResolvedRule["overrides"] = new Map(),
): ResolvedRule {
  checkText(name, "class name");
  const { replicas = 3, zones = "prefer", pinnedTo } = rule;
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > 255) {
    throw new RangeError(`replicas must be an integer from 1 to 255, not ${replicas}`);
  }
  if (!ZONE_RULES.includes(zones)) {
    throw new RangeError(`zones must be one of ${ZONE_RULES.join(", ")}, not ${zones}`);
  }
  if (pinnedTo !== undefined) checkIds(pinnedTo, `pinnedTo of class ${name}`);
  return { replicas, zones, pinnedTo: pinnedTo?.toSorted(compareText), overrides };
}

function groupOverrides(
  overrides: readonly Override[],
  slots: number,
): Map<string, Map<number, readonly string[]>> {
  const groups = new Map<string, Map<number, readonly string[]>>();
  for (const { slot, owners, class: name = "" } of overrides.toSorted((a, b) => a.slot - b.slot)) {
    if (!Number.isInteger(slot) || slot < 0 || slot >= slots) {
      throw new RangeError(`override of slot ${slot}: slots go from 0 to ${slots - 1}`);
    }
    checkIds(owners, `override of slot ${slot}`);
    const group = groups.get(name) ?? new Map<number, readonly string[]>();
    if (group.has(slot)) throw new RangeError(`slot ${slot} is overridden twice`);
    groups.set(name, group.set(slot, Object.freeze([...owners])));
  }
  return groups;
}

function checkIds(ids: readonly string[], what: string): void {
  for (const id of ids) checkText(id, what);
  if (ids.includes("")) throw new RangeError(`${what} has an empty id`);
  if (ids.length === 0 || new Set(ids).size !== ids.length) {
    throw new RangeError(`${what} must name at least one member and none twice`);
  }
}

/** The rules as options again. */
export function describeRules(rules: RingConfig["rules"]): Required<RuleOptions> {
  const classes: [string, PlacementRule][] = [];
  const overrides: Override[] = [];
  for (const [name, { replicas, zones, pinnedTo, overrides: pins }] of rules) {
    if (name !== "") classes.push([name, { replicas, zones, ...(pinnedTo && { pinnedTo }) }]);
    for (const [slot, owners] of pins) {
      overrides.push({ slot, owners, ...(name !== "" && { class: name }) });
    }
  }
  const { replicas, zones } = rules.get("") as ResolvedRule;
  return { replicas, zones, classes: Object.fromEntries(classes), overrides };
}
