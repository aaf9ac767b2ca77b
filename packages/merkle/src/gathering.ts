import { PRINT_MASK } from "./digest.ts";
import { contains, type Range } from "./range.ts";
import type { Scope } from "./scope.ts";
import { CELL_WORDS, CELLS_MAX, peel, type SketchItem } from "./sketch.ts";
import type { Sum } from "./sum.ts";

/** Times that a sketch which did not suffice is lengthened by a quarter. */
const EXTENSIONS_MAX = 5;

/** Which items only one end holds. */
export interface Enumeration {
  readonly mine: readonly SketchItem[];
  readonly theirs: readonly SketchItem[];
}

/** A peer's sketch of a range, as its cells come in. All are of one state of the peer. */
export class Gathering {
  readonly range: Range;
  readonly sum: Sum;
  /** Times the range was asked for before. */
  readonly failures: number;
  isAbandoned = false;
  #cells: Int32Array;
  #received = 0;
  #extensions = 0;

  constructor(range: Range, failures: number, { sum, total }: { sum: Sum; total: number }) {
    this.range = range;
    this.failures = failures;
    this.sum = sum;
    this.#cells = new Int32Array(total * CELL_WORDS);
  }

  get total(): number {
    return this.#cells.length / CELL_WORDS;
  }

  get isWhole(): boolean {
    return this.#received === this.total;
  }

  /** Takes cells from `from` on. Each cell is asked for, and so comes, once. */
  add(from: number, cells: Int32Array): void {
    this.#cells.set(cells, from * CELL_WORDS);
    this.#received += cells.length / CELL_WORDS;
  }

  /** Makes room for a quarter more cells, unless that was done too often. */
  extend(): boolean {
    const total = Math.min(Math.ceil(this.total * 1.25) + 4, CELLS_MAX);
    if (this.#extensions === EXTENSIONS_MAX || total === this.total) return false;
    this.#extensions += 1;
    const longer = new Int32Array(total * CELL_WORDS);
    longer.set(this.#cells);
    this.#cells = longer;
    return true;
  }

  /**
   * The items held by one end alone: undefined if more cells are needed, "unsound" if the result
   * does not account for the difference between the digests, as when prints or digests collide.
   */
  enumerate(scope: Scope): Enumeration | "unsound" | undefined {
    const own = scope.sketchOf(this.range, this.total).cells;
    const items = peel(this.#cells.map((word, at) => word ^ (own[at] as number)));
    if (items === undefined) return undefined;
    const mine: SketchItem[] = [];
    const theirs: SketchItem[] = [];
    const sum = scope.sumOf(this.range);
    let print = sum.lanes[0] as number;
    for (const item of items) {
      if (!contains(this.range, item.hi, item.lo) || !scope.covers(item)) return "unsound";
      const isMine = scope.printAt(item) === item.print;
      (isMine ? mine : theirs).push(item);
      print += isMine ? -item.print : item.print;
    }
    const isAccounted =
      items.length > 0 &&
      sum.count - mine.length + theirs.length === this.sum.count &&
      ((print ^ (this.sum.lanes[0] as number)) & PRINT_MASK) === 0;
    return isAccounted ? { mine, theirs } : "unsound";
  }
}
