import type { Accepted, Acceptor } from "../core/acceptor.ts";
import type { Memory, MemoryFields, Space } from "../engine/memory.ts";
import { messageOf, systemCode } from "./failure.ts";

/** What the writer needs of the durable log. */
export interface AppendLog {
  /** Resolves when the envelope is durable. */
  append(envelope: Uint8Array): Promise<{ readonly lsn: number }>;
}

export type Remembered =
  | { readonly type: "created" | "known"; readonly memory: Memory }
  | { readonly type: "conflict" }
  | { readonly type: "forgotten"; readonly forgottenAt: number };

export type Forgotten =
  | { readonly type: "absent" }
  | { readonly type: "forgotten"; readonly forgottenAt: number };

interface Waiting {
  readonly accepted: Accepted;
  readonly settled: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  outcome: { readonly lsn: number } | { readonly error: unknown } | undefined;
}

/** The node cannot make a write durable, now or until it is started again. Reads go on. */
export class WriteRefused extends Error {
  override name = "WriteRefused";
}

/** Bytes of envelopes that may be on their way to the log: well under what the log itself buffers. */
const inFlightBytesMax = 4 * 1024 * 1024;

/**
 * Takes mutations from acceptance to acknowledgement: append, wait until the log says durable,
 * apply in the order of acceptance, answer. Concurrent calls share the log's syncs.
 */
export class Writer {
  readonly #acceptor: Acceptor;
  readonly #log: AppendLog;
  readonly #now: () => number;
  readonly #makeRoom: () => Promise<void>;
  readonly #waiting: Waiting[] = [];
  #inFlightBytes = 0;
  #refusal: WriteRefused | undefined;
  /** The refusal ends with the writes that met it. */
  #isPassing = false;

  constructor(parts: {
    acceptor: Acceptor;
    log: AppendLog;
    /** Wall clock, milliseconds. */
    now: () => number;
    /** Resolves when the store has room for another write. */
    makeRoom: () => Promise<void>;
  }) {
    this.#acceptor = parts.acceptor;
    this.#log = parts.log;
    this.#now = parts.now;
    this.#makeRoom = parts.makeRoom;
  }

  /** Why writes are refused, if they are. */
  get refusal(): string | undefined {
    return this.#refusal?.message;
  }

  async remember(target: { space: string; id: string }, fields: MemoryFields): Promise<Remembered> {
    await this.#admit();
    let created = false;
    for (;;) {
      const decision = this.#acceptor.remember(target, fields, this.#now());
      switch (decision.type) {
        case "conflict":
        case "forgotten":
          return decision;
        case "known":
          return { type: created ? "created" : "known", memory: decision.memory };
        case "wait":
          await this.#settled(decision.pending);
          break;
        case "append":
          await this.#append(decision);
          created = true;
      }
    }
  }

  async forget(target: { space: string; id: string }): Promise<Forgotten> {
    await this.#admit();
    for (;;) {
      const decision = this.#acceptor.forget(target, this.#now());
      if (decision.type !== "append") return decision;
      await this.#append(decision);
    }
  }

  /** `uid` is 16 random bytes. */
  async createSpace(
    name: string,
    uid: Uint8Array,
  ): Promise<{ readonly space: Space; readonly isNew: boolean }> {
    await this.#admit();
    let isNew = false;
    for (;;) {
      const decision = this.#acceptor.createSpace(name, uid, this.#now());
      if (decision.type === "known") return { space: decision.space, isNew };
      if (decision.type === "wait") await this.#settled(decision.pending);
      else {
        await this.#append(decision);
        isNew = true;
      }
    }
  }

  /** Resolves when no write is under way. */
  async idle(): Promise<void> {
    for (let last = this.#waiting.at(-1); last !== undefined; last = this.#waiting.at(-1)) {
      await Promise.allSettled([last.settled]);
    }
  }

  /** Returns in the same turn in which there is room, so that the write that follows takes it. */
  async #admit(): Promise<void> {
    await this.#makeRoom();
    while (this.#inFlightBytes > inFlightBytesMax) {
      await Promise.allSettled([this.#waiting[0]?.settled]);
    }
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  async #settled(pending: Accepted): Promise<void> {
    await this.#waiting.find((waiting) => waiting.accepted === pending)?.settled;
  }

  #append(accepted: Accepted): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { accepted, settled: promise, resolve, reject, outcome: undefined };
    this.#waiting.push(waiting);
    this.#inFlightBytes += accepted.envelope.length;
    this.#log.append(accepted.envelope).then(
      ({ lsn }) => this.#settle(waiting, { lsn }),
      (error: unknown) => this.#settle(waiting, { error }),
    );
    return promise;
  }

  /** Applies from the front only, so that a position in the store never runs ahead of a record. */
  #settle(waiting: Waiting, outcome: NonNullable<Waiting["outcome"]>): void {
    waiting.outcome = outcome;
    for (let head = this.#waiting[0]; head?.outcome !== undefined; head = this.#waiting[0]) {
      this.#waiting.shift();
      this.#inFlightBytes -= head.accepted.envelope.length;
      if ("lsn" in head.outcome) {
        this.#acceptor.applied(head.accepted, head.outcome.lsn);
        head.resolve();
      } else {
        this.#acceptor.failed(head.accepted);
        this.#refuse(head.outcome.error);
        head.reject(this.#refusal);
      }
    }
    if (this.#waiting.length > 0 || !this.#isPassing) return;
    // The log stored none of what it refused, so the dots are free, and the next write may try again.
    this.#acceptor.rewind();
    this.#refusal = undefined;
    this.#isPassing = false;
  }

  /**
   * A full disk refuses cleanly and may have room again. After any other failure the records may or
   * may not be in the log: only a restart, under a new origin, can tell.
   */
  #refuse(error: unknown): void {
    if (this.#refusal !== undefined && !this.#isPassing) return;
    this.#isPassing = passing.has(systemCode(error) ?? "");
    this.#refusal = new WriteRefused(`the log takes no writes: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

const passing: ReadonlySet<string> = new Set(["WAL_FULL", "WAL_BUSY"]);
