import type { Member } from "./member.ts";
import type { Readiness } from "./answers.ts";
import type { Ring } from "./ring.ts";

/**
 * Why a slot is copied: its target joined (`join`) or gained `weight` or changed `zone`; or one of its
 * owners left (`leave`), lost `weight` or changed `zone`; or the `override` of the slot or the `rule` of
 * the placement changed. Nothing else moves data; what did would be `needless`.
 *
 * @public
 */
export type MoveReason = "join" | "leave" | "weight" | "zone" | "override" | "rule" | "needless";

/**
 * One slot to copy to a new owner.
 *
 * @public
 */
export interface Move {
  /** Number of the slot. */
  readonly slot: number;
  /** A ready holder to copy from, in the target's zone if there is one; undefined if none is ready. */
  readonly source: string | undefined;
  /** The new owner. */
  readonly target: string;
  /** What the target will be. */
  readonly role: "primary" | "replica";
  /** Why it is copied. */
  readonly reason: MoveReason;
  /** Size of the slot as `slotBytes` gave it. */
  readonly bytes: number;
  /** Whether source and target are in different zones. */
  readonly isCrossZone: boolean;
  /** How many ready holders the slot had when the plan was made: the fewer, the more urgent. */
  readonly holders: number;
}

/**
 * A slot whose first owner changes to a member that holds it already: no data moves.
 *
 * @public
 */
export interface Swap {
  /** Number of the slot. */
  readonly slot: number;
  /** Its first owner before. */
  readonly from: string;
  /** Its first owner after. */
  readonly to: string;
}

/**
 * A copy that is no longer wanted. It may go once every owner of the slot is ready, not before.
 *
 * @public
 */
export interface Drop {
  /** Number of the slot. */
  readonly slot: number;
  /** Who owns it no longer. */
  readonly member: string;
}

/**
 * All that lies between two rings.
 *
 * @public
 */
export interface Plan {
  /** Fingerprint of the ring before. */
  readonly from: string;
  /** Fingerprint of the ring after. */
  readonly to: string;
  /** Copies to make, by slot. */
  readonly moves: readonly Move[];
  /** Role changes that copy nothing, by slot. */
  readonly swaps: readonly Swap[];
  /** Copies no longer wanted, by slot. */
  readonly drops: readonly Drop[];
  /** Sum of the moves' bytes. */
  readonly bytes: number;
  /**
   * The least number of copies by which any plan could get from the members' loads in the first ring to
   * those in the second: what each member gains, summed.
   */
  readonly lowerBound: number;
  /** Moves between survivors that nothing explains; always 0, and counted rather than assumed. */
  readonly needless: number;
}

/**
 * Options of {@link plan}.
 *
 * @public
 */
export interface PlanOptions {
  /**
   * Size of a slot, in any unit.
   *
   * @defaultValue 1 for every slot
   */
  readonly slotBytes?: (slot: number) => number;
  /**
   * Who holds what: sources are chosen among ready members that are not down.
   *
   * @defaultValue every owner in `from` is ready
   */
  readonly isReady?: Readiness;
}

/**
 * What must happen to get from one ring to another, for the placement class of the two views.
 *
 * Copies are apart from role swaps. Applying `moves` and `drops` to the owners in `from` gives exactly
 * the owners in `to`.
 *
 * @throws RangeError if keys have other slots in `to` than in `from`
 * @public
 */
export function plan(from: Ring, to: Ring, options: PlanOptions = {}): Plan {
  if (!from.sharesSlots(to)) throw new RangeError("the rings differ in slot count or hash");
  const { slotBytes = () => 1, isReady = () => true } = options;
  const causes = findCauses(from, to);
  const sources = new Sources(from, to, isReady);
  const moves: Move[] = [];
  const swaps: Swap[] = [];
  const drops: Drop[] = [];
  for (let slot = 0; slot < from.slots; slot++) {
    const before = from.owners(slot);
    const after = to.owners(slot);
    if (before.length === after.length && before.every((id, i) => id === after[i])) continue;
    const [first, next] = [before[0], after[0]];
    if (first !== undefined && next !== undefined && first !== next && before.includes(next)) {
      swaps.push({ slot, from: first, to: next });
    }
    for (const member of before) if (!after.includes(member)) drops.push({ slot, member });
    const targets = after.filter((id) => !before.includes(id));
    const reasons = causes.explain(slot, before, targets);
    for (const [i, target] of targets.entries()) {
      const role = target === next ? "primary" : "replica";
      const reason = reasons[i] ?? "needless";
      const bytes = slotBytes(slot);
      moves.push({ slot, target, role, reason, bytes, ...sources.choose(slot, before, target) });
    }
  }
  return {
    from: from.fingerprint,
    to: to.fingerprint,
    moves,
    swaps,
    drops,
    bytes: moves.reduce((sum, move) => sum + move.bytes, 0),
    lowerBound: sumGains(from, to),
    needless: moves.filter((move) => move.reason === "needless").length,
  };
}

function sumGains(from: Ring, to: Ring): number {
  const before = new Map(from.loads().map(({ id, slots }) => [id, slots]));
  return to.loads().reduce((sum, { id, slots }) => {
    return sum + Math.max(0, slots - (before.get(id) ?? 0));
  }, 0);
}

function membersOf(ring: Ring): Map<string, Member> {
  return new Map(ring.members.map((member) => [member.id, member]));
}

/** Members that may own slots in this view. */
function eligibleOf(ring: Ring): Map<string, Member> {
  const pinnedTo = ring.pinnedTo && new Set(ring.pinnedTo);
  const members = [...membersOf(ring)].filter(
    ([id, { state }]) => state !== "joining" && (pinnedTo?.has(id) ?? true),
  );
  return new Map(members);
}

interface Causes {
  /** A reason for each target that has one; the reasons of one slot never explain too many. */
  readonly explain: (
    slot: number,
    before: readonly string[],
    targets: readonly string[],
  ) => (MoveReason | undefined)[];
}

function findCauses(from: Ring, to: Ring): Causes {
  const [before, after] = [eligibleOf(from), eligibleOf(to)];
  const isRuleChanged =
    from.replicas !== to.replicas ||
    from.zones !== to.zones ||
    JSON.stringify(from.pinnedTo) !== JSON.stringify(to.pinnedTo);
  const [pinsBefore, pinsAfter] = [pinsOf(from), pinsOf(to)];
  /** Members that may win slots, and members that may lose them. */
  const rising = new Map<string, MoveReason>();
  const falling = new Map<string, MoveReason>();
  for (const [id, { weight, zone }] of after) {
    const old = before.get(id);
    if (old === undefined) rising.set(id, "join");
    else if (weight > old.weight) rising.set(id, "weight");
    else if (weight < old.weight) falling.set(id, "weight");
    if (old !== undefined && zone !== old.zone) {
      rising.set(id, "zone");
      falling.set(id, "zone");
    }
  }
  for (const id of before.keys()) if (!after.has(id)) falling.set(id, "leave");
  return {
    explain: (slot, owners, targets) => {
      const general: MoveReason | undefined =
        pinsBefore.get(slot) !== pinsAfter.get(slot)
          ? "override"
          : isRuleChanged
            ? "rule"
            : undefined;
      const lost = owners.flatMap((id) => falling.get(id) ?? []);
      return targets.map((id) => rising.get(id) ?? lost.shift() ?? general);
    },
  };
}

function pinsOf(ring: Ring): Map<number, string> {
  const own = ring.overrides.filter(({ class: name = "" }) => name === ring.className);
  return new Map(own.map(({ slot, owners }) => [slot, JSON.stringify(owners)]));
}

/** Hands out sources: in the target's zone if possible, then whoever has been given the least. */
class Sources {
  readonly #before: Map<string, Member>;
  readonly #after: Map<string, Member>;
  readonly #isReady: Readiness;
  readonly #given = new Map<string, number>();

  constructor(from: Ring, to: Ring, isReady: Readiness) {
    this.#before = membersOf(from);
    this.#after = membersOf(to);
    this.#isReady = isReady;
  }

  choose(
    slot: number,
    owners: readonly string[],
    target: string,
  ): Pick<Move, "source" | "isCrossZone" | "holders"> {
    const zone = this.#after.get(target)?.zone;
    const ready = owners.filter((id) => {
      return this.#member(id)?.state !== "down" && this.#isReady(id, slot);
    });
    const near = ready.filter((id) => this.#member(id)?.zone === zone);
    const candidates = near.length > 0 ? near : ready;
    const given = candidates.map((id) => this.#given.get(id) ?? 0);
    const source = candidates[given.indexOf(Math.min(...given))];
    if (source !== undefined) this.#given.set(source, (this.#given.get(source) ?? 0) + 1);
    return {
      source,
      isCrossZone: source !== undefined && near.length === 0,
      holders: ready.length,
    };
  }

  #member(id: string): Member | undefined {
    return this.#after.get(id) ?? this.#before.get(id);
  }
}
