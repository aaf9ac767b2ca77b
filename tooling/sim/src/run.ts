import { guard } from "./node/tripwires.ts";
import { stagePlan, type Plan, type Scenario, type Stage } from "./plan.ts";
import { Violation, type Tally } from "./probes.ts";
import type { Checkpoint } from "./trace.ts";
import { World } from "./world.ts";

/** Why a run failed. */
export interface Failure {
  /** Name of the broken property, or of the error that was thrown. */
  readonly oracle: string;
  readonly message: string;
  readonly atMs: number;
}

/** All there is to say about a run. Two runs of one plan have equal outcomes. */
export interface Outcome {
  /** `void`: nothing broke, but nothing was proven either; never count it as passed. */
  readonly verdict: "passed" | "failed" | "void";
  readonly failure?: Failure;
  readonly voidBecause?: string;
  /** Over everything that happened, in order. */
  readonly hash: string;
  readonly checkpoints: readonly Checkpoint[];
  readonly events: number;
  readonly simulatedMs: number;
  /** How often each kind of event happened. */
  readonly counts: ReadonlyMap<string, number>;
  readonly probes: ReadonlyMap<string, Tally>;
  /** The newest lines, if lines were asked for. */
  readonly transcript: string;
}

/** Runs a plan: chaos, then calm, then the verdict. */
export function run<Op>(
  scenario: Scenario<Op>,
  plan: Plan<Op>,
  options: { readonly transcriptLines?: number } = {},
): Outcome {
  const { transcriptLines = 0 } = options;
  const world = new World({ ...plan.conditions, seed: plan.seed, transcriptLines });
  const verdict = guard(() => play(world, scenario, plan));
  world.trace.checkpoint();
  return {
    ...verdict,
    hash: world.trace.hash,
    checkpoints: world.trace.checkpoints,
    events: world.trace.events,
    simulatedMs: world.now,
    counts: world.trace.counts,
    probes: world.probes.ledger,
    transcript: world.trace.transcript(),
  };
}

function play<Op>(
  world: World,
  scenario: Scenario<Op>,
  plan: Plan<Op>,
): Pick<Outcome, "verdict" | "failure" | "voidBecause"> {
  try {
    const stage = stagePlan(scenario, plan, world);
    world.runFor(plan.chaosMs);
    world.calm();
    world.runFor(plan.calmMs);
    stage.verify();
    if (world.probes.violation !== undefined) throw world.probes.violation;
    const voidBecause = voidness(world, stage, plan);
    return voidBecause === undefined ? { verdict: "passed" } : { verdict: "void", voidBecause };
  } catch (error) {
    const failure = describe(error, world.now);
    world.trace.record("failure", undefined, undefined, failure.message);
    return { verdict: "failed", failure };
  }
}

/** A plan whose faults struck nothing, and a scenario's own doubts. */
function voidness<Op>(world: World, stage: Stage<Op>, plan: Plan<Op>): string | undefined {
  const missing = plan.faults.find(({ kind }) => !world.trace.counts.has(`fault ${kind}`));
  if (missing !== undefined) return `a ${missing.kind} was planned and did not strike`;
  return stage.voidBecause?.();
}

/** Numbers differ between runs of one fault, so they are no part of the name of an error. */
function describe(error: unknown, atMs: number): Failure {
  if (!(error instanceof Error)) return { oracle: "thrown", message: String(error), atMs };
  const message = error.stack ?? error.message;
  if (error instanceof Violation) return { oracle: error.oracle, message: error.message, atMs };
  const first = error.message.split("\n")[0] ?? "";
  return { oracle: `${error.name}: ${first.replaceAll(/[0-9]+/g, "#")}`, message, atMs };
}
