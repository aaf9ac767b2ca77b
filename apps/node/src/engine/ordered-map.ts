import { compareStrings } from "./bytes.ts";

/**
 * A map whose keys can be walked in order. Writes are plain map writes; the order is brought up to
 * date by the first walk after new keys came, which costs one merge of a sorted run with a short
 * tail.
 */
export class OrderedMap<Value> {
  readonly #values = new Map<string, Value>();
  #ordered: string[] = [];
  #added: string[] = [];

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    if (!this.#values.has(key)) this.#added.push(key);
    this.#values.set(key, value);
  }

  /** Entries with `from <= key < to`, in order. */
  *range(from: string, to: string): Generator<{ key: string; value: Value }> {
    if (this.#added.length > 0) {
      this.#ordered = [...this.#ordered, ...this.#added.sort(compareStrings)].sort(compareStrings);
      this.#added = [];
    }
    const ordered = this.#ordered;
    for (let index = lowerBound(ordered, from); index < ordered.length; index += 1) {
      const key = ordered[index] ?? "";
      if (key >= to) return;
      const value = this.#values.get(key);
      if (value !== undefined) yield { key, value };
    }
  }

  *entries(): Generator<{ key: string; value: Value }> {
    for (const [key, value] of this.#values) yield { key, value };
  }
}

function lowerBound(ordered: readonly string[], key: string): number {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ordered[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
