import type { Fault } from "./faults.ts";
import type { Plan, Scenario, Timed } from "./plan.ts";
import { run, type Outcome } from "./run.ts";

/** A plan that still fails, as small as was found. */
export interface Shrunk<Op> {
  readonly plan: Plan<Op>;
  readonly outcome: Outcome;
  /** Runs it took. */
  readonly runs: number;
}

/** What is left out changes the luck of the rest, so a smaller plan may fail under another seed only. */
const otherLuck = [1, 2, 3];

/**
 * Makes a failing plan small: ends it at the failure, leaves out faults, operations, hosts and
 * conditions, and shortens what remains, as long as the same oracle fails.
 *
 * @param runsMax - gives up here with the best so far; default 1000
 * @throws RangeError if the plan does not fail
 */
export function shrink<Op>(scenario: Scenario<Op>, plan: Plan<Op>, runsMax = 1000): Shrunk<Op> {
  const first = run(scenario, plan);
  if (first.failure === undefined) throw new RangeError("the plan does not fail");
  const { oracle } = first.failure;
  let best = { plan, outcome: first };
  let runs = 1;
  const attempt = (candidate: Plan<Op>): boolean => {
    for (const seed of new Set([candidate.seed, ...otherLuck])) {
      if (runs === runsMax) return false;
      runs++;
      const outcome = run(scenario, { ...candidate, seed });
      if (outcome.failure?.oracle !== oracle) continue;
      best = { plan: { ...candidate, seed }, outcome };
      return true;
    }
    return false;
  };
  let size: number;
  do {
    size = weight(best.plan);
    cutOff(best, attempt);
    thin(() => best.plan, "faults", attempt);
    thin(() => best.plan, "ops", attempt);
    for (const host of best.plan.hosts) attempt(without(best.plan, host));
    for (const key of Object.keys(best.plan.conditions)) {
      const { [key as "network"]: _, ...conditions } = best.plan.conditions;
      attempt({ ...best.plan, conditions });
    }
    for (const index of best.plan.faults.keys()) attempt(shortened(best.plan, index));
  } while (weight(best.plan) < size);
  return { ...best, runs };
}

type Attempt<Op> = (candidate: Plan<Op>) => boolean;

/** What shrinking makes less; durations count least. */
function weight<Op>({ faults, ops, hosts, conditions, chaosMs }: Plan<Op>): number {
  const durations = faults.reduce((sum, fault) => sum + ("forMs" in fault ? fault.forMs : 0), 0);
  const parts = faults.length + ops.length + hosts.length + Object.keys(conditions).length;
  return parts + (durations + chaosMs) / 1e9;
}

/** Nothing after the moment of the failure can have caused it. */
function cutOff<Op>(best: { plan: Plan<Op>; outcome: Outcome }, attempt: Attempt<Op>): void {
  const { plan, outcome } = best;
  const endMs = Math.min(plan.chaosMs, Math.ceil(outcome.failure?.atMs ?? plan.chaosMs));
  const isBefore = ({ atMs }: { atMs: number }) => atMs <= endMs;
  const [faults, ops] = [plan.faults.filter(isBefore), plan.ops.filter(isBefore)];
  if (endMs < plan.chaosMs) attempt({ ...plan, chaosMs: endMs, faults, ops });
}

/** Delta debugging: leaves out ever smaller runs of a list. */
function thin<Op>(plan: () => Plan<Op>, part: "faults" | "ops", attempt: Attempt<Op>): void {
  for (let size = plan()[part].length; size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < plan()[part].length;) {
      const rest = [...plan()[part]];
      rest.splice(start, size);
      if (!attempt({ ...plan(), [part]: rest })) start += size;
    }
  }
}

function without<Op>(plan: Plan<Op>, host: string): Plan<Op> {
  const hosts = plan.hosts.filter((name) => name !== host);
  const faults = plan.faults.flatMap((fault) => spare(fault, host));
  const ops = plan.ops.filter((op: Timed<Op>) => !("host" in op) || op.host !== host);
  return { ...plan, hosts, faults, ops };
}

/** The fault as it strikes the others, if there are any. */
function spare(fault: Fault, host: string): Fault[] {
  if (fault.kind === "partition") {
    const groups = fault.groups.map((group) => group.filter((name) => name !== host));
    return [{ ...fault, groups }];
  }
  if (fault.kind === "crash") {
    const hosts = fault.hosts.filter((name) => name !== host);
    return hosts.length === 0 ? [] : [{ ...fault, hosts }];
  }
  if ("source" in fault) return fault.source === host || fault.target === host ? [] : [fault];
  return fault.host === host ? [] : [fault];
}

function shortened<Op>(plan: Plan<Op>, index: number): Plan<Op> {
  const faults = plan.faults.map((fault, at) =>
    at === index && "forMs" in fault ? { ...fault, forMs: Math.floor(fault.forMs / 2) } : fault,
  );
  return { ...plan, faults };
}
