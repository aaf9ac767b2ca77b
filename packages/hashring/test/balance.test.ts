import { describe, expect, test } from "vitest";
import { balance, lossProbability, plan, Ring } from "@engram/hashring";
import { fairShares } from "../src/fair.ts";

function ringOf(count: number, more: { zones?: number; weights?: number } = {}): Ring {
  const { zones = 1, weights = 1 } = more;
  const members = Array.from({ length: count }, (_, i) => ({
    id: `m${i}`,
    zone: `z${i % zones}`,
    weight: 1 + (i % weights),
  }));
  return Ring.of({ members });
}

/** The fullest member's load over its fair share. */
function fullest(ring: Ring): number {
  const shares = fairShares(ring);
  return Math.max(...ring.loads().map(({ slots }, i) => slots / (shares[i] ?? 0)));
}

describe("balance", () => {
  test.each([
    [10, {}],
    [100, {}],
    [300, {}],
    [12, { zones: 3 }],
    [60, { zones: 5, weights: 3 }],
    [40, { zones: 2 }],
    [50, { weights: 4 }],
  ])("brings %i members %o to 1.02 of their fair share, zones kept", (count, more) => {
    const ring = ringOf(count, more);
    const balanced = ring.with({ overrides: balance(ring) });
    expect(fullest(ring)).toBeGreaterThan(1.02);
    expect(fullest(balanced)).toBeLessThanOrEqual(1.02);
    const zoneOf = new Map(ring.members.map(({ id, zone }) => [id, zone]));
    const spread = Math.min(3, new Set(zoneOf.values()).size);
    for (let slot = 0; slot < ring.slots; slot++) {
      const zones = new Set(balanced.owners(slot).map((id) => zoneOf.get(id)));
      if (zones.size < spread) expect.fail(`slot ${slot}`);
    }
  });

  test("moves little when it balances again after a join, and needs nothing when all is even", () => {
    const ring = ringOf(100);
    const balanced = ring.with({ overrides: balance(ring) });
    expect(balance(balanced)).toEqual(balanced.overrides);
    const joined = balanced.with({ set: [{ id: "new", zone: "z0" }] });
    const again = joined.with({ overrides: balance(joined) });
    expect(fullest(again)).toBeLessThanOrEqual(1.02);
    const optimum = (ring.slots * 3) / 101;
    expect(plan(balanced, again).moves.length).toBeLessThan(2 * optimum);
    expect(plan(balanced, again).needless).toBe(0);
  });

  test("ignores passing states, keeps other classes, and takes back overrides it need not have", () => {
    const ring = ringOf(20).with({
      classes: { c: {} },
      overrides: [{ slot: 1, owners: ["m1"], class: "c" }],
    });
    const marked = ring.with({
      set: [
        { id: "m3", state: "draining" },
        { id: "m5", state: "down" },
      ],
    });
    expect(balance(marked)).toEqual(balance(ring));
    expect(balance(ring)).toContainEqual({ slot: 1, owners: ["m1"], class: "c" });
    const crowded = ring.with({
      overrides: Array.from({ length: 5000 }, (_, slot) => ({ slot, owners: ["m0", "m1", "m2"] })),
    });
    const eased = crowded.with({ overrides: balance(crowded) });
    expect(fullest(eased)).toBeLessThanOrEqual(1.02);
    const natural = ring.with({ overrides: [] });
    const made = eased.overrides.filter(({ owners }) => owners.join() !== "m0,m1,m2");
    expect(
      made.some(
        ({ slot, owners }) => natural.owners(slot).sort().join() === [...owners].sort().join(),
      ),
    ).toBe(false);
    const forClass = ring.class("c");
    expect(fullest(ring.with({ overrides: balance(forClass) }).class("c"))).toBeLessThanOrEqual(
      1.02,
    );
  });

  test("refuses a ratio under 1", () => {
    expect(() => balance(ringOf(3), 0.99)).toThrow(RangeError);
    expect(() => balance(ringOf(3), Number.NaN)).toThrow(RangeError);
  });
});

test("a fair share is what weight says, within what zones allow", () => {
  const ring = (zones: "ignore" | "prefer", ...weights: [string, number][]): number[] => {
    const members = weights.map(([zone, weight], i) => ({ id: `m${i}`, zone, weight }));
    return [...fairShares(Ring.of({ members, zones, slots: 1024 }))].map((share) => share / 1024);
  };
  const near = (values: readonly number[]): unknown =>
    values.map((value) => expect.closeTo(value, 6));
  expect(ring("ignore", ["", 1], ["", 1], ["", 2], ["", 2])).toEqual(near([0.5, 0.5, 1, 1]));
  // Nobody holds a slot twice; what the heaviest cannot take goes to the others.
  expect(ring("ignore", ["", 1], ["", 1], ["", 1], ["", 9])).toEqual(
    near([2 / 3, 2 / 3, 2 / 3, 1]),
  );
  // Three zones for three copies: one copy each, whatever the zone weighs.
  expect(ring("prefer", ["a", 1], ["b", 1], ["c", 1], ["c", 3])).toEqual(near([1, 1, 0.25, 0.75]));
  // Two zones: one copy each at the least.
  expect(ring("prefer", ["a", 1], ["b", 9], ["b", 9], ["b", 9])).toEqual(
    near([1, 2 / 3, 2 / 3, 2 / 3]),
  );
});

describe("the probability of loss", () => {
  test("is counted exactly when cases are few", () => {
    const ring = ringOf(5);
    expect(lossProbability(ring, 2)).toEqual({ probability: 0, standardError: 0, isExact: true });
    // With 16384 slots every one of the 10 triples of 5 members owns some slot.
    expect(lossProbability(ring, 3).probability).toBe(1);
    expect(lossProbability(ring, 5).probability).toBe(1);
  });

  test("of three failures is the share of triples in use", () => {
    const ring = ringOf(40);
    const triples = new Set<string>();
    for (let slot = 0; slot < ring.slots; slot++) triples.add(ring.owners(slot).sort().join());
    const { probability, isExact } = lossProbability(ring, 3);
    expect(isExact).toBe(true);
    expect(probability).toBeCloseTo(triples.size / ((40 * 39 * 38) / 6), 12);
  });

  test("is sampled when cases are many, alike each time", () => {
    const ring = ringOf(100);
    const triples = new Set<string>();
    for (let slot = 0; slot < ring.slots; slot++) triples.add(ring.owners(slot).sort().join());
    const exact = triples.size / ((100 * 99 * 98) / 6);
    const estimate = lossProbability(ring, 3);
    expect(estimate.isExact).toBe(false);
    expect(Math.abs(estimate.probability - exact)).toBeLessThan(4 * estimate.standardError);
    expect(lossProbability(ring, 3)).toEqual(estimate);
  });

  test("is refused for failures that cannot be", () => {
    for (const failures of [0, 4, 1.5, Number.NaN]) {
      expect(() => lossProbability(ringOf(3), failures)).toThrow(RangeError);
    }
  });
});
