import type * as Wal from "@engram/wal-replication";
import { run, type Death, type Plan, type Scenario } from "../../src/index.ts";
import { logScenario, type LogOp } from "./scenario.ts";

/**
 * Runs one short script (three segments, a checkpoint, a trim) and ends the process after each of its
 * effects in turn, so that no moment is left to luck; each with that many fates of unsynced bytes.
 *
 * @returns how many moments there were
 */
export function crashPoints(wal: typeof Wal, death: Death, fates: number): number {
  const scenario = logScenario(wal);
  const ops: Plan<LogOp>["ops"] = [
    { atMs: 10, kind: "append", sizes: [100, 500, 3] },
    { atMs: 20, kind: "append", sizes: [700] },
    { atMs: 30, kind: "append", sizes: [900, 1] },
    { atMs: 40, kind: "checkpoint" },
    { atMs: 50, kind: "append", sizes: [600, 600] },
    { atMs: 60, kind: "append", sizes: [20] },
    { atMs: 70, kind: "checkpoint" },
    { atMs: 80, kind: "append", sizes: [1] },
  ];
  // The first effect is the log's first look at its directory, before anything could be told to die.
  for (let effect = 2; ; effect++) {
    let isReached = false;
    for (let seed = 0; seed < fates; seed++) {
      const plan: Plan<LogOp> = {
        scenario: "log",
        seed,
        hosts: ["disk"],
        conditions: {},
        settings: { segmentBytes: 1024, bufferBytes: 4096, retainBytes: 0 },
        chaosMs: 100,
        calmMs: 100,
        faults: [],
        ops,
      };
      const outcome = run(dyingAt(scenario, effect, death), plan);
      // Each run ends with a crash of its own, to look at what a cold start finds.
      isReached ||= (outcome.counts.get(death) ?? 0) > (death === "crash" ? 1 : 0);
      if (outcome.failure !== undefined)
        throw new Error(`effect ${effect}: ${outcome.failure.message}`);
    }
    if (!isReached) return effect - 2;
  }
}

function dyingAt(scenario: Scenario<LogOp>, effect: number, death: Death): Scenario<LogOp> {
  return {
    ...scenario,
    stage(world, plan) {
      const stage = scenario.stage(world, plan);
      world.host("disk").dieAtEffect(effect, death);
      return stage;
    },
  };
}
