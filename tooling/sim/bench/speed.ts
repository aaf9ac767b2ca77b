// Measures how fast worlds run and bugs are found, and writes the figures into the README.
// Question: do 100 members x 60 virtual seconds take < 2 s, and 1000 members < 60 s?
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import * as wal from "@engram/wal-replication";
import { seeds, sweep } from "../src/index.ts";
import { logScenario } from "../test/log/scenario.ts";
import { bugTable } from "./bugs.ts";
import { gossipWorld } from "./gossip.ts";

interface Sample {
  readonly wallS: number;
  readonly cpuS: number;
  readonly events: number;
  readonly simulatedS: number;
  /** Proof of work: equal in every run. */
  readonly hash: string;
}

function measure(work: () => Omit<Sample, "wallS" | "cpuS">): Sample {
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(startCpu);
  return { ...result, wallS: (performance.now() - startMs) / 1000, cpuS: (user + system) / 1e6 };
}

function gossip(members: number): Omit<Sample, "wallS" | "cpuS"> {
  const { world, cores } = gossipWorld(members, 1);
  world.runFor(60_000);
  const merged = cores.reduce((sum, core) => sum + core.merged, 0);
  const { events, hash } = world.trace;
  return { events, simulatedS: 60, hash: `${hash} ${merged}` };
}

function logs(): Omit<Sample, "wallS" | "cpuS"> {
  const { distinct, events, simulatedMs } = sweep(logScenario(wal), seeds(0, 100));
  return { events, simulatedS: simulatedMs / 1000, hash: String(distinct) };
}

const questions = [
  { name: "100 members x 60 s of gossip", bound: "< 2 s", runs: 5, work: () => gossip(100) },
  { name: "1000 members x 60 s of gossip", bound: "< 60 s", runs: 3, work: () => gossip(1000) },
  { name: "100 seeds of the real log, 7 s each", bound: "", runs: 3, work: logs },
];

function row({ name, bound, runs, work }: (typeof questions)[number]): string {
  const samples = Array.from({ length: runs }, () => measure(work));
  const [first] = samples;
  if (first === undefined) throw new RangeError("no runs");
  if (samples.some(({ hash }) => hash !== first.hash)) throw new Error(`${name}: traces differ`);
  const cpu = samples.map(({ cpuS }) => cpuS).sort((left, right) => left - right);
  const median = cpu[Math.floor(cpu.length / 2)] as number;
  const wall = samples.map(({ wallS }) => wallS).sort((left, right) => left - right);
  const cells = [
    name,
    `${wall[0]?.toFixed(2)} to ${wall.at(-1)?.toFixed(2)} s`,
    `${median.toFixed(2)} s`,
    bound,
    `${(first.events / 1e6).toFixed(2)} M`,
    `${Math.round(first.events / median / 1000)} k`,
    `${Math.round(first.simulatedS / median)} x`,
  ];
  return `| ${cells.join(" | ")} |`;
}

const load = loadavg()[0] ?? 0;
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
const table = [
  "| world | wall, fastest to slowest | CPU, median | bound | events | events per CPU second | virtual / CPU time |",
  "|---|---|---|---|---|---|---|",
  ...questions.map(row),
  "",
  `Command \`pnpm --filter @engram/sim bench\`, commit ${commit}, Node ${process.version}, ` +
    `${cpus().length} x ${cpus()[0]?.model}, load average ${load.toFixed(1)} at the start ` +
    `(others were working on the machine if it is above 1). Runs: ${questions.map(({ runs }) => runs).join(", ")}, ` +
    "whose traces were equal.",
  "",
  await bugTable(),
].join("\n");

const readme = new URL("../README.md", import.meta.url);
const text = readFileSync(readme, "utf8");
writeFileSync(
  readme,
  text.replace(
    /<!-- bench -->[\s\S]*<!-- \/bench -->/,
    `<!-- bench -->\n${table}\n<!-- /bench -->`,
  ),
);
console.log(table);
