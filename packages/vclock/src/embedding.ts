// The confidence-weighted mean of embeddings. A mean of means depends on who met whom first; sums of
// integers under each origin do not. So the sums replicate, and the division happens in the view.

import { checkConfidence } from "./ballot.ts";
import { checkDot, type Dot } from "./dot.ts";
import { VclockError } from "./errors.ts";
import type { Origin } from "./origin.ts";

/**
 * Everything one origin has observed, as of its dot.
 *
 * @public
 */
export interface Contribution {
  /** Who observed. */
  readonly origin: Origin;
  /** The dot's sequence: the higher one replaces the lower. */
  readonly sequence: number;
  /** Sum of confidences, each 0 .. 65535. */
  readonly weight: number;
  /** Sums of confidence x component x 65536, rounded once an observation: integers below 2^53. */
  readonly sums: readonly number[];
}

/**
 * What a mean is computed from.
 *
 * @public
 */
export interface Evidence {
  /** Components of each embedding; evidence of different dimensions does not mix. */
  readonly dimensions: number;
  /** Sorted by origin. */
  readonly contributions: readonly Contribution[];
}

/** Components are kept in steps of 1/65536. */
export const SCALE = 65_536;
/** Bounds what a few bytes from a peer can make a mean allocate. */
export const DIMENSIONS_MAX = 65_536;
/** Keeps every sum of one origin below 2^53: two million observations of full confidence. */
export const WEIGHT_MAX: number = 2 ** 37 - 1;

/**
 * Evidence of nothing.
 *
 * @param dimensions - integer in 1 .. 65536
 * @throws RangeError for other dimensions
 * @public
 */
export function emptyEvidence(dimensions: number): Evidence {
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > DIMENSIONS_MAX) {
    throw new RangeError(`dimensions are an integer in 1 .. ${DIMENSIONS_MAX}, not ${dimensions}`);
  }
  return { dimensions, contributions: [] };
}

/**
 * Adds one observation to what the origin of `dot` has contributed.
 *
 * @param evidence - with all of that origin's earlier observations, as its own writer's copy has them
 * @param dot - a new dot of the origin, later than that of its previous observation
 * @param embedding - components in -1 .. 1, as those of a unit vector are
 * @param confidence - integer in 0 .. 65535
 * @throws VclockError `DOT_REUSED` when the dot is not later, `WEIGHT_EXHAUSTED` past 2^37-1 of
 *   total confidence; RangeError for the wrong length, a component or confidence out of range
 * @public
 */
export function addObservation(
  evidence: Evidence,
  dot: Dot,
  embedding: ArrayLike<number>,
  confidence: number,
): Evidence {
  checkDot(dot);
  checkConfidence(confidence);
  const { dimensions, contributions } = evidence;
  if (embedding.length !== dimensions) {
    throw new RangeError(`an embedding of ${dimensions} components was expected`);
  }
  const previous = contributions.find(({ origin }) => origin === dot.origin);
  if (previous !== undefined && previous.sequence >= dot.sequence) {
    throw new VclockError("DOT_REUSED", `evidence includes ${dot.origin}:${dot.sequence}`);
  }
  const weight = (previous?.weight ?? 0) + confidence;
  if (weight > WEIGHT_MAX) {
    throw new VclockError("WEIGHT_EXHAUSTED", `origin ${dot.origin} has no exact weight left`);
  }
  const sums = Array.from(embedding, (component, i) => {
    if (!(Math.abs(component) <= 1)) throw new RangeError(`component ${i} is outside -1 .. 1`);
    // Adding zero turns -0 into 0, so that equal sums have equal bytes.
    return (previous?.sums[i] ?? 0) + Math.round(component * SCALE) * confidence + 0;
  });
  return joinEvidence(evidence, {
    dimensions,
    contributions: [{ origin: dot.origin, sequence: dot.sequence, weight, sums }],
  });
}

/**
 * The latest contribution of each origin.
 *
 * @throws RangeError when the dimensions differ
 * @public
 */
export function joinEvidence(left: Evidence, right: Evidence): Evidence {
  if (left.dimensions !== right.dimensions) {
    throw new RangeError(`evidence of ${left.dimensions} and ${right.dimensions} dimensions`);
  }
  const latest = new Map<Origin, Contribution>();
  for (const contribution of [...left.contributions, ...right.contributions]) {
    const known = latest.get(contribution.origin);
    if (known === undefined || compareContributions(known, contribution) < 0) {
      latest.set(contribution.origin, contribution);
    }
  }
  return {
    dimensions: left.dimensions,
    contributions: [...latest.values()].sort((a, b) => (a.origin < b.origin ? -1 : 1)),
  };
}

/** Of one origin: by sequence, and by content should a dot have been reused. */
function compareContributions(left: Contribution, right: Contribution): number {
  const difference = left.sequence - right.sequence || left.weight - right.weight;
  if (difference !== 0) return difference;
  const at = left.sums.findIndex((sum, i) => sum !== right.sums[i]);
  return at < 0 ? 0 : (left.sums[at] as number) - (right.sums[at] as number);
}

/**
 * The confidence-weighted mean as a unit vector. Summed in origin order with operations that IEEE 754
 * defines to the last bit, so equal evidence gives equal bits on every machine. Undefined while there
 * is no direction: no weight, or observations that cancel out.
 *
 * @public
 */
export function meanEmbedding({ dimensions, contributions }: Evidence): Float32Array | undefined {
  const total = new Float64Array(dimensions);
  for (const { sums } of contributions) {
    for (let i = 0; i < dimensions; i++) total[i] = (total[i] as number) + (sums[i] as number);
  }
  let squares = 0;
  for (let i = 0; i < dimensions; i++) {
    const sum = total[i] as number;
    squares += sum * sum;
  }
  if (squares === 0) return undefined;
  const norm = Math.sqrt(squares);
  const mean = new Float32Array(dimensions);
  for (let i = 0; i < dimensions; i++) mean[i] = (total[i] as number) / norm;
  return mean;
}
