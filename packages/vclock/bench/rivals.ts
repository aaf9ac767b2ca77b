// The clocks side by side: inputs as each library's user would hold them, answers in one vocabulary.

import * as thing from "@thi.ng/vclock";
import vectorclock from "vectorclock";
import {
  compareVectors,
  decodeVector,
  encodeVector,
  joinVectors,
  mintOrigin,
  type Origin,
  vectorOf,
  vectorPairs,
  type VersionVector,
} from "@engram/vclock";

export type Pairs = [Origin, number][];
type Clock = Record<string, number>;

/** One way to hold a clock, and its two operations. */
export interface Contestant<C> {
  readonly name: string;
  readonly load: (pairs: Pairs) => C;
  readonly isBefore: (left: C, right: C) => boolean;
  readonly join: (left: C, right: C) => C;
  readonly pairs: (clock: C) => Pairs;
}

export const engram: Contestant<VersionVector> = {
  name: "@engram/vclock",
  // Through bytes, so that two clocks share nothing but what decoding makes them share.
  load: (pairs) => decodeVector(encodeVector(vectorOf(pairs))) as VersionVector,
  isBefore: (left, right) => compareVectors(left, right) === "before",
  join: joinVectors,
  pairs: vectorPairs,
};

const plain = {
  load: (pairs: Pairs): Clock => Object.fromEntries(pairs),
  pairs: (clock: Clock): Pairs =>
    Object.entries(clock).sort(([left], [right]) => (left < right ? -1 : 1)),
};

export const rivals: readonly Contestant<Clock>[] = [
  {
    name: "vectorclock",
    ...plain,
    isBefore: (left, right) => vectorclock.compare(left, right) === -1,
    join: vectorclock.merge,
  },
  {
    name: "@thi.ng/vclock",
    ...plain,
    isBefore: (left, right) => thing.compare(left, right) === -1,
    join: thing.merge,
  },
];

const PAIRS = 64;
const KINDS = ["equal", "before", "after", "concurrent"] as const;

/** Pairs of clocks of `k` actors, a quarter of each relation; the sixteenth pair lacks an actor. */
export function clockPairs(k: number): [Pairs, Pairs][] {
  const origins = Array.from({ length: k }, () => mintOrigin((b) => crypto.getRandomValues(b)));
  origins.sort();
  return Array.from({ length: PAIRS }, (_, p) => {
    const left: Pairs = origins.map((origin, i) => [origin, 2 + ((p * 31 + i * 17) % 100)]);
    const right: Pairs = left.map(([origin, sequence]) => [origin, sequence]);
    const kind = KINDS[p % KINDS.length] as (typeof KINDS)[number];
    const [first, last] = [p % k, (p + 1) % k];
    if (kind !== "equal")
      right[first] = raise(right[first] as [Origin, number], kind === "after" ? -1 : 1);
    if (kind === "concurrent") right[last] = raise(right[last] as [Origin, number], -1);
    return [left, p % 16 === 2 ? right.filter((_, i) => i !== first) : right];
  });
}

const raise = ([origin, sequence]: [Origin, number], by: number): [Origin, number] => [
  origin,
  sequence + by,
];

type Verdict = "right" | "refused" | "wrong";

/** Cases with one right answer; `refused` is a typed error, which loses no data. */
export const cases: readonly {
  readonly what: string;
  readonly engram: () => Verdict;
  readonly vectorclock: () => Verdict;
  readonly thing: () => Verdict;
}[] = [
  {
    what: "a clock is not concurrent with itself",
    engram: () => is(compareVectors(vectorOf([[A, 1]]), vectorOf([[A, 1]])) === "equal"),
    vectorclock: () => is(!vectorclock.isConcurrent({ [A]: 1 }, { [A]: 1 })),
    thing: () => is(!thing.isConcurrent({ [A]: 1 }, { [A]: 1 })),
  },
  {
    what: "an actor at zero is an absent actor",
    engram: () => refuses(() => vectorOf([[A, 0]])),
    vectorclock: () => is(vectorclock.isIdentical({ [A]: 0 }, {})),
    thing: () => is(thing.equiv({ [A]: 0 }, {})),
  },
  {
    what: "an actor named `__proto__` survives a merge",
    engram: () => refuses(() => vectorOf([["__proto__", 1]])),
    vectorclock: () => is(Object.hasOwn(vectorclock.merge(PROTO, {}), "__proto__")),
    thing: () => is(Object.hasOwn(thing.merge(PROTO, {}), "__proto__")),
  },
  {
    what: "one event more is after, also past 2^53-1 events",
    engram: () => refuses(() => vectorOf([[A, 2 ** 53]])),
    vectorclock: () =>
      is(vectorclock.compare(vectorclock.increment({ [A]: 2 ** 53 }, A), { [A]: 2 ** 53 }) === 1),
    thing: () => is(thing.compare(thing.inc({ [A]: 2 ** 53 }, A), { [A]: 2 ** 53 }) === 1),
  },
];

const A = "0a".repeat(16);
const PROTO = JSON.parse('{"__proto__":1}') as Clock;

function is(right: boolean): Verdict {
  return right ? "right" : "wrong";
}

function refuses(action: () => unknown): Verdict {
  try {
    action();
    return "wrong";
  } catch (error) {
    return error instanceof RangeError || error instanceof TypeError ? "refused" : "wrong";
  }
}
