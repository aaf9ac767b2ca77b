import type { Logger } from "pino";
import { messageOf } from "./failure.ts";
import type { HealthCheck } from "./http/context.ts";
import type { Config } from "./settings.ts";
import { WriteRefused } from "./writer.ts";

interface CheckpointedStore {
  readonly pendingBytes: number;
  checkpoint(): Promise<number>;
}

interface TrimmedLog {
  /** Everything up to `lsn` is durable elsewhere. */
  checkpoint(lsn: number): void;
}

/** Writes wait when this many times `checkpoint_bytes` has not reached the store. */
const pressure = 4;

/**
 * Moves what the log has made durable into the store, every so often or when much is waiting, and
 * only then lets the log trim it. A checkpoint that fails is tried again at the next turn.
 */
export class Checkpointer {
  readonly #store: CheckpointedStore;
  readonly #log: TrimmedLog;
  readonly #logger: Logger;
  readonly #settings: Config["store"];
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #failure: string | undefined;

  constructor(parts: {
    store: CheckpointedStore;
    log: TrimmedLog;
    logger: Logger;
    settings: Config["store"];
  }) {
    this.#store = parts.store;
    this.#log = parts.log;
    this.#logger = parts.logger;
    this.#settings = parts.settings;
  }

  start(): void {
    this.#timer = setInterval(() => void this.run(), this.#settings.checkpoint_interval_ms);
  }

  check(): HealthCheck {
    const { pendingBytes } = this.#store;
    const detail = this.#failure ?? `${pendingBytes} bytes wait for the next checkpoint`;
    return { name: "store", ok: this.#failure === undefined, detail };
  }

  /** Starts an early checkpoint when much is waiting; under pressure, waits for it. */
  async makeRoom(): Promise<void> {
    const { pendingBytes } = this.#store;
    const { checkpoint_bytes: bytes } = this.#settings;
    if (pendingBytes < bytes) return;
    const run = this.run();
    if (pendingBytes < pressure * bytes) return;
    await run;
    if (this.#failure !== undefined) throw new WriteRefused(this.#failure);
  }

  /** One checkpoint; joins the one that is running. Never rejects: its outcome is in the checks. */
  run(): Promise<void> {
    this.#running ??= this.#checkpoint().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** The last checkpoint, after which nothing is committed. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
    await this.run();
  }

  async #checkpoint(): Promise<void> {
    try {
      const position = await this.#store.checkpoint();
      this.#log.checkpoint(position);
      this.#failure = undefined;
    } catch (error) {
      this.#failure = `the checkpoint failed: ${messageOf(error)}`;
      this.#logger.error({ err: error }, "checkpoint failed; it is tried again");
    }
  }
}
