import { expand, type Scenario } from "./plan.ts";
import type { Tally } from "./probes.ts";
import { run, type Outcome } from "./run.ts";

/** What many seeds have shown. */
export interface Sweep {
  readonly scenario: string;
  readonly runs: number;
  readonly failures: readonly { readonly seed: number; readonly oracle: string }[];
  readonly voids: readonly { readonly seed: number; readonly because: string }[];
  /** Different traces: fewer than runs means that seeds repeat one another. */
  readonly distinct: number;
  readonly events: number;
  readonly simulatedMs: number;
  /** For each kind of event, in how many runs it happened, and how often in all. */
  readonly kinds: ReadonlyMap<string, { readonly runs: number; readonly times: number }>;
  readonly probes: ReadonlyMap<string, Tally>;
}

/** The consecutive seeds from `first`. */
export function seeds(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

/** Expands and runs every seed. */
export function sweep<Op>(
  scenario: Scenario<Op>,
  from: Iterable<number>,
  onOutcome: (seed: number, outcome: Outcome) => void = () => {},
): Sweep {
  const failures: { seed: number; oracle: string }[] = [];
  const voids: { seed: number; because: string }[] = [];
  const hashes = new Set<string>();
  const kinds = new Map<string, { runs: number; times: number }>();
  const probes = new Map<string, Tally>();
  const total = { runs: 0, events: 0, simulatedMs: 0 };
  for (const seed of from) {
    const outcome = run(scenario, expand(scenario, seed));
    onOutcome(seed, outcome);
    total.runs++;
    total.events += outcome.events;
    total.simulatedMs += outcome.simulatedMs;
    hashes.add(outcome.hash);
    const { failure, voidBecause } = outcome;
    if (failure !== undefined) failures.push({ seed, oracle: failure.oracle });
    if (voidBecause !== undefined) voids.push({ seed, because: voidBecause });
    for (const [kind, times] of outcome.counts) {
      const sum = kinds.get(kind) ?? { runs: 0, times: 0 };
      kinds.set(kind, { runs: sum.runs + 1, times: sum.times + times });
    }
    for (const [id, { asked, held }] of outcome.probes) {
      const sum = probes.get(id) ?? { asked: 0, held: 0 };
      probes.set(id, { asked: sum.asked + asked, held: sum.held + held });
    }
  }
  return {
    scenario: scenario.name,
    ...total,
    failures,
    voids,
    distinct: hashes.size,
    kinds,
    probes,
  };
}

/** Probes that prove nothing: a `sometimes` that never held, a `buggify` that never fired. */
export function idleProbes({ probes }: Sweep): string[] {
  return [...probes].filter(([, { held }]) => held === 0).map(([id]) => id);
}
