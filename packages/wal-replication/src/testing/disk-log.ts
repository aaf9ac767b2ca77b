import { Log, type LogOutput } from "../log.ts";
import type { LogDependencies, LogOptions } from "../options.ts";
import type { Position, StoredRecord } from "../reader.ts";
import type { Recovery } from "../recovery.ts";
import type { WalError } from "../errors.ts";
import type { FileOperation } from "../io.ts";
import type { Disk } from "./faulty-disk.ts";

/**
 * The real `Log` on a `Disk`, one operation at a time and without waiting. What
 * `DiskLog.step` executes is decided by the log alone, so a run is repeatable.
 *
 * @public
 */
export class DiskLog {
  /** The log itself. */
  readonly log: Log;
  /** Every append up to this lsn has been acknowledged. */
  acknowledged = 0;
  /** Set once the log is open. */
  recovery: Recovery | undefined;
  /** Why the log could not be opened, or the latest appends were rejected. */
  error: WalError | undefined;
  readonly #disk: Disk;
  readonly #operations: FileOperation[] = [];
  readonly #answers = new Map<number, LogOutput>();

  /**
   * Begins to open the log.
   *
   * @param disk - what holds it
   * @param options - as for `Log`
   */
  constructor(disk: Disk, options: LogOptions & LogDependencies) {
    this.#disk = disk;
    this.log = new Log(options);
  }

  /** Runs everything there is to do, opening included, and returns itself. */
  run(): this {
    while (this.step());
    return this;
  }

  /** Executes the next file operation; false if there is none. */
  step(): boolean {
    for (let output = this.log.poll(); output !== undefined; output = this.log.poll())
      this.#take(output);
    const operation = this.#operations.shift();
    if (operation === undefined) return false;
    let result: ReturnType<Disk["execute"]>;
    try {
      result = this.#disk.execute(operation);
    } catch (error) {
      this.log.handleError(operation.id, error);
      return true;
    }
    this.log.handleResult(operation.id, result);
    return true;
  }

  /** Appends without running anything. See `Log.append`. */
  append(envelope: Uint8Array, wallMs = 0): number {
    return this.log.append(envelope, wallMs);
  }

  /**
   * Reads the durable records from `from` to `to`, running what there is to do on the way.
   *
   * @throws WalError as reading does
   */
  read(from: number = this.log.firstLsn, to: number = this.log.durableLsn): StoredRecord[] {
    const records: StoredRecord[] = [];
    const last = Math.min(to, this.log.durableLsn);
    for (let next: Position = { lsn: from }; next.lsn <= last;) {
      const read = this.log.read(next, last);
      this.run();
      const answer = this.#answers.get(read);
      this.#answers.delete(read);
      if (answer?.type === "unreadable") throw answer.error;
      if (answer?.type !== "piece") throw new Error("the log did not answer a read");
      records.push(...answer.records);
      next = answer.next;
    }
    return records;
  }

  #take(output: LogOutput): void {
    if ("id" in output) this.#operations.push(output);
    else if (output.type === "ack") this.acknowledged = output.lsn;
    else if (output.type === "opened") {
      this.recovery = output.recovery;
      this.acknowledged = output.recovery.lastLsn;
    } else if (output.type === "reject" || output.type === "closed") this.error = output.error;
    else this.#answers.set(output.read, output);
  }
}
