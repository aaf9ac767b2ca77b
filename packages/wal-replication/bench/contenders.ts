import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { encodeRecord } from "@engram/wal-replication";
import { openLog } from "@engram/wal-replication/fs";
import { RawLoop } from "./raw.ts";

/** The declarations that lmdb ships do not compile as an ES module; this is what is used of it. */
interface Lmdb {
  open(options: { readonly path: string; readonly encoding: "binary" }): {
    readonly flushed: Promise<unknown>;
    put(key: number, value: Uint8Array): Promise<unknown>;
    close(): Promise<void>;
  };
}

const lmdb = createRequire(import.meta.url)("lmdb") as Lmdb;

/** Everything here makes a record durable before its promise resolves; each in its fastest such mode. */
export interface Contender {
  append(index: number): Promise<unknown>;
  /** Syncs so far, if it can tell. */
  syncs(): number | undefined;
  close(): Promise<void>;
}

export const NAMES = ["raw", "log", "lmdb", "classic-level"] as const;
export type Name = (typeof NAMES)[number];

/** Size of a record: an envelope for the log, a value for everyone else. */
export const RECORD_BYTES = 256;
const ENVELOPE_OVERHEAD = 32;
const DISTINCT = 4096;

type Open = (directory: string, record: (index: number) => Uint8Array) => Promise<Contender>;

const openers: Readonly<Record<Name, Open>> = {
  raw: async (directory, record) => {
    const fd = openSync(join(directory, "raw"), "w");
    const loop = new RawLoop(fd);
    return {
      append: (index) => loop.append(record(index)),
      syncs: () => loop.syncs,
      close: async () => closeSync(fd),
    };
  },
  log: async (directory, record) => {
    const log = await openLog({ directory });
    return {
      append: (index) => log.append(record(index)),
      syncs: () => log.stats.syncs,
      close: () => log.close(),
    };
  },
  lmdb: async (directory, record) => {
    const database = lmdb.open({ path: join(directory, "lmdb"), encoding: "binary" });
    return {
      append: async (index) => {
        await database.put(index, record(index));
        await database.flushed;
      },
      syncs: () => undefined,
      close: () => database.close(),
    };
  },
  "classic-level": async (directory, record) => {
    const options = { keyEncoding: "utf8", valueEncoding: "view", compression: false };
    const database = new ClassicLevel<string, Uint8Array>(join(directory, "level"), options);
    await database.open();
    return {
      append: (index) => database.put(String(index), record(index), { sync: true }),
      syncs: () => undefined,
      close: () => database.close(),
    };
  },
};

export function openContender(name: Name, directory: string): Promise<Contender> {
  const records = Array.from({ length: DISTINCT }, (_, index) => envelopeOf(index));
  return openers[name](directory, (index) => records[index % DISTINCT] as Uint8Array);
}

export function envelopeOf(index: number): Uint8Array {
  const origin = new Uint8Array(16).fill(7);
  const sequence = 128 + (index % DISTINCT);
  const body = new Uint8Array(RECORD_BYTES - ENVELOPE_OVERHEAD).fill(index);
  return encodeRecord({ stream: index % 64, origin, sequence, context: [], body });
}

/** Milliseconds of single writes of one record, each followed by a sync. */
export function syncLatencies(directory: string, count: number): number[] {
  const fd = openSync(join(directory, "syncs"), "w");
  const record = envelopeOf(0);
  const latencies = Array.from({ length: count }, () => {
    writeSync(fd, record);
    const start = performance.now();
    fdatasyncSync(fd);
    return performance.now() - start;
  });
  closeSync(fd);
  return latencies;
}
