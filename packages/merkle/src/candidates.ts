import { ITEM_WORDS } from "./blocks.ts";
import type { Hash64 } from "./hash64.ts";
import type { Causality } from "./options.ts";
import type { Range } from "./range.ts";
import type { Scope } from "./scope.ts";

/**
 * What makes two copies of a key alike: fetch the peer's record, send it ours, or both, after which
 * the records' own clocks decide.
 *
 * @public
 */
export type RepairAction = "pull" | "push" | "both";

/** What is known of the peer's version: undefined if it has none. */
export type Theirs = { readonly print: number; readonly version?: Hash64 } | undefined;

interface Candidate {
  readonly key: Hash64;
  theirs: Theirs;
}

/** Keys found to differ, and not yet reported. */
export class Candidates {
  readonly #scope: Scope;
  readonly #compare: ((mine: Hash64, theirs: Hash64) => Causality) | undefined;
  readonly #found = new Map<string, Candidate>();

  constructor(scope: Scope, compare: ((mine: Hash64, theirs: Hash64) => Causality) | undefined) {
    this.#scope = scope;
    this.#compare = compare;
  }

  get size(): number {
    return this.#found.size;
  }

  /** Records what the peer holds of a key; the latest word counts. */
  add(key: Hash64, theirs: Theirs): void {
    const name = `${key.hi}:${key.lo}`;
    const known = this.#found.get(name);
    if (known === undefined) this.#found.set(name, { key: { hi: key.hi, lo: key.lo }, theirs });
    else known.theirs = theirs;
  }

  /** Compares the peer's items of a range with those held here; both are in key order. */
  addUnlike(range: Range, items: Uint32Array): void {
    let next = 0;
    this.#scope.visit(range, (words, at) => {
      const hi = words[at] as number;
      const lo = words[at + 1] as number;
      for (; next < items.length; next += ITEM_WORDS) {
        const nextHi = items[next] as number;
        if (nextHi > hi || (nextHi === hi && (items[next + 1] as number) >= lo)) break;
        this.#addItem(items, next);
      }
      if (items[next] !== hi || items[next + 1] !== lo) {
        this.add({ hi, lo }, undefined);
        return;
      }
      const isLike = items[next + 2] === words[at + 2] && items[next + 3] === words[at + 3];
      if (!isLike) this.#addItem(items, next);
      next += ITEM_WORDS;
    });
    for (; next < items.length; next += ITEM_WORDS) this.#addItem(items, next);
  }

  #addItem(items: Uint32Array, at: number): void {
    const key = { hi: items[at] as number, lo: items[at + 1] as number };
    const version = { hi: items[at + 2] as number, lo: items[at + 3] as number };
    this.add(key, { print: this.#scope.printOf(items, at), version });
  }

  /** All keys, or those whose versions must be known to compare them. */
  keys(which: "all" | "compared"): Hash64[] {
    const keys: Hash64[] = [];
    for (const { key, theirs } of this.#found.values()) {
      const isCompared =
        this.#compare !== undefined &&
        theirs !== undefined &&
        theirs.version === undefined &&
        this.#scope.get(key) !== undefined;
      if (which === "all" || isCompared) keys.push(key);
    }
    return keys;
  }

  /** Yields those that still differ from what is held now, and forgets all. */
  *take(): Generator<{ key: Hash64; action: RepairAction; mine: Hash64 | undefined }> {
    for (const { key, theirs } of this.#found.values()) {
      const mine = this.#scope.get(key);
      const action = this.#actionFor(key, mine, theirs);
      if (action !== undefined) yield { key, action, mine };
    }
    this.#found.clear();
  }

  #actionFor(key: Hash64, mine: Hash64 | undefined, theirs: Theirs): RepairAction | undefined {
    if (theirs === undefined) return mine === undefined ? undefined : "push";
    if (mine === undefined) return "pull";
    const { version, print } = theirs;
    if (version === undefined) return this.#scope.printAt(key) === print ? undefined : "both";
    if (version.hi === mine.hi && version.lo === mine.lo) return undefined;
    const causality = this.#compare?.(mine, version) ?? "concurrent";
    return causality === "before" ? "pull" : causality === "after" ? "push" : "both";
  }
}
