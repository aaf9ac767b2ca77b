/**
 * LMDB against SQLite on what the node asks of its store: a checkpoint of many entries that is durable
 * when it ends and does not hold up the event loop, reads of one memory, and a walk over a space.
 * SQLite runs in a worker thread, in WAL mode with synchronous=FULL, as it would have to here.
 */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { LmdbStore } from "../src/node/lmdb-store.ts";
import { percentile } from "./report.ts";
import { sentences } from "./corpus.ts";

const entryCount = 20_000;
const rounds = 5;

interface Contender {
  /** Milliseconds until `entries` are durable. */
  checkpoint(entries: readonly [string, Uint8Array][], position: number): Promise<void>;
  get(key: string): unknown;
  walk(): number;
  close(): Promise<void>;
}

function lmdb(directory: string): Contender {
  const store = new LmdbStore(join(directory, "lmdb"));
  return {
    checkpoint: async (entries, position) => {
      store.commit(
        entries.map(([key, value]) => ({ key, value })),
        position,
      );
      await store.checkpoint();
    },
    get: (key) => store.get(key),
    walk: () => [...store.range("m/", "m0")].length,
    close: () => store.close(),
  };
}

const sqliteWriter = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { DatabaseSync } = require("node:sqlite");
  const database = new DatabaseSync(workerData);
  database.exec("pragma journal_mode=wal; pragma synchronous=full");
  database.exec("create table if not exists entries (key text primary key, value blob) without rowid");
  const put = database.prepare("insert into entries values (?, ?) on conflict do update set value = excluded.value");
  parentPort.on("message", (entries) => {
    database.exec("begin");
    for (const [key, value] of entries) put.run(key, value);
    database.exec("commit");
    parentPort.postMessage("durable");
  });
  parentPort.postMessage("ready");
`;

async function sqlite(directory: string): Promise<Contender> {
  const file = join(directory, "store.sqlite");
  const writer = new Worker(sqliteWriter, { eval: true, workerData: file });
  const said = () => new Promise((resolve) => writer.once("message", resolve));
  await said();
  const database = new DatabaseSync(file);
  const one = database.prepare("select value from entries where key = ?");
  const all = database.prepare(
    "select key, value from entries where key >= 'm/' and key < 'm0' order by key",
  );
  return {
    checkpoint: async (entries) => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
      writer.postMessage(entries);
      await said();
    },
    get: (key) => one.get(key),
    walk: () => [...all.iterate()].length,
    close: async () => {
      database.close();
      await writer.terminate();
    },
  };
}

interface Figures {
  readonly checkpointMs: number[];
  readonly stallMs: number[];
  readonly getUs: number[];
  readonly walkUs: number[];
}

/** Rounds of the contenders alternate, so that what else the machine does meets both. */
export async function compareStores(directory: string): Promise<string> {
  const contenders = { "LMDB (chosen)": lmdb(directory), "node:sqlite": await sqlite(directory) };
  const text = sentences(1);
  const entries = Array.from({ length: entryCount }, (_, index): [string, Uint8Array] => [
    `m/default/${(index * 7_919) % entryCount}`,
    new TextEncoder().encode(`${text.next().value} ${text.next().value}`),
  ]);
  const figures = new Map<string, Figures>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, contender] of Object.entries(contenders)) {
      const all = figures.get(name) ?? { checkpointMs: [], stallMs: [], getUs: [], walkUs: [] };
      figures.set(name, all);
      await measure(contender, { entries, round, all });
    }
  }
  for (const contender of Object.values(contenders)) await contender.close();
  const median = (values: number[]) => percentile(values, 0.5).toFixed(1);
  const spread = (values: number[]) =>
    `${median(values)} (${Math.min(...values).toFixed(1)}-${Math.max(...values).toFixed(1)})`;
  return [
    `| store | ${entryCount} entries durable, ms | longest stall of the event loop, ms | get, µs | walk, µs an entry |`,
    "|---|---:|---:|---:|---:|",
    ...[...figures].map(
      ([name, { checkpointMs, stallMs, getUs, walkUs }]) =>
        `| ${name} | ${spread(checkpointMs)} | ${spread(stallMs)} | ${spread(getUs)} | ${spread(walkUs)} |`,
    ),
  ].join("\n");
}

async function measure(
  contender: Contender,
  run: { entries: [string, Uint8Array][]; round: number; all: Figures },
): Promise<void> {
  const { entries, round, all } = run;
  let last = performance.now();
  let stall = 0;
  const beat = setInterval(() => {
    stall = Math.max(stall, performance.now() - last - 1);
    last = performance.now();
  }, 1);
  const started = performance.now();
  await contender.checkpoint(entries, round * entries.length);
  all.checkpointMs.push(performance.now() - started);
  await new Promise((resolve) => setTimeout(resolve, 5));
  clearInterval(beat);
  all.stallMs.push(stall);
  const reading = performance.now();
  for (const [key] of entries) if (contender.get(key) === undefined) throw new Error(`lost ${key}`);
  all.getUs.push(((performance.now() - reading) * 1_000) / entries.length);
  const walking = performance.now();
  if (contender.walk() !== entries.length) throw new Error("a walk missed entries");
  all.walkUs.push(((performance.now() - walking) * 1_000) / entries.length);
}
