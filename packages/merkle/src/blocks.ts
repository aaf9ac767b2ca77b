/** Words in an item: key high, key low, version high, version low. */
export const ITEM_WORDS = 4;
/** Ends a list of free blocks. */
const NONE = 0xffffffff;

/** A part of an array. */
export interface Span {
  readonly words: Uint32Array;
  readonly from: number;
  readonly to: number;
}

/**
 * Memory for the items of leaves: blocks of 2, 4, 8 or 16 items, the least that fits, each of which
 * is named by the index of its first word. Free ones wait in a list for each size.
 */
export class Blocks {
  words: Uint32Array<ArrayBuffer> = new Uint32Array(1024);
  #end = 0;
  readonly #free = new Uint32Array(5).fill(NONE);

  /** A new block with items `from` to `to` of an array. */
  store(items: Uint32Array, from: number, to: number): number {
    const block = this.#take(to - from);
    copy({ words: items, from: from * ITEM_WORDS, to: to * ITEM_WORDS }, this.words, block);
    return block;
  }

  /** Makes room for `to` items in place of `from`, and returns where: elsewhere, if need be. */
  resize(block: number, from: number, to: number): number {
    if (from > 0 && to > 0 && sizeClass(from) === sizeClass(to)) return block;
    const target = to === 0 ? 0 : this.#take(to);
    if (from > 0) {
      const end = block + Math.min(from, to) * ITEM_WORDS;
      copy({ words: this.words, from: block, to: end }, this.words, target);
      this.release(block, from);
    }
    return target;
  }

  /** Frees a block that holds `count` items. */
  release(block: number, count: number): void {
    const size = sizeClass(count);
    this.words[block] = this.#free[size] as number;
    this.#free[size] = block;
  }

  #take(count: number): number {
    const size = sizeClass(count);
    const free = this.#free[size] as number;
    if (free !== NONE) {
      this.#free[size] = this.words[free] as number;
      return free;
    }
    const block = this.#end;
    this.#end += ITEM_WORDS << size;
    if (this.#end > this.words.length) this.words = grown(this.words, this.#end);
    return block;
  }
}

/** Copies a span to `target`, from `at` on. For a few words `set` costs more than the copying. */
export function copy(source: Span, target: Uint32Array, at: number): void {
  const { words, from, to } = source;
  for (let word = from; word < to; word += 1) target[at + word - from] = words[word] as number;
}

/** A copy of the array with room for `need` words, and half as much again as before. */
export function grown(array: Uint32Array, need: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(need, Math.ceil(array.length * 1.5)));
  larger.set(array);
  return larger;
}

/** Blocks of class c hold 2^c items. */
function sizeClass(count: number): number {
  return count <= 2 ? 1 : 32 - Math.clz32(count - 1);
}
