// The dot kernel: a value lives under the dot that wrote it, and the context says which dots this
// copy knows of. A dot that is known but holds no value has been overwritten or removed, which is
// all a merge needs to tell "not seen yet" from "gone", on any two states.

import {
  contextHas,
  contextWith,
  type DottedContext,
  emptyContext,
  joinContexts,
} from "./context.ts";
import { compareDots, type Dot } from "./dot.ts";
import { VclockError } from "./errors.ts";
import type { Order } from "./order.ts";

/**
 * One value and the dot that wrote it.
 *
 * @public
 */
export interface Sibling<T> {
  /** Unique to this write. */
  readonly dot: Dot;
  /** Opaque to this package. */
  readonly value: T;
}

/**
 * One copy of one key.
 *
 * @public
 */
export interface Versioned<T> {
  /** The values that no write has replaced, sorted by dot; none when absent or removed. */
  readonly siblings: readonly Sibling<T>[];
  /** Every dot this copy knows of, those of the siblings included. */
  readonly context: DottedContext;
}

/**
 * A key that was never written.
 *
 * @public
 */
export const emptyVersioned: Versioned<never> = { siblings: [], context: emptyContext };

/**
 * Writes `value` under a new `dot`: replaces the siblings that the client observed, keeps the rest.
 *
 * @param observed - the context that the client read; {@link emptyContext} for a blind write
 * @throws VclockError `DOT_REUSED` when the dot is already included, TypeError or RangeError when
 *   it is malformed
 * @public
 */
export function write<T>(
  state: Versioned<T>,
  observed: DottedContext,
  dot: Dot,
  value: T,
): Versioned<T> {
  if (contextHas(state.context, dot) || contextHas(observed, dot)) {
    throw new VclockError("DOT_REUSED", `dot ${dot.origin}:${dot.sequence} was written before`);
  }
  const context = contextWith(joinContexts(state.context, observed), dot);
  const siblings = state.siblings.filter((sibling) => !contextHas(observed, sibling.dot));
  const at = siblings.findIndex((sibling) => compareDots(sibling.dot, dot) > 0);
  return {
    siblings: siblings.toSpliced(at < 0 ? siblings.length : at, 0, { dot, value }),
    context,
  };
}

/**
 * Removes the siblings that the client observed. They stay removed whatever arrives later; a
 * concurrent write survives. For a removal that nothing survives see {@link TwoPhaseSet}.
 *
 * @public
 */
export function remove<T>(state: Versioned<T>, observed: DottedContext): Versioned<T> {
  return {
    siblings: state.siblings.filter((sibling) => !contextHas(observed, sibling.dot)),
    context: joinContexts(state.context, observed),
  };
}

/**
 * The least state that includes both: a join on every pair of states. Keeps what both hold and what
 * only one of them has ever known. Returns `left` itself when right adds nothing.
 *
 * @param order - decides between values only when both states hold one dot with different values,
 *   which fresh origins rule out; both are then kept, see {@link collisions}
 * @public
 */
export function merge<T>(left: Versioned<T>, right: Versioned<T>, order: Order<T>): Versioned<T> {
  if (left === right) return left;
  const { siblings: ours } = left;
  const { siblings: theirs } = right;
  const siblings: Sibling<T>[] = [];
  let fromLeft = 0;
  for (let i = 0, j = 0; i < ours.length || j < theirs.length;) {
    const side = compareHeads(ours[i], theirs[j], order);
    if (side <= 0) {
      const sibling = ours[i++] as Sibling<T>;
      if (side < 0 && isGone(right, sibling.dot, j)) continue;
      if (side === 0) j++;
      fromLeft++;
      siblings.push(sibling);
    } else {
      const sibling = theirs[j++] as Sibling<T>;
      if (!isGone(left, sibling.dot, i)) siblings.push(sibling);
    }
  }
  const context = joinContexts(left.context, right.context);
  const unchanged =
    context === left.context && fromLeft === ours.length && siblings.length === ours.length;
  return unchanged ? left : { siblings, context };
}

/** Orders siblings by dot, then value; an exhausted side comes last. */
function compareHeads<T>(
  left: Sibling<T> | undefined,
  right: Sibling<T> | undefined,
  order: Order<T>,
): number {
  if (left === undefined) return 1;
  if (right === undefined) return -1;
  return compareSiblings(left, right, order);
}

/** The order of siblings in a state: by dot, then by value where a dot holds several. */
export function compareSiblings<T>(left: Sibling<T>, right: Sibling<T>, order: Order<T>): number {
  return compareDots(left.dot, right.dot) || order(left.value, right.value);
}

/** Whether the state knew `dot` and holds no value of it any more; `next` is where one would be. */
function isGone<T>({ siblings, context }: Versioned<T>, dot: Dot, next: number): boolean {
  const isHeld = (sibling: Sibling<T> | undefined) =>
    sibling !== undefined && compareDots(sibling.dot, dot) === 0;
  return contextHas(context, dot) && !isHeld(siblings[next - 1]) && !isHeld(siblings[next]);
}

/**
 * The dots that hold more than one value: proof that a writer reused an origin. Write the values
 * again under fresh dots and find that writer.
 *
 * @public
 */
export function collisions<T>({ siblings }: Versioned<T>): Dot[] {
  const repeated = siblings.filter(
    ({ dot }, i) => i > 0 && compareDots((siblings[i - 1] as Sibling<T>).dot, dot) === 0,
  );
  return repeated
    .map(({ dot }) => dot)
    .filter((dot, i, dots) => i === 0 || compareDots(dots[i - 1] as Dot, dot) !== 0);
}
