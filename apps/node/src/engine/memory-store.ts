import { OrderedMap } from "./ordered-map.ts";
import type { Entry, Put, Store } from "./store.ts";

/** A store that lives as long as its object: for tests and simulation. */
export class MemoryStore implements Store {
  readonly #entries = new OrderedMap<Uint8Array>();
  #position = 0;

  get position(): number {
    return this.#position;
  }

  get(key: string): Uint8Array | undefined {
    return this.#entries.get(key);
  }

  range(from: string, to: string): Iterable<Entry> {
    return this.#entries.range(from, to);
  }

  commit(puts: readonly Put[], position: number): void {
    for (const { key, value } of puts) this.#entries.set(key, value);
    this.#position = position;
  }
}
