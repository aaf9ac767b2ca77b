import type { Hash64 } from "./hash64.ts";
import type { Causality } from "./options.ts";
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
