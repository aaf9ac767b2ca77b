import { compareStrings, toHex } from "./bytes.ts";
import {
  decodeMemory,
  decodeSpace,
  encodeMemory,
  encodeSpace,
  joinMemory,
  joinSpace,
  remembered,
  viewOf,
} from "./fold.ts";
import * as keys from "./keys.ts";
import type { Effect, Memory, MemoryState, Space } from "./memory.ts";
import { pack, unpack } from "./msgpack.ts";
import { recall, termsOf, type RecallAnswer, type RecallQuery } from "./recall.ts";
import type { Put, Store } from "./store.ts";
import { TextIndex } from "./text-index.ts";

/** Where a record stands among its writer's, and in this node's log. */
export interface Dot {
  readonly slot: number;
  /** 16 bytes. */
  readonly origin: Uint8Array;
  readonly sequence: number;
}

export interface Page {
  readonly memories: readonly Memory[];
  /** Pass it as `after` for the next page; absent on the last. */
  readonly next: string | undefined;
}

/** The space that is there without being created. */
export const defaultSpace: Space = { name: "default", uid: new Uint8Array(16), createdAt: 0 };

/**
 * Memories of all spaces of a node: the fold of log records over a store, and what is derived from
 * it. Synchronous and without IO. The text index of a space is built from the store when the space
 * is first asked for, and follows every record after that.
 */
export class Engine {
  readonly #store: Store;
  readonly #spaces = new Map<string, Space>([[defaultSpace.name, defaultSpace]]);
  readonly #indexes = new Map<string, TextIndex>();
  /** By slot, then by origin in hex. */
  readonly #vectors = new Map<number, Map<string, number>>();

  constructor(store: Store) {
    this.#store = store;
    for (const { key, value } of store.range(
      keys.spacePrefix,
      keys.afterPrefix(keys.spacePrefix),
    )) {
      const name = key.slice(keys.spacePrefix.length);
      this.#spaces.set(name, joinSpace(this.#spaces.get(name), decodeSpace(name, value)));
    }
  }

  /** Folds one record in. `position` is the log position up to which all records are now applied. */
  apply(effect: Effect, dot: Dot, position: number): void {
    const puts: Put[] = [this.#fold(effect)];
    const vector = this.#vector(dot.slot);
    const origin = toHex(dot.origin);
    if (dot.sequence > (vector.get(origin) ?? 0)) {
      vector.set(origin, dot.sequence);
      puts.push({ key: keys.vectorKey(dot.slot, origin), value: pack(dot.sequence) });
    }
    this.#store.commit(puts, position);
  }

  /** Highest applied sequence of every origin (in hex) that wrote to the slot. */
  vector(slot: number): ReadonlyMap<string, number> {
    return this.#vector(slot);
  }

  #vector(slot: number): Map<string, number> {
    let vector = this.#vectors.get(slot);
    if (vector === undefined) {
      const prefix = keys.vectorPrefix(slot);
      const entries = this.#store.range(prefix, keys.afterPrefix(prefix));
      vector = new Map(
        Array.from(entries, ({ key, value }) => [key.slice(prefix.length), sequenceOf(value)]),
      );
      this.#vectors.set(slot, vector);
    }
    return vector;
  }

  /** Every space, in name order. */
  spaces(): Space[] {
    return [...this.#spaces.values()].sort((a, b) => compareStrings(a.name, b.name));
  }

  space(name: string): Space | undefined {
    return this.#spaces.get(name);
  }

  /** Live memories of a space. */
  count(space: string): number {
    return this.#index(space).size;
  }

  /** What is known of an id: nothing, that it was forgotten, or the memory. */
  state(space: string, id: string): MemoryState | undefined {
    const bytes = this.#store.get(keys.memoryKey(space, id));
    return bytes === undefined ? undefined : decodeMemory(bytes);
  }

  /** Live memories in id order, starting behind `after`. */
  list(space: string, page: { after: string; limit: number }): Page {
    const prefix = keys.memoryPrefix(space);
    // "!" is the lowest character an id can have.
    const from = page.after === "" ? prefix : `${prefix}${page.after}!`;
    const memories: Memory[] = [];
    for (const { key, value } of this.#store.range(from, keys.afterPrefix(prefix))) {
      const state = decodeMemory(value);
      if (state.type === "forgotten") continue;
      if (memories.length === page.limit) return { memories, next: memories.at(-1)?.id };
      memories.push(viewOf(key.slice(prefix.length), state));
    }
    return { memories, next: undefined };
  }

  /**
   * The id that `offset` live memories precede or end with, as `after` for {@link Engine.list}:
   * "" for 0, nothing when there are not that many.
   */
  idAt(space: string, offset: number): string | undefined {
    if (offset === 0) return "";
    const prefix = keys.memoryPrefix(space);
    let passed = 0;
    for (const { key, value } of this.#store.range(prefix, keys.afterPrefix(prefix))) {
      if (decodeMemory(value).type === "forgotten") continue;
      passed += 1;
      if (passed === offset) return key.slice(prefix.length);
    }
    return undefined;
  }

  recall(space: string, query: RecallQuery): RecallAnswer {
    return recall(this.#index(space), query, (id) => {
      const state = this.state(space, id);
      if (state?.type !== "remembered") throw new Error(`indexed but not stored: ${space}/${id}`);
      return viewOf(id, state);
    });
  }

  #fold(effect: Effect): Put {
    if (effect.type === "create-space") {
      const { space: name, uid, recordedAt: createdAt } = effect;
      const joined = joinSpace(this.#spaces.get(name), { name, uid, createdAt });
      this.#spaces.set(name, joined);
      return { key: keys.spaceKey(name), value: encodeSpace(joined) };
    }
    const { space, id, recordedAt } = effect;
    const before = this.state(space, id);
    const after = joinMemory(
      before,
      effect.type === "forget"
        ? { type: "forgotten", forgottenAt: recordedAt }
        : remembered({ recordedAt, uid: effect.uid, fields: effect.fields }),
    );
    const index = this.#indexes.get(space);
    if (index !== undefined) follow(index, id, { before, after });
    return { key: keys.memoryKey(space, id), value: encodeMemory(after) };
  }

  #index(space: string): TextIndex {
    let index = this.#indexes.get(space);
    if (index === undefined) {
      index = new TextIndex();
      const prefix = keys.memoryPrefix(space);
      for (const { key, value } of this.#store.range(prefix, keys.afterPrefix(prefix))) {
        follow(index, key.slice(prefix.length), { before: undefined, after: decodeMemory(value) });
      }
      this.#indexes.set(space, index);
    }
    return index;
  }
}

/** Keeps the index in step with one id's state. */
function follow(
  index: TextIndex,
  id: string,
  change: { before: MemoryState | undefined; after: MemoryState },
): void {
  const { before, after } = change;
  const shown = before?.type === "remembered" ? before.versions[0] : undefined;
  const showing = after.type === "remembered" ? after.versions[0] : undefined;
  if (shown === showing) return;
  if (shown !== undefined) index.remove(id, termsOf(shown.fields));
  if (showing === undefined) return;
  const { fields, recordedAt } = showing;
  index.add({
    id,
    terms: termsOf(fields),
    tags: fields.tags,
    observedAt: fields.observedAt ?? recordedAt,
    location: fields.episode?.location,
    confidence: fields.confidence,
  });
}

function sequenceOf(bytes: Uint8Array): number {
  const unpacked = unpack(bytes);
  if (unpacked.ok && typeof unpacked.value === "number") return unpacked.value;
  throw new TypeError("the store holds a vector entry that cannot be decoded");
}
