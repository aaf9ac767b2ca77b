// Measures, and writes bench/results.md, bench/chart.svg and the figures in the README.
//
//   node bench/run.ts            against the packages in node_modules
//   node bench/run.ts costs      one section alone, the others as last measured: sync, spread, costs
//                                or convergence; any other word only writes the report
//   MERKLE_NEGENTROPY=<file>     also against negentropy's reference, its js/Negentropy.js
//   MERKLE_NEGENTROPY_COMMIT=<>  the commit it is of, for the record
//   node bench/run.ts --smoke    small, and writes nothing

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { seeded } from "../test/link.ts";
import { chartOf } from "./chart.ts";
import { roundsToSettle, roundsToSpread, tally } from "./convergence.ts";
import { type Cost, costTasks, measureCosts, memoryPerItem } from "./cost.ts";
import { engram } from "./peers.ts";
import { measureSync, type Row, waysWith } from "./sync.ts";

const isSmoke = process.argv.includes("--smoke");
const file = (name: string): URL => new URL(name, import.meta.url);

const count = isSmoke ? 2000 : 100_000;
const differences = isSmoke ? [0, 1, 30] : [0, 1, 10, 100, 1000, 10_000];
const runs = isSmoke ? 1 : 3;
const negentropyPath = process.env["MERKLE_NEGENTROPY"];

const sections = file("../.results/bench.json");
const stored: Record<string, { header: string; data: unknown }> =
  !isSmoke && existsSync(sections) ? JSON.parse(readFileSync(sections, "utf8")) : {};
const wanted = process.argv.slice(2).filter((name) => name !== "--smoke");

const sync = await section("sync", () =>
  measureSync(waysWith(negentropyPath), { count, differences, runs }),
);
const spread = await section("spread", () => {
  const own = new Map([
    ["@engram/merkle", engram(0)],
    ["@engram/merkle, checked again", engram(1000)],
  ]);
  const some = { count: 20_000, differences: [100], runs: 101 };
  return measureSync(own, isSmoke ? { count: 2000, differences: [10], runs: 2 } : some);
});
const costs = await section("costs", async () => {
  const tasks = await costTasks();
  return isSmoke
    ? { times: measureCosts(tasks.slice(0, 1), 1), memory: [] }
    : { times: measureCosts(tasks, 7), memory: memoryPerItem() };
});
const convergence = await section("convergence", () =>
  isSmoke ? convergenceTable(10, 10) : convergenceTable(1000, 10_000),
);

const rows = sync.data;
const report = [
  "## Reconciling two sets",
  sync.header,
  `n = ${count.toLocaleString("en")}, median of ${runs} runs with different sets (most in parentheses where it differs); CPU of both ends, least.`,
  ...[...new Set(rows.map(({ shape }) => shape))].map(syncTable),
  "## 100 differences, many runs",
  spread.header,
  spreadTable(spread.data),
  "## Keeping a tree",
  costs.header,
  costTable(costs.data.times),
  `Bytes of typed arrays an item: ${costs.data.memory.map(([items, bytes]) => `${bytes.toFixed(0)} at ${items.toLocaleString("en")}`).join(", ")}.`,
  "## Convergence of 100 members",
  convergence.header,
  convergence.data,
].join("\n\n");

if (isSmoke) console.log(report);
else {
  mkdirSync(file("../.results"), { recursive: true });
  writeFileSync(sections, JSON.stringify(stored));
  const uniform = rows.filter(({ shape }) => shape === "uniform, one-sided");
  writeFileSync(file("results.md"), `# Results\n\n${report}\n`);
  const title = `Reconciling two sets of ${count.toLocaleString("en")} keys`;
  writeFileSync(file("chart.svg"), chartOf(uniform, title));
  const shown = [
    sync.header,
    ...["uniform, one-sided", "clustered, one-sided"].map(syncTable),
    spreadTable(spread.data),
    costs.header,
    costTable(costs.data.times.slice(0, 11)),
    convergence.header,
    convergence.data,
  ].join("\n\n");
  const readme = readFileSync(file("../README.md"), "utf8");
  const marked = /<!-- bench -->[^]*<!-- \/bench -->/;
  writeFileSync(
    file("../README.md"),
    readme.replace(marked, () => `<!-- bench -->\n${shown}\n<!-- /bench -->`),
  );
}

/** Measures a section if it is wanted or was never measured, and remembers when and with what. */
async function section<T>(
  name: string,
  measure: () => T | Promise<T>,
): Promise<{ header: string; data: T }> {
  if (stored[name] === undefined || wanted.length === 0 || wanted.includes(name)) {
    const data = await measure();
    stored[name] = { header: header(), data };
  }
  return stored[name] as { header: string; data: T };
}

function header(): string {
  const { dependencies } = JSON.parse(
    execFileSync("pnpm", ["ls", "--json", "--dev"], { encoding: "utf8", cwd: file("..") }),
  ).map((project: { devDependencies: Record<string, { version: string }> }) => ({
    dependencies: project.devDependencies,
  }))[0];
  const versions = ["@peerbit/riblt", "merkletreejs", "xxhash-wasm"].map(
    (name) => `${name} ${dependencies[name].version}`,
  );
  if (negentropyPath !== undefined) {
    versions.push(
      `negentropy ${process.env["MERKLE_NEGENTROPY_COMMIT"] ?? "of an unknown commit"}`,
    );
  }
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], {
    encoding: "utf8",
    cwd: file("."),
  }).trim();
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}, load ${loadavg()[0]?.toFixed(1)}`;
  return `Command \`node bench/run.ts\`, commit ${commit}; machine: ${machine}; versions: Node ${process.versions.node}, ${versions.join(", ")}.`;
}

function syncTable(shape: string): string {
  const ways = [...new Set(rows.map(({ way }) => way))];
  const lines = [
    `| ${shape}: differences | ${ways.join(" | ")} |`,
    `|--:|${ways.map(() => "--:|").join("")}`,
  ];
  for (const different of differences) {
    const cells = ways.map((way) => {
      const row = rows.find(
        (one) => one.way === way && one.shape === shape && one.differences === different,
      );
      return row === undefined ? "" : cellOf(row);
    });
    if (cells.some((cell) => cell !== ""))
      lines.push(`| ${different.toLocaleString("en")} | ${cells.join(" | ")} |`);
  }
  return lines.join("\n");
}

function cellOf({ bytes, bytesMost, roundTrips, roundTripsMost, cpuMs }: Row): string {
  const cpu = cpuMs < 10 ? cpuMs.toPrecision(2) : cpuMs.toFixed(0);
  const most = bytesMost > bytes ? ` (${bytesMost.toLocaleString("en")})` : "";
  const trips = roundTripsMost > roundTrips ? `${roundTrips} (${roundTripsMost})` : `${roundTrips}`;
  return `${bytes.toLocaleString("en")}${most} B, ${trips} RT, ${cpu} ms`;
}

function spreadTable(all: readonly Row[]): string {
  const lines = [
    "| 100 differences in 20,000, 101 runs | shape | bytes, median (most) | round trips, median (most) |",
    "|---|---|--:|--:|",
  ];
  for (const { way, shape, bytes, bytesMost, roundTrips, roundTripsMost } of all) {
    lines.push(
      `| ${way} | ${shape} | ${bytes.toLocaleString("en")} (${bytesMost.toLocaleString("en")}) | ${roundTrips} (${roundTripsMost}) |`,
    );
  }
  return lines.join("\n");
}

function costTable(all: readonly Cost[]): string {
  const lines = ["| CPU time | goal | least of 7 | median |", "|---|---|--:|--:|"];
  for (const { what, goal, leastNs, medianNs } of all)
    lines.push(`| ${what} | ${goal} | ${timeText(leastNs)} | ${timeText(medianNs)} |`);
  return lines.join("\n");
}

function timeText(ns: number): string {
  if (ns >= 1e6) return `${(ns / 1e6).toFixed(0)} ms`;
  return ns >= 10 ? `${ns.toFixed(0)} ns` : `${ns.toFixed(1)} ns`;
}

function convergenceTable(times: number, timesOfMain: number): string {
  const random = seeded(1);
  const lines = [
    "| 100 members | failing exchanges | runs | rounds: share of runs | 10 or more |",
    "|---|--:|--:|---|--:|",
  ];
  const add = (name: string, loss: number, many: number, run: () => number): void => {
    const found = tally(many, run);
    const late = found
      .filter(([rounds]) => rounds >= 10)
      .reduce((total, [, often]) => total + often, 0);
    const shares = found
      .map(([rounds, often]) => `${rounds}: ${((100 * often) / many).toPrecision(3)} %`)
      .join(", ");
    // With none seen, the chance is below 3 / runs with 95 % confidence.
    const chance = late === 0 ? `< ${(3 / many).toPrecision(1)}` : (late / many).toPrecision(2);
    lines.push(
      `| ${name} | ${loss * 100} % | ${many.toLocaleString("en")} | ${shares} | ${chance} |`,
    );
  };
  const base = { members: 100, random };
  for (const loss of [0, 0.1]) {
    const many = loss > 0 ? timesOfMain : times;
    add("replicated, 1 exchange a round", loss, many, () =>
      roundsToSpread({ ...base, loss, fanout: 1, isSequential: true }),
    );
    add("the same, none seeing what others brought", loss, times, () =>
      roundsToSpread({ ...base, loss, fanout: 1, isSequential: false }),
    );
    add("replicated, 3 exchanges a round", loss, times, () =>
      roundsToSpread({ ...base, loss, fanout: 3, isSequential: true }),
    );
    add("1024 slots on 3 owners each, every pair each round", loss, times, () =>
      roundsToSettle({ ...base, loss }, 1024, 3),
    );
  }
  return lines.join("\n");
}
