import { inject, type Fault } from "./faults.ts";
import { Random } from "./random.ts";
import type { World, WorldConditions } from "./world.ts";

/** Something that happens at a virtual millisecond of the run. */
export type Timed<Op> = Op & { readonly atMs: number };

/**
 * All that a run depends on besides the code, as plain JSON. A seed expands to a plan once; runs,
 * replays and the shrinker take plans.
 */
export interface Plan<Op> {
  readonly scenario: string;
  /** Feeds every small chance of the world: latencies, ties, torn sectors. */
  readonly seed: number;
  readonly hosts: readonly string[];
  readonly conditions: WorldConditions;
  /** The scenario's own numbers: sizes, factors, timeouts. */
  readonly settings: Readonly<Record<string, number>>;
  /** Milliseconds during which faults strike. */
  readonly chaosMs: number;
  /** Milliseconds without any fault after that, in which the protocol must mend everything. */
  readonly calmMs: number;
  readonly faults: readonly Fault[];
  /** What clients do; the scenario knows the meaning. An op that names a `host` goes where it goes. */
  readonly ops: readonly Timed<Op>[];
}

/** A kind of run: what it may contain, how it begins, and what must be true of it. */
export interface Scenario<Op> {
  readonly name: string;
  /** Decides everything a seed decides. */
  draw(random: Random): Omit<Plan<Op>, "scenario" | "seed">;
  /** Adds the hosts of the plan to an empty world. */
  stage(world: World, plan: Plan<Op>): Stage<Op>;
}

/** A run of a scenario from the inside. Oracles that hold at all times sit in its hosts. */
export interface Stage<Op> {
  handleOp(op: Timed<Op>): void;
  /** Called at the end, after the calm: throws, or breaks a probe, if something is wrong. */
  verify(): void;
  /** Why the run proves nothing, say because hardly any operation succeeded; undefined: it does. */
  voidBecause?(): string | undefined;
}

/** The plan that a seed stands for. */
export function expand<Op>(scenario: Scenario<Op>, seed: number): Plan<Op> {
  const draft = scenario.draw(new Random(seed).fork("plan"));
  return { scenario: scenario.name, seed, ...draft };
}

/** Puts everything of a plan into an empty world. */
export function stagePlan<Op>(scenario: Scenario<Op>, plan: Plan<Op>, world: World): Stage<Op> {
  const stage = scenario.stage(world, plan);
  for (const fault of plan.faults) inject(world, fault);
  for (const op of plan.ops) world.at(op.atMs, () => stage.handleOp(op));
  return stage;
}
