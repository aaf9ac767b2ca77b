import { Chooser } from "./chooser.ts";
import type { ResolvedRule } from "./config.ts";
import { type Member, STATES } from "./member.ts";
import type { Roster } from "./roster.ts";

/** Who owns each slot under one rule. */
export interface Placement {
  readonly roster: Roster;
  readonly rule: ResolvedRule;
  /** Owners of every slot; all slots have equally many. */
  readonly copies: number;
  /** `copies` member indexes a slot, in order of preference. */
  readonly owners: Uint16Array;
}

const JOINING = STATES.indexOf("joining");

/**
 * Computes the owners of every slot.
 *
 * @param earlier - a placement to start from. The result is the same without it; with it, only the
 * slots of members that were removed, lightened or moved to another zone are searched in full.
 */
export function place(
  roster: Roster,
  rule: ResolvedRule,
  slots: number,
  earlier?: Placement,
): Placement {
  const eligible = eligibleMembers(roster, rule);
  const copies = countCopies(roster, rule, eligible);
  const owners = new Uint16Array(slots * copies);
  const chooser = new Chooser(roster, rule.zones, copies);
  const pins = eligiblePins(roster, rule, eligible);
  const reuse =
    earlier && sameRule(rule, earlier.rule) ? new Reuse(earlier, roster, eligible) : undefined;
  for (let slot = 0; slot < slots; slot++) {
    chooser.begin(slot);
    const pinned = pins.get(slot);
    if (reuse !== undefined && pinned === undefined && reuse.load(slot)) {
      chooser.keep(reuse.kept, reuse.keptCount);
      chooser.offer(reuse.gained, reuse.gained.length);
    } else {
      if (pinned !== undefined) for (const member of pinned) chooser.pin(member);
      chooser.offer(eligible, eligible.length);
    }
    chooser.emit(owners, slot * copies);
  }
  return { roster, rule, copies, owners };
}

function eligibleMembers(roster: Roster, rule: ResolvedRule): Uint16Array {
  const pinnedTo = rule.pinnedTo && new Set(rule.pinnedTo);
  return Uint16Array.from(roster.ids.keys()).filter(
    (member) =>
      roster.ranks[member] !== JOINING &&
      (pinnedTo === undefined || pinnedTo.has(roster.ids[member] as string)),
  );
}

function countCopies(roster: Roster, rule: ResolvedRule, eligible: Uint16Array): number {
  const places =
    rule.zones === "strict"
      ? new Set(Array.from(eligible, (member) => roster.zones[member])).size
      : eligible.length;
  return Math.min(rule.replicas, places);
}

function eligiblePins(
  roster: Roster,
  rule: ResolvedRule,
  eligible: Uint16Array,
): ReadonlyMap<number, readonly number[]> {
  const pins = new Map<number, readonly number[]>();
  if (rule.overrides.size === 0) return pins;
  const isEligible = new Set(eligible);
  for (const [slot, ids] of rule.overrides) {
    const members = ids.map((id) => roster.indexes.get(id) ?? -1);
    pins.set(
      slot,
      members.filter((member) => isEligible.has(member)),
    );
  }
  return pins;
}

function sameRule(a: ResolvedRule, b: ResolvedRule): boolean {
  return (
    a.replicas === b.replicas &&
    a.zones === b.zones &&
    JSON.stringify(a.pinnedTo) === JSON.stringify(b.pinnedTo)
  );
}

/** A member whose slots must be searched in full: gone, lighter, or in another zone. */
const LOST = -1;
/** A heavier member: keeps its slots, and is offered all others among {@link Reuse.gained}. */
const RAISED = -2;

/** What an earlier placement still tells about the owners under a new roster. */
class Reuse {
  /** Members that may win slots they did not own: new, heavier, or in another zone. */
  readonly gained: Uint16Array;
  /** The owners of the slot last loaded, by their present indexes, without those in `gained`. */
  readonly kept: Uint16Array;
  keptCount = 0;
  readonly #earlier: Placement;
  /** Present index of each earlier member, or {@link LOST} or {@link RAISED}. */
  readonly #indexNow: Int32Array;

  constructor(earlier: Placement, roster: Roster, eligible: Uint16Array) {
    const { members, indexes } = earlier.roster;
    const wasEligible = new Set(eligibleMembers(earlier.roster, earlier.rule));
    const gained: number[] = [];
    this.#indexNow = new Int32Array(members.length).fill(LOST);
    for (const member of eligible) {
      const { id, weight, zone } = roster.members[member] as Member;
      const index = indexes.get(id) ?? -1;
      const before = wasEligible.has(index) ? members[index] : undefined;
      if (before?.zone !== zone) {
        gained.push(member);
      } else if (weight > before.weight) {
        gained.push(member);
        this.#indexNow[index] = RAISED;
      } else if (weight === before.weight) {
        this.#indexNow[index] = member;
      }
    }
    this.gained = Uint16Array.from(gained);
    this.kept = new Uint16Array(earlier.copies);
    this.#earlier = earlier;
  }

  /** Loads the owners of `slot`; false if others than they and `gained` may own it now. */
  load(slot: number): boolean {
    const { copies, owners, rule } = this.#earlier;
    if (rule.overrides.has(slot)) return false;
    this.keptCount = 0;
    for (let i = slot * copies; i < (slot + 1) * copies; i++) {
      const member = this.#indexNow[owners[i] as number] as number;
      if (member === LOST) return false;
      if (member !== RAISED) this.kept[this.keptCount++] = member;
    }
    return true;
  }
}
