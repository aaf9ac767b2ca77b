/** Recall latency and remember throughput of a real node over HTTP, by how much it holds. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { scratchDirectory, spawnNode, type SpawnedNode } from "../test/spawned-node.ts";
import { sentences } from "./corpus.ts";
import { percentile } from "./report.ts";

const autocannon = fileURLToPath(import.meta.resolve("autocannon"));
const queries = 200;

/** Memories at which recall is measured. */
const sizes = [1_000, 10_000, 100_000];

export async function measureRecall(): Promise<string> {
  const scratch = scratchDirectory();
  const rows: string[] = [];
  try {
    let node = await spawnNode({ directory: scratch.path });
    const text = sentences(2);
    let held = 0;
    for (const size of sizes) {
      await load(node.url, text, size - held);
      held = size;
      const short = await askAll(node.url, 3);
      const long = await askAll(node.url, 10);
      await node.stop();
      const started = performance.now();
      node = await spawnNode({ directory: scratch.path });
      const startMs = performance.now() - started;
      rows.push(`| ${size} | ${short} | ${long} | ${startMs.toFixed(0)} | ${residentMb(node)} |`);
    }
    await node.stop();
  } finally {
    scratch.remove();
  }
  return [
    "| memories in the space | 3-word question, ms p50 / p99 | 10-word question, ms p50 / p99 | start, ms | RSS after start, MB |",
    "|---:|---:|---:|---:|---:|",
    ...rows,
  ].join("\n");
}

async function load(url: string, text: Generator<string>, count: number): Promise<void> {
  let left = count;
  const write = async () => {
    while (left > 0) {
      left -= 1;
      const response = await fetch(`${url}/api/v1/memories`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ content: text.next().value }),
      });
      if (response.status !== 201) throw new Error(await response.text());
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 64 }, write));
}

async function askAll(url: string, words: number): Promise<string> {
  const text = sentences(words);
  const times: number[] = [];
  for (let number = 0; number < queries + 50; number += 1) {
    const query = Array.from({ length: words }, () => text.next().value.split(" ")[0]).join("+");
    const started = performance.now();
    const response = await fetch(`${url}/api/v1/memories/recall?query=${query}`);
    await response.arrayBuffer();
    // The first fifty warm the compiler up.
    if (number >= 50) times.push(performance.now() - started);
  }
  return `${percentile(times, 0.5).toFixed(1)} / ${percentile(times, 0.99).toFixed(1)}`;
}

function residentMb(node: SpawnedNode): string {
  if (process.platform !== "linux") return "?";
  const status = readFileSync(`/proc/${node.child.pid}/status`, "utf8");
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024).toFixed(0);
}

interface Load {
  readonly requests: { readonly average: number };
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly non2xx: number;
  readonly errors: number;
}

const body = JSON.stringify({ content: "x".repeat(10).concat(" bees behind the mill").repeat(8) });

export async function measureRemember(): Promise<string> {
  const rows: string[] = [];
  for (const connections of [1, 16, 64, 256]) {
    const scratch = scratchDirectory();
    try {
      const node = await spawnNode({ directory: scratch.path });
      await cannon(node.url, connections, 1);
      const { requests, latency } = await cannon(node.url, connections, 4);
      await node.stop();
      rows.push(
        `| ${connections} | ${requests.average.toFixed(0)} | ${latency.p50} | ${latency.p99} |`,
      );
    } finally {
      scratch.remove();
    }
  }
  return [
    `| connections | durable remembers a second (${body.length}-byte body) | ms p50 | ms p99 |`,
    "|---:|---:|---:|---:|",
    ...rows,
  ].join("\n");
}

async function cannon(url: string, connections: number, seconds: number): Promise<Load> {
  const args = [autocannon, "-j", "-c", String(connections), "-d", String(seconds), "-m", "POST"];
  args.push("-H", "content-type=application/json", "-b", body, `${url}/api/v1/memories`);
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const load = JSON.parse(stdout) as Load;
  if (load.errors > 0 || load.non2xx > 0) throw new Error(`refused: ${stdout}`);
  return load;
}
