import { addToCounters, emptyCounters } from "./counters.ts";
import { type ItemDigest, PRINT_MASK } from "./digest.ts";
import type { Hash64 } from "./hash64.ts";
import { bitsAt, contains, type Range } from "./range.ts";
import { Sketch } from "./sketch.ts";
import { Sum } from "./sum.ts";
import type { Trie, Visit } from "./trie.ts";

/**
 * Cells kept up to date with every write: enough for about 700 differences at no further cost, in
 * 16 KiB. Longer sketches are made from the items when asked for.
 */
const LIVE_CELLS = 1024;
/** Sketches made from items, kept until the next write in case a peer asks for more of one. */
const MADE_MAX = 8;

/**
 * What a tree shows one peer: the slots that both hold, as if they were one set. Sums, counters and
 * sketches are linear, so that those of the whole are the sums over the slots, kept as they change.
 */
export class Scope {
  readonly mask: Uint8Array;
  readonly sum: Sum;
  readonly counters: Int32Array = emptyCounters();
  readonly trie: Trie;
  readonly #digest: ItemDigest;
  readonly #live = new Sketch(LIVE_CELLS);
  readonly #itemDigest: Uint32Array;
  readonly #made = new Map<string, Sketch>();
  /** Exchanges that use this scope. */
  users = 0;

  constructor(trie: Trie, digest: ItemDigest, mask: Uint8Array) {
    this.trie = trie;
    this.mask = mask;
    this.sum = new Sum(digest.lanes);
    this.#digest = digest;
    this.#itemDigest = new Uint32Array(digest.lanes);
    for (let slot = 0; slot < mask.length; slot += 1) {
      if (mask[slot] === 0) continue;
      trie.visit(trie.slot(slot), (words, at) => {
        digest.write(words, at, this.#itemDigest);
        this.apply(words[at] as number, words[at + 1] as number, this.#itemDigest, 1);
      });
    }
  }

  /** Takes notice of an item that came (sign 1) or went (sign -1). */
  apply(keyHi: number, keyLo: number, digest: Uint32Array, sign: 1 | -1): void {
    this.sum.add(digest, sign);
    addToCounters(this.counters, digest[1] as number, sign);
    this.#live.toggle(keyHi | 0, keyLo | 0, (digest[0] as number) & PRINT_MASK);
    if (this.#made.size > 0) this.#made.clear();
  }

  /** The digest of the range. O(1) for everything and for a range within a slot. */
  sumOf(range: Range): Sum {
    if (range.bits === 0) return this.sum.copy();
    const sum = new Sum(this.sum.lanes.length);
    this.#cover(
      range,
      (vertex) => {
        sum.count += this.trie.count(vertex);
        for (let lane = 0; lane < sum.lanes.length; lane += 1) {
          sum.lanes[lane] = ((sum.lanes[lane] as number) + this.trie.lane(vertex, lane)) | 0;
        }
      },
      (words, at) => {
        this.#digest.write(words, at, this.#itemDigest);
        sum.add(this.#itemDigest, 1);
      },
    );
    return sum;
  }

  /** Visits the items of the range in key order. */
  visit(range: Range, visit: Visit): void {
    this.#cover(range, (vertex) => this.trie.visit(vertex, visit), visit);
  }

  /** O(1) for everything, else O(items). */
  countersOf(range: Range): Int32Array {
    if (range.bits === 0) return this.counters;
    const counters = emptyCounters();
    this.visit(range, (words, at) => {
      this.#digest.write(words, at, this.#itemDigest);
      addToCounters(counters, this.#itemDigest[1] as number, 1);
    });
    return counters;
  }

  /** Whether `sketchOf` reads all items of the range. */
  mustScan(range: Range, length: number): boolean {
    if (range.bits === 0 && length <= LIVE_CELLS) return false;
    return (this.#made.get(keyOf(range))?.length ?? 0) < length;
  }

  /** A sketch of the range of at least `length` cells. */
  sketchOf(range: Range, length: number): Sketch {
    if (range.bits === 0 && length <= LIVE_CELLS) return this.#live;
    const key = keyOf(range);
    const known = this.#made.get(key);
    if (known !== undefined && known.length >= length) return known;
    const sketch = new Sketch(length);
    this.visit(range, (words, at) => {
      sketch.toggle(
        (words[at] as number) | 0,
        (words[at + 1] as number) | 0,
        this.printOf(words, at),
      );
    });
    const [oldest] = this.#made.keys();
    if (this.#made.size >= MADE_MAX && oldest !== undefined) this.#made.delete(oldest);
    this.#made.set(key, sketch);
    return sketch;
  }

  /** The version held of a key in a shared slot. */
  get(key: Hash64): Hash64 | undefined {
    if (!this.covers(key)) return undefined;
    const at = this.trie.find(key.hi, key.lo);
    if (at < 0) return undefined;
    return { hi: this.trie.words[at + 2] as number, lo: this.trie.words[at + 3] as number };
  }

  /** Whether the key belongs to a shared slot. */
  covers(key: Hash64): boolean {
    return this.mask[this.trie.slotOf(key.hi)] !== 0;
  }

  /** The print of a key's version, or undefined if the key is absent. */
  printAt(key: Hash64): number | undefined {
    const at = this.trie.find(key.hi, key.lo);
    return at < 0 ? undefined : this.printOf(this.trie.words, at);
  }

  /** What a sketch cell carries of the item's version. */
  printOf(words: Uint32Array, at: number): number {
    this.#digest.write(words, at, this.#itemDigest);
    return (this.#itemDigest[0] as number) & PRINT_MASK;
  }

  /** Calls `whole` with vertices that lie in the range, and `visit` with items of a larger leaf. */
  #cover(range: Range, whole: (vertex: number) => void, visit: Visit): void {
    const { slotBits } = this.trie;
    let slot = bitsAt(range.hi, range.lo, 0, slotBits);
    if (range.bits < slotBits) {
      for (const end = slot + (1 << (slotBits - range.bits)); slot < end; slot += 1) {
        if (this.mask[slot] !== 0) whole(this.trie.slot(slot));
      }
      return;
    }
    if (this.mask[slot] === 0) return;
    let vertex = this.trie.slot(slot);
    for (let bits = slotBits; bits < range.bits; bits += 4) {
      if (this.trie.isLeaf(vertex)) {
        this.trie.visit(vertex, (words, at) => {
          if (contains(range, words[at] as number, words[at + 1] as number)) visit(words, at);
        });
        return;
      }
      vertex = this.trie.child(vertex, bitsAt(range.hi, range.lo, bits, 4));
    }
    whole(vertex);
  }
}

function keyOf({ hi, lo, bits }: Range): string {
  return `${hi}:${lo}:${bits}`;
}
