import { fdatasync, writev } from "node:fs";
import { promisify } from "node:util";

const writeAll = promisify(writev);
const sync = promisify(fdatasync);

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The least that group commit can be: one writev and one fdatasync in flight, everything that arrives
 * meanwhile in the next batch, one promise a record. No checksum, no copy, no index, no recovery.
 * Like the log it begins a batch once all that is ready in this turn of the event loop has run.
 */
export class RawLoop {
  syncs = 0;
  readonly #fd: number;
  #records: Uint8Array[] = [];
  #waiters: Waiter[] = [];
  #isBusy = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  append(record: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#records.push(record);
      this.#waiters.push({ resolve, reject });
      if (this.#isBusy) return;
      this.#isBusy = true;
      setImmediate(() => void this.#commit());
    });
  }

  async #commit(): Promise<void> {
    const records = this.#records;
    const waiters = this.#waiters;
    this.#records = [];
    this.#waiters = [];
    try {
      const { bytesWritten } = await writeAll(this.#fd, records);
      if (bytesWritten !== records.reduce((sum, { length }) => sum + length, 0))
        throw new Error("short write");
      await sync(this.#fd);
      this.syncs += 1;
      for (const { resolve } of waiters) resolve();
    } catch (error) {
      for (const { reject } of waiters) reject(error);
    }
    setImmediate(() => {
      if (this.#records.length > 0) void this.#commit();
      else this.#isBusy = false;
    });
  }
}
