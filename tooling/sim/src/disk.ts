import type { Death, Host } from "./host.ts";
import type { Heal } from "./network.ts";
import type { FileFault, FileRequest, FileResult, Platter } from "./platter.ts";
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

/** Told how a request went: an error with the system's `code`, or the result. */
export type Completion = (error: Error | undefined, result: FileResult, now: number) => void;

interface Job {
  readonly request: FileRequest;
  readonly done: Completion;
  readonly life: number;
}

/**
 * The disk of one host: a {@link Platter} behind requests that take time, overtake each other and
 * may fail. A request takes effect when it completes.
 */
export class Disk {
  readonly #host: Host;
  readonly #options: Required<DiskOptions>;
  readonly #disturbances = new Set<DiskOptions>();
  readonly #timeline: Timeline;
  readonly #trace: Trace;
  readonly #random: Random;
  readonly #blank: Platter;
  #platter: Platter;
  #jobs = new Set<Job>();
  #held: Job[] | undefined;

  constructor(
    host: Host,
    platter: Platter,
    parts: { disk: DiskOptions | undefined; timeline: Timeline; trace: Trace; random: Random },
  ) {
    this.#host = host;
    this.#platter = platter;
    this.#blank = platter.clone();
    this.#options = { ...defaults, ...parts.disk };
    this.#timeline = parts.timeline;
    this.#trace = parts.trace;
    this.#random = parts.random.fork("disk");
  }

  /** The files as they are now, for oracles; another object after a power cut. */
  get platter(): Platter {
    return this.#platter;
  }

  /** Starts one request; `done` is an input of the process that asked, if it still lives. */
  submit(request: FileRequest, done: Completion): void {
    const host = this.#host;
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
    return () => this.#unhang();
  }

  /** Flips one bit for good. @returns where, or undefined on an empty disk */
  rot(): { readonly file: string; readonly bit: number } | undefined {
    const files = this.#platter.files.filter(({ bytes }) => bytes > 0);
    if (files.length === 0) return undefined;
    const { file, bytes } = this.#random.pick(files);
    const bit = this.#random.below(bytes * 8);
    this.#platter.flipBit(file, bit);
    return { file, bit };
  }

  /** A copy of everything, to be put back later: the backup of a virtual machine. */
  backup(): Platter {
    return this.#platter.clone().crash(() => 1);
  }

  /** The disk holds what the backup held, or nothing. */
  restore(backup: Platter = this.#blank): void {
    this.#platter = backup.clone();
  }

  /** No more failures, however it was made; what is lost stays lost. */
  calm(): void {
    this.#unhang();
    const healthy = { readError: 0, writeError: 0, syncError: 0, lyingSync: 0 };
    this.disturb({ ...healthy, capacityBytes: defaults.capacityBytes });
  }

  /** The process or the machine died: of the requests under way any may still have taken effect. */
  lose(death: Death): void {
    for (const { request } of this.#jobs) {
      if (this.#random.chance(0.5)) this.#attempt(cutShort(request, this.#random));
    }
    this.#jobs = new Set();
    if (this.#held !== undefined) this.#held = [];
    if (death === "crash") return;
    const fill = (sector: Uint8Array) => sector.set(this.#random.bytes(sector.length));
    const choose = (count: number) => this.#random.below(count);
    this.#platter = this.#platter.crash(choose, this.#random.chance(0.5) ? fill : undefined);
  }

  get #present(): Required<DiskOptions> {
    return Object.assign({}, this.#options, ...this.#disturbances) as Required<DiskOptions>;
  }

  #unhang(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const job of held) this.#schedule(job);
  }

  #schedule(job: Job): void {
    const { latencyMeanMs, syncMeanMs } = this.#present;
    const latencyMs = latencyMeanMs + (isSync(job.request) ? syncMeanMs : 0);
    const latencyUs = this.#random.exponential(latencyMs) * 1000;
    this.#timeline.at(this.#timeline.now + latencyUs, () => this.#complete(job));
  }

  #complete(job: Job): void {
    if (!this.#jobs.has(job)) return;
    if (this.#held !== undefined) return void this.#held.push(job);
    this.#jobs.delete(job);
    const outcome = this.#attempt(job.request, this.#drawFault(job.request));
    const isError = outcome instanceof Error;
    const [error, result] = isError ? [outcome, undefined] : [undefined, outcome];
    this.#host.inputOf(job.life, (now) => job.done(error, result, now));
  }

  /** Directories list in any order. */
  #attempt(request: FileRequest, fault?: FileFault): FileResult | Error {
    const platter = this.#platter;
    platter.plan = () => fault;
    platter.capacityBytes = this.#present.capacityBytes;
    try {
      const result = platter.execute(request);
      if (fault !== undefined) this.#trace.record("disk lies", this.#host);
      return Array.isArray(result) ? this.#random.shuffle(result) : result;
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error)) throw error;
      this.#trace.record(`disk ${String(error.code)}`, this.#host, undefined, request.type);
      return error;
    }
  }

  #drawFault(request: FileRequest): FileFault | undefined {
    const { readError, writeError, syncError, lyingSync } = this.#present;
    const isHit = (chance: number) => this.#random.chance(chance);
    if (request.type === "read" && isHit(readError)) return { code: "EIO" };
    if (request.type === "write" && isHit(writeError))
      return { code: "EIO", bytes: this.#random.below(request.bytes.length + 1) };
    if (isSync(request) && isHit(lyingSync)) return { lie: true };
    return isSync(request) && isHit(syncError) ? { code: "EIO" } : undefined;
  }
}

function isSync({ type }: FileRequest): boolean {
  return type === "sync" || type === "syncDirectory";
}

function cutShort(request: FileRequest, random: Random): FileRequest {
  if (request.type !== "write") return request;
  return { ...request, bytes: request.bytes.subarray(0, random.below(request.bytes.length + 1)) };
}

function describe(request: FileRequest): string {
  if (request.type === "list" || request.type === "syncDirectory") return "";
  if (request.type === "rename") return `${request.source} to ${request.target}`;
  if (request.type === "truncate") return `${request.file} to ${request.length}`;
  if (!("offset" in request)) return request.file;
  const length = request.type === "read" ? request.length : request.bytes.length;
  return `${request.file} ${request.offset}+${length}`;
}
