import { checkSequence, type Dot } from "./dot.ts";
import { checkOrigin, intern, type Origin } from "./origin.ts";

/**
 * For each origin, how many of its dots are included: dots 1 .. sequence, without gaps. Results may
 * share arrays with inputs.
 *
 * @public
 */
export interface VersionVector {
  /** Sorted, none twice. */
  readonly origins: readonly Origin[];
  /** Of the origin at the same index: integers in 1 .. 2^53-1, never zero. */
  readonly sequences: readonly number[];
}

/**
 * How `left` relates to `right`: `"before"` means that right includes all of left and more.
 *
 * @public
 */
export type Causality = "equal" | "before" | "after" | "concurrent";

/**
 * The vector of nothing.
 *
 * @public
 */
export const emptyVector: VersionVector = { origins: [], sequences: [] };

/** Bit 0: right has more. Bit 1: left has more. */
const CAUSALITIES: readonly [Causality, Causality, Causality, Causality] = [
  "equal",
  "before",
  "after",
  "concurrent",
];

/**
 * The four-valued verdict for which of `leftMore`, `rightMore` hold.
 */
export function causality(leftMore: boolean, rightMore: boolean): Causality {
  return CAUSALITIES[((leftMore ? 2 : 0) | (rightMore ? 1 : 0)) as 0 | 1 | 2 | 3];
}

/**
 * Builds a vector from (origin, sequence) pairs in any order, such as a record's context delta.
 *
 * @throws TypeError or RangeError for a malformed origin, a sequence outside 1 .. 2^53-1, or an
 *   origin named twice
 * @public
 */
export function vectorOf(pairs: Iterable<readonly [Origin, number]>): VersionVector {
  const sorted = [...pairs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const origins: Origin[] = [];
  const sequences: number[] = [];
  for (const [origin, sequence] of sorted) {
    checkOrigin(origin);
    checkSequence(sequence);
    if (origin === origins.at(-1)) throw new RangeError(`origin ${origin} is named twice`);
    origins.push(intern(origin));
    sequences.push(sequence);
  }
  return { origins, sequences };
}

/**
 * The (origin, sequence) pairs of a vector, sorted by origin.
 *
 * @public
 */
export function vectorPairs(vector: VersionVector): [Origin, number][] {
  return vector.origins.map((origin, i) => [origin, vector.sequences[i] as number]);
}

/** Where `origin` is, or the complement of where it belongs. */
function search(origins: readonly Origin[], origin: Origin): number {
  let low = 0;
  let high = origins.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = origins[middle] as Origin;
    if (found === origin) return middle;
    if (found < origin) low = middle + 1;
    else high = middle;
  }
  return ~low;
}

/**
 * How many dots of `origin` the vector includes; 0 when it names none.
 *
 * @public
 */
export function sequenceOf(vector: VersionVector, origin: Origin): number {
  const at = search(vector.origins, origin);
  return at < 0 ? 0 : (vector.sequences[at] as number);
}

/**
 * Compares by inclusion of event sets, in one pass.
 *
 * @public
 */
export function compareVectors(left: VersionVector, right: VersionVector): Causality {
  return CAUSALITIES[differences(left, right)];
}

/** {@link compareVectors} as bits: 1 when right has more, 2 when left has more. */
function differences(left: VersionVector, right: VersionVector): 0 | 1 | 2 | 3 {
  const { origins: ours, sequences: a } = left;
  const { origins: theirs, sequences: b } = right;
  let bits = 0;
  let i = 0;
  let j = 0;
  while (i < ours.length && j < theirs.length) {
    const x = ours[i] as Origin;
    const y = theirs[j] as Origin;
    if (x === y) {
      const p = a[i++] as number;
      const q = b[j++] as number;
      if (p < q) bits |= 1;
      else if (p > q) bits |= 2;
    } else if (x < y) {
      bits |= 2;
      i++;
    } else {
      bits |= 1;
      j++;
    }
    if (bits === 3) return 3;
  }
  if (i < ours.length) bits |= 2;
  if (j < theirs.length) bits |= 1;
  return bits as 0 | 1 | 2 | 3;
}

/**
 * The least vector that includes both. Returns an argument itself when that is the answer.
 *
 * @public
 */
export function joinVectors(left: VersionVector, right: VersionVector): VersionVector {
  const bits = differences(left, right);
  if (bits !== 3) return bits === 1 ? right : left;
  return sameOrigins(left.origins, right.origins)
    ? { origins: left.origins, sequences: maxima(left.sequences, right.sequences) }
    : interleave(left, right);
}

function sameOrigins(left: readonly Origin[], right: readonly Origin[]): boolean {
  if (left === right) return true;
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

function maxima(left: readonly number[], right: readonly number[]): number[] {
  const result = left.slice();
  for (let i = 0; i < result.length; i++) {
    const other = right[i] as number;
    if (other > (result[i] as number)) result[i] = other;
  }
  return result;
}

function interleave(left: VersionVector, right: VersionVector): VersionVector {
  const { origins: ours, sequences: a } = left;
  const { origins: theirs, sequences: b } = right;
  const origins: Origin[] = [];
  const sequences: number[] = [];
  let i = 0;
  let j = 0;
  while (i < ours.length && j < theirs.length) {
    const x = ours[i] as Origin;
    const y = theirs[j] as Origin;
    const p = a[i] as number;
    const q = b[j] as number;
    const takesLeft = x === y ? p >= q : x < y;
    origins.push(takesLeft ? x : y);
    sequences.push(takesLeft ? p : q);
    if (x <= y) i++;
    if (x >= y) j++;
  }
  for (; i < ours.length; i++) {
    origins.push(ours[i] as Origin);
    sequences.push(a[i] as number);
  }
  for (; j < theirs.length; j++) {
    origins.push(theirs[j] as Origin);
    sequences.push(b[j] as number);
  }
  return { origins, sequences };
}

/**
 * The greatest vector that both include.
 *
 * @public
 */
export function meetVectors(left: VersionVector, right: VersionVector): VersionVector {
  return selectEntries(left, (origin, sequence) => Math.min(sequence, sequenceOf(right, origin)));
}

/**
 * The entries of `current` that are higher than in `previous`: what a record carries as its context
 * delta, and what one copy has beyond another.
 *
 * @public
 */
export function vectorDelta(previous: VersionVector, current: VersionVector): VersionVector {
  return selectEntries(current, (origin, sequence) =>
    sequence > sequenceOf(previous, origin) ? sequence : 0,
  );
}

/** The vector with each sequence replaced by `choose`, zeros left out. */
export function selectEntries(
  vector: VersionVector,
  choose: (origin: Origin, sequence: number) => number,
): VersionVector {
  const origins: Origin[] = [];
  const sequences: number[] = [];
  for (let i = 0; i < vector.origins.length; i++) {
    const origin = vector.origins[i] as Origin;
    const sequence = choose(origin, vector.sequences[i] as number);
    if (sequence === 0) continue;
    origins.push(origin);
    sequences.push(sequence);
  }
  return { origins, sequences };
}

/** The vector with `dot.origin` raised to `dot.sequence`; the vector itself if that is no raise. */
export function raiseVector(vector: VersionVector, dot: Dot): VersionVector {
  const at = search(vector.origins, dot.origin);
  if (at >= 0) {
    if ((vector.sequences[at] as number) >= dot.sequence) return vector;
    const sequences = vector.sequences.slice();
    sequences[at] = dot.sequence;
    return { origins: vector.origins, sequences };
  }
  return {
    origins: vector.origins.toSpliced(~at, 0, dot.origin),
    sequences: vector.sequences.toSpliced(~at, 0, dot.sequence),
  };
}

/** A total order of vectors without causal meaning, for canonical sorting. */
export function orderVectors(left: VersionVector, right: VersionVector): number {
  const shared = Math.min(left.origins.length, right.origins.length);
  for (let i = 0; i < shared; i++) {
    const x = left.origins[i] as Origin;
    const y = right.origins[i] as Origin;
    if (x !== y) return x < y ? -1 : 1;
    const difference = (left.sequences[i] as number) - (right.sequences[i] as number);
    if (difference !== 0) return difference;
  }
  return left.origins.length - right.origins.length;
}
