import type { Death, Host } from "./host.ts";
import type { Heal } from "./network.ts";
import { DiskError, Platter, type FileRequest, type FileResult } from "./platter.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";
import type { Trace } from "./trace.ts";

/** How a disk behaves while it works. Chances are per request, in [0, 1]. */
export interface DiskOptions {
  /**
   * Mean time of a request, in milliseconds.
   * @defaultValue 0.05
   */
  readonly latencyMeanMs?: number;
  /**
   * Mean further time of a sync, in milliseconds.
   * @defaultValue 0.5
   */
  readonly syncMeanMs?: number;
  /**
   * Bytes of all files together, beyond which a write is cut short and fails with `ENOSPC`.
   * @defaultValue 2 ** 40
   */
  readonly capacityBytes?: number;
  /** @defaultValue 0 */
  readonly readError?: number;
  /**
   * A failed write may have written a part.
   * @defaultValue 0
   */
  readonly writeError?: number;
  /**
   * After a failed sync nothing waits to be written any more, so a retry succeeds and means nothing.
   * @defaultValue 0
   */
  readonly syncError?: number;
  /**
   * Chance that a sync reports success and does nothing. No log can survive it: tell the oracle.
   * @defaultValue 0
   */
  readonly lyingSync?: number;
}

const defaults: Required<DiskOptions> = {
  latencyMeanMs: 0.05,
  syncMeanMs: 0.5,
  capacityBytes: 2 ** 40,
  readError: 0,
  writeError: 0,
  syncError: 0,
  lyingSync: 0,
};

/** What a request completes with: exactly one of the two. */
export type Completion = (error: DiskError | undefined, result: FileResult, now: number) => void;

interface Job {
  readonly request: FileRequest;
  readonly done: Completion;
  readonly life: number;
}

/**
 * The disk of one host: a {@link Platter} behind requests that take time, overtake each other, and
 * may fail. A request takes effect when it completes.
 */
export class Disk {
  readonly #options: Required<DiskOptions>;
  readonly #disturbances = new Set<DiskOptions>();
  readonly platter: Platter;
  readonly #timeline: Timeline;
  readonly #trace: Trace;
  readonly #random: Random;
  #jobs = new Set<Job>();
  #held: Job[] | undefined;
  #host: Host | undefined;

  constructor(options: DiskOptions, parts: { timeline: Timeline; trace: Trace; random: Random }) {
    this.#options = { ...defaults, ...options };
    this.#timeline = parts.timeline;
    this.#trace = parts.trace;
    this.#random = parts.random;
    this.platter = new Platter(parts.random.fork("platter"));
  }

  attach(host: Host): void {
    this.#host = host;
  }

  /** Starts one request; `done` is an input of the process that asked, if it still lives. */
  submit(request: FileRequest, done: Completion): void {
    const host = this.#host as Host;
    if (!host.effect()) return;
    const job = { request, done, life: host.life };
    this.#trace.record(request.type, host, undefined, describe(request));
    if (request.type === "write") this.#trace.fold(request.bytes);
    this.#jobs.add(job);
    if (this.#held === undefined) this.#schedule(job);
    else this.#held.push(job);
  }

  /** Changes how the disk behaves for a while. */
  disturb(options: DiskOptions): Heal {
    this.#disturbances.add(options);
    return () => void this.#disturbances.delete(options);
  }

  /** Nothing completes until it ends: a disk that is stuck. */
  hang(): Heal {
    this.#held ??= [];
    return () => this.unhang();
  }

  unhang(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const job of held) this.#schedule(job);
  }

  /** No more failures, however it was made; what is lost stays lost. */
  calm(): void {
    this.unhang();
    const healthy = { readError: 0, writeError: 0, syncError: 0, lyingSync: 0 };
    this.disturb({ ...healthy, capacityBytes: defaults.capacityBytes });
  }

  /** The process or the machine died: of the requests under way any may still have taken effect. */
  lose(death: Death): void {
    for (const { request } of this.#jobs) {
      if (this.#random.chance(0.5)) this.#tryPart(request);
    }
    this.#jobs = new Set();
    if (this.#held !== undefined) this.#held = [];
    if (death === "power-cut") this.platter.cutPower();
  }

  get #present(): Required<DiskOptions> {
    return Object.assign({}, this.#options, ...this.#disturbances) as Required<DiskOptions>;
  }

  #schedule(job: Job): void {
    const { latencyMeanMs, syncMeanMs } = this.#present;
    const isSync = job.request.type === "sync" || job.request.type === "syncDirectory";
    const latencyMs = this.#random.exponential(latencyMeanMs + (isSync ? syncMeanMs : 0));
    this.#timeline.at(this.#timeline.now + latencyMs * 1000, () => this.#complete(job));
  }

  #complete(job: Job): void {
    if (!this.#jobs.has(job)) return;
    if (this.#held !== undefined) return void this.#held.push(job);
    this.#jobs.delete(job);
    const host = this.#host as Host;
    let error: DiskError | undefined;
    let result: FileResult;
    try {
      result = this.#execute(job.request);
    } catch (thrown) {
      if (!(thrown instanceof DiskError)) throw thrown;
      error = thrown;
      this.#trace.record(`disk-${error.code.toLowerCase()}`, host, undefined, job.request.type);
    }
    host.inputOf(job.life, (now) => job.done(error, result, now));
  }

  #execute(request: FileRequest): FileResult {
    const { readError, writeError, syncError, lyingSync, capacityBytes } = this.#present;
    if (request.type === "read" && this.#random.chance(readError))
      throw new DiskError("EIO", request.type);
    if (request.type === "write" && this.#random.chance(writeError)) {
      this.#tryPart(request);
      throw new DiskError("EIO", request.type);
    }
    const roomBytes = capacityBytes - this.platter.usedBytes;
    if (request.type === "write" && this.platter.growth(request) > roomBytes) {
      this.#tryPart(request, roomBytes);
      throw new DiskError("ENOSPC", request.type);
    }
    if (request.type === "sync" || request.type === "syncDirectory") {
      if (this.#random.chance(lyingSync)) {
        this.#trace.record("lying-sync", this.#host);
        return undefined;
      }
      if (this.#random.chance(syncError)) {
        if (request.type === "sync") this.platter.failSync(request.file);
        throw new DiskError("EIO", request.type);
      }
    }
    return this.platter.execute(request);
  }

  /** Carries out what of a request luck, or room, allows. */
  #tryPart(request: FileRequest, roomBytes = Infinity): void {
    const part =
      request.type === "write"
        ? { ...request, bytes: request.bytes.subarray(0, this.#partOf(request, roomBytes)) }
        : request;
    try {
      this.platter.execute(part);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
    }
  }

  #partOf({ bytes }: { bytes: Uint8Array }, roomBytes: number): number {
    return this.#random.below(Math.max(0, Math.min(bytes.length, roomBytes)) + 1);
  }
}

function describe(request: FileRequest): string {
  if (request.type === "list" || request.type === "syncDirectory") return "";
  if (request.type === "rename") return `${request.source} to ${request.target}`;
  if (request.type === "truncate") return `${request.file} to ${request.length}`;
  if (!("offset" in request)) return request.file;
  const length = request.type === "read" ? request.length : request.bytes.length;
  return `${request.file} ${request.offset}+${length}`;
}
