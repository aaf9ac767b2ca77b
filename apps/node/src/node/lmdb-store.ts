import { setImmediate as nextTurn } from "node:timers/promises";
import { open, type RootDatabase } from "lmdb";
import { OrderedMap } from "../engine/ordered-map.ts";
import type { Entry, Put, Store } from "../engine/store.ts";

const positionKey = "!position";
/** Puts handed to LMDB in one turn of the event loop: a few milliseconds of work. */
const putsPerTurn = 256;

/**
 * The engine's store over LMDB. Commits go to memory, where reads find them first. A checkpoint
 * moves everything committed so far, with the position it is complete up to, into LMDB in one
 * transaction, which LMDB writes and syncs on a thread of its own. LMDB runs in its default, fully
 * synced mode: no power cut can find it between two states, because there is no unsynced one. What
 * memory held is replayed from the log, which is trimmed only after the checkpoint is durable.
 */
export class LmdbStore implements Store {
  readonly #database: RootDatabase<Buffer, string>;
  #position: number;
  #durablePosition: number;
  #active = new OrderedMap<Uint8Array>();
  /** What a running checkpoint is writing. */
  #flushing: OrderedMap<Uint8Array> | undefined;
  #activeBytes = 0;
  #flushingBytes = 0;
  #checkpoint: Promise<number> | undefined;

  constructor(path: string) {
    this.#database = open<Buffer, string>({
      path,
      encoding: "binary",
      // One commit, one sync: lmdb-js would otherwise report a commit before it is on the disk.
      overlappingSync: false,
    });
    this.#durablePosition = Number(this.#database.get(positionKey)?.toString() ?? 0);
    this.#position = this.#durablePosition;
  }

  get position(): number {
    return this.#position;
  }

  /** Everything before this is in LMDB and synced. */
  get durablePosition(): number {
    return this.#durablePosition;
  }

  /** Committed but not yet durable in LMDB. */
  get pendingBytes(): number {
    return this.#activeBytes + this.#flushingBytes;
  }

  get(key: string): Uint8Array | undefined {
    return this.#active.get(key) ?? this.#flushing?.get(key) ?? this.#database.get(key);
  }

  *range(from: string, to: string): Generator<Entry> {
    const layers: Iterator<Entry>[] = [this.#active.range(from, to)];
    if (this.#flushing !== undefined) layers.push(this.#flushing.range(from, to));
    layers.push(this.#database.getRange({ start: from, end: to })[Symbol.iterator]());
    yield* mergeLayers(layers);
  }

  commit(puts: readonly Put[], position: number): void {
    for (const { key, value } of puts) {
      this.#activeBytes += key.length + value.length;
      this.#active.set(key, value);
    }
    this.#position = position;
  }

  /** Makes everything committed so far durable, and returns the position that is then contained. */
  async checkpoint(): Promise<number> {
    while (this.#checkpoint !== undefined) await this.#checkpoint;
    if (this.#position === this.#durablePosition) return this.#durablePosition;
    this.#checkpoint = this.#flush();
    try {
      return await this.#checkpoint;
    } finally {
      this.#checkpoint = undefined;
    }
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  async #flush(): Promise<number> {
    let flushing = this.#active;
    if (this.#flushing !== undefined) {
      // A checkpoint that failed left its entries there; the newer ones go on top.
      flushing = this.#flushing;
      for (const { key, value } of this.#active.entries()) flushing.set(key, value);
    }
    this.#flushing = flushing;
    this.#flushingBytes += this.#activeBytes;
    this.#active = new OrderedMap();
    this.#activeBytes = 0;
    const position = this.#position;
    await this.#database.transaction(async () => {
      let puts = 0;
      for (const { key, value } of flushing.entries()) {
        void this.#database.put(key, Buffer.from(value.buffer, value.byteOffset, value.length));
        puts += 1;
        if (puts % putsPerTurn === 0) await nextTurn();
      }
      void this.#database.put(positionKey, Buffer.from(String(position)));
    });
    await this.#database.flushed;
    // Reads in this turn must not come from a snapshot older than what memory lets go of.
    this.#database.resetReadTxn();
    this.#flushing = undefined;
    this.#flushingBytes = 0;
    this.#durablePosition = position;
    return position;
  }
}

/** Merges sorted layers; of equal keys the first layer's entry is the one. */
function* mergeLayers(layers: readonly Iterator<Entry>[]): Generator<Entry> {
  const heads = layers.map((layer) => headOf(layer));
  try {
    for (;;) {
      let least: Entry | undefined;
      for (const head of heads) {
        if (head !== undefined && (least === undefined || head.key < least.key)) least = head;
      }
      if (least === undefined) return;
      for (const [index, layer] of layers.entries()) {
        if (heads[index]?.key === least.key) heads[index] = headOf(layer);
      }
      yield least;
    }
  } finally {
    // An LMDB cursor stays open until it is told.
    for (const layer of layers) layer.return?.();
  }
}

function headOf(layer: Iterator<Entry>): Entry | undefined {
  const next = layer.next();
  return next.done === true ? undefined : next.value;
}
