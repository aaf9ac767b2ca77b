// One 16-ary radix trie for each slot, all in one pool of typed arrays. A vertex holds the number
// of items below it and the sum of their digests.
//
// Invariant: a vertex with more than LEAF_ITEMS items is a branch, any other is a leaf. So the
// shape is a function of the set alone, and no vertex stores its kind.
//
//   vertex: count, link, then the lanes of its digest, side by side for the cache
//     branch: link = the first of its 16 children, which lie side by side
//     leaf:   link = its block (blocks.ts), items sorted by key

import { Blocks, copy, grown, ITEM_WORDS } from "./blocks.ts";
import type { ItemDigest } from "./digest.ts";
import { bitsAt } from "./range.ts";

/** Most items in a leaf. */
const LEAF_ITEMS = 16;
const FAN = 16;
const FAN_BITS = 4;
const LINK = 1;
const LANES = 2;
/** The link of a free list's end. No vertex and no block starts there. */
const NONE = 0xffffffff;

/** Called with the place of an item; the words are valid until the trie is changed. */
export type Visit = (words: Uint32Array, at: number) => void;

export class Trie {
  readonly slotBits: number;
  readonly lanes: number;
  readonly #digest: ItemDigest;
  readonly #stride: number;
  #vertices: Uint32Array;
  #vertexEnd: number;
  #freeChildren = NONE;
  readonly #blocks = new Blocks();
  /** The vertices from the slot down to the leaf of the key last looked up. */
  readonly #path = new Uint32Array(17);
  #pathLength = 0;
  #at = 0;
  readonly #overflow = new Uint32Array((LEAF_ITEMS + 1) * ITEM_WORDS);
  readonly #itemDigest: Uint32Array;

  constructor(slotBits: number, digest: ItemDigest) {
    this.slotBits = slotBits;
    this.lanes = digest.lanes;
    this.#digest = digest;
    this.#itemDigest = new Uint32Array(digest.lanes);
    this.#stride = 2 + digest.lanes;
    this.#vertices = new Uint32Array(this.#stride << slotBits);
    this.#vertexEnd = this.#vertices.length;
  }

  count(vertex: number): number {
    return this.#vertices[vertex] as number;
  }

  /** One lane of a vertex's digest. */
  lane(vertex: number, lane: number): number {
    return this.#vertices[vertex + LANES + lane] as number;
  }

  isLeaf(vertex: number): boolean {
    return (this.#vertices[vertex] as number) <= LEAF_ITEMS;
  }

  /** The `index`-th child of a branch. */
  child(vertex: number, index: number): number {
    return (this.#vertices[vertex + LINK] as number) + index * this.#stride;
  }

  /** The vertex of a slot. */
  slot(slot: number): number {
    return slot * this.#stride;
  }

  /** Bytes held by the typed arrays. */
  get memoryBytes(): number {
    return this.#vertices.byteLength + this.#blocks.words.byteLength;
  }

  /** The words that `find` points into; replaced when they grow. */
  get words(): Uint32Array {
    return this.#blocks.words;
  }

  /** Where the item of this key is in `words`, or -1. Remembers the path for the next change. */
  find(hi: number, lo: number): number {
    return this.#place(hi, lo) ? this.#at : -1;
  }

  /** Adds an item whose key is absent. `digest` is that of the item. */
  insert(item: Uint32Array, digest: Uint32Array): void {
    this.#place(item[0] as number, item[1] as number);
    const at = this.#at;
    const leaf = this.#path[this.#pathLength - 1] as number;
    const count = this.#vertices[leaf] as number;
    const block = this.#vertices[leaf + LINK] as number;
    this.#addToPath(digest, 1, 1);
    if (count === LEAF_ITEMS) {
      copy({ words: this.#blocks.words, from: block, to: at }, this.#overflow, 0);
      copy({ words: item, from: 0, to: ITEM_WORDS }, this.#overflow, at - block);
      const rest = { words: this.#blocks.words, from: at, to: block + LEAF_ITEMS * ITEM_WORDS };
      copy(rest, this.#overflow, at - block + ITEM_WORDS);
      this.#blocks.release(block, count);
      const depth = this.#pathLength - 1;
      this.#split(leaf, this.slotBits + depth * FAN_BITS, 0, LEAF_ITEMS + 1);
      return;
    }
    const target = this.#blocks.resize(block, count, count + 1);
    const words = this.#blocks.words;
    const place = count === 0 ? target : target + at - block;
    for (let word = target + count * ITEM_WORDS - 1; word >= place; word -= 1) {
      words[word + ITEM_WORDS] = words[word] as number;
    }
    for (let word = 0; word < ITEM_WORDS; word += 1) words[place + word] = item[word] as number;
    this.#vertices[leaf + LINK] = target;
  }

  /** Removes the item that the last `find` returned as `at`. `digest` is that of the item. */
  remove(at: number, digest: Uint32Array): void {
    this.#addToPath(digest, -1, -1);
    const leaf = this.#path[this.#pathLength - 1] as number;
    const count = (this.#vertices[leaf] as number) + 1;
    const block = this.#vertices[leaf + LINK] as number;
    const words = this.#blocks.words;
    const end = block + count * ITEM_WORDS;
    for (let word = at; word + ITEM_WORDS < end; word += 1)
      words[word] = words[word + ITEM_WORDS] as number;
    this.#vertices[leaf + LINK] = this.#blocks.resize(block, count, count - 1);
    // Deepest first, so that the children of each are leaves by its turn.
    for (let step = this.#pathLength - 2; step >= 0; step -= 1) {
      const vertex = this.#path[step] as number;
      if ((this.#vertices[vertex] as number) !== LEAF_ITEMS) return;
      this.#collapse(vertex);
    }
  }

  /** Gives the item that the last `find` returned as `at` another version. */
  update(at: number, item: Uint32Array, difference: Uint32Array): void {
    this.#blocks.words[at + 2] = item[2] as number;
    this.#blocks.words[at + 3] = item[3] as number;
    this.#addToPath(difference, 1, 0);
  }

  /** Visits the items below `vertex` in key order. */
  visit(vertex: number, visit: Visit): void {
    const count = this.#vertices[vertex] as number;
    const link = this.#vertices[vertex + LINK] as number;
    if (count > LEAF_ITEMS) {
      for (let index = 0; index < FAN; index += 1) this.visit(this.child(vertex, index), visit);
      return;
    }
    const words = this.#blocks.words;
    for (let item = 0; item < count; item += 1) visit(words, link + item * ITEM_WORDS);
  }

  /** The slot of a key: its leading bits. */
  slotOf(hi: number): number {
    return bitsAt(hi, 0, 0, this.slotBits);
  }

  /** Walks to the leaf of the key; `#at` is then where the item is, or where it would go. */
  #place(keyHi: number, keyLo: number): boolean {
    // Tells the compiler that these are integers, which halves the cost of comparing them.
    const hi = keyHi >>> 0;
    const lo = keyLo >>> 0;
    const path = this.#path;
    const vertices = this.#vertices;
    const stride = this.#stride;
    let vertex = this.slotOf(hi) * stride;
    let length = 0;
    path[length++] = vertex;
    for (let bits = this.slotBits; (vertices[vertex] as number) > LEAF_ITEMS; bits += FAN_BITS) {
      vertex = (vertices[vertex + LINK] as number) + bitsAt(hi, lo, bits, FAN_BITS) * stride;
      path[length++] = vertex;
    }
    this.#pathLength = length;
    const words = this.#blocks.words;
    const count = vertices[vertex] as number;
    let at = vertices[vertex + LINK] as number;
    for (let item = 0; item < count; item += 1, at += ITEM_WORDS) {
      const wordHi = words[at] as number;
      if (wordHi < hi || (wordHi === hi && (words[at + 1] as number) < lo)) continue;
      this.#at = at;
      return wordHi === hi && (words[at + 1] as number) === lo;
    }
    this.#at = at;
    return false;
  }

  /** Adds `sign` times the digest, and `sign` times one item, to the path of the last look-up. */
  #addToPath(digest: Uint32Array, sign: number, items: number): void {
    const { lanes } = this;
    const path = this.#path;
    const vertices = this.#vertices;
    const length = this.#pathLength;
    for (let step = 0; step < length; step += 1) {
      const vertex = path[step] as number;
      vertices[vertex] = ((vertices[vertex] as number) + items) | 0;
      const base = vertex + LANES;
      for (let lane = 0; lane < lanes; lane += 1) {
        vertices[base + lane] =
          ((vertices[base + lane] as number) + Math.imul(sign, digest[lane] as number)) | 0;
      }
    }
  }

  /** Makes a branch of `vertex` from items `from` to `to` of the overflow, which are sorted. */
  #split(vertex: number, bits: number, from: number, to: number): void {
    const first = this.#takeChildren();
    this.#vertices[vertex + LINK] = first;
    for (let start = from; start < to;) {
      const index = this.#indexOf(start, bits);
      let end = start + 1;
      while (end < to && this.#indexOf(end, bits) === index) end += 1;
      const child = first + index * this.#stride;
      this.#vertices[child] = end - start;
      for (let item = start; item < end; item += 1) {
        this.#digest.write(this.#overflow, item * ITEM_WORDS, this.#itemDigest);
        for (let lane = 0; lane < this.lanes; lane += 1) {
          const place = child + LANES + lane;
          this.#vertices[place] =
            ((this.#vertices[place] as number) + (this.#itemDigest[lane] as number)) | 0;
        }
      }
      if (end - start > LEAF_ITEMS) this.#split(child, bits + FAN_BITS, start, end);
      else this.#vertices[child + LINK] = this.#blocks.store(this.#overflow, start, end);
      start = end;
    }
  }

  #indexOf(item: number, bits: number): number {
    const at = item * ITEM_WORDS;
    return bitsAt(this.#overflow[at] as number, this.#overflow[at + 1] as number, bits, FAN_BITS);
  }

  /** Makes a leaf of a branch that has come down to LEAF_ITEMS items, in leaves. */
  #collapse(vertex: number): void {
    const first = this.#vertices[vertex + LINK] as number;
    let end = 0;
    for (let index = 0; index < FAN; index += 1) {
      const child = first + index * this.#stride;
      const count = this.#vertices[child] as number;
      if (count === 0) continue;
      const block = this.#vertices[child + LINK] as number;
      const to = block + count * ITEM_WORDS;
      copy({ words: this.#blocks.words, from: block, to }, this.#overflow, end);
      end += count * ITEM_WORDS;
      this.#blocks.release(block, count);
    }
    this.#vertices[first + LINK] = this.#freeChildren;
    this.#freeChildren = first;
    this.#vertices[vertex + LINK] = this.#blocks.store(this.#overflow, 0, LEAF_ITEMS);
  }

  #takeChildren(): number {
    const length = FAN * this.#stride;
    let first = this.#freeChildren;
    if (first === NONE) {
      first = this.#vertexEnd;
      this.#vertexEnd += length;
      if (this.#vertexEnd > this.#vertices.length) {
        this.#vertices = grown(this.#vertices, this.#vertexEnd);
      }
    } else {
      this.#freeChildren = this.#vertices[first + LINK] as number;
    }
    this.#vertices.fill(0, first, first + length);
    return first;
  }
}
