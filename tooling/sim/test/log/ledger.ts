import type { LogOutput, Recovery, WalError } from "@engram/wal-replication";
import type { Probes } from "../../src/index.ts";

type Reason = Extract<LogOutput, { type: "reject" }>["error"]["code"];

/**
 * What a log owes, kept outside of every process: which bytes were appended at which lsn and which
 * of them the log must give back for ever. It knows nothing of segments or frames.
 */
export class Ledger {
  appended = 0;
  acked = 0;
  lives = 0;
  refused: WalError | undefined;
  /** Set by the scenario when bytes on the disk were harmed: the log may then refuse to open. */
  isRotten = false;
  readonly #probes: Probes;
  /** Lsn to everything that was ever appended there and may still come back. */
  readonly #candidates = new Map<number, Uint8Array[]>();
  /** Lsn to the one record that must come back. */
  readonly #owed = new Map<number, Uint8Array>();
  #last = 0;
  #checkpoint = 0;

  constructor(probes: Probes) {
    this.#probes = probes;
  }

  get checkpoint(): number {
    return this.#checkpoint;
  }

  /** The highest lsn that is owed. */
  get last(): number {
    return this.#last;
  }

  append(lsn: number, envelope: Uint8Array): void {
    this.appended++;
    this.#probes.always("lsns are dense and not reused", lsn > this.#last, `lsn ${lsn}`);
    this.#candidates.set(lsn, [...(this.#candidates.get(lsn) ?? []), envelope]);
  }

  /** `lastOf` are the bytes of this life's append at each lsn. */
  ack(lsn: number, lastOf: ReadonlyMap<number, Uint8Array>): void {
    this.#probes.always("acknowledged in order", lsn > this.#last, `${lsn} after ${this.#last}`);
    for (let next = this.#last + 1; next <= lsn; next++) {
      const envelope = lastOf.get(next);
      this.#probes.always("acknowledged what was appended", envelope !== undefined);
      this.#owe(next, envelope as Uint8Array);
      this.acked++;
    }
  }

  /** A full disk stored nothing; a poisoned log may have stored anything. */
  reject(from: number, reason: Reason): void {
    this.#probes.reach(`rejected ${reason}`);
    if (reason !== "WAL_FULL") return;
    for (const [lsn, envelopes] of this.#candidates) if (lsn >= from) envelopes.pop();
  }

  checkpointAt(lsn: number): void {
    this.#checkpoint = Math.max(this.#checkpoint, lsn);
  }

  opened({ firstLsn, lastLsn, torn, unfinished }: Recovery): void {
    this.#probes.sometimes("a torn write is cut off", torn !== undefined);
    this.#probes.sometimes("a half-made segment is removed", unfinished.length > 0);
    this.#probes.sometimes("an unacknowledged record survives", lastLsn > this.#last);
    this.#probes.always("no acknowledged record is lost", lastLsn >= this.#last, () => {
      return `the log ends at ${lastLsn}, ${this.#last} was acknowledged`;
    });
    this.#probes.always("nothing past the checkpoint is trimmed", firstLsn <= this.#checkpoint + 1);
  }

  /** What is read after opening is durable from then on, acknowledged or not. */
  found(lsn: number, envelope: Uint8Array): void {
    const owed = this.#owed.get(lsn);
    if (owed !== undefined) {
      const isSame = equal(owed, envelope);
      return this.#probes.always("records do not change", isSame, `lsn ${lsn}`);
    }
    if (lsn <= this.#last) return;
    const known = this.#candidates.get(lsn)?.some((bytes) => equal(bytes, envelope)) ?? false;
    this.#probes.always("every record was appended", known, `lsn ${lsn}`);
    this.#probes.always("reading is dense", lsn === this.#last + 1, `${lsn} after ${this.#last}`);
    this.#owe(lsn, envelope.slice());
  }

  /** The log says that durable data is damaged. */
  refuse(error: WalError): void {
    this.refused = error;
    this.#probes.always("only rot is called corruption", this.isRotten, error.message);
    this.#probes.reach("rot is reported");
  }

  #owe(lsn: number, envelope: Uint8Array): void {
    this.#owed.set(lsn, envelope);
    this.#candidates.delete(lsn);
    this.#last = Math.max(this.#last, lsn);
  }
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
