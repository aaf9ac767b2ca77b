import { expect, test } from "vitest";
import { checkCrashes } from "./crash-check.ts";

const firstSeed = Number(process.env["ENGRAM_SEED"] ?? 1);
const seeds = Number(process.env["FC_NUM_RUNS"] ?? 3);

test("a power cut after any file operation keeps W1 to W5, W7 and W8", { timeout: 0 }, () => {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const report = checkCrashes({ seed, operations: 100, samples: 3 });
    // A run without torn writes, trimming or acknowledgements would prove nothing.
    expect(report.images).toBeGreaterThan(400);
    expect(report.torn).toBeGreaterThan(20);
    expect(report.trimmed).toBeGreaterThan(0);
    expect(report.acknowledged).toBeGreaterThan(30);
  }
});

test("the same with syncs that fail and processes that start again", { timeout: 0 }, () => {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1)
    checkCrashes({ seed, operations: 100, samples: 2, syncFailures: 0.05 });
});
