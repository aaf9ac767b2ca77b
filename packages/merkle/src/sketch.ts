// A rateless invertible Bloom lookup table (Yang, Gilad, Alizadeh: "Practical Rateless Set
// Reconciliation", SIGCOMM 2024): an endless sequence of cells, the same for equal sets. Cell i
// holds each item with probability 1 / (1 + i / 2), and about 1.4 d leading cells tell d
// differences, however large the sets.
//
// An item is three words: the key and a 24-bit print of its version. A cell is four: the XOR of
// those over its items, and of a 24-bit check that a cell with several items fails.
//
// Which cells an item is in comes from a generator with 64 bits of state. With 32, two items of a
// large set would share all their cells, and neither could ever be told.

import { PRINT_MASK } from "./digest.ts";
import { finish } from "./hash64.ts";

/** Words in a cell: key high, key low, print, check. */
export const CELL_WORDS = 4;
/** Most cells in a sketch, so that a peer cannot make us hold more. */
export const CELLS_MAX = 16_384;

/** The first `length` cells of a set's sketch. */
export class Sketch {
  readonly length: number;
  readonly cells: Int32Array;

  constructor(length: number) {
    this.length = length;
    this.cells = new Int32Array(length * CELL_WORDS);
  }

  /** Adds the item, or takes it away if it was in. O(log length). */
  toggle(keyHi: number, keyLo: number, print: number): void {
    const { cells, length } = this;
    const check = checkOf(keyHi, keyLo, print);
    // The loop of `cellsOf` written out: this runs for every write, and saves a third of its time.
    let one = seedOne(keyHi, keyLo, print);
    let two = seedTwo(one, keyHi, check);
    for (let cell = 0; cell < length;) {
      const at = cell * CELL_WORDS;
      cells[at] = (cells[at] as number) ^ keyHi;
      cells[at + 1] = (cells[at + 1] as number) ^ keyLo;
      cells[at + 2] = (cells[at + 2] as number) ^ print;
      cells[at + 3] = (cells[at + 3] as number) ^ check;
      const random = Math.imul(one, 0x9e3779bb);
      two ^= one;
      one = ((one << 26) | (one >>> 6)) ^ two ^ (two << 9);
      two = (two << 13) | (two >>> 19);
      cell += Math.ceil((cell + 1.5) * (strides[random >>> 20] as number));
    }
  }
}

/** An item as a sketch tells it. */
export interface SketchItem {
  readonly hi: number;
  readonly lo: number;
  readonly print: number;
}

/**
 * Reads the items out of the difference (XOR) of two sketches, which is used up. Undefined if there
 * are too few cells for so many differences, or the cells are not those of two sets. O(cells).
 */
export function peel(difference: Int32Array): SketchItem[] | undefined {
  const length = difference.length / CELL_WORDS;
  const items: SketchItem[] = [];
  const waiting: number[] = [];
  for (let cell = 0; cell < length; cell += 1) {
    if (looksPure(difference, cell)) waiting.push(cell);
  }
  for (let cell = waiting.pop(); cell !== undefined; cell = waiting.pop()) {
    if (!looksPure(difference, cell)) continue;
    const at = cell * CELL_WORDS;
    const hi = difference[at] as number;
    const lo = difference[at + 1] as number;
    const print = difference[at + 2] as number;
    const check = difference[at + 3] as number;
    const count = cellsOf(difference, at, length);
    // An item that does not belong in this cell only looked pure.
    if (!walk.subarray(0, count).includes(cell)) continue;
    // Each item empties a cell, so that sets cannot differ by more items than there are cells.
    if (items.length === length) return undefined;
    items.push({ hi: hi >>> 0, lo: lo >>> 0, print });
    for (let step = 0; step < count; step += 1) {
      const place = (walk[step] as number) * CELL_WORDS;
      difference[place] = (difference[place] as number) ^ hi;
      difference[place + 1] = (difference[place + 1] as number) ^ lo;
      difference[place + 2] = (difference[place + 2] as number) ^ print;
      difference[place + 3] = (difference[place + 3] as number) ^ check;
      if (looksPure(difference, walk[step] as number)) waiting.push(walk[step] as number);
    }
  }
  return difference.every((word) => word === 0) ? items : undefined;
}

/** Cells to send for an estimate of d differences: enough for nine in ten, measured (see bench). */
export function cellsFor(differences: number): number {
  return Math.ceil(1.36 * differences + 2 * Math.sqrt(differences) + 3);
}

function looksPure(cells: Int32Array, cell: number): boolean {
  const at = cell * CELL_WORDS;
  const check = cells[at + 3] as number;
  return check === checkOf(cells[at] as number, cells[at + 1] as number, cells[at + 2] as number);
}

function checkOf(keyHi: number, keyLo: number, print: number): number {
  const low = finish(Math.imul(keyLo, 0x846ca68b) ^ finish(print ^ 0x3c6ef372));
  return finish(Math.imul(keyHi, 0x7feb352d) ^ low) & PRINT_MASK;
}

/** The cells of the item last walked. Shared: read it before the next walk. */
const walk = new Int32Array(CELLS_MAX);

/** Quantiles of the distance to the next cell, as a share of the distance from -1.5 to this one. */
const strides = Float64Array.from({ length: 4096 }, (_, quantile) => {
  return 1 / Math.sqrt((quantile + 0.5) / 4096) - 1;
});

/** Writes the cells of the item in the cell at `at` to `walk`, ascending; returns their number. */
function cellsOf(item: Int32Array, at: number, length: number): number {
  let one = seedOne(item[at] as number, item[at + 1] as number, item[at + 2] as number);
  let two = seedTwo(one, item[at] as number, item[at + 3] as number);
  let count = 0;
  for (let cell = 0; cell < length; count += 1) {
    walk[count] = cell;
    const random = Math.imul(one, 0x9e3779bb);
    two ^= one;
    one = ((one << 26) | (one >>> 6)) ^ two ^ (two << 9);
    two = (two << 13) | (two >>> 19);
    cell += Math.ceil((cell + 1.5) * (strides[random >>> 20] as number));
  }
  return count;
}

// The two halves of the state of xoroshiro64* (Blackman, Vigna), which draws the distances.
function seedOne(keyHi: number, keyLo: number, print: number): number {
  return finish(keyLo ^ Math.imul(print, 0x9e3779b1)) ^ keyHi;
}

function seedTwo(one: number, keyHi: number, check: number): number {
  return Math.imul(one ^ check, 0x85ebca6b) ^ keyHi;
}
