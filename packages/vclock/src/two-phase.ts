import { sortedTexts } from "./text.ts";

/**
 * A set whose removals are final: an element that was removed anywhere is never in it again, however
 * it was added. Both lists are sorted, and no element is in both. Removed elements are kept, since
 * forgetting one would let an old copy bring it back.
 *
 * @public
 */
export interface TwoPhaseSet {
  /** The elements of the set. */
  readonly added: readonly string[];
  /** Elements that can never be in it again. */
  readonly removed: readonly string[];
}

/**
 * A set from elements in any order; an element in both is removed. Adding or removing is a join with
 * such a set: `joinTwoPhase(set, twoPhaseSet([], ["gone"]))`.
 *
 * @throws TypeError for an element with a lone surrogate
 * @public
 */
export function twoPhaseSet(added: Iterable<string>, removed: Iterable<string> = []): TwoPhaseSet {
  const gone = sortedTexts(removed);
  return { added: without(sortedTexts(added), gone), removed: gone };
}

/**
 * The union of both, less everything that either has removed. With nothing removed it is the plain
 * union that citations want.
 *
 * @public
 */
export function joinTwoPhase(left: TwoPhaseSet, right: TwoPhaseSet): TwoPhaseSet {
  const removed = union(left.removed, right.removed);
  return { added: without(union(left.added, right.added), removed), removed };
}

/** The union of two sorted lists, each without duplicates. */
function union(left: readonly string[], right: readonly string[]): readonly string[] {
  if (left.length === 0) return right;
  if (right.length === 0) return left;
  const result: string[] = [];
  for (let i = 0, j = 0; i < left.length || j < right.length;) {
    const ours = left[i];
    const theirs = right[j];
    if (theirs === undefined || (ours !== undefined && ours <= theirs)) {
      result.push(ours as string);
      i++;
      if (ours === theirs) j++;
    } else {
      result.push(theirs);
      j++;
    }
  }
  return result;
}

function without(sorted: readonly string[], gone: readonly string[]): readonly string[] {
  if (gone.length === 0) return sorted;
  const excluded = new Set(gone);
  return sorted.filter((element) => !excluded.has(element));
}
