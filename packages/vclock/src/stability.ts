// Keeping vectors small without losing causality. Nothing here reads a clock: an entry leaves only
// when every owner has durably what it stands for, and a limit is reported, never enforced.

import { contextOf, type DottedContext, joinContexts } from "./context.ts";
import type { Origin } from "./origin.ts";
import {
  joinVectors,
  meetVectors,
  selectEntries,
  sequenceOf,
  vectorDelta,
  type VersionVector,
} from "./vector.ts";
import type { Versioned } from "./versioned.ts";

/**
 * What every owner has durably: the greatest vector that all the acknowledged ones include.
 *
 * @param acknowledged - of each owner, also of those that are down, the records it has durably, as
 *   its log says. The contexts of its keys say more than that: what clients read elsewhere and other
 *   copies' bases flow into them, and a cut made of those loses writes
 * @throws RangeError for no owners, of whom anything would be true
 * @public
 */
export function stableCut(acknowledged: readonly VersionVector[]): VersionVector {
  const [first, ...rest] = acknowledged;
  if (first === undefined) throw new RangeError("a stable cut needs at least one owner");
  return rest.reduce(meetVectors, first);
}

/**
 * What {@link foldOrigins} did.
 *
 * @public
 */
export interface Fold {
  /** The new base, including the old one. */
  readonly base: VersionVector;
  /** Sealed origins that not every owner has to their end yet; they stay in the vectors. */
  readonly waiting: readonly Origin[];
  /** Origins with dots beyond their seal: folded as far as stable, and a reason for an alarm. */
  readonly unsealed: readonly Origin[];
}

/**
 * What {@link foldOrigins} goes by.
 *
 * @public
 */
export interface FoldInput {
  /** What was folded before. */
  readonly base: VersionVector;
  /** The last sequence of each origin whose writer is gone for good. */
  readonly sealed: VersionVector;
  /** The {@link stableCut} of all owners. */
  readonly cut: VersionVector;
}

/**
 * Retires origins whose life has ended and whose every dot is everywhere: they move into the base,
 * which a copy keeps once, and leave its vectors. A dot that turns up later is still merged, since
 * what a copy includes is always its base and its vector together.
 *
 * @public
 */
export function foldOrigins({ base, sealed, cut }: FoldInput): Fold {
  const ripe = selectEntries(sealed, (origin, last) => {
    const stable = sequenceOf(cut, origin);
    return stable >= last ? stable : 0;
  });
  const folded = joinVectors(base, ripe);
  return {
    base: folded,
    waiting: vectorDelta(folded, sealed).origins,
    unsealed: ripe.origins.filter((origin) => sequenceOf(cut, origin) > sequenceOf(sealed, origin)),
  };
}

/**
 * The entries of `vector` that `base` does not include. Among copies that include the base, stripped
 * vectors compare as the full ones do; {@link joinVectors} with the base refills one.
 *
 * @public
 */
export function stripVector(vector: VersionVector, base: VersionVector): VersionVector {
  return vectorDelta(base, vector);
}

/**
 * What is left to store of a context when `base` is stored elsewhere. A stripped context is a
 * storage form: {@link refillContext} before any comparison, write or merge.
 *
 * @public
 */
export function stripContext(context: DottedContext, base: VersionVector): DottedContext {
  const { vector, ranges } = refillContext(context, base);
  return { vector: stripVector(vector, base), ranges };
}

/**
 * The context joined with `base`, which must be the base of the very copy that stored it: another
 * copy's base would claim dots that this one never had.
 *
 * @public
 */
export function refillContext(context: DottedContext, base: VersionVector): DottedContext {
  return joinContexts(context, contextOf(base));
}

/**
 * Sizes at which a caller wants to be told. Absent: no limit.
 *
 * @public
 */
export interface Limits {
  /** Origins in the vector. */
  readonly origins?: number;
  /** Ranges beyond gaps. */
  readonly ranges?: number;
  /** Concurrent values. */
  readonly siblings?: number;
}

/**
 * A limit that a state exceeds.
 *
 * @public
 */
export interface LimitReport {
  /** Which one. */
  readonly limit: keyof Limits;
  /** What the state has. */
  readonly size: number;
  /** What was given. */
  readonly max: number;
}

/**
 * Which limits a state exceeds. Report or refuse the next write; dropping entries instead would make
 * old dots look new again.
 *
 * @public
 */
export function exceededLimits(
  { siblings, context }: Versioned<unknown>,
  limits: Limits,
): LimitReport[] {
  const sizes = {
    origins: context.vector.origins.length,
    ranges: context.ranges.length,
    siblings: siblings.length,
  };
  return (["origins", "ranges", "siblings"] as const)
    .map((limit) => ({ limit, size: sizes[limit], max: limits[limit] ?? Infinity }))
    .filter(({ size, max }) => size > max);
}
