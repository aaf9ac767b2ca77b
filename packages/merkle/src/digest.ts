import { absorbOne, absorbTwo, finish, type Hash64 } from "./hash64.ts";

/**
 * The digest of one item, and with it the width of all digests of a tree. Digests are vectors of
 * 32-bit lanes, added lane by lane modulo 2^32: an abelian group, so that a change of one item is
 * two additions in each digest above it, in any order, without reading its neighbors.
 *
 * @public
 */
export interface ItemDigest {
  /** Lanes of 32 bits: 2 or more. Two sets of equal size are mistaken once in 2^(32 x lanes). */
  readonly lanes: number;
  /**
   * Writes the digest of the item at `words[at..at + 4)` (key high, key low, version high, version
   * low) to `out[0..lanes)`. Must be a function of those four words alone.
   */
  readonly write: (words: Uint32Array, at: number, out: Uint32Array) => void;
}

/**
 * 64-bit digests by integer mixing, tens of nanoseconds an item. For peers that trust each other: whoever
 * knows the seed can compute sets with equal digests.
 *
 * @param seed - the same on all peers, for example a hash of the cluster's name
 * @public
 */
export function fastDigest(seed: Hash64 = { hi: 0, lo: 0 }): ItemDigest {
  const { hi, lo } = seed;
  return {
    lanes: 2,
    write: (words, at, out) => {
      let one = lo ^ 0x3c6ef372;
      let two = hi ^ 0x1b873593;
      for (let word = at; word < at + 4; word += 1) {
        const value = words[word] ?? 0;
        one = absorbOne(one, value);
        two = absorbTwo(two, value);
      }
      one = finish(one + two);
      two = finish(two + one);
      out[0] = one + two;
      out[1] = two;
    },
  };
}

/**
 * 128-bit digests from SHA-256, keyed: nobody without the secret can compute a digest, let alone
 * two sets that share one. Microseconds an item: one block of SHA-256 and the call.
 *
 * @param sha256 - for example `(bytes) => createHash("sha256").update(bytes).digest()`
 * @param secret - at least 16 bytes, the same on all peers and known to nobody else
 * @throws RangeError if the secret is shorter
 * @public
 */
export function strongDigest(
  sha256: (bytes: Uint8Array) => Uint8Array,
  secret: Uint8Array,
): ItemDigest {
  if (secret.length < 16) throw new RangeError("the secret must have at least 16 bytes");
  // 32 bytes of key and 16 of item: with SHA-256's own padding exactly one block. The length is
  // fixed, so that a plain prefix is a sound key.
  const block = new Uint8Array(48);
  block.set(sha256(secret).subarray(0, 32));
  const blockView = new DataView(block.buffer);
  return {
    lanes: 4,
    write: (words, at, out) => {
      for (let word = 0; word < 4; word += 1) {
        blockView.setUint32(32 + 4 * word, words[at + word] ?? 0);
      }
      const hash = sha256(block);
      const hashView = new DataView(hash.buffer, hash.byteOffset, hash.byteLength);
      for (let lane = 0; lane < 4; lane += 1) out[lane] = hashView.getUint32(4 * lane);
    },
  };
}

/** Bits of an item's digest that its sketch cell carries in place of the version. */
export const PRINT_MASK = 0xffffff;
