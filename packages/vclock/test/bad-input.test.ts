import { describe, expect, test } from "vitest";
import {
  addObservation,
  ballotOf,
  claimsOf,
  collisions,
  contextOf,
  contextWith,
  divergentClaims,
  emptyContext,
  emptyEvidence,
  emptyVector,
  emptyVersioned,
  encodeClaims,
  encodeVector,
  exceededLimits,
  foldOrigins,
  joinEvidence,
  merge,
  meanEmbedding,
  originTable,
  stableCut,
  twoPhaseSet,
  vectorOf,
  write,
} from "@engram/vclock";
import { refusal } from "./refusal.ts";
import { numbers, ORIGINS } from "./states.ts";

const [a, b] = ORIGINS as [string, string];
describe("bad input", () => {
  test("sequences outside 1 .. 2^53-1", () => {
    for (const wrong of [0, -1, 1.5, Number.NaN, 2 ** 53, Infinity]) {
      expect(refusal(() => vectorOf([[a, wrong]]))).toBe("RangeError");
      expect(refusal(() => contextWith(emptyContext, { origin: a, sequence: wrong }))).toBe(
        "RangeError",
      );
      expect(refusal(() => contextOf(emptyVector, [{ origin: a, first: wrong, last: 9 }]))).toBe(
        "RangeError",
      );
      const vote = { voter: "v", sequence: wrong, candidate: "c", confidence: 1 };
      expect(refusal(() => ballotOf([vote]))).toBe("RangeError");
    }
    expect(vectorOf([[a, 2 ** 53 - 1]]).sequences).toEqual([2 ** 53 - 1]);
    expect(refusal(() => contextOf(emptyVector, [{ origin: a, first: 3, last: 2 }]))).toBe(
      "RangeError",
    );
  });

  test("an origin named twice", () => {
    expect(
      refusal(() =>
        vectorOf([
          [a, 1],
          [a, 2],
        ]),
      ),
    ).toBe("RangeError");
  });

  test("a dot written before", () => {
    const dot = { origin: a, sequence: 1 };
    const state = write(emptyVersioned, emptyContext, dot, 1);
    expect(refusal(() => write(state, emptyContext, dot, 2))).toBe("DOT_REUSED");
    expect(refusal(() => write(emptyVersioned, state.context, dot, 2))).toBe("DOT_REUSED");
    expect(refusal(() => write(state, emptyContext, { origin: "x", sequence: 1 }, 2))).toBe(
      "TypeError",
    );
  });

  test("one dot with two values: both are kept and the dot is named", () => {
    const dot = { origin: a, sequence: 1 };
    const [one, two] = [1, 2].map((value) => write(emptyVersioned, emptyContext, dot, value));
    const merged = merge(two!, one!, numbers.order);
    expect(merged.siblings.map(({ value }) => value)).toEqual([1, 2]);
    expect(collisions(merged)).toEqual([dot]);
    expect(collisions(one!)).toEqual([]);
  });

  test("an origin that the table has not", () => {
    expect(refusal(() => encodeVector(vectorOf([[a, 1]]), originTable([b])))).toBe(
      "UNKNOWN_ORIGIN",
    );
  });

  test("no owners, or votes, elements and versions that have no canonical form", () => {
    expect(refusal(() => stableCut([]))).toBe("RangeError");
    const vote = { voter: "v", sequence: 1, candidate: "c", confidence: 1 };
    for (const confidence of [-1, 0.5, 65_536, Number.NaN]) {
      expect(refusal(() => ballotOf([{ ...vote, confidence }]))).toBe("RangeError");
    }
    expect(refusal(() => ballotOf([{ ...vote, voter: "\ud800" }]))).toBe("TypeError");
    expect(refusal(() => twoPhaseSet([], ["\udc00x"]))).toBe("TypeError");
    const claim = { version: -1, vector: emptyVector, value: 1 };
    expect(refusal(() => claimsOf([claim], numbers.order))).toBe("RangeError");
  });

  test("more claims than can be checked in reasonable time", () => {
    const claims = claimsOf(
      Array.from({ length: 1025 }, (_, i) => ({
        version: i,
        vector: vectorOf([[a, 1025 - i]]),
        value: 1,
      })),
      numbers.order,
    );
    expect(claims).toHaveLength(1025);
    expect(refusal(() => encodeClaims(claims, numbers))).toBe("TOO_MANY_CLAIMS");
    expect(refusal(() => encodeClaims(claims.slice(1), numbers))).toBe(undefined);
  });

  test("an algorithm that gives two answers for one stamp", () => {
    const stamp = { version: 1, vector: vectorOf([[a, 1]]) };
    const apart = { version: 2, vector: emptyVector, value: 3 };
    const claims = claimsOf([{ ...stamp, value: 2 }, { ...stamp, value: 1 }, apart], numbers.order);
    expect(divergentClaims(claims).map(({ value }) => value)).toEqual([1, 2]);
  });
});

describe("evidence", () => {
  const dot = { origin: a, sequence: 1 };

  test("refuses what it cannot hold exactly", () => {
    const empty = emptyEvidence(2);
    expect(refusal(() => emptyEvidence(0))).toBe("RangeError");
    expect(refusal(() => emptyEvidence(65_537))).toBe("RangeError");
    expect(refusal(() => addObservation(empty, dot, [1], 1))).toBe("RangeError");
    for (const component of [1.01, Number.NaN, -Infinity]) {
      expect(refusal(() => addObservation(empty, dot, [component, 0], 1))).toBe("RangeError");
    }
    expect(refusal(() => addObservation(empty, dot, [1, 0], 65_536))).toBe("RangeError");
    expect(refusal(() => joinEvidence(empty, emptyEvidence(3)))).toBe("RangeError");
    const once = addObservation(empty, dot, [1, 0], 1);
    expect(refusal(() => addObservation(once, dot, [1, 0], 1))).toBe("DOT_REUSED");
    const full = { ...once.contributions[0]!, weight: 2 ** 37 - 1 };
    const next = { origin: a, sequence: 2 };
    expect(
      refusal(() => addObservation({ dimensions: 2, contributions: [full] }, next, [1, 0], 1)),
    ).toBe("WEIGHT_EXHAUSTED");
  });

  test("weighs by confidence, whoever met whom first", () => {
    const high = addObservation(emptyEvidence(2), dot, [1, 0], 60_000);
    const low = addObservation(emptyEvidence(2), { origin: b, sequence: 1 }, [0, 1], 30_000);
    const mean = meanEmbedding(joinEvidence(high, low))!;
    expect(mean[0]! / mean[1]!).toBeCloseTo(2, 6);
    expect(meanEmbedding(joinEvidence(low, high))).toEqual(mean);
    expect(meanEmbedding(emptyEvidence(2))).toBe(undefined);
  });

  test("stays close to the exact mean for a real embedding's size", () => {
    const vectors = Array.from({ length: 20 }, (_, i) => {
      const raw = Array.from({ length: 768 }, (_, j) => Math.sin(i * 12.9898 + j * 78.233));
      const norm = Math.hypot(...raw);
      return raw.map((x) => x / norm);
    });
    const evidence = vectors.reduce(
      (sum, each, i) => addObservation(sum, { origin: a, sequence: i + 1 }, each, 1000 * (i + 1)),
      emptyEvidence(768),
    );
    const exact = vectors[0]!.map((_, j) =>
      vectors.reduce((sum, each, i) => sum + each[j]! * 1000 * (i + 1), 0),
    );
    const norm = Math.hypot(...exact);
    const cosine = meanEmbedding(evidence)!.reduce((sum, x, j) => sum + (x * exact[j]!) / norm, 0);
    expect(1 - cosine).toBeLessThan(1e-6);
  });
});

test("a fold takes what is sealed and everywhere, once, and names the rest", () => {
  const sealed = vectorOf([
    [a, 3],
    [b, 2],
  ]);
  const cut = stableCut([vectorOf([[a, 3]]), sealed]);
  const first = foldOrigins({ base: emptyVector, sealed, cut });
  expect(first).toEqual({ base: vectorOf([[a, 3]]), waiting: [b], unsealed: [] });
  // Folded origins have left the vectors, and a late dot has turned up.
  const late = vectorOf([[b, 4]]);
  const second = foldOrigins({ base: first.base, sealed, cut: late });
  expect(second.base).toEqual(
    vectorOf([
      [a, 3],
      [b, 4],
    ]),
  );
  expect(second).toMatchObject({ waiting: [], unsealed: [b] });
});

test("limits are reported, and nothing is dropped", () => {
  const context = contextOf(
    vectorOf([
      [a, 2],
      [b, 1],
    ]),
    [{ origin: a, first: 5, last: 6 }],
  );
  const state = { siblings: [], context };
  expect(exceededLimits(state, {})).toEqual([]);
  expect(exceededLimits(state, { origins: 2, ranges: 1, siblings: 0 })).toEqual([]);
  expect(exceededLimits(state, { origins: 1, ranges: 0 })).toEqual([
    { limit: "origins", size: 2, max: 1 },
    { limit: "ranges", size: 1, max: 0 },
  ]);
});
