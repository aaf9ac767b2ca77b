import { createHash, randomBytes } from "node:crypto";
import type { Server } from "node:net";
import { join } from "node:path";
import { decodeRecord, WalError } from "@engram/wal-replication";
import { openLog, type FileLog } from "@engram/wal-replication/fs";
import { pino } from "pino";
import { uuidv7 } from "uuidv7";
import { Acceptor, replay } from "../core/acceptor.ts";
import { Engine } from "../engine/engine.ts";
import { configWith } from "./config.ts";
import { Checkpointer } from "./checkpointer.ts";
import { messageOf, NodeFailure, systemCode } from "./failure.ts";
import type { HealthCheck } from "./http/context.ts";
import { createApi } from "./http/server.ts";
import { mintIdentity, syncDirectory, type Identity } from "./identity.ts";
import { LmdbStore } from "./lmdb-store.ts";
import type { Config } from "./settings.ts";
import { version } from "./version.ts";
import { Writer } from "./writer.ts";

/**
 * A node that serves.
 *
 * @public
 */
export interface RunningNode {
  /** Base address of the HTTP interface, as in `http://127.0.0.1:7432`. */
  readonly url: string;
  /** 16 hexadecimal digits that stay with the data directory. */
  readonly nodeId: string;
  /** Records read back from the log at the start, and spaces found. */
  readonly recovered: { readonly records: number; readonly spaces: number };
  /**
   * Stops taking requests, lets those in flight finish, checkpoints and closes. Calling it again
   * waits for the same end.
   */
  close(): Promise<void>;
}

/** The data of a node, opened and replayed, before anything listens. */
interface OpenData {
  readonly log: FileLog;
  readonly store: LmdbStore;
  readonly engine: Engine;
  readonly identity: Identity;
  readonly replayed: number;
}

/**
 * Starts a node in this process. The `engram start` command is this with settings from a file, the
 * environment and flags.
 *
 * @param settings - by name and as text, as in `{ "http.port": "0", "data.dir": "/tmp/bees" }`; the
 * README's table lists them. What is not named has its default; no file and no environment is read
 * @returns once the node serves; everything acknowledged by an earlier life is there
 * @throws NodeFailure when a setting, the directory, the port or the data cannot be used
 *
 * @public
 */
export async function startNode(
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningNode> {
  return serve(configWith(settings));
}

/** Opens the data directory, replays what the store had not yet contained, and serves HTTP. */
export async function serve(config: Config): Promise<RunningNode> {
  const logger = pino({ level: config.log.level }, pino.destination({ dest: 2, sync: true }));
  const data = await openData(config.data.dir);
  const { log, store, engine, identity } = data;
  const checkpointer = new Checkpointer({ store, log, logger, settings: config.store });
  const writer = new Writer({
    acceptor: new Acceptor(engine, identity.origin),
    log,
    now: Date.now,
    makeRoom: () => checkpointer.makeRoom(),
  });
  let isDraining = false;
  const checks = (): readonly HealthCheck[] => [
    {
      name: "log",
      ok: writer.refusal === undefined && log.state !== "poisoned",
      detail: writer.refusal ?? (log.state === "poisoned" ? "poisoned" : "takes writes"),
    },
    checkpointer.check(),
    { name: "serving", ok: !isDraining, detail: isDraining ? "shutting down" : "takes requests" },
  ];
  const server = createApi(
    {
      engine,
      writer,
      version,
      newUid: () => new Uint8Array(randomBytes(16)),
      newId: uuidv7,
      idOfKey,
      now: Date.now,
      checks,
      isDraining: () => isDraining,
    },
    config.http,
    logger,
  );
  const closeData = async () => {
    await writer.idle();
    await checkpointer.close();
    await log.close();
    await store.close();
  };
  try {
    await server.listen({
      host: config.http.host,
      port: config.http.port,
      listenTextResolver: (address) =>
        `serving on ${address}: node ${identity.node}, ${data.replayed} records replayed`,
    });
  } catch (error) {
    await closeData();
    throw listenFailure(error, config.http);
  }
  checkpointer.start();
  const url = addressOf(server.server.address(), config.http.host);
  let closing: Promise<void> | undefined;
  const close = async () => {
    isDraining = true;
    logger.info("draining");
    await finishRequests(server, config.shutdown.grace_ms);
    await closeData();
    logger.info("closed");
  };
  return {
    url,
    nodeId: identity.node,
    recovered: { records: data.replayed, spaces: engine.spaces().length },
    close: () => (closing ??= close()),
  };
}

async function openData(directory: string): Promise<OpenData> {
  try {
    // The log makes the directory and holds its lock, so it comes first.
    const log = await openLog({ directory: join(directory, "log") });
    try {
      return await openStore(log, directory);
    } catch (error) {
      await log.close();
      throw error;
    }
  } catch (error) {
    throw dataFailure(error, directory);
  }
}

async function openStore(log: FileLog, directory: string): Promise<OpenData> {
  const path = join(directory, "store");
  const store = new LmdbStore(path);
  try {
    // LMDB syncs its file but not the file's name.
    await syncDirectory(path);
    const engine = new Engine(store);
    const replayed = await replayLog(log, { store, engine });
    log.checkpoint(store.durablePosition);
    for (const space of engine.spaces()) engine.count(space.name);
    return { log, store, engine, replayed, identity: await mintIdentity(directory) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function replayLog(
  log: FileLog,
  into: { store: LmdbStore; engine: Engine },
): Promise<number> {
  const { store, engine } = into;
  if (log.durableLsn < store.position) {
    throw new NodeFailure(
      "DATA_DAMAGED",
      `the log ends at ${log.durableLsn} but the store contains ${store.position}: the log was lost or replaced; restore both from one backup`,
    );
  }
  let replayed = 0;
  for await (const { lsn, envelope } of log.read({ from: store.position + 1 })) {
    const decoded = decodeRecord(envelope);
    const problem = decoded.ok ? replay(engine, decoded.record, lsn) : decoded.reason;
    if (problem !== undefined) {
      throw new NodeFailure("DATA_DAMAGED", `record ${lsn} of the log cannot be read: ${problem}`);
    }
    replayed += 1;
  }
  return replayed;
}

/** The same on every node: a retried request finds the memory its first attempt made. */
const idOfKey = (space: string, key: string): string =>
  `key_${createHash("sha256").update(`${space}\0${key}`).digest("hex").slice(0, 32)}`;

/** Closes the listener, and every connection as soon as it is idle, or all when the grace is over. */
async function finishRequests(
  server: ReturnType<typeof createApi>,
  graceMs: number,
): Promise<void> {
  const closed = server.close();
  const sweep = setInterval(() => server.server.closeIdleConnections(), 20);
  const giveUp = setTimeout(() => server.server.closeAllConnections(), graceMs);
  try {
    await closed;
  } finally {
    clearInterval(sweep);
    clearTimeout(giveUp);
  }
}

function addressOf(address: ReturnType<Server["address"]>, host: string): string {
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`;
}

function listenFailure(error: unknown, http: Config["http"]): NodeFailure {
  const system = systemCode(error);
  if (system === "EADDRINUSE") {
    return new NodeFailure(
      "PORT_TAKEN",
      `port ${http.port} is in use: stop what listens there, or choose another with --http-port`,
      error,
    );
  }
  return new NodeFailure(
    "IO",
    `cannot listen on ${http.host}:${http.port}: ${messageOf(error)}`,
    error,
  );
}

function dataFailure(error: unknown, directory: string): unknown {
  if (error instanceof NodeFailure) return error;
  if (error instanceof WalError) {
    if (error.code === "WAL_LOCKED") {
      return new NodeFailure(
        "DATA_LOCKED",
        `another node uses ${directory}: stop it, or choose another directory with ENGRAM_DATA_DIR`,
        error,
      );
    }
    if (error.code !== "WAL_IO") {
      return new NodeFailure(
        "DATA_DAMAGED",
        `the log in ${directory} cannot be opened: ${error.message}`,
        error,
      );
    }
  } else if (systemCode(error) === undefined) return error;
  return new NodeFailure(
    "IO",
    `cannot use the data directory ${directory} (${messageOf(rootOf(error))}): make it writable, or choose another with ENGRAM_DATA_DIR`,
    error,
  );
}

/** What the system said, beneath the log's own words. */
const rootOf = (error: unknown): unknown =>
  error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;
