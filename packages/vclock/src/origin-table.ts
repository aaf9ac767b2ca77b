import { checkOrigin, intern, type Origin } from "./origin.ts";

/**
 * Origins that two sides or a whole store share, so that a state refers to them by position. Append
 * only: what was written relative to a table stays readable while its positions stay.
 *
 * @public
 */
export interface OriginTable {
  /** By position. */
  readonly origins: readonly Origin[];
  /** The inverse. */
  readonly positions: ReadonlyMap<Origin, number>;
}

/**
 * A table of the given origins, in the given order.
 *
 * @throws TypeError for a malformed origin, RangeError for one that is there twice
 * @public
 */
export function originTable(origins: Iterable<Origin>): OriginTable {
  const list = Array.from(origins, (origin) => {
    checkOrigin(origin);
    return intern(origin);
  });
  const positions = new Map(list.map((origin, i) => [origin, i]));
  if (positions.size !== list.length) throw new RangeError("an origin is in the table twice");
  return { origins: list, positions };
}
