/**
 * How many records a second become durable, side by side with others: `pnpm bench`. Every round runs each
 * contender once, each in a fresh process and directory, in rotating order; only ratios within a round
 * mean anything on a shared machine. Writes bench/results.md and the table in the README.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Name, NAMES, RECORD_BYTES, syncLatencies } from "./contenders.ts";
import type { Recovered } from "./recovery.ts";
import { type Curve, curveTable, median, ratio, recoveryLine } from "./report.ts";
import type { Measured } from "./worker.ts";

export interface Sizes {
  readonly writers: readonly number[];
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly recoveryMebibytes: number;
}

export const FULL: Sizes = {
  writers: [1, 8, 64, 512, 1024, 4096],
  rounds: 5,
  warmUpMs: 300,
  measureMs: 1000,
  recoveryMebibytes: 256,
};

export interface Results {
  readonly curve: Curve;
  readonly recovery: readonly Recovered[];
  readonly syncsMs: readonly number[];
  readonly loads: readonly number[];
}

export function run(sizes: Sizes, execArgv: readonly string[] = process.execArgv): Results {
  const curve = new Map<number, Record<Name, Measured[]>>();
  const recovery: Recovered[] = [];
  const syncsMs: number[] = [];
  const loads: number[] = [];
  for (let round = 0; round < sizes.rounds; round += 1) {
    for (const writers of sizes.writers) {
      const results = curve.get(writers) ?? { raw: [], log: [], lmdb: [], "classic-level": [] };
      curve.set(writers, results);
      loads.push(loadavg()[0] ?? 0);
      syncsMs.push(...inDirectory((directory) => syncLatencies(directory, 40)));
      for (let turn = 0; turn < NAMES.length; turn += 1) {
        const name = NAMES[(round + turn) % NAMES.length] as Name;
        const args = [name, writers, sizes.warmUpMs, sizes.measureMs];
        results[name].push(child("worker.ts", args, execArgv) as Measured);
      }
    }
    recovery.push(child("recovery.ts", [sizes.recoveryMebibytes], execArgv) as Recovered);
  }
  return { curve, recovery, syncsMs, loads };
}

/** What a script that is run with a directory of its own prints. */
function child(script: string, args: readonly unknown[], execArgv: readonly string[]): unknown {
  return inDirectory((directory) => {
    const file = fileURLToPath(new URL(script, import.meta.url));
    const all = [...execArgv, file, ...args.map(String), directory];
    return JSON.parse(execFileSync(process.execPath, all, { encoding: "utf8" }));
  });
}

function inDirectory<T>(body: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "engram-wal-bench-"));
  try {
    return body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function report({ curve, loads, recovery, syncsMs }: Results, sizes: Sizes): string {
  const require = createRequire(import.meta.url);
  const version = (name: string): string => {
    const manifest = readFileSync(
      join(packageOf(require.resolve(name), name), "package.json"),
      "utf8",
    );
    return `${name} ${(JSON.parse(manifest) as { version: string }).version}`;
  };
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const sorted = syncsMs.toSorted((a, b) => a - b);
  const at = curve.get(64);
  return [
    `Records of ${RECORD_BYTES} bytes made durable per second; median of ${sizes.rounds} rounds, ratios as median`,
    "(lowest-highest) of the rounds. The raw loop is one writev and one fdatasync in flight and one promise",
    "a record, with nothing checked or indexed; the log writes and syncs in one call (`O_DSYNC`).",
    "lmdb: `await put`, `await flushed`; classic-level: `sync: true`.",
    "",
    curveTable(curve),
    "",
    recoveryLine(recovery),
    "",
    at === undefined
      ? ""
      : `At 64 writers: ${(ratio(at.log, at.raw).middle * 100).toFixed(0)} % of the raw loop (goal 90 %), ${ratio(at.log, at.lmdb).middle.toFixed(1)} times lmdb (goal 3; the raw loop itself: ${ratio(at.raw, at.lmdb).middle.toFixed(1)}).`,
    `In the same minutes a write of ${RECORD_BYTES} bytes and fdatasync took p50 ${median(sorted).toFixed(2)} ms, p99 ${(sorted[Math.floor(sorted.length * 0.99)] ?? 0).toFixed(2)} ms.`,
    `Command \`pnpm bench\`, commit ${commit}; machine ${cpus().length} x ${cpus()[0]?.model.trim()}, shared, load average ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)};`,
    `versions Node ${process.version}, ${version("lmdb")}, ${version("classic-level")}.`,
  ].join("\n");
}

/** The folder of package `name` that holds `file`. */
function packageOf(file: string, name: string): string {
  const marker = join("node_modules", name);
  return file.slice(0, file.lastIndexOf(marker) + marker.length);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = report(run(FULL), FULL);
  writeFileSync(new URL("results.md", import.meta.url), `# Benchmark results\n\n${text}\n`);
  const readme = new URL("../README.md", import.meta.url);
  const marked = readFileSync(readme, "utf8").replace(
    /<!-- bench -->[^]*<!-- \/bench -->/,
    `<!-- bench -->\n${text}\n<!-- /bench -->`,
  );
  writeFileSync(readme, marked);
  console.log(text);
}
