import { describe, expect, test } from "vitest";
import { Ring, xxh32 } from "@engram/hashring";

// Fixed memberships, so the figures below are the same on every machine and in every run.

const SLOTS = 16_384;
const COPIES = 3;

function ringOf(count: number, seed: number, replicas = COPIES): Ring {
  const members = Array.from({ length: count }, (_, i) => ({ id: `${seed}/${i}` }));
  return Ring.of({ members, replicas });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function coefficientOfVariation(ring: Ring): number {
  const loads = ring.loads().map(({ slots }) => slots);
  const average = mean(loads);
  return Math.sqrt(mean(loads.map((load) => (load - average) ** 2))) / average;
}

/** Copies that a change makes members receive, over what weights say it should. */
function movement(from: Ring, to: Ring, expected: number): number {
  const before = new Map(from.loads().map(({ id, slots }) => [id, slots]));
  const gains = to.loads().map(({ id, slots }) => Math.max(0, slots - (before.get(id) ?? 0)));
  return gains.reduce((sum, gain) => sum + gain, 0) / expected;
}

/** Chance that a member of weight `w` is among the first `copies` of it and `others` of weight 1. */
function chance(w: number, others: number, copies: number): number {
  let missed = 1;
  for (let i = 0; i < copies; i++) missed *= (others - i) / (others - i + w);
  return 1 - missed;
}

const seeds = (count: number): number[] => Array.from({ length: count }, (_, seed) => seed);

describe("load", () => {
  test.each([
    [10, 32, 0.015],
    [100, 16, 0.045],
  ])("varies with %i members as independent draws do", (count, memberships, limit) => {
    const variations = seeds(memberships).map((seed) =>
      coefficientOfVariation(ringOf(count, seed)),
    );
    const expected = Math.sqrt((count - COPIES) / (SLOTS * COPIES));
    const rootMeanSquare = Math.sqrt(mean(variations.map((value) => value ** 2)));
    // A variance estimated from n loads deviates by sqrt(2 / n).
    const sigma = Math.sqrt(2 / (memberships * (count - 1)));
    expect(Math.abs(rootMeanSquare ** 2 / expected ** 2 - 1)).toBeLessThan(4 * sigma);
    expect(mean(variations)).toBeLessThanOrEqual(limit);
  });

  test("of a member follows its weight", () => {
    for (const weight of [1, 2, 5, 100, 16_384]) {
      const members = Array.from({ length: 8 }, (_, i) => ({ id: `${i}`, weight: 200 }));
      const ring = Ring.of({ members: [...members, { id: "x", weight }], replicas: 1 });
      const share = weight / (weight + 1600);
      const sigma = Math.sqrt(SLOTS * share * (1 - share));
      const load = ring.loads().at(-1)?.slots ?? 0;
      expect(Math.abs(load - SLOTS * share)).toBeLessThan(4 * sigma);
    }
  });

  test("is within 5 sigma of the binomial for every member of 100", () => {
    const sigma = Math.sqrt(SLOTS * 0.01 * 0.99);
    for (const { primaries } of seeds(8).flatMap((seed) => ringOf(100, seed).loads())) {
      expect(Math.abs(primaries - SLOTS / 100)).toBeLessThan(5 * sigma);
    }
  });
});

describe("movement is within 2 % of the optimum in expectation", () => {
  test.each([
    [10, 1],
    [10, 3],
    [100, 3],
  ])("%i members, %i copies", (count, copies) => {
    const joins: number[] = [];
    const leaves: number[] = [];
    const raises: number[] = [];
    for (const seed of seeds(12)) {
      const ring = ringOf(count, seed, copies);
      expect(ring.copies).toBe(copies);
      for (let i = 0; i < 3; i++) {
        const joined = ring.with({ set: [{ id: `new ${i}` }] });
        joins.push(movement(ring, joined, SLOTS * (copies / (count + 1))));
        const left = ring.with({ remove: [`${seed}/${i}`] });
        leaves.push(movement(ring, left, SLOTS * (copies / count)));
        const gain = chance(2, count - 1, copies) - chance(1, count - 1, copies);
        const raised = ring.with({ set: [{ id: `${seed}/${i}`, weight: 2 }] });
        raises.push(movement(ring, raised, SLOTS * gain));
      }
    }
    for (const ratios of [joins, leaves, raises])
      expect(Math.abs(mean(ratios) - 1)).toBeLessThan(0.02);
  });
});

describe("R11: slots are hit evenly", () => {
  const hex = (n: number, width: number): string => n.toString(16).padStart(width, "0");
  const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const base32 = (n: number, width: number): string =>
    Array.from(
      { length: width },
      (_, i) => crockford[Math.floor(n / 32 ** (width - 1 - i)) % 32],
    ).join("");
  const kinds: Record<string, (i: number) => string> = {
    sequential: (i) => `user:${i}`,
    UUID: (i) =>
      `${hex(xxh32(`${i}`, 9), 8)}-${hex(i & 0xffff, 4)}-4000-8000-${hex(xxh32(`${i}`, 8), 12)}`,
    ULID: (i) => base32(1_760_000_000_000 + i, 10) + base32(xxh32(`${i}`, 7), 16),
  };
  const ring = Ring.of({ members: [{ id: "a" }], slots: 1024 });

  test.each(Object.entries(kinds))("by %s keys", (_, keyOf) => {
    const hits = new Float64Array(ring.slots);
    const total = 100_000;
    for (let i = 0; i < total; i++) {
      const slot = ring.slot(keyOf(i));
      hits[slot] = (hits[slot] ?? 0) + 1;
    }
    const expected = total / ring.slots;
    const chiSquare = hits.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    const freedom = ring.slots - 1;
    expect(Math.abs(chiSquare - freedom) / Math.sqrt(2 * freedom)).toBeLessThan(4);
  });

  test("by bytes and text alike", () => {
    for (const key of ["", "a", "käse", "🦊", "\u{ffff}", "a".repeat(300), "ü".repeat(300)]) {
      expect(ring.slot(new TextEncoder().encode(key))).toBe(ring.slot(key));
    }
  });
});
