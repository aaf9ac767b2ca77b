import type { Hash64 } from "./hash64.ts";

/**
 * `MERKLE_VERSION_MISMATCH`: the tree does not hold the version that a change replaces.
 * `MERKLE_OVERLAP`: two trees to merge hold the same key.
 *
 * @public
 */
export type MerkleErrorCode = "MERKLE_VERSION_MISMATCH" | "MERKLE_OVERLAP";

/**
 * The store and its tree no longer agree. Nothing was changed.
 *
 * @public
 */
export class MerkleError extends Error {
  override readonly name = "MerkleError";
  /** What went wrong; stable across versions, unlike the message. */
  readonly code: MerkleErrorCode;
  /** The key at which it was noticed. */
  readonly key: Hash64;

  /** Made by this package alone. */
  constructor(code: MerkleErrorCode, key: Hash64, message: string) {
    super(message);
    this.code = code;
    this.key = key;
  }
}
