import type * as Wal from "@engram/wal-replication";
import type { Position } from "@engram/wal-replication";
import { FaultyDisk } from "@engram/wal-replication/testing";
import {
  drawConditions,
  drawFaults,
  Violation,
  type Fault,
  type FaultClass,
  type Host,
  type Plan,
  type Program,
  type Random,
  type Scenario,
  type Stage,
  type Timed,
  type World,
} from "../../src/index.ts";
import { Ledger } from "./ledger.ts";

export type LogOp =
  | { readonly kind: "append"; readonly sizes: readonly number[] }
  | { readonly kind: "checkpoint" }
  | { readonly kind: "restart" };

const chaosMs = 5000;
const host = "disk";

const defaultClasses: readonly FaultClass[] = [
  "crash",
  "power-cut",
  "pause",
  "slow-disk",
  "hang",
  "read-error",
  "write-error",
  "sync-error",
  "full",
  "rot",
];

/** One log on one host: appends, checkpoints and restarts while everything about its disk fails. */
export function logScenario(
  wal: typeof Wal,
  classes: readonly FaultClass[] = defaultClasses,
): Scenario<LogOp> {
  return {
    name: "log",
    draw: (random) => draw(random, classes),
    stage: (world, plan) => new LogStage(wal, world, plan),
  };
}

function draw(
  random: Random,
  classes: readonly FaultClass[],
): Omit<Plan<LogOp>, "scenario" | "seed"> {
  const { disk, timers, ties } = drawConditions(random.fork("conditions"));
  const ops = Array.from({ length: random.between(20, 150) }, () => {
    const atMs = random.below(chaosMs);
    const choice = random.below(20);
    if (choice === 0) return { atMs, kind: "restart" } as const;
    if (choice <= 2) return { atMs, kind: "checkpoint" } as const;
    const count = Math.ceil(random.magnitude(1, 30));
    const sizes = Array.from({ length: count }, () => Math.floor(random.magnitude(1, 2000)));
    return { atMs, kind: "append", sizes } as const;
  });
  const faults = drawFaults(random.fork("faults"), {
    classes,
    hosts: [host],
    untilMs: chaosMs,
    countMax: 20,
  });
  const settings = {
    segmentBytes: Math.ceil(random.magnitude(1024, 30_000)),
    bufferBytes: Math.ceil(random.magnitude(4096, 40_960)),
    retainBytes: Math.floor(random.magnitude(1, 10_000)),
  };
  return {
    hosts: [host],
    conditions: { disk, timers, ties },
    settings,
    chaosMs,
    calmMs: 2000,
    faults: [...oneRot(faults), ...cutsAfterFailedSyncs(random, faults)],
    ops: [...ops, ...restartsAfterRot(random, faults)],
  };
}

/** Rot in the segment being written is found only by the next start, so that one comes soon. */
function restartsAfterRot(random: Random, faults: readonly Fault[]): Timed<LogOp>[] {
  return faults
    .filter(({ kind }) => kind === "rot")
    .map(({ atMs }) => ({ atMs: atMs + random.below(20), kind: "restart" }));
}

/** What a failed sync has lost is seen only after a power cut, so one follows. */
function cutsAfterFailedSyncs(random: Random, faults: readonly Fault[]): Fault[] {
  return faults.flatMap((fault): Fault[] => {
    if (fault.kind !== "disk" || fault.options.syncError === undefined) return [];
    const atMs = fault.atMs + random.below(fault.forMs + 500);
    return [{ kind: "crash", atMs, forMs: 10, hosts: [host], death: "power-cut", disk: "same" }];
  });
}

/** The log promises to see one flipped bit; two in one frame may pass for a torn write. */
function oneRot(faults: readonly Fault[]): Fault[] {
  const first = faults.find(({ kind }) => kind === "rot");
  return faults.filter((fault) => fault.kind !== "rot" || fault === first);
}

class LogStage implements Stage<LogOp> {
  readonly #wal: typeof Wal;
  readonly #world: World;
  #host: Host;
  readonly #settings: Plan<LogOp>["settings"];
  #ledger: Ledger | undefined;
  #log: Wal.Log | undefined;
  #written = 0;
  /** Appends of this life by lsn. */
  #mine = new Map<number, Uint8Array>();
  #isReadBack = false;

  constructor(wal: typeof Wal, world: World, plan: Plan<LogOp>) {
    this.#wal = wal;
    this.#world = world;
    this.#settings = plan.settings;
    this.#host = world.add(host, (self) => this.#boot(self), new FaultyDisk());
    for (const fault of plan.faults) {
      if (fault.kind === "rot") world.at(fault.atMs, () => void (this.ledger.isRotten = true));
    }
  }

  get ledger(): Ledger {
    if (this.#ledger === undefined) throw new Error("nothing has started");
    return this.#ledger;
  }

  handleOp(op: LogOp): void {
    if (op.kind === "restart") return this.#restart();
    this.#host.input(() => {
      if (this.#log?.state !== "open" || !this.#isReadBack) return;
      if (op.kind === "checkpoint") this.#checkpoint(this.#log);
      else for (const size of op.sizes) if (!this.#append(this.#log, size)) return;
    });
  }

  /** A cold start on a healthy disk must find everything. */
  verify(): void {
    this.#restart();
    const isDone = () => this.#isReadBack || this.ledger.refused !== undefined;
    if (!this.#world.runUntil(isDone, 60_000)) throw new Violation("the log opens after the calm");
  }

  voidBecause(): string | undefined {
    const { acked, appended, lives } = this.ledger;
    if (acked * 10 < appended || acked === 0) return `${acked} of ${appended} acknowledged`;
    return lives < 2 ? "never recovered" : undefined;
  }

  #boot(self: Host): Program {
    this.#host = self;
    this.#ledger ??= new Ledger(self.probes);
    this.#ledger.lives++;
    this.#mine = new Map();
    this.#isReadBack = false;
    const { checkpoint } = this.#ledger;
    const log = new this.#wal.Log({ ...this.#settings, checkpoint, random: self.random });
    this.#log = log;
    return {
      deadline: undefined,
      handleTimeout() {},
      drain: () => {
        for (let out = log.poll(); out !== undefined; out = log.poll()) this.#perform(log, out);
      },
    };
  }

  #perform(log: Wal.Log, out: Wal.LogOutput): void {
    if ("id" in out) {
      return this.#host.disk.submit(out, (error, result) => {
        if (error === undefined) log.handleResult(out.id, result);
        else log.handleError(out.id, error);
      });
    }
    const { ledger } = this;
    switch (out.type) {
      case "opened":
        ledger.opened(out.recovery);
        this.#readFrom(log, { lsn: log.firstLsn });
        return;
      case "ack":
        return ledger.ack(out.lsn, this.#mine);
      case "reject":
        ledger.reject(out.from, out.error.code);
        if (out.error.code !== "WAL_FULL") this.#restartSoon();
        return;
      case "piece":
        for (const { lsn, envelope } of out.records) ledger.found(lsn, envelope);
        return this.#readFrom(log, out.next);
      case "unreadable":
        return this.#refused(out.error);
      case "closed":
        if (out.error !== undefined) this.#refused(out.error);
    }
  }

  #refused(error: Wal.WalError): void {
    if (error.code === "WAL_CORRUPT") this.ledger.refuse(error);
    else this.#restartSoon();
  }

  /** Only when all of it was read again does the log get more. */
  #readFrom(log: Wal.Log, position: Position): void {
    this.#isReadBack = position.lsn > log.durableLsn;
    if (this.#isReadBack) {
      const isWhole = log.durableLsn === this.ledger.last;
      this.#world.probes.always("the end of the log is read", isWhole);
    } else log.read(position);
  }

  /** @returns whether the log takes more */
  #append(log: Wal.Log, size: number): boolean {
    const body = new Uint8Array(size).fill(++this.#written);
    const origin = new Uint8Array(16).fill(this.#host.life);
    const record = { stream: 1, origin, sequence: this.#written, context: [], body };
    const envelope = this.#wal.encodeRecord(record);
    let lsn: number;
    try {
      lsn = log.append(envelope, this.#host.clock.wall);
    } catch (error) {
      if (!(error instanceof this.#wal.WalError)) throw error;
      this.#world.probes.reach(`refused ${error.code}`);
      return false;
    }
    this.#mine.set(lsn, envelope);
    this.ledger.append(lsn, envelope);
    return true;
  }

  #checkpoint(log: Wal.Log): void {
    const lsn = Math.floor(this.#host.random() * (log.durableLsn + 1));
    this.ledger.checkpointAt(lsn);
    log.checkpoint(lsn);
  }

  #restart(): void {
    this.#host.crash();
    this.#host.start();
  }

  /** What a supervisor does with a process whose log is dead. */
  #restartSoon(): void {
    const { life } = this.#host;
    this.#world.at(this.#world.now + 100, () => {
      if (this.#host.life === life) this.#restart();
    });
  }
}
