import type { WalError } from "../errors.ts";
import type { FileOperation, FileResult } from "../io.ts";
import type { Log, LogOutput, LogState, LogStats } from "../log.ts";
import type { Position, StoredRecord } from "../reader.ts";
import type { Recovery } from "../recovery.ts";
import type { Directory } from "./directory.ts";
import type { Lock } from "./lock.ts";

/**
 * What `FileLog.append` resolves to.
 *
 * @public
 */
export interface Receipt {
  /** The record's position in this log. */
  readonly lsn: number;
}

/**
 * Which records to read.
 *
 * @public
 */
export interface ReadOptions {
  /**
   * First lsn.
   * @defaultValue the first in the log
   */
  readonly from?: number;
  /**
   * Last lsn.
   * @defaultValue the last that is durable when reading begins
   */
  readonly to?: number;
}

interface Waiter {
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: WalError) => void;
}

interface Parts {
  readonly files: Pick<Directory, "execute" | "close">;
  readonly lock: Lock;
  readonly recovery: Recovery;
}

/** The constructor is private, so that the declarations show users none of what it takes. */
export let createFileLog: (log: Log, parts: Parts) => FileLog;

interface Reader {
  readonly resolve: (piece: LogOutput & { readonly type: "piece" }) => void;
  readonly reject: (error: WalError) => void;
}

/**
 * A log in a directory, made by `openLog`. Any number of callers may append and read at once.
 *
 * @public
 */
export class FileLog implements AsyncDisposable {
  /** What opening found and repaired. */
  readonly recovery: Recovery;
  readonly #log: Log;
  readonly #files: Parts["files"];
  readonly #lock: Lock;
  readonly #readers = new Map<number, Reader>();
  /** Those who wait for the lsns above `#acknowledged`, in order. */
  readonly #waiters: Waiter[] = [];
  #acknowledged: number;
  #drains: (() => void)[] = [];
  #isScheduled = false;
  #closing: Promise<void> | undefined;
  #onClosed: (() => void) | undefined;

  static {
    createFileLog = (log, parts) => new FileLog(log, parts);
  }

  private constructor(log: Log, parts: Parts) {
    this.recovery = parts.recovery;
    this.#log = log;
    this.#files = parts.files;
    this.#lock = parts.lock;
    this.#acknowledged = log.durableLsn;
    this.#schedule();
  }

  /** Where the log is in its life. */
  get state(): LogState {
    return this.#log.state;
  }

  /** Every record up to this lsn is durable; 0 before the first. */
  get durableLsn(): number {
    return this.#log.durableLsn;
  }

  /** The lowest lsn that can be read, one above `FileLog.durableLsn` if there is none. */
  get firstLsn(): number {
    return this.#log.firstLsn;
  }

  /** Counters since opening, and sizes. */
  get stats(): LogStats {
    return this.#log.stats;
  }

  /**
   * Appends a record. Resolves once it is durable: written and synced, with every append before it.
   * Appends made while a batch is being written share the next one and its sync.
   *
   * @param envelope - from `encodeRecord`, made here or elsewhere; copied before this returns. Length,
   * version and checksum are verified; use `decodeRecord` on one from a stranger
   * @throws WalError `WAL_MALFORMED`, `WAL_BUSY`, `WAL_FULL` or `WAL_CLOSED`: it was not stored;
   * `WAL_POISONED`: it may or may not be there when the log is opened again
   * @throws RangeError if the envelope is larger than `bufferBytes`
   */
  append(envelope: Uint8Array): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      this.#log.append(envelope, Date.now());
      this.#waiters.push({ resolve, reject });
      this.#schedule();
    });
  }

  /** Resolves when nothing waits for the next batch: the moment to append again after `WAL_BUSY`. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#log.waitingBytes === 0) resolve();
      else this.#drains.push(resolve);
    });
  }

  /**
   * Durable records in lsn order. Ends at the last wanted; throws `WAL_TRIMMED` if the first has been
   * freed, and `WAL_CORRUPT` at damage: read again from `error.damage.to + 1` to go on behind it.
   */
  async *read(options: ReadOptions = {}): AsyncGenerator<StoredRecord, void, void> {
    const to = Math.min(options.to ?? this.durableLsn, this.durableLsn);
    let next: Position = { lsn: options.from ?? this.firstLsn };
    while (next.lsn <= to) {
      const piece = await this.#readPiece(next, to);
      for (const record of piece.records) yield record;
      next = piece.next;
    }
  }

  /**
   * Says that everything up to `lsn` is also in a store that has been synced. Sealed segments below it,
   * but for the newest `retainBytes`, are then freed in the background.
   *
   * @throws RangeError if `lsn` is above `FileLog.durableLsn`
   */
  checkpoint(lsn: number): void {
    this.#log.checkpoint(lsn);
    this.#schedule();
  }

  /**
   * Waits until what was appended is durable or rejected, and lets another process open the log. Appends
   * from now on are rejected with `WAL_CLOSED`.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** `FileLog.close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#log.close();
    await new Promise<void>((resolve) => {
      this.#onClosed = resolve;
      this.#schedule();
    });
    await this.#files.close();
    await this.#lock.release();
  }

  #readPiece(next: Position, to: number): Promise<LogOutput & { readonly type: "piece" }> {
    return new Promise((resolve, reject) => {
      this.#readers.set(this.#log.read(next, to), { resolve, reject });
      this.#pump();
    });
  }

  /**
   * Polls when everything that is ready in this turn of the event loop has run, so that those who append
   * in one turn share a batch.
   */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (let output = this.#log.poll(); output !== undefined; output = this.#log.poll()) {
      this.#take(output);
      // Those just acknowledged may append again at once: let them, before the next batch is taken.
      if (output.type === "ack") {
        this.#schedule();
        break;
      }
    }
    if (this.#drains.length > 0 && this.#log.waitingBytes === 0)
      for (const drained of this.#drains.splice(0)) drained();
  }

  #take(output: LogOutput): void {
    if ("id" in output) {
      void this.#execute(output);
      return;
    }
    switch (output.type) {
      case "ack":
        this.#acknowledge(output.lsn);
        break;
      case "reject":
        for (const { reject } of this.#waiters.splice(0, output.to - output.from + 1))
          reject(output.error);
        break;
      case "piece":
        this.#readers.get(output.read)?.resolve(output);
        this.#readers.delete(output.read);
        break;
      case "unreadable":
        this.#readers.get(output.read)?.reject(output.error);
        this.#readers.delete(output.read);
        break;
      case "opened":
        break;
      case "closed":
        this.#onClosed?.();
        break;
    }
  }

  async #execute(operation: FileOperation): Promise<void> {
    await complete(this.#log, this.#files, operation);
    this.#pump();
  }

  #acknowledge(lsn: number): void {
    for (const { resolve } of this.#waiters.splice(0, lsn - this.#acknowledged)) {
      this.#acknowledged += 1;
      resolve({ lsn: this.#acknowledged });
    }
  }
}

/** Executes one operation and tells the log. */
export async function complete(
  log: Log,
  files: Parts["files"],
  operation: FileOperation,
): Promise<void> {
  let result: FileResult;
  try {
    result = await files.execute(operation);
  } catch (error) {
    log.handleError(operation.id, error);
    return;
  }
  log.handleResult(operation.id, result);
}
