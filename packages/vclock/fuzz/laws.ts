// Runs the laws of joins and views FC_NUM_RUNS times (default 1,000,000), the others a tenth as often,
// and the simulation of crashed, restored and wiped disks over ENGRAM_SEEDS seeds (default 10,000);
// `--write` puts the table into the README.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import * as fc from "fast-check";
import * as vclock from "@engram/vclock";
import { lawful, simulate } from "../test/amnesia.ts";
import { lawsOf } from "../test/laws.ts";

const numRuns = Number(process.env["FC_NUM_RUNS"] ?? 1_000_000);
const seeds = Number(process.env["ENGRAM_SEEDS"] ?? 10_000);
const seed = Number(process.env["ENGRAM_SEED"] ?? 679);
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
const rows: string[] = [];

for (const [name, law] of Object.entries(lawsOf(vclock))) {
  const start = performance.now();
  const runs = /^V(1|10)\b/.test(name) ? numRuns : Math.ceil(numRuns / 10);
  const outcome = await fc.check(law as fc.IRawProperty<unknown>, { numRuns: runs, seed });
  if (outcome.failed) throw new Error(`${name}\n${fc.defaultReportMessage(outcome)}`);
  const seconds = Math.round((performance.now() - start) / 1000);
  rows.push(`| ${name} | ${outcome.numRuns.toLocaleString("en-US")} | 0 |`);
  console.log(`${name}: ${outcome.numRuns} runs, ${seconds} s`);
}

let acknowledged = 0;
for (let each = 0; each < seeds; each++) {
  const outcome = simulate(each, lawful);
  if (outcome.lost + outcome.resurrected + outcome.diverged > 0) throw new Error(`seed ${each}`);
  acknowledged += outcome.acknowledged;
}
const writes = acknowledged.toLocaleString("en-US");
rows.push(
  `| V8 simulation, ${writes} acknowledged operations | ${seeds.toLocaleString("en-US")} | 0 |`,
);
console.log(`simulation: ${seeds} seeds, ${acknowledged} acknowledged operations`);

if (process.argv.includes("--write")) {
  const readme = new URL("../README.md", import.meta.url);
  const table = [
    "<!-- laws -->",
    `Command \`pnpm laws --write\`, seed ${seed}, Node ${process.version}, commit ${commit}.`,
    "",
    "| law | runs | failures |",
    "|---|--:|--:|",
    ...rows,
    "<!-- /laws -->",
  ].join("\n");
  const text = readFileSync(readme, "utf8");
  writeFileSync(
    readme,
    text.replace(/<!-- laws -->[\s\S]*<!-- \/laws -->/, () => table),
  );
}
