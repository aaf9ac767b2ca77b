// How fast are compare and merge beside the clocks on npm, at 3, 10 and 100 actors? All libraries in
// one process, in turns, each round in another order; medians of the rounds. `--smoke` runs a little
// of everything and writes nothing.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, loadavg } from "node:os";
import {
  addObservation,
  ascending,
  contextOf,
  decodeVector,
  emptyContext,
  emptyEvidence,
  emptyVersioned,
  encodeVector,
  joinEvidence,
  meanEmbedding,
  merge,
  originTable,
  remove,
  vectorOf,
  write,
} from "@engram/vclock";
import type * as Loops from "./loops.ts";
import { representations } from "./representations.ts";
import { cases, clockPairs, type Contestant, engram, type Pairs, rivals } from "./rivals.ts";

const isSmoke = process.argv.includes("--smoke");
const ROUNDS = isSmoke ? 2 : 21;
const ROUND_MS = isSmoke ? 1 : 20;
let checksum = 0;

interface Task {
  readonly name: string;
  readonly run: (turns: number) => unknown;
}

/** Nanoseconds a turn of each task: median, and the range of the middle half. */
function race(tasks: readonly Task[]): Map<string, readonly [number, number, number]> {
  const turns = new Map(tasks.map((task) => [task.name, calibrate(task)]));
  const times = new Map<string, number[]>(tasks.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < tasks.length; i++) {
      const { name, run } = tasks[(i + round) % tasks.length] as Task;
      const count = turns.get(name) as number;
      const start = process.hrtime.bigint();
      run(count);
      times.get(name)?.push(Number(process.hrtime.bigint() - start) / count);
    }
  }
  return new Map(
    Array.from(times, ([name, list]) => {
      const sorted = list.sort((a, b) => a - b);
      const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] as number;
      return [name, [at(0.5), at(0.25), at(0.75)]];
    }),
  );
}

/** Turns that fill a round, after enough of them to be compiled. */
function calibrate({ run }: Task): number {
  let turns = 64;
  for (;;) {
    const start = performance.now();
    run(turns);
    const spent = performance.now() - start;
    if (spent >= ROUND_MS) return turns;
    turns *= 2;
  }
}

/** The two tasks of one contestant, and all its answers, to be compared with the others'. */
async function clockTasks<C>(
  { name, load, isBefore, join, pairs }: Contestant<C>,
  input: ReturnType<typeof clockPairs>,
): Promise<{ compare: Task; merge: Task; answers: string }> {
  const copy = new URL(`./loops.ts?${encodeURIComponent(name)}`, import.meta.url).href;
  const { countTrue, countSame } = (await import(copy)) as typeof Loops;
  const loaded = input.map(([left, right]) => [load(left), load(right)] as const);
  return {
    compare: { name, run: (turns) => (checksum += countTrue(loaded, turns, isBefore)) },
    merge: { name, run: (turns) => (checksum += countSame(loaded, turns, join)) },
    answers: JSON.stringify(
      loaded.map(([left, right]) => [isBefore(left, right), pairs(join(left, right))]),
    ),
  };
}

const ns = (value: number): string =>
  value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en-US");

/** One row an operation and size; the first contestant is ours, and all must give its answers. */
async function clockTable(contestants: readonly Contestant<never>[]): Promise<string[]> {
  const names = contestants.map(({ name }) => name);
  const rows = [
    `| operation | actors | ${names.join(" | ")} | faster than the best other |`,
    `|---|--:|${"--:|".repeat(names.length + 1)}`,
  ];
  for (const k of [3, 10, 100]) {
    const input = clockPairs(k);
    const tasks = await Promise.all(contestants.map((each) => clockTasks(each, input)));
    if (new Set(tasks.map(({ answers }) => answers)).size > 1) throw new Error("answers differ");
    for (const operation of ["compare", "merge"] as const) {
      const results = [...race(tasks.map((each) => each[operation])).values()];
      const [own = NaN, ...others] = results.map(([median]) => median);
      const cells = results.map(
        ([median, low, high]) => `${ns(median)} (${ns(low)} .. ${ns(high)})`,
      );
      const ratio = Math.min(...others) / own;
      rows.push(`| ${operation} | ${k} | ${cells.join(" | ")} | ${ratio.toFixed(1)}x |`);
    }
  }
  return rows;
}

function caseTable(): string[] {
  return [
    "| case | @engram/vclock | vectorclock | @thi.ng/vclock |",
    "|---|---|---|---|",
    ...cases.map(
      (each) => `| ${each.what} | ${each.engram()} | ${each.vectorclock()} | ${each.thing()} |`,
    ),
  ];
}

function sizeTable(): string[] {
  const rows = [
    "| actors | sequences | with a shared table | 2k+1 | with its own table | JSON of a plain object |",
    "|--:|---|--:|--:|--:|--:|",
  ];
  for (const k of [3, 10, 100]) {
    const pairs = clockPairs(k)[0]?.[0] ?? [];
    const table = originTable(pairs.map(([origin]) => origin));
    for (const [range, factor] of [
      ["1 .. 127", 1],
      ["128 .. 16,383", 128],
    ] as const) {
      const scaled = pairs.map(([origin, n]): [string, number] => [origin, n * factor]);
      const vector = vectorOf(scaled);
      const json = Buffer.byteLength(JSON.stringify(Object.fromEntries(scaled)));
      rows.push(
        `| ${k} | ${range} | ${encodeVector(vector, table).length} | ${2 * k + 1} | ${encodeVector(vector).length} | ${json} |`,
      );
    }
  }
  return rows;
}

/** What else a store does with each record, with three origins. */
function ownTable(): string[] {
  const [pairs, newer] = clockPairs(3)[1] as [Pairs, Pairs];
  const vector = vectorOf(pairs);
  const table = originTable(pairs.map(([origin]) => origin));
  const bytes = encodeVector(vector, table);
  const [origin, sequence] = pairs[0] as [string, number];
  const dot = (by: number) => ({ origin, sequence: sequence + by });
  const context = contextOf(vector);
  const base = write(remove(emptyVersioned, context), emptyContext, dot(1), "left");
  const replaced = write(base, base.context, dot(2), "new");
  const other = write(
    remove(emptyVersioned, contextOf(vectorOf(newer))),
    emptyContext,
    dot(3),
    "right",
  );
  const unit = Array.from({ length: 768 }, (_, i) => Math.sin(i) / Math.sqrt(384));
  const evidence = pairs.map(([name]) =>
    addObservation(emptyEvidence(768), { origin: name, sequence: 1 }, unit, 40_000),
  );
  const joined = evidence.reduce(joinEvidence);
  const repeat = (body: () => unknown) => (turns: number) => {
    for (let i = 0; i < turns; i++) if (body() === undefined) checksum++;
  };
  const result = race([
    {
      name: "write over what was read",
      run: repeat(() => write(base, base.context, dot(2), "new")),
    },
    { name: "merge, right is newer", run: repeat(() => merge(base, replaced, ascending)) },
    { name: "merge, two siblings", run: repeat(() => merge(base, other, ascending)) },
    { name: "encode a vector, shared table", run: repeat(() => encodeVector(vector, table)) },
    { name: "decode a vector, shared table", run: repeat(() => decodeVector(bytes, table)) },
    { name: "mean of 768 dimensions", run: repeat(() => meanEmbedding(joined)) },
  ]);
  return [
    "| operation, 3 origins | ns |",
    "|---|--:|",
    ...Array.from(
      result,
      ([name, [median, low, high]]) => `| ${name} | ${ns(median)} (${ns(low)} .. ${ns(high)}) |`,
    ),
  ];
}

const version = (name: string): string =>
  (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version;
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
const load = loadavg()[0] as number;
const sections = [
  await clockTable([engram, ...rivals] as unknown as Contestant<never>[]),
  caseTable(),
  sizeTable(),
  await clockTable([engram, ...representations] as unknown as Contestant<never>[]),
  ownTable(),
];
const report = [
  "<!-- bench -->",
  `Command \`pnpm bench\`; ${availableParallelism()} cores of ${cpus()[0]?.model ?? "unknown"}, load ${load.toFixed(1)} at the start; Node ${process.version}; commit ${commit};`,
  `vectorclock ${version("vectorclock")}, @thi.ng/vclock ${version("@thi.ng/vclock")}; nanoseconds, medians of ${ROUNDS} interleaved rounds and the middle half; the three agree on every merge and on every \`before\`.`,
  "",
  ...sections.flatMap((section, i) => (i === 0 ? section : ["", ...section])),
  "<!-- /bench -->",
].join("\n");
console.log(report, checksum > 0 ? "" : "nothing was computed");
if (!isSmoke) {
  const readme = new URL("../README.md", import.meta.url);
  const text = readFileSync(readme, "utf8");
  writeFileSync(
    readme,
    text.replace(/<!-- bench -->[\s\S]*<!-- \/bench -->/, () => report),
  );
}
