/** One write: `value` replaces whatever `key` held. The fold only ever grows or replaces. */
export interface Put {
  readonly key: string;
  readonly value: Uint8Array;
}

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
}

/**
 * Where the engine keeps its state: ordered keys, visible at once, durable later. Keys are ASCII,
 * so that their order is the same in JavaScript and in bytes. The log is the durability; a store
 * only has to know, after any crash, the `position` its contents are complete up to.
 */
export interface Store {
  get(key: string): Uint8Array | undefined;
  /** Entries with `from <= key < to` in key order. Read it to its end before the next commit. */
  range(from: string, to: string): Iterable<Entry>;
  /** Applies all of `puts`; everything before `position` in the log is then contained. */
  commit(puts: readonly Put[], position: number): void;
  /** The position of the last commit, or 0. */
  readonly position: number;
}
