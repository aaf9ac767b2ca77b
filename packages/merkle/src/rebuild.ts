import type { Hash64 } from "./hash64.ts";
import { type Item, MerkleTree, type MerkleTreeOptions } from "./tree.ts";

/**
 * Builds a tree from a scan of the store while writes go on, at whatever pace the caller scans. A
 * write overrules what the scan says of its key, before or after, so that the scan may read any
 * mixture of states since the rebuild began.
 *
 * @public
 */
export class Rebuild {
  readonly #tree: MerkleTree;
  readonly #written = new Set<string>();

  constructor(options: MerkleTreeOptions = {}) {
    this.#tree = new MerkleTree(options);
  }

  /** Items so far. */
  get size(): number {
    return this.#tree.size;
  }

  /** Takes an item from the scan. One of a key met before is ignored. */
  add({ key, version }: Item): void {
    if (this.#written.has(nameOf(key)) || this.#tree.get(key) !== undefined) return;
    this.#tree.replace(key, undefined, version);
  }

  /** Takes a write made since the rebuild began; `after` is undefined if the key was removed. */
  write(key: Hash64, after: Hash64 | undefined): void {
    this.#tree.replace(key, this.#tree.get(key), after);
    this.#written.add(nameOf(key));
  }

  /** The tree, once the scan has reached its end. Further writes are for the tree itself. */
  finish(): MerkleTree {
    this.#written.clear();
    return this.#tree;
  }
}

function nameOf({ hi, lo }: Hash64): string {
  return `${hi}:${lo}`;
}
