import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Ring } from "@engram/hashring";
import { cost, COST_FLOOR, draw, scramble } from "../src/score.ts";
import { xxh32 } from "../src/hash.ts";
import { options, parameters, runs, timeout } from "./arbitraries.ts";
import * as reference from "./reference.ts";

const word = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.integer({ min: 0, max: 32 }).map((bits) => 2 ** bits - 1),
  fc.integer({ min: 0, max: 4096 }).map((cell) => Math.min(2 ** 32 - 1, cell * 2 ** 20)),
);

test("every entry of the logarithm table is the exact logarithm, rounded", () => {
  for (let cell = 0; cell < 4096; cell++) {
    // A draw that leaves (4096 + cell) 2^19 costs 1 - log2(1 + cell / 4096), at a cell's very edge.
    const drawn = 2 ** 32 - (4096 + cell) * 2 ** 19;
    expect(BigInt(cost(drawn))).toBe(2n ** 32n - reference.logarithm(BigInt(cell)));
  }
});

test(
  "costs and draws equal those of the reference",
  () => {
    fc.assert(
      fc.property(word, word, fc.string(), (drawn, slot, id) => {
        expect(BigInt(cost(drawn))).toBe(reference.cost(BigInt(drawn)));
        expect(BigInt(draw(scramble(slot), xxh32(id, 1) | 1, xxh32(id, 2)))).toBe(
          reference.draw(id, slot),
        );
      }),
      parameters,
    );
  },
  timeout,
);

test(
  "a cost grows with the draw, stays near the logarithm and above its floor",
  () => {
    const check = (drawn: number): void => {
      const value = cost(drawn);
      expect(value).toBeGreaterThan(cost(drawn - 1));
      expect(value).toBeGreaterThanOrEqual(COST_FLOOR * drawn);
      const exact = -Math.log1p(-drawn / 2 ** 32) / Math.LN2;
      expect(Math.abs(value / 2 ** 32 / exact - 1)).toBeLessThan(1 / 8000 + 2 / value);
    };
    for (let drawn = 1; drawn < 20_000; drawn++) check(drawn);
    fc.assert(
      fc.property(word, (drawn) => drawn === 0 || (check(drawn), true)),
      parameters,
    );
  },
  timeout,
);

test(
  "owners equal those of the reference",
  () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 0, max: 1023 }), (given, slot) => {
        const ring = Ring.of(given);
        const { members, replicas, zones, overrides } = ring;
        const placing = { members, replicas, zones, overrides };
        for (const at of [slot, ...overrides.map((override) => override.slot)]) {
          expect(ring.owners(at)).toEqual(reference.referenceOwners(placing, at));
        }
      }),
      { ...parameters, numRuns: Math.min(runs, 100_000) },
    );
  },
  timeout,
);
