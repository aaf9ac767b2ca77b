import { fastDigest, type ItemDigest } from "./digest.ts";
import { mismatch, overlap } from "./errors.ts";
import type { Hash64 } from "./hash64.ts";
import { Scope } from "./scope.ts";
import { Sum } from "./sum.ts";
import { ITEM_WORDS } from "./blocks.ts";
import { Trie } from "./trie.ts";

/**
 * Options of a {@link MerkleTree}. Both must be alike on all peers.
 *
 * @public
 */
export interface MerkleTreeOptions {
  /**
   * Parts of the key space that peers may share one by one, a power of two up to 2^18: the slots of
   * a placement table, or 1 where all peers hold everything.
   * @defaultValue 1
   */
  readonly slots?: number;
  /**
   * How items are digested.
   * @defaultValue `fastDigest()`
   */
  readonly digest?: ItemDigest;
}

/**
 * One key and the version of it that a copy holds.
 *
 * @public
 */
export interface Item {
  /** Hash of the key; its leading bits are its slot. Must be spread evenly, as a hash is. */
  readonly key: Hash64;
  /** Hash of what identifies the state of the record, such as its canonical version vector. */
  readonly version: Hash64;
}

const noScopes: readonly Scope[] = [];

// What an exchange needs of a tree and nobody else should: given out by the class itself.
let share: (tree: MerkleTree, slots: Iterable<number> | undefined) => Scope;
let unshare: (tree: MerkleTree, scope: Scope) => void;

/** The view of the given slots, all if undefined, kept up to date until `unshareScope`. */
export function shareScope(tree: MerkleTree, slots?: Iterable<number>): Scope {
  return share(tree, slots);
}

/** Gives back a view; it is dropped when nobody has it. */
export function unshareScope(tree: MerkleTree, scope: Scope): void {
  unshare(tree, scope);
}

/**
 * The digest of a set of versioned keys, kept as the set changes. It holds 16 bytes an item and the
 * tree above them, and nothing else of the data. Two trees with equal {@link MerkleTree.root} hold
 * the same set, but for the probability stated in the README.
 *
 * @public
 */
export class MerkleTree {
  /** Number of slots. */
  readonly slots: number;
  /** How items are digested. */
  readonly digest: ItemDigest;
  readonly #trie: Trie;
  readonly #total: Sum;
  #root: string | undefined;
  readonly #scopes = new Set<Scope>();
  #scopesOf: (readonly Scope[])[];
  readonly #item = new Uint32Array(ITEM_WORDS);
  readonly #before: Uint32Array;
  readonly #after: Uint32Array;
  readonly #difference: Uint32Array;

  static {
    share = (tree, slots) => tree.#share(slots);
    unshare = (tree, scope) => tree.#unshare(scope);
  }

  /** @throws RangeError if `slots` is not a power of two from 1 to 2^18 */
  constructor(options: MerkleTreeOptions = {}) {
    const { slots = 1, digest = fastDigest() } = options;
    const slotBits = Math.log2(slots);
    if (!Number.isInteger(slotBits) || slotBits < 0 || slotBits > 18) {
      throw new RangeError("slots must be a power of two from 1 to 262144");
    }
    if (!Number.isInteger(digest.lanes) || digest.lanes < 2) {
      throw new RangeError("a digest must have 2 lanes or more");
    }
    this.slots = slots;
    this.digest = digest;
    this.#trie = new Trie(slotBits, digest);
    this.#total = new Sum(digest.lanes);
    this.#scopesOf = Array.from({ length: slots }, () => noScopes);
    this.#before = new Uint32Array(digest.lanes);
    this.#after = new Uint32Array(digest.lanes);
    this.#difference = new Uint32Array(digest.lanes);
  }

  /** Number of items. */
  get size(): number {
    return this.#total.count;
  }

  /** Bytes of typed arrays that hold items and digests. */
  get memoryBytes(): number {
    return this.#trie.memoryBytes;
  }

  /**
   * Digest of the whole set, as text: the count, then the lanes, 8 hexadecimal digits each. A
   * fingerprint of the state. O(1), and cached until the next change.
   */
  get root(): string {
    this.#root ??= this.#total.toString();
    return this.#root;
  }

  /** Number of items of one slot. O(1). */
  sizeOf(slot: number): number {
    this.#assertSlot(slot);
    return this.#trie.count(this.#trie.slot(slot));
  }

  /** Digest of the items of one slot, in the form of {@link MerkleTree.root}. O(1). */
  slotRoot(slot: number): string {
    this.#assertSlot(slot);
    const vertex = this.#trie.slot(slot);
    const sum = new Sum(this.digest.lanes);
    sum.count = this.#trie.count(vertex);
    for (let lane = 0; lane < sum.lanes.length; lane += 1) {
      sum.lanes[lane] = this.#trie.lane(vertex, lane);
    }
    return sum.toString();
  }

  /** The slot a key belongs to: its leading bits. */
  slotOf(key: Hash64): number {
    return this.#trie.slotOf(key.hi);
  }

  /** The version held of a key, or undefined. O(log n). */
  get(key: Hash64): Hash64 | undefined {
    const at = this.#trie.find(key.hi, key.lo);
    if (at < 0) return undefined;
    return { hi: this.#trie.words[at + 2] as number, lo: this.#trie.words[at + 3] as number };
  }

  /**
   * Records that the version of a key changed from `before` to `after`, where undefined means that
   * the key was, or is now, absent. O(log n).
   *
   * Naming the version replaced is what keeps sums right: were it not the one held, the digest
   * would be wrong for ever, and silently.
   *
   * @throws MerkleError `MERKLE_VERSION_MISMATCH` if the tree holds another version than `before`;
   *   it is unchanged
   * @throws RangeError if a half of a hash is not an unsigned 32-bit integer
   */
  replace(key: Hash64, before: Hash64 | undefined, after: Hash64 | undefined): void {
    assertHash64(key);
    if (after !== undefined) assertHash64(after);
    const trie = this.#trie;
    const at = trie.find(key.hi, key.lo);
    if (!this.#holds(at, before)) throw mismatch(key, this.get(key), before);
    const item = this.#item;
    item[0] = key.hi;
    item[1] = key.lo;
    if (before !== undefined) this.digest.write(trie.words, at, this.#before);
    if (after !== undefined) {
      item[2] = after.hi;
      item[3] = after.lo;
      this.digest.write(item, 0, this.#after);
    }
    if (before !== undefined && after !== undefined) {
      for (let lane = 0; lane < this.#difference.length; lane += 1) {
        this.#difference[lane] =
          ((this.#after[lane] as number) - (this.#before[lane] as number)) | 0;
      }
      trie.update(at, item, this.#difference);
    } else if (after !== undefined) trie.insert(item, this.#after);
    else if (before !== undefined) trie.remove(at, this.#before);
    if (before !== undefined) this.#notice(key, this.#before, -1);
    if (after !== undefined) this.#notice(key, this.#after, 1);
  }

  /**
   * Adds all items of a tree that has none of this one's keys, as two halves of a set built apart.
   * O(items of `other`).
   *
   * @throws MerkleError `MERKLE_OVERLAP` if both hold a key; this tree is unchanged
   * @throws RangeError if the trees differ in slots or width of digest
   */
  merge(other: MerkleTree): void {
    if (other.slots !== this.slots || other.digest.lanes !== this.digest.lanes) {
      throw new RangeError("the trees have different slots or digests");
    }
    for (const { key } of other.items()) {
      if (this.get(key) !== undefined) {
        throw overlap(key);
      }
    }
    for (const { key, version } of other.items()) this.replace(key, undefined, version);
  }

  /**
   * The items of one slot, or of all, in key order. The tree may change while they are read: an
   * item then comes as it was when its slot was reached.
   */
  *items(slot?: number): Generator<Item, void, undefined> {
    if (slot !== undefined) this.#assertSlot(slot);
    const first = slot ?? 0;
    const last = slot ?? this.slots - 1;
    for (let current = first; current <= last; current += 1) {
      const words: number[] = [];
      this.#trie.visit(this.#trie.slot(current), (source, at) => {
        words.push(
          source[at] as number,
          source[at + 1] as number,
          source[at + 2] as number,
          source[at + 3] as number,
        );
      });
      for (let at = 0; at < words.length; at += ITEM_WORDS) {
        yield {
          key: { hi: words[at] as number, lo: words[at + 1] as number },
          version: { hi: words[at + 2] as number, lo: words[at + 3] as number },
        };
      }
    }
  }

  #share(slots?: Iterable<number>): Scope {
    const mask = new Uint8Array(this.slots).fill(slots === undefined ? 1 : 0);
    for (const slot of slots ?? []) {
      this.#assertSlot(slot);
      mask[slot] = 1;
    }
    let scope = [...this.#scopes].find((known) => known.mask.every((bit, at) => bit === mask[at]));
    if (scope === undefined) {
      scope = new Scope(this.#trie, this.digest, mask);
      this.#scopes.add(scope);
      this.#indexScopes();
    }
    scope.users += 1;
    return scope;
  }

  #unshare(scope: Scope): void {
    scope.users -= 1;
    if (scope.users > 0) return;
    this.#scopes.delete(scope);
    this.#indexScopes();
  }

  #indexScopes(): void {
    const scopes = [...this.#scopes];
    this.#scopesOf = Array.from({ length: this.slots }, (_, slot) => {
      const found = scopes.filter((scope) => scope.mask[slot] === 1);
      return found.length === 0 ? noScopes : found;
    });
  }

  #notice(key: Hash64, digest: Uint32Array, sign: 1 | -1): void {
    this.#total.add(digest, sign);
    this.#root = undefined;
    for (const scope of this.#scopesOf[this.#trie.slotOf(key.hi)] as readonly Scope[]) {
      scope.apply(key.hi, key.lo, digest, sign);
    }
  }

  #holds(at: number, version: Hash64 | undefined): boolean {
    if (version === undefined) return at < 0;
    const { words } = this.#trie;
    return at >= 0 && words[at + 2] === version.hi && words[at + 3] === version.lo;
  }

  #assertSlot(slot: number): void {
    if (!Number.isInteger(slot) || slot < 0 || slot >= this.slots) {
      throw new RangeError(`no slot ${slot} in 0..${this.slots - 1}`);
    }
  }
}

function assertHash64({ hi, lo }: Hash64): void {
  if (hi >>> 0 !== hi || lo >>> 0 !== lo) {
    throw new RangeError("hi and lo must be unsigned 32-bit integers");
  }
}
