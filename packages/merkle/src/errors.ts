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
  /** `"MerkleError"`. */
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

/** The tree holds another version than the one to replace. */
export function mismatch(
  key: Hash64,
  held: Hash64 | undefined,
  before: Hash64 | undefined,
): MerkleError {
  const message = `the tree holds ${textOf(held)} for ${textOf(key)}, not ${textOf(before)}`;
  return new MerkleError("MERKLE_VERSION_MISMATCH", key, message);
}

/** Two trees to merge hold the same key. */
export function overlap(key: Hash64): MerkleError {
  return new MerkleError("MERKLE_OVERLAP", key, `both trees hold ${textOf(key)}`);
}

function textOf(hash: Hash64 | undefined): string {
  if (hash === undefined) return "nothing";
  return hash.hi.toString(16).padStart(8, "0") + hash.lo.toString(16).padStart(8, "0");
}
