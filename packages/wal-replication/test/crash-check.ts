import type { LogDependencies, LogOptions } from "@engram/wal-replication";
import {
  crashImages,
  type Disk,
  DiskLog,
  FaultyDisk,
  seededRandom,
} from "@engram/wal-replication/testing";
import { numberedEnvelope } from "./records.ts";

const BUFFER_BYTES = 8192;

/** A law of the log that did not hold. */
export class Violation extends Error {
  override name = "Violation";
}

export interface CheckOptions {
  readonly seed: number;
  /** Operations of the workload. */
  readonly operations: number;
  /** Random crash images after each operation, besides the two extremes. */
  readonly samples: number;
  /** Puts a disk that executes wrongly between the log and the faulty one. */
  readonly wrap?: (disk: FaultyDisk) => Disk;
  readonly log?: Partial<LogOptions & LogDependencies>;
  /** Odds that a sync fails. */
  readonly syncFailures?: number;
}

export interface CheckReport {
  readonly images: number;
  readonly recoveries: number;
  readonly torn: number;
  readonly acknowledged: number;
  readonly trimmed: number;
}

/**
 * Appends, steps, checkpoints and restarts at random, and after every single file operation builds
 * images of what a power cut may leave and checks that opening each keeps the laws: W1 nothing
 * acknowledged is lost, W2 nothing else appears, W3 opening again changes nothing, also when opening is
 * itself cut short, W4 lsns are dense, W5 a batch is there or not, W7 reads equal the model, W8 nothing
 * above the checkpoint is trimmed.
 */
export function checkCrashes(options: CheckOptions): CheckReport {
  return new CrashCheck(options).run();
}

class CrashCheck {
  readonly #options: CheckOptions;
  readonly #random: () => number;
  readonly #disk = new FaultyDisk();
  /** Envelope of each lsn, from 1; beyond what is acknowledged, what may come to be there. */
  #model: Uint8Array[] = [];
  /** Lsns at which a recovered log may end. */
  #boundaries = new Set<number>([0]);
  /** Everything up to here must survive: acknowledged, or seen by a reader. */
  #promised = 0;
  #checkpoint = 0;
  #number = 0;
  #log: DiskLog;
  #report = { images: 0, recoveries: 0, torn: 0, acknowledged: 0, trimmed: 0 };

  constructor(options: CheckOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#log = this.#open(this.#disk);
    this.#disk.plan = (request) => {
      if (request.type === "write" && request.file.endsWith(".wal"))
        this.#boundaries.add(lastLsn(request.bytes));
      if (request.type === "sync" && this.#random() < (options.syncFailures ?? 0))
        return { code: "EIO" };
      return undefined;
    };
  }

  run(): CheckReport {
    for (let done = 0; done < this.#options.operations; done += 1) {
      this.#act();
      this.#step();
    }
    while (this.#step());
    this.#report.acknowledged = this.#promised;
    return this.#report;
  }

  #act(): void {
    const { log } = this.#log;
    const dice = this.#random();
    if (log.state === "poisoned" || log.state === "closed" || dice < 0.02) this.#restart();
    else if (log.state === "open" && dice < 0.6) this.#append(1 + Math.floor(this.#random() * 4));
    else if (log.state === "open" && dice < 0.7) {
      this.#checkpoint = Math.floor(this.#random() * (log.durableLsn + 1));
      log.checkpoint(this.#checkpoint);
      this.#checkpoint = Math.max(this.#checkpoint, this.#report.trimmed);
      this.#report.trimmed = this.#checkpoint;
    }
  }

  #append(count: number): void {
    for (let index = 0; index < count; index += 1) {
      this.#number += 1;
      const bytes = this.#random() < 0.1 ? 1500 : Math.floor(this.#random() * 200);
      const envelope = numberedEnvelope(this.#number, bytes);
      if (this.#log.log.waitingBytes + envelope.length > BUFFER_BYTES) return;
      const lsn = this.#log.append(envelope);
      if (lsn !== this.#model.length + 1) throw new Violation(`W4: lsn ${lsn} is not the next`);
      this.#model.push(envelope);
    }
  }

  #step(): boolean {
    const more = this.#log.step();
    this.#promised = Math.max(this.#promised, this.#log.acknowledged);
    for (const image of crashImages(this.#disk, this.#options.samples, this.#random)) {
      this.#report.images += 1;
      this.#check(image, this.#random() < 0.1);
    }
    return more;
  }

  /** A killed process: the disk keeps all, the log starts anew, possibly after a failed sync. */
  #restart(): void {
    const plan = this.#disk.plan;
    this.#disk.plan = undefined;
    this.#log = this.#open(this.#disk).run();
    this.#disk.plan = plan;
    this.#expectLaws(this.#log);
    this.#promised = this.#log.log.durableLsn;
    this.#model.length = this.#promised;
    this.#boundaries = new Set([this.#promised]);
  }

  #check(image: FaultyDisk, alsoCutRecovery: boolean): void {
    const disk = image.clone();
    const log = this.#open(disk).run();
    this.#expectLaws(log);
    const before = contents(log);
    this.#expectSame(before, this.#open(disk.clone()).run(), "W3: opening again changes the log");
    const cut = this.#open(disk.crash(() => 0)).run();
    this.#expectSame(before, cut, "W3: what recovery reported did not survive a power cut");
    const next = numberedEnvelope(this.#number + 1);
    const lsn = log.append(next);
    log.run();
    if (log.acknowledged !== lsn) throw new Violation("W1: no append after recovery");
    this.#expectSame(
      [...before, next],
      this.#open(disk.crash(() => 0)).run(),
      "W1: an append after recovery was lost",
    );
    if (alsoCutRecovery) this.#cutRecovery(image);
  }

  /** Cuts the power after every operation of recovery itself. */
  #cutRecovery(image: FaultyDisk): void {
    for (let steps = 1; ; steps += 1) {
      const disk = image.clone();
      const log = this.#open(disk);
      for (let step = 0; step < steps; step += 1) if (!log.step()) return;
      for (const second of crashImages(disk, 1, this.#random))
        this.#expectLaws(this.#open(second).run());
    }
  }

  #expectLaws(log: DiskLog): void {
    this.#report.recoveries += 1;
    if (log.recovery === undefined)
      throw new Violation(`the log does not open: ${log.error?.message}`);
    if (log.recovery.torn !== undefined) this.#report.torn += 1;
    const { durableLsn, firstLsn } = log.log;
    if (durableLsn < this.#promised)
      throw new Violation(`W1: acknowledged ${this.#promised}, recovered ${durableLsn}`);
    if (durableLsn > this.#model.length)
      throw new Violation(`W2: appended ${this.#model.length}, recovered ${durableLsn}`);
    if (durableLsn !== this.#promised && !this.#boundaries.has(durableLsn))
      throw new Violation(`W5: lsn ${durableLsn} ends no batch`);
    if (firstLsn > this.#report.trimmed + 1)
      throw new Violation(`W8: checkpoint ${this.#report.trimmed}, but ${firstLsn} is the first`);
    this.#expectSame(
      this.#model.slice(firstLsn - 1, durableLsn),
      log,
      "W2: a record differs from what was appended",
    );
  }

  #expectSame(envelopes: readonly Uint8Array[], log: DiskLog, law: string): void {
    const found = contents(log);
    const same =
      found.length >= envelopes.length &&
      Buffer.concat(found.slice(found.length - envelopes.length)).equals(Buffer.concat(envelopes));
    if (!same) throw new Violation(law);
  }

  #open(disk: FaultyDisk): DiskLog {
    return new DiskLog(this.#options.wrap?.(disk) ?? disk, {
      segmentBytes: 2048,
      bufferBytes: BUFFER_BYTES,
      retainBytes: 1024,
      random: this.#random,
      ...this.#options.log,
    });
  }
}

/** The last lsn of the frame, from its header. */
function lastLsn(frame: Uint8Array): number {
  const view = new DataView(frame.buffer, frame.byteOffset);
  return view.getUint32(8, true) + view.getUint32(24, true) - 1;
}

function contents(log: DiskLog): Uint8Array[] {
  if (log.recovery === undefined) return [];
  return log.read().map(({ envelope }) => envelope);
}
