import { expect, test } from "vitest";
import { compare, measureOwn, smoke, weightedJoin, work } from "../bench/compare.ts";

test("the benchmark runs, and its rivals place keys", () => {
  const rows = compare(5, smoke);
  expect(rows.map(({ name }) => name)).toContain("hashring");
  for (const { name, ownerNs, moved, variation } of rows) {
    expect(ownerNs.median).toBeGreaterThan(0);
    expect(variation).toBeLessThan(0.5);
    // Rings that draw points at random agree with nobody, themselves in another process included.
    expect(moved).toBeLessThan(name === "consistent-hash" ? 1 : 0.3);
  }
  expect(rows[0]).toMatchObject({ name: "@engram/hashring", betweenSurvivors: 0 });
  expect(measureOwn(5, smoke)).toMatchObject({ count: 5, loss: 1 });
  const [own, other] = weightedJoin(4, 500);
  expect(own).toMatchObject({ betweenSurvivors: 0 });
  expect(other?.betweenSurvivors).toBeGreaterThan(0.05);
  expect(work()).not.toBe(0);
});
