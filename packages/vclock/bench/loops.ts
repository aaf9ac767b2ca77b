// The timed loops. Each contestant imports a copy of this module of its own, so that none pays for
// types that another has left in a shared loop.

/** How many of the pairs, taken in turn, are in the relation. */
export function countTrue<C>(
  pairs: readonly (readonly [C, C])[],
  turns: number,
  relation: (left: C, right: C) => boolean,
): number {
  let count = 0;
  for (let i = 0; i < turns; i++) {
    const [left, right] = pairs[i % pairs.length] as readonly [C, C];
    if (relation(left, right)) count++;
  }
  return count;
}

/** How many joins gave the left argument itself. */
export function countSame<C>(
  pairs: readonly (readonly [C, C])[],
  turns: number,
  join: (left: C, right: C) => C,
): number {
  let count = 0;
  for (let i = 0; i < turns; i++) {
    const [left, right] = pairs[i % pairs.length] as readonly [C, C];
    if (join(left, right) === left) count++;
  }
  return count;
}
