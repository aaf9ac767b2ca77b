// Runs the laws of joins and views FC_NUM_RUNS times (default 1,000,000), the others a tenth as often,
// and the simulation of crashed, restored and wiped disks over ENGRAM_SEEDS seeds (default 10,000).
// Arguments choose laws by the beginning of their names; `--write` puts each row into the README.

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
const chosen = process.argv.slice(2).filter((argument) => argument !== "--write");
const isChosen = (name: string) =>
  chosen.length === 0 || chosen.some((start) => name.startsWith(start));

for (const [name, law] of Object.entries(lawsOf(vclock)).filter(([name]) => isChosen(name))) {
  const runs = /^V(1|10)\b/.test(name) ? numRuns : Math.ceil(numRuns / 10);
  const outcome = await fc.check(law as fc.IRawProperty<unknown>, { numRuns: runs, seed });
  if (outcome.failed) throw new Error(`${name}\n${fc.defaultReportMessage(outcome)}`);
  report(name, outcome.numRuns);
}

const simulation = "V8 crashed, restored and wiped disks, late messages";
if (isChosen(simulation)) {
  let acknowledged = 0;
  for (let each = 0; each < seeds; each++) {
    const outcome = simulate(each, lawful);
    if (outcome.lost + outcome.resurrected + outcome.diverged > 0) throw new Error(`seed ${each}`);
    acknowledged += outcome.acknowledged;
  }
  report(`${simulation}: ${acknowledged.toLocaleString("en-US")} operations`, seeds);
}

/** Prints a row, and replaces the law's row in the README by it. */
function report(name: string, runs: number): void {
  const row = `| ${name} | ${runs.toLocaleString("en-US")} | 0 | ${commit} |`;
  console.log(row);
  if (!process.argv.includes("--write")) return;
  const readme = new URL("../README.md", import.meta.url);
  const text = readFileSync(readme, "utf8");
  const [, old = ""] = /<!-- laws -->([\s\S]*)<!-- \/laws -->/.exec(text) ?? [];
  const law = (line: string) => line.split(/[|:]/)[1]?.trim() ?? "";
  const kept = old.split("\n").filter((line) => line.startsWith("| V") && law(line) !== law(row));
  const rows = [...kept, row].sort((a, b) => law(a).localeCompare(law(b), "en", { numeric: true }));
  const table = [
    "<!-- laws -->",
    `Command \`pnpm laws --write\`, seed ${seed}, Node ${process.version}; simulation: seeds from 0.`,
    "",
    "| law | runs | failures | commit |",
    "|---|--:|--:|---|",
    ...rows,
    "<!-- /laws -->",
  ].join("\n");
  writeFileSync(
    readme,
    text.replace(/<!-- laws -->[\s\S]*<!-- \/laws -->/, () => table),
  );
}
