import * as wal from "@engram/wal-replication";
import { describe, expect, test } from "vitest";
import { expand, idleProbes, run, seeds, sweep } from "../src/index.ts";
import { loadMutant, mutants } from "./log/mutants.ts";
import { crashPoints } from "./log/crash-points.ts";
import { logScenario } from "./log/scenario.ts";

const first = Number(process.env["ENGRAM_SEED"] ?? 0);

test(`the log keeps its promises, seeds ${first} to ${first + 99}`, () => {
  const result = sweep(logScenario(wal), seeds(first, 100));
  expect(result.failures).toEqual([]);
  expect(result.voids.length).toBeLessThan(10);
  expect(result.distinct).toBe(100);
  expect(idleProbes(result)).toEqual([]);
  for (const kind of ["power-cut", "crash", "disk EIO", "disk ENOSPC", "fault rot", "fault hang"])
    expect(result.kinds.get(kind)?.runs, kind).toBeGreaterThan(10);
});

describe("a log with a bug is caught:", () => {
  test.each(mutants)("$bug", async (mutant) => {
    const scenario = logScenario(await loadMutant(mutant));
    for (const seed of seeds(0, 500)) {
      const { failure } = run(scenario, expand(scenario, seed));
      if (failure === undefined) continue;
      expect(mutant.oracles).toContain(failure.oracle);
      return;
    }
    expect.fail("not caught by 500 seeds");
  });
});

test("on a disk that lies it loses data, which the oracle sees", () => {
  const scenario = logScenario(wal, ["lying-sync", "power-cut"]);
  const fails = (seed: number) => run(scenario, expand(scenario, seed)).failure !== undefined;
  expect(seeds(0, 60).some(fails)).toBe(true);
});

test.each(["crash", "power-cut"] as const)(
  "no %s after any single effect loses a record",
  (death) => {
    const tried = crashPoints(wal, death, 3);
    expect(tried).toBeGreaterThan(40);
  },
);
