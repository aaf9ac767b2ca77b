// Outputs computed from a set of events, such as a consolidation. Two copies that have seen the same
// events compute the same output; the one that has seen more replaces the other; two that have each
// seen something else are both kept until a copy that has seen everything computes again.

import { sortedTexts } from "./text.ts";
import type { Order } from "./order.ts";
import { compareVectors, orderVectors, type VersionVector } from "./vector.ts";

/**
 * An output and what it was computed from. Equal version and vector must mean an equal value: the
 * algorithm is a pure function of the events.
 *
 * @public
 */
export interface Claim<T> {
  /** Version of the algorithm: integer in 0 .. 2^53-1. */
  readonly version: number;
  /** The events it was computed from. */
  readonly vector: VersionVector;
  /** The output. */
  readonly value: T;
}

/**
 * Claims of which none is dominated: no other has both a version and a vector at least as high, and
 * one of them higher. Sorted by version, then vector, then value.
 *
 * @public
 */
export type ClaimSet<T> = readonly Claim<T>[];

/**
 * The non-dominated ones of any claims, in any order.
 *
 * @throws RangeError when a version is not an integer in 0 .. 2^53-1
 * @public
 */
export function claimsOf<T>(claims: Iterable<Claim<T>>, order: Order<T>): ClaimSet<T> {
  const sorted = Array.from(claims, (claim) => {
    if (!Number.isSafeInteger(claim.version) || claim.version < 0) {
      throw new RangeError(`a version is an integer in 0 .. 2^53-1, not ${claim.version}`);
    }
    return claim;
  }).sort((a, b) => compareClaims(a, b, order));
  return maximal(sorted, order);
}

/**
 * The claims of both that none of the other dominates. Of copies that computed with different
 * knowledge, all answers stay; adding one claim is a join with `[claim]`.
 *
 * @param order - orders values; decides only when an algorithm was not a pure function, in which
 *   case both of its answers are kept, see {@link divergentClaims}
 * @public
 */
export function joinClaims<T>(left: ClaimSet<T>, right: ClaimSet<T>, order: Order<T>): ClaimSet<T> {
  return maximal(
    [...left, ...right].sort((a, b) => compareClaims(a, b, order)),
    order,
  );
}

/** The order of a set: total, without causal meaning. */
export function compareClaims<T>(left: Claim<T>, right: Claim<T>, order: Order<T>): number {
  return (
    left.version - right.version ||
    orderVectors(left.vector, right.vector) ||
    order(left.value, right.value)
  );
}

function maximal<T>(sorted: readonly Claim<T>[], order: Order<T>): Claim<T>[] {
  const distinct = sorted.filter(
    (claim, i) => i === 0 || compareClaims(sorted[i - 1] as Claim<T>, claim, order) !== 0,
  );
  return distinct.filter((claim) => !distinct.some((other) => dominates(other, claim)));
}

/** Whether `left` was computed from at least as much, by an algorithm at least as new, and not alike. */
export function dominates(left: Claim<unknown>, right: Claim<unknown>): boolean {
  if (left.version < right.version) return false;
  const causality = compareVectors(left.vector, right.vector);
  return causality === "after" || (causality === "equal" && left.version > right.version);
}

/**
 * Claims with equal version and vector but different values: proof that the algorithm read something
 * other than its events. All are kept; the list is empty when all is well.
 *
 * @public
 */
export function divergentClaims<T>(claims: ClaimSet<T>): Claim<T>[] {
  const alike = (a: Claim<T> | undefined, b: Claim<T>) =>
    a !== undefined && a.version === b.version && orderVectors(a.vector, b.vector) === 0;
  return claims.filter((claim, i) => alike(claims[i - 1], claim) || alike(claims[i + 1], claim));
}

/**
 * What a set of claims cites together, each source once however many claims cite it; sorted.
 *
 * @param citations - the sources of one claim's value
 * @public
 */
export function citedSources<T>(
  claims: ClaimSet<T>,
  citations: (value: T) => Iterable<string>,
): string[] {
  return sortedTexts(claims.flatMap(({ value }) => [...citations(value)]));
}
