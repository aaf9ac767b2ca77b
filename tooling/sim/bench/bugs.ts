// Question: how many seeds does each bug that was put into the log take, and how small do plans get?
import { expand, run, shrink, type Plan } from "../src/index.ts";
import { loadMutant, mutants, type Mutant } from "../test/log/mutants.ts";
import { logScenario, type LogOp } from "../test/log/scenario.ts";

export async function bugTable(): Promise<string> {
  const rows: string[] = [];
  for (const mutant of mutants) rows.push(await row(mutant));
  return [
    "| bug | first seed that fails | faults, shrunk | operations, shrunk | runs to shrink |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

async function row(mutant: Mutant): Promise<string> {
  const scenario = logScenario(await loadMutant(mutant));
  for (let seed = 0; ; seed++) {
    const plan = expand(scenario, seed);
    if (run(scenario, plan).failure === undefined) continue;
    const { plan: small, runs } = shrink(scenario, plan);
    const faults = `${plan.faults.length} to ${small.faults.length}${kinds(small)}`;
    const ops = `${plan.ops.length} to ${small.ops.length}`;
    return `| ${[mutant.bug, seed, faults, ops, runs].join(" | ")} |`;
  }
}

function kinds({ faults }: Plan<LogOp>): string {
  return faults.length === 0 ? "" : ` (${faults.map(({ kind }) => kind).join(", ")})`;
}
