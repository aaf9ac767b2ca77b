import { expect, test } from "vitest";
import { run } from "../bench/run.ts";
import { curveTable, recoveryLine } from "../bench/report.ts";

test("the benchmark runs: every contender, and recovery", () => {
  const sizes = { writers: [1, 16], rounds: 1, warmUpMs: 20, measureMs: 60, recoveryMebibytes: 1 };
  const { curve, recovery, syncsMs } = run(sizes, ["--conditions=@engram/source"]);
  for (const results of curve.values())
    for (const [measured] of Object.values(results)) expect(measured?.records).toBeGreaterThan(0);
  expect(syncsMs.length).toBe(80);
  expect(curveTable(curve).split("\n")).toHaveLength(4);
  expect(recoveryLine(recovery)).toContain("MiB/s");
});
