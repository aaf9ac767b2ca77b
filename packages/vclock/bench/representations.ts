// Other ways to hold a vector in memory, to see what the chosen one costs and gains.

import {
  compareVectors,
  joinVectors,
  type Origin,
  vectorPairs,
  type VersionVector,
} from "@engram/vclock";
import type { Contestant, Pairs } from "./rivals.ts";

/** The package's own code on strings that decoding has not made one pointer each. */
const separateStrings: Contestant<VersionVector> = {
  name: "strings, each its own",
  load: (pairs) => ({
    origins: pairs.map(([origin]) => Buffer.from(origin).toString()),
    sequences: pairs.map(([, sequence]) => sequence),
  }),
  isBefore: (left, right) => compareVectors(left, right) === "before",
  join: joinVectors,
  pairs: vectorPairs,
};

const actors: Origin[] = [];
const indexes = new Map<Origin, number>();

function indexOf(origin: Origin): number {
  const known = indexes.get(origin);
  if (known !== undefined) return known;
  indexes.set(origin, actors.length);
  return actors.push(origin) - 1;
}

/** Flat [actor, sequence, ...], actors numbered by a table of the process. */
const flatIntegers: Contestant<readonly number[]> = {
  name: "flat small integers",
  load: (pairs) =>
    pairs
      .map(([origin, sequence]): [number, number] => [indexOf(origin), sequence])
      .sort(([a], [b]) => a - b)
      .flat(),
  isBefore: (left, right) => {
    const [n, m] = [left.length, right.length];
    let isLess = false;
    let i = 0;
    let j = 0;
    while (i < n && j < m) {
      const x = left[i] as number;
      const y = right[j] as number;
      if (x < y) return false;
      if (x === y) {
        const p = left[i + 1] as number;
        const q = right[j + 1] as number;
        if (p > q) return false;
        if (p < q) isLess = true;
        i += 2;
      } else {
        isLess = true;
      }
      j += 2;
    }
    return i >= n && (isLess || j < m);
  },
  join: (left, right) => {
    const [n, m] = [left.length, right.length];
    const result: number[] = [];
    let i = 0;
    let j = 0;
    while (i < n && j < m) {
      const x = left[i] as number;
      const y = right[j] as number;
      if (x === y) {
        const p = left[i + 1] as number;
        const q = right[j + 1] as number;
        result.push(x, p > q ? p : q);
        i += 2;
        j += 2;
      } else if (x < y) {
        result.push(x, left[i + 1] as number);
        i += 2;
      } else {
        result.push(y, right[j + 1] as number);
        j += 2;
      }
    }
    for (; i < n; i += 2) result.push(left[i] as number, left[i + 1] as number);
    for (; j < m; j += 2) result.push(right[j] as number, right[j + 1] as number);
    return result;
  },
  pairs: (flat) => {
    const pairs: Pairs = [];
    for (let i = 0; i < flat.length; i += 2) {
      pairs.push([actors[flat[i] as number] as Origin, flat[i + 1] as number]);
    }
    return sorted(pairs);
  },
};

const maps: Contestant<ReadonlyMap<Origin, number>> = {
  name: "Map",
  load: (pairs) => new Map(pairs),
  isBefore: (left, right) => {
    let isLess = right.size > left.size;
    for (const [origin, sequence] of left) {
      const other = right.get(origin) ?? 0;
      if (sequence > other) return false;
      if (sequence < other) isLess = true;
    }
    return isLess;
  },
  join: (left, right) => {
    const result = new Map(left);
    for (const [origin, sequence] of right) {
      if (sequence > (result.get(origin) ?? 0)) result.set(origin, sequence);
    }
    return result;
  },
  pairs: (map) => sorted([...map]),
};

const sorted = (pairs: Pairs): Pairs => pairs.sort(([a], [b]) => (a < b ? -1 : 1));

export const representations: readonly Contestant<never>[] = [
  separateStrings,
  flatIntegers,
  maps,
] as unknown as readonly Contestant<never>[];
