/**
 * A total order over values: negative, zero or positive. Zero must mean interchangeable, because
 * that is when a merge keeps only one of the two.
 *
 * @public
 */
export type Order<T> = (left: T, right: T) => number;

/**
 * The natural {@link Order} of strings (by UTF-16 code unit), numbers without NaN, and bigints: the
 * same in every process, whatever its locale.
 *
 * @public
 */
export function ascending<T extends string | number | bigint>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
