import { checkOrigin, type Origin } from "./origin.ts";

/**
 * One event: the `sequence`-th write of `origin`, counted from 1 without holes.
 *
 * @public
 */
export interface Dot {
  /** Whose write. */
  readonly origin: Origin;
  /** Integer in 1 .. 2^53-1. */
  readonly sequence: number;
}

/** Orders dots by origin bytes, then sequence: a total order with no causal meaning. */
export function compareDots(left: Dot, right: Dot): number {
  if (left.origin === right.origin) return left.sequence - right.sequence;
  return left.origin < right.origin ? -1 : 1;
}

/** Programmer error unless `sequence` is a positive integer that a number holds exactly. */
export function checkSequence(sequence: number): void {
  if (!Number.isSafeInteger(sequence) || sequence < 1) {
    throw new RangeError(`a sequence is an integer in 1 .. 2^53-1, not ${sequence}`);
  }
}

/** Programmer error unless both parts of `dot` are in range. */
export function checkDot(dot: Dot): void {
  checkOrigin(dot.origin);
  checkSequence(dot.sequence);
}
