/**
 * The log as a state machine without IO. Every sequence of file operations (opening, writing a batch,
 * trimming, reading a piece) is a generator that waits for one operation at a time: that there is never
 * more than one write or sync of segments in flight is its shape, not a check.
 */
import { Batch } from "./batch.ts";
import { WalError } from "./errors.ts";
import { encodeFooter } from "./footer.ts";
import {
  decodeFrameHeader,
  encodeSegmentHeader,
  frameSeed,
  HEADER_BYTES,
  sealFrame,
  segmentFile,
} from "./frame.ts";
import {
  errorCode,
  type FileOperation,
  type FileRequest,
  type FileResult,
  type Io,
  isFull,
} from "./io.ts";
import {
  type LogDependencies,
  type LogOptions,
  type ResolvedOptions,
  resolveOptions,
} from "./options.ts";
import { type Piece, type Position, readPiece, type StoredRecord } from "./reader.ts";
import { checkEnvelope } from "./record.ts";
import { recover, type Recovery, UNFINISHED_SUFFIX } from "./recovery.ts";
import { ActiveSegment, type Segment } from "./segment.ts";

/**
 * Something `Log.poll` hands out.
 *
 * A file operation carries an `id`: execute it, then call `Log.handleResult` or
 * `Log.handleError` with that id. Operations handed out together may run at the same time.
 * Everything else is news:
 *
 * - `opened`: appends and reads are accepted from now on
 * - `ack`: every append up to and including `lsn` is durable
 * - `reject`: the appends with lsns `from` to `to` (`from - 1` if there were none) will never be
 *   acknowledged. With `WAL_FULL` they were not stored, and lsn `from` is given again; with
 *   `WAL_POISONED` they may be there after the next opening
 * - `piece`: the answer to `Log.read`; go on at `next` unless it is past what you want
 * - `unreadable`: the other answer to `Log.read`
 * - `closed`: the last output; with an `error` if the log could not be opened
 *
 * @public
 */
export type LogOutput =
  | FileOperation
  | { readonly type: "opened"; readonly recovery: Recovery }
  | { readonly type: "ack"; readonly lsn: number }
  | {
      readonly type: "reject";
      readonly from: number;
      readonly to: number;
      readonly error: WalError;
    }
  | {
      readonly type: "piece";
      readonly read: number;
      readonly records: readonly StoredRecord[];
      readonly next: Position;
    }
  | { readonly type: "unreadable"; readonly read: number; readonly error: WalError }
  | { readonly type: "closed"; readonly error: WalError | undefined };

/**
 * Where a log is in its life. `poisoned` is for good: a write or sync failed, so what is on the disk is
 * unknown until the log is opened anew; what was durable can still be read.
 *
 * @public
 */
export type LogState = "opening" | "open" | "poisoned" | "closing" | "closed";

/**
 * Counters since the log was opened, and its present size.
 *
 * @public
 */
export interface LogStats {
  /** Records acknowledged. */
  readonly records: number;
  /** Bytes of frames written for them. */
  readonly bytes: number;
  /** Batches written, each with one sync. */
  readonly batches: number;
  /** Syncs of files, those that begin and seal segments included. */
  readonly syncs: number;
  /** Segment files at present. */
  readonly segments: number;
  /** Bytes of the segment files. */
  readonly segmentBytes: number;
}

interface Task {
  readonly resume: (result: FileResult) => void;
  readonly fail: (error: unknown) => void;
}

/** Distinct (stream, origin) pairs that one segment may hold: bounds its index in memory. */
const RANGES_MAX = 1 << 16;

/**
 * A durable log as a state machine: it executes nothing itself. See the README, *Driving it*.
 *
 * @public
 */
export class Log {
  readonly #options: ResolvedOptions;
  readonly #outputs: LogOutput[] = [];
  readonly #tasks = new Map<number, Task>();
  #nextId = 1;
  #state: LogState = "opening";
  #cause: unknown;
  #sealed: Segment[] = [];
  #active: ActiveSegment | undefined;
  #link = 0;
  #durableLsn = 0;
  #checkpoint: number;
  /** Takes appends. */
  #filling: Batch;
  /** Is being written, or empty. */
  #writing: Batch;
  #isCommitting = false;
  #isTrimming = false;
  #stats = { records: 0, bytes: 0, batches: 0, syncs: 0 };

  /**
   * @param options - options and dependencies; poll at once, opening begins with the first output
   * @throws RangeError if an option is out of range
   */
  constructor(options: LogOptions & LogDependencies) {
    this.#options = resolveOptions(options);
    this.#checkpoint = this.#options.checkpoint;
    this.#filling = new Batch(this.#options.bufferBytes);
    this.#writing = new Batch(this.#options.bufferBytes);
    this.#start(
      this.#open(),
      (recovery) => {
        this.#state = "open";
        this.#outputs.push({ type: "opened", recovery });
        this.#trim();
      },
      (error) => {
        this.#state = "closed";
        this.#outputs.push({
          type: "closed",
          error: asWalError(error, "the log cannot be opened"),
        });
      },
    );
  }

  /** Where the log is in its life. */
  get state(): LogState {
    return this.#state;
  }

  /** Every record up to this lsn is durable; 0 before the first. */
  get durableLsn(): number {
    return this.#durableLsn;
  }

  /** The lowest lsn that can be read, one above `Log.durableLsn` if there is none. */
  get firstLsn(): number {
    return this.#sealed[0]?.baseLsn ?? this.#active?.baseLsn ?? this.#durableLsn + 1;
  }

  /** Bytes of envelopes that wait for the next batch, at most `bufferBytes`. */
  get waitingBytes(): number {
    return this.#filling.bytes;
  }

  /** Counters and sizes. */
  get stats(): LogStats {
    const segments = this.#segments();
    return {
      ...this.#stats,
      segments: segments.length,
      segmentBytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /**
   * Adds a record to the next batch and returns its lsn, one above the previous append's. It counts only
   * once an `ack` covers it.
   *
   * @param envelope - from `encodeRecord`, here or elsewhere; copied. Its length, version and checksum are
   * verified, the rest of its fields are not
   * @param wallMs - wall-clock milliseconds, written to the batch for information
   * @throws WalError `WAL_MALFORMED`, `WAL_BUSY`, `WAL_POISONED` or `WAL_CLOSED`: nothing was added
   * @throws RangeError if the envelope is larger than `bufferBytes`
   */
  append(envelope: Uint8Array, wallMs: number): number {
    if (this.#state !== "open") throw this.#refusal();
    const reason = checkEnvelope(envelope, this.#options.crc32);
    if (reason !== undefined) throw new WalError("WAL_MALFORMED", `not an envelope: ${reason}`);
    if (envelope.length > this.#options.bufferBytes)
      throw new RangeError(`an envelope of ${envelope.length} bytes exceeds bufferBytes`);
    if (!this.#filling.add(envelope))
      throw new WalError("WAL_BUSY", "bufferBytes of records wait to be written");
    this.#filling.wallMs = wallMs;
    return this.#durableLsn + this.#writing.count + this.#filling.count;
  }

  /**
   * Asks for records from `position` on, in order, as many as come cheaply: a `piece` or `unreadable`
   * with the number returned here will follow.
   *
   * @param position - `{ lsn }`, at most `Log.durableLsn`, or `next` of the piece before
   * @param to - the last lsn wanted
   */
  read(position: Position, to: number = this.#durableLsn): number {
    const read = this.#nextId;
    this.#nextId += 1;
    const last = Math.min(to, this.#durableLsn);
    this.#start(
      this.#read(position, last),
      ({ records, next }) => {
        this.#outputs.push({ type: "piece", read, records, next });
      },
      (error) => {
        this.#outputs.push({ type: "unreadable", read, error: this.#unreadable(error) });
      },
    );
    return read;
  }

  /**
   * Says that everything up to `lsn` is also in a store that has been synced. Sealed segments below it,
   * but for the newest `retainBytes`, are unlinked, oldest first.
   *
   * @throws RangeError if `lsn` is above `Log.durableLsn`
   */
  checkpoint(lsn: number): void {
    if (!Number.isSafeInteger(lsn) || lsn < 0 || lsn > this.#durableLsn)
      throw new RangeError(`a checkpoint is an lsn up to ${this.#durableLsn}, not ${lsn}`);
    this.#checkpoint = Math.max(this.#checkpoint, lsn);
    this.#trim();
  }

  /** Accepts no more appends; `closed` follows when those accepted are durable or rejected. */
  close(): void {
    if (this.#state === "open" || this.#state === "poisoned") this.#state = "closing";
  }

  /**
   * The next output, or undefined if there is none until the next input. What was appended since the
   * last batch becomes the next one when its write is handed out here, not before: so everything appended
   * between two calls shares one sync.
   */
  poll(): LogOutput | undefined {
    if (this.#outputs.length === 0) this.#advance();
    return this.#outputs.shift();
  }

  /** The operation `id` has completed with `result`. */
  handleResult(id: number, result: FileResult): void {
    this.#take(id).resume(result);
  }

  /** The operation `id` has failed. */
  handleError(id: number, error: unknown): void {
    this.#take(id).fail(error);
  }

  #take(id: number): Task {
    const task = this.#tasks.get(id);
    if (task === undefined) throw new RangeError(`no operation ${id} is in flight`);
    this.#tasks.delete(id);
    return task;
  }

  /** Runs `io` to its end, one operation after another. */
  #start<T>(io: Io<T>, done: (value: T) => void, failed: (error: unknown) => void): void {
    const step = (next: () => IteratorResult<FileRequest, T>): void => {
      let result: IteratorResult<FileRequest, T>;
      try {
        result = next();
      } catch (error) {
        failed(error);
        return;
      }
      if (result.done === true) done(result.value);
      else this.#request(result.value, task);
    };
    const task: Task = {
      resume: (value) => step(() => io.next(value)),
      fail: (error) => step(() => io.throw(error)),
    };
    step(() => io.next(undefined));
  }

  #request(request: FileRequest, task: Task): void {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#tasks.set(id, task);
    if (request.type === "sync") this.#stats.syncs += 1;
    this.#outputs.push({ ...request, id });
  }

  /** Begins whatever can begin now. */
  #advance(): void {
    if (this.#isCommitting || this.#state === "opening" || this.#state === "closed") return;
    if (this.#filling.count > 0) {
      this.#isCommitting = true;
      this.#start(
        this.#commit(),
        () => this.#committed(),
        (error) => this.#poison(error),
      );
    } else if (this.#state === "closing" && this.#tasks.size === 0) {
      this.#isCommitting = true;
      this.#start(
        this.#release(),
        () => this.#finish(),
        () => this.#finish(),
      );
    }
  }

  *#open(): Io<Recovery> {
    const { recovery, sealed, active, nextLsn, link } = yield* recover(this.#options);
    this.#sealed = sealed;
    this.#active = active;
    this.#durableLsn = nextLsn - 1;
    this.#link = link;
    try {
      if (active === undefined) yield* this.#begin();
    } catch (error) {
      // It can be read, and the first append tries again.
      if (!isFull(error)) throw error;
    }
    return recovery;
  }

  /** Begins a segment. Its header is durable before its name exists, so a bad header is never torn. */
  *#begin(): Io<void> {
    const { crc32, random } = this.#options;
    const baseLsn = this.#durableLsn + 1;
    const id = [random(), random()]
      .map((value) =>
        Math.floor(value * 2 ** 32)
          .toString(16)
          .padStart(8, "0"),
      )
      .join("");
    const file = segmentFile(baseLsn, id);
    const unfinished = `${file}${UNFINISHED_SUFFIX}`;
    const header = { baseLsn, wallMs: this.#filling.wallMs, link: this.#link };
    const bytes = encodeSegmentHeader(id, header, crc32);
    try {
      yield { type: "write", file: unfinished, offset: 0, bytes };
    } catch (error) {
      if (isFull(error)) yield { type: "unlink", file: unfinished };
      throw error;
    }
    yield { type: "sync", file: unfinished };
    yield { type: "rename", source: unfinished, target: file };
    yield { type: "syncDirectory" };
    const link = new DataView(bytes.buffer).getUint32(HEADER_BYTES - 4, true);
    this.#active = new ActiveSegment(file, frameSeed(id, crc32), baseLsn, link);
  }

  /** Writes and syncs one batch, and seals the segment when it is full. */
  *#commit(): Io<void> {
    try {
      if (this.#active === undefined) yield* this.#begin();
    } catch (error) {
      if (!isFull(error)) throw error;
      this.#reject(full(error));
    }
    const active = this.#active;
    if (active === undefined) return;
    const { crc32 } = this.#options;
    const { end, file, lastLsn, link, seed } = active;
    const batch = this.#filling;
    this.#filling = this.#writing;
    this.#writing = batch;
    const bytes = batch.seal({ lsn: lastLsn + 1, link, seed }, crc32);
    const lack = yield* this.#write(file, end, bytes);
    if (this.#cause === undefined && lack !== undefined) this.#reject(lack);
    if (lack !== undefined) return;
    yield { type: "sync", file };
    if (this.#cause !== undefined) return;
    const header = decodeFrameHeader(bytes, 0, seed, crc32);
    if (header === undefined) throw new Error("a frame changed while it was written");
    active.add({ header, payload: bytes.subarray(HEADER_BYTES) });
    this.#durableLsn = active.lastLsn;
    this.#stats.batches += 1;
    this.#stats.records += batch.count;
    this.#stats.bytes += bytes.length;
    batch.clear();
    this.#outputs.push({ type: "ack", lsn: active.lastLsn });
    if (active.end >= this.#options.segmentBytes || active.rangeCount >= RANGES_MAX)
      yield* this.#seal(active);
  }

  /**
   * Writes at the end of the active segment; returns the error if there is no room. What was written is
   * then cut off again; it cannot be valid, as some of it is missing.
   */
  *#write(file: string, offset: number, bytes: Uint8Array): Io<WalError | undefined> {
    try {
      yield { type: "write", file, offset, bytes };
      return undefined;
    } catch (error) {
      if (!isFull(error)) throw error;
      yield { type: "truncate", file, length: offset };
      return full(error);
    }
  }

  *#seal(active: ActiveSegment): Io<void> {
    const { baseLsn, bytes: end, file, lastLsn, link, seed } = active;
    const frame = encodeFooter(active.footer(), baseLsn, end);
    const fields = { firstLsn: lastLsn + 1, wallMs: this.#writing.wallMs, count: 0, link };
    const crc = sealFrame(frame, { kind: "footer", ...fields }, seed, this.#options.crc32);
    const lack = yield* this.#write(file, end, frame);
    // It is tried again after the next batch.
    if (lack !== undefined) return;
    yield { type: "sync", file };
    const bytes = end + frame.length;
    this.#sealed.push({ file, seed, baseLsn, lastLsn, end, marks: undefined, bytes });
    this.#active = undefined;
    this.#link = crc;
    this.#trim();
    yield { type: "release", file };
  }

  *#read(position: Position, last: number): Io<Piece> {
    if (this.#state === "opening" || this.#state === "closed") throw this.#refusal();
    if (!Number.isSafeInteger(position.lsn) || position.lsn < 1)
      throw new RangeError(`an lsn is an integer from 1, not ${position.lsn}`);
    if (position.lsn > last) return { records: [], next: position };
    return yield* readPiece(
      { segments: this.#segments(), crc32: this.#options.crc32 },
      position,
      last,
    );
  }

  *#release(): Io<void> {
    if (this.#active !== undefined) yield { type: "release", file: this.#active.file };
  }

  #trim(): void {
    if (this.#isTrimming || this.#state !== "open" || this.#expendable() === undefined) return;
    this.#isTrimming = true;
    this.#start(
      this.#unlinkExpendable(),
      () => {
        this.#isTrimming = false;
      },
      (error) => this.#poison(error),
    );
  }

  /** The oldest segment, if it may go. The last one stays: it alone says where the lsns go on. */
  #expendable(): Segment | undefined {
    const [oldest] = this.#sealed;
    if (this.#segments().length === 1) return undefined;
    const bytes = this.#sealed.reduce((sum, segment) => sum + segment.bytes, 0);
    return oldest !== undefined &&
      oldest.lastLsn <= this.#checkpoint &&
      bytes - oldest.bytes >= this.#options.retainBytes
      ? oldest
      : undefined;
  }

  /** Syncs the directory after each file, so that after a crash the newest are there and no hole. */
  *#unlinkExpendable(): Io<void> {
    for (let oldest = this.#expendable(); oldest !== undefined; oldest = this.#expendable()) {
      const { file } = oldest;
      try {
        yield { type: "unlink", file };
      } catch (error) {
        // It stays, and is tried again after the next checkpoint.
        if (errorCode(error) !== "ENOENT") return;
      }
      this.#sealed.shift();
      yield { type: "syncDirectory" };
    }
  }

  #segments(): Segment[] {
    return this.#active === undefined ? this.#sealed : [...this.#sealed, this.#active];
  }

  #committed(): void {
    this.#isCommitting = false;
  }

  #reject(error: WalError): void {
    const from = this.#durableLsn + 1;
    const to = this.#durableLsn + this.#writing.count + this.#filling.count;
    this.#filling.clear();
    this.#writing.clear();
    this.#outputs.push({ type: "reject", from, to, error });
  }

  #poison(cause: unknown): void {
    this.#isCommitting = false;
    this.#cause ??= cause;
    if (this.#state === "open") this.#state = "poisoned";
    this.#reject(this.#refusal());
  }

  #finish(): void {
    this.#state = "closed";
    this.#outputs.push({ type: "closed", error: undefined });
  }

  #refusal(): WalError {
    if (this.#cause === undefined) return new WalError("WAL_CLOSED", `the log is ${this.#state}`);
    const message = "a write or sync failed: open the log anew to learn what is durable";
    return new WalError("WAL_POISONED", message, { cause: this.#cause });
  }

  #unreadable(error: unknown): WalError {
    return errorCode(error) === "ENOENT"
      ? new WalError("WAL_TRIMMED", `the log starts at lsn ${this.firstLsn}`, { cause: error })
      : asWalError(error, "a segment cannot be read");
  }
}

function full(cause: unknown): WalError {
  return new WalError("WAL_FULL", "no space left: nothing was stored", { cause });
}

function asWalError(error: unknown, message: string): WalError {
  return error instanceof WalError ? error : new WalError("WAL_IO", message, { cause: error });
}
