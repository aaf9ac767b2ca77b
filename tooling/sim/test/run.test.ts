import { expect, test } from "vitest";
import {
  drive,
  expand,
  idleProbes,
  run,
  seeds,
  shrink,
  sweep,
  type Plan,
  type Scenario,
} from "../src/index.ts";
import { toyScenario, type Say } from "./toy.ts";

const toy = toyScenario();
const buggy = toyScenario(true);

test("a correct protocol passes, every seed differs, and what was drawn did strike", () => {
  const result = sweep(toy, seeds(0, 100));
  expect(result.failures).toEqual([]);
  expect(result.voids).toEqual([]);
  expect(result.distinct).toBe(100);
  for (const kind of ["fault partition", "fault clog", "fault slow", "fault crash"])
    expect(result.kinds.get(kind)?.runs, kind).toBeGreaterThan(5);
  for (const kind of ["cut", "lost", "duplicated", "clogged", "unheard"])
    expect(result.kinds.get(kind)?.runs, kind).toBeGreaterThan(5);
  expect(result.probes.get("always delivered once")?.asked).toBeGreaterThan(500);
  expect(idleProbes(result)).toEqual([]);
});

test("the seeded bug is found and named", () => {
  const { failures } = sweep(buggy, seeds(0, 100));
  expect(failures.length).toBeGreaterThan(0);
  expect(new Set(failures.map(({ oracle }) => oracle))).toEqual(new Set(["delivered once"]));
});

test("a plan is plain data, and alone decides the run", () => {
  const plan = expand(toy, 5);
  const copy = JSON.parse(JSON.stringify(plan)) as Plan<Say>;
  expect(copy).toEqual(plan);
  const [first, second] = [run(toy, plan), run(toy, copy)];
  expect(second).toEqual(first);
  expect(first.checkpoints.length).toBeGreaterThan(0);
  expect(run(toy, { ...plan, seed: 6 }).hash).not.toBe(first.hash);
  expect(run(toy, { ...plan, faults: plan.faults.slice(1) }).hash).not.toBe(first.hash);
});

test("a transcript is for people and changes nothing", () => {
  const plan = expand(buggy, failingSeed());
  const outcome = run(buggy, plan, { transcriptLines: 20 });
  const lines = outcome.transcript.split("\n");
  expect(lines).toHaveLength(20);
  expect(lines.at(-1)).toMatch(
    /^ +\d+\.\d{3} {2}failure +world {2}delivered once: message \d+ again$/,
  );
  expect(outcome.transcript).toMatch(/send +[abc] > [abc] {2}\d+ B/);
  expect(outcome.hash).toBe(run(buggy, plan).hash);
});

test("a failing plan shrinks to what the bug needs", () => {
  const plan = expand(buggy, failingSeed());
  const { plan: small, outcome, runs } = shrink(buggy, plan);
  expect(outcome.failure?.oracle).toBe("delivered once");
  expect(run(buggy, small)).toEqual(outcome);
  expect(runs).toBeLessThanOrEqual(1000);
  expect(small.ops).toHaveLength(1);
  expect(small.faults.length).toBeLessThanOrEqual(2);
  expect(small.faults.some(({ kind }) => kind === "crash")).toBe(true);
  expect(small.hosts).toHaveLength(2);
  expect(() => shrink(toy, expand(toy, 0))).toThrow(RangeError);
  expect(shrink(buggy, plan, 1)).toMatchObject({ runs: 1, plan });
});

test("runs that prove nothing are void, not passed", () => {
  const silent = { ...expand(toy, 1), ops: [] };
  expect(run(toy, silent)).toMatchObject({ verdict: "void", voidBecause: "nothing was said" });
  const late = { atMs: 1e9, kind: "step", host: "a", ms: 1 } as const;
  const missed = run(toy, { ...expand(toy, 1), faults: [late] });
  expect(missed.voidBecause).toBe("a step was planned and did not strike");
});

test("what a program throws is a failure under a name without numbers", () => {
  const throwing: Scenario<Say> = {
    ...toy,
    stage(world) {
      world.add("a", (host) =>
        drive(
          {
            deadline: host.now + 10,
            handleTimeout: (now) => {
              throw new TypeError(`at ${now} ms`);
            },
            poll: () => undefined,
          },
          () => {},
        ),
      );
      return { handleOp() {}, verify() {} };
    },
  };
  const { failure, verdict } = run(throwing, { ...expand(toy, 1), faults: [], conditions: {} });
  expect([verdict, failure?.oracle, failure?.atMs]).toEqual(["failed", "TypeError: at # ms", 10]);
});

test("a violation that a program catches still fails the run", () => {
  const swallowing: Scenario<Say> = {
    ...toy,
    stage(world) {
      world.at(10, () => {
        try {
          world.probes.always("law", false);
        } catch {
          world.trace.record("swallowed");
        }
      });
      return { handleOp() {}, verify() {} };
    },
  };
  const { failure } = run(swallowing, { ...expand(toy, 1), faults: [] });
  expect(failure?.oracle).toBe("law");
});

function failingSeed(): number {
  const [failure] = sweep(buggy, seeds(0, 100)).failures;
  return failure?.seed ?? -1;
}
