import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { expand, type Plan, type Scenario } from "../plan.ts";
import { run } from "../run.ts";
import { shrink } from "../shrink.ts";
import { idleProbes, seeds, sweep, type Sweep } from "../sweep.ts";

const usage = `sweep [--from SEED] [--count N]           run seeds, list what failed
replay (--seed SEED | --plan FILE)        run one, print its transcript
shrink (--seed SEED | --plan FILE)        make a failing one small
       [--save FILE]                      write the plan there
chain [--from SEED] [--count N]           print the trace hashes, one a line`;

/**
 * A command line for one scenario: `await command(scenario)` is all a script needs.
 * ENGRAM_SEED sets the first seed where `--from` does not.
 *
 * @returns the exit code: 0; 1 if a run failed, or more than one in fifty was void; 2 for a wrong call
 */
export function command<Op>(
  scenario: Scenario<Op>,
  args: readonly string[] = process.argv.slice(2),
): number {
  const [verb = "sweep", ...rest] = args.filter((arg) => arg !== "--");
  const { values } = parseArgs({
    args: rest,
    options: {
      from: { type: "string", default: process.env["ENGRAM_SEED"] ?? "0" },
      count: { type: "string", default: "1000" },
      seed: { type: "string" },
      plan: { type: "string" },
      save: { type: "string" },
    },
  });
  const range = seeds(Number(values.from), Number(values.count));
  if (verb === "sweep") return sweepAll(scenario, range);
  if (verb === "chain") return printChains(scenario, range);
  const plan = planOf(scenario, values);
  if (plan === undefined || (verb !== "replay" && verb !== "shrink")) {
    console.error(usage);
    return 2;
  }
  const found = verb === "shrink" ? shrink(scenario, plan).plan : plan;
  if (values.save !== undefined) writeFileSync(values.save, `${JSON.stringify(found, null, 2)}\n`);
  if (verb === "shrink") console.log(JSON.stringify(found, null, 2));
  const outcome = run(scenario, found, { transcriptLines: 10_000 });
  console.log(outcome.transcript);
  console.log(`${outcome.verdict} ${outcome.hash} ${outcome.failure?.message ?? ""}`);
  return outcome.verdict === "passed" ? 0 : 1;
}

function planOf<Op>(
  scenario: Scenario<Op>,
  { seed, plan }: { seed?: string | undefined; plan?: string | undefined },
): Plan<Op> | undefined {
  if (plan !== undefined) return JSON.parse(readFileSync(plan, "utf8")) as Plan<Op>;
  return seed === undefined ? undefined : expand(scenario, Number(seed));
}

function sweepAll<Op>(scenario: Scenario<Op>, range: readonly number[]): number {
  const startMs = performance.now();
  const result = sweep(scenario, range, (seed, { verdict, failure, voidBecause }) => {
    if (verdict !== "passed") console.log(`${verdict} ${seed}: ${failure?.message ?? voidBecause}`);
  });
  const seconds = (performance.now() - startMs) / 1000;
  console.log(describeSweep(result));
  const hours = result.simulatedMs / 3_600_000;
  const rate = Math.round(result.events / seconds).toLocaleString("en");
  console.log(`${seconds.toFixed(1)} s for ${hours.toFixed(1)} virtual hours, ${rate} events/s`);
  return result.failures.length === 0 && result.voids.length * 50 <= result.runs ? 0 : 1;
}

function describeSweep(result: Sweep): string {
  const idle = idleProbes(result);
  const kinds = [...result.kinds].sort(([left], [right]) => (left < right ? -1 : 1));
  return [
    `${result.scenario}: ${result.runs} runs, ${result.failures.length} failed, ` +
      `${result.voids.length} void, ${result.distinct} distinct traces`,
    ...kinds.map(
      ([kind, { runs, times }]) => `  ${kind.padEnd(18)} ${times} times in ${runs} runs`,
    ),
    ...[...result.probes].map(([id, { asked, held }]) => `  ${id}: held ${held} of ${asked}`),
    ...(idle.length === 0 ? [] : [`  never: ${idle.join(", ")}`]),
  ].join("\n");
}

function printChains<Op>(scenario: Scenario<Op>, range: readonly number[]): number {
  for (const seed of range) {
    const { checkpoints, hash, verdict } = run(scenario, expand(scenario, seed));
    for (const { events, atMs, hash } of checkpoints) console.log(seed, events, atMs, hash);
    console.log(seed, verdict, hash);
  }
  return 0;
}
