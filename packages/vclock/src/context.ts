import { checkDot, checkSequence, type Dot } from "./dot.ts";
import { intern, type Origin } from "./origin.ts";
import {
  type Causality,
  causality,
  compareVectors,
  emptyVector,
  joinVectors,
  raiseVector,
  sequenceOf,
  type VersionVector,
} from "./vector.ts";

/**
 * Consecutive dots of one origin.
 *
 * @public
 */
export interface DotRange {
  /** Whose dots. */
  readonly origin: Origin;
  /** The lowest sequence, included. */
  readonly first: number;
  /** The highest sequence, included. */
  readonly last: number;
}

/**
 * Any finite set of dots, in a form that is unique for the set.
 *
 * @public
 */
export interface DottedContext {
  /** Of each origin, the dots before its first gap. */
  readonly vector: VersionVector;
  /**
   * The dots beyond gaps, sorted by (origin, first); none touches another of its origin or the vector.
   */
  readonly ranges: readonly DotRange[];
}

/**
 * The context of nothing; as what a client observed, it makes a write a new sibling.
 *
 * @public
 */
export const emptyContext: DottedContext = { vector: emptyVector, ranges: [] };

/**
 * The context with all dots of `vector` and `ranges`; ranges may overlap and come in any order.
 *
 * @throws TypeError or RangeError for a malformed range
 * @public
 */
export function contextOf(vector: VersionVector, ranges: Iterable<DotRange> = []): DottedContext {
  const sorted = Array.from(ranges, ({ origin, first, last }) => {
    checkDot({ origin, sequence: first });
    checkSequence(last);
    if (last < first) throw new RangeError(`range ${first} .. ${last} is empty`);
    return { origin: intern(origin), first, last };
  });
  return normalize(vector, sorted.sort(compareRanges));
}

function compareRanges(left: DotRange, right: DotRange): number {
  return left.origin === right.origin
    ? left.first - right.first
    : left.origin < right.origin
      ? -1
      : 1;
}

/** Fuses sorted ranges with each other and with the vector. */
function normalize(vector: VersionVector, sorted: readonly DotRange[]): DottedContext {
  const origins: Origin[] = [];
  const sequences: number[] = [];
  const ranges: DotRange[] = [];
  for (const range of sorted) {
    const { origin, first, last } = range;
    const previous = ranges.at(-1);
    if (previous?.origin === origin) {
      if (first > previous.last + 1) ranges.push(range);
      else if (last > previous.last) ranges[ranges.length - 1] = { ...previous, last };
      continue;
    }
    const isRaised = origins.at(-1) === origin;
    const end = isRaised ? (sequences.at(-1) as number) : sequenceOf(vector, origin);
    if (first > end + 1) {
      ranges.push(range);
    } else if (isRaised) {
      sequences[sequences.length - 1] = Math.max(end, last);
    } else {
      origins.push(origin);
      sequences.push(Math.max(end, last));
    }
  }
  return { vector: joinVectors(vector, { origins, sequences }), ranges };
}

/**
 * Whether the context includes `dot`. O(log n): also how a retried write is recognised.
 *
 * @public
 */
export function contextHas(context: DottedContext, dot: Dot): boolean {
  return (
    dot.sequence <= sequenceOf(context.vector, dot.origin) ||
    (context.ranges.length > 0 && covers(context, rangeOf(dot)))
  );
}

const rangeOf = ({ origin, sequence }: Dot): DotRange => ({
  origin,
  first: sequence,
  last: sequence,
});

/** Whether every dot of `range` is included: in normal form, by one stretch of the context. */
function covers(context: DottedContext, range: DotRange): boolean {
  if (range.last <= sequenceOf(context.vector, range.origin)) return true;
  let low = 0;
  let high = context.ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareRanges(context.ranges[middle] as DotRange, range) <= 0) low = middle + 1;
    else high = middle;
  }
  const candidate = context.ranges[low - 1];
  return candidate?.origin === range.origin && candidate.last >= range.last;
}

/**
 * The context with one more dot.
 *
 * @public
 */
export function contextWith(context: DottedContext, dot: Dot): DottedContext {
  checkDot(dot);
  if (contextHas(context, dot)) return context;
  const { vector, ranges } = context;
  if (ranges.length === 0 && dot.sequence === sequenceOf(vector, dot.origin) + 1) {
    return { vector: raiseVector(vector, dot), ranges };
  }
  return normalize(vector, [...ranges, rangeOf(dot)].sort(compareRanges));
}

/**
 * Compares by inclusion of event sets.
 *
 * @public
 */
export function compareContexts(left: DottedContext, right: DottedContext): Causality {
  if (left.ranges.length === 0 && right.ranges.length === 0) {
    return compareVectors(left.vector, right.vector);
  }
  return causality(!includes(right, left), !includes(left, right));
}

function includes(outer: DottedContext, inner: DottedContext): boolean {
  const { origins, sequences } = inner.vector;
  return (
    origins.every((origin, i) =>
      covers(outer, { origin, first: 1, last: sequences[i] as number }),
    ) && inner.ranges.every((range) => covers(outer, range))
  );
}

/**
 * The union of both sets of dots. Returns `left` itself when right adds nothing.
 *
 * @public
 */
export function joinContexts(left: DottedContext, right: DottedContext): DottedContext {
  if (left === right) return left;
  const vector = joinVectors(left.vector, right.vector);
  if (left.ranges.length === 0 && right.ranges.length === 0) {
    return vector === left.vector ? left : { vector, ranges: left.ranges };
  }
  if (includes(left, right)) return left;
  return normalize(vector, [...left.ranges, ...right.ranges].sort(compareRanges));
}
