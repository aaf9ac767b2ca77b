// Generators of any representable state, reachable or not: gaps, empty contexts around values,
// removed dots, dots with two values, contradicting votes. Sequences are small, so that states
// overlap and event sets can be spelled out; the codec laws use large ones.

import * as fc from "fast-check";
import {
  type Ballot,
  ballotOf,
  type Claim,
  type ClaimSet,
  claimsOf,
  type Contribution,
  type Dot,
  type DotRange,
  type DottedContext,
  type Evidence,
  type Origin,
  type TwoPhaseSet,
  twoPhaseSet,
  type ValueCodec,
  type Versioned,
  vectorOf,
  type VersionVector,
  type Vote,
} from "@engram/vclock";

export const ORIGINS: readonly Origin[] = ["0a", "3c", "3d", "f0"].map((byte) => byte.repeat(16));
const SEQUENCE_MAX = 6;

export const origin: fc.Arbitrary<Origin> = fc.constantFrom(...ORIGINS);
const sequence = fc.integer({ min: 1, max: SEQUENCE_MAX });
export const dot: fc.Arbitrary<Dot> = fc.record({ origin, sequence }, { noNullPrototype: true });

/** Text order and byte order of numbers below 256 agree with the order of the numbers. */
export const numbers: ValueCodec<number> = {
  encode: (value) => Uint8Array.of(value),
  decode: (bytes) => (bytes.length === 1 ? bytes[0] : undefined),
  order: (left, right) => left - right,
};
/** A codec whose order is not the order of its bytes. */
export const backwards: ValueCodec<number> = {
  ...numbers,
  order: (left, right) => right - left,
};

const sequences = fc.tuple(...ORIGINS.map(() => fc.integer({ min: 0, max: SEQUENCE_MAX })));
export const vector: fc.Arbitrary<VersionVector> = sequences.map((counts) =>
  vectorOf(
    counts.flatMap((count, i) => (count === 0 ? [] : [[ORIGINS[i]!, count] as [Origin, number]])),
  ),
);

/** One bit for each dot of an origin: every set of them. */
const MASKS = 2 ** SEQUENCE_MAX;
const SEQUENCES_OF_MASK: readonly (readonly number[])[] = Array.from({ length: MASKS }, (_, mask) =>
  Array.from({ length: SEQUENCE_MAX }, (_, bit) => bit + 1).filter((n) => mask & (1 << (n - 1))),
);
const masks = fc.tuple(...ORIGINS.map(() => fc.nat({ max: MASKS - 1 })));
const dotsOf = (each: readonly number[]): Dot[] =>
  each.flatMap((mask, i) =>
    (SEQUENCES_OF_MASK[mask] ?? []).map((sequence) => ({ origin: ORIGINS[i]!, sequence })),
  );
/** The normal form of a mask, worked out here and not by the library. */
const stretchesOf = (mask: number): [number, number][] => {
  const stretches: [number, number][] = [];
  for (const sequence of SEQUENCES_OF_MASK[mask]!) {
    const last = stretches.at(-1);
    if (last?.[1] === sequence - 1) last[1] = sequence;
    else stretches.push([sequence, sequence]);
  }
  return stretches;
};
const STRETCHES = Array.from({ length: MASKS }, (_, mask) => stretchesOf(mask));
const contextOfMasks = (each: readonly number[]): DottedContext => {
  const origins: Origin[] = [];
  const sequences: number[] = [];
  const ranges: DotRange[] = [];
  each.forEach((mask, i) => {
    const origin = ORIGINS[i]!;
    for (const [first, last] of STRETCHES[mask]!) {
      if (first > 1) {
        ranges.push({ origin, first, last });
      } else {
        origins.push(origin);
        sequences.push(last);
      }
    }
  });
  return { vector: { origins, sequences }, ranges };
};

export const context: fc.Arbitrary<DottedContext> = masks.map(contextOfMasks);

/** Which values a known dot holds: mostly none or its own, sometimes one that collides. */
const HOLDINGS: readonly (readonly number[])[] = [[], [], [], [0], [0], [1], [0, 1], []];

/** Three bits for each dot choose what it holds. */
export const versioned: fc.Arbitrary<Versioned<number>> = fc
  .tuple(masks, fc.tuple(...ORIGINS.map(() => fc.nat({ max: 8 ** SEQUENCE_MAX - 1 }))))
  .map(([each, choices]) => {
    const dots = dotsOf(each);
    return {
      context: contextOfMasks(each),
      siblings: dots.flatMap((dot) => {
        const i = ORIGINS.indexOf(dot.origin);
        const choice = (choices[i]! >> (3 * (dot.sequence - 1))) & 7;
        const first = 2 * (i * SEQUENCE_MAX + dot.sequence - 1);
        return HOLDINGS[choice]!.map((variant) => ({ dot, value: first + variant }));
      }),
    };
  });

export const vote: fc.Arbitrary<Vote> = fc.record(
  {
    voter: fc.constantFrom("__proto__", "a", "b", "c", "é", "😀", "\uffee"),
    sequence: fc.integer({ min: 1, max: 4 }),
    candidate: fc.constantFrom("x", "y", "z", "__proto__"),
    confidence: fc.oneof(fc.constantFrom(0, 1, 65_535), fc.integer({ min: 0, max: 65_535 })),
  },
  { noNullPrototype: true },
);
export const votes: fc.Arbitrary<Vote[]> = fc.array(vote, { maxLength: 8 });
export const ballot: fc.Arbitrary<Ballot> = votes.map(ballotOf);

const elements = fc.subarray(["", "__proto__", "a", "aa", "b", "é", "😀", "\uffee"]);
export const finalSet: fc.Arbitrary<TwoPhaseSet> = fc
  .tuple(elements, elements)
  .map(([added, removed]) => twoPhaseSet(added, removed));

export const DIMENSIONS = 2;
const sum = fc.integer({ min: -3, max: 3 }).map((step) => step * 65_536 + 0);
const contribution = fc.tuple(sequence, fc.integer({ min: 3, max: 5 }), sum, sum);
export const evidence: fc.Arbitrary<Evidence> = fc
  .tuple(...ORIGINS.map(() => fc.option(contribution)))
  .map((parts) => ({
    dimensions: DIMENSIONS,
    contributions: parts.flatMap((part, i): Contribution[] =>
      part === null
        ? []
        : [{ origin: ORIGINS[i]!, sequence: part[0], weight: part[1], sums: [part[2], part[3]] }],
    ),
  }));

export const claim: fc.Arbitrary<Claim<number>> = fc.record(
  {
    version: fc.integer({ min: 0, max: 2 }),
    vector: fc
      .tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 }))
      .map((counts) =>
        vectorOf(
          counts.flatMap((count, i) =>
            count === 0 ? [] : [[ORIGINS[i]!, count] as [Origin, number]],
          ),
        ),
      ),
    value: fc.integer({ min: 0, max: 2 }),
  },
  { noNullPrototype: true },
);
export const claims: fc.Arbitrary<Claim<number>[]> = fc.array(claim, { maxLength: 5 });
export const claimSet: fc.Arbitrary<ClaimSet<number>> = claims.map((list) =>
  claimsOf(list, numbers.order),
);
