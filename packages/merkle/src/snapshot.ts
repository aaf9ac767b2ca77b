// A snapshot is
//
//   "EMKL" | version u8 | clean u8 | slot bits u8 | lanes u8 | position u64 | count u32
//   | lanes u32 each | hash of all before u64 | items in key order: key u64, version u64
//
// little-endian. Equal sets at equal positions give equal bytes. The digests of the items are not
// stored but computed anew, and must sum to the lanes: so damage to any byte is noticed.

import { Reader, Writer } from "./bytes.ts";
import type { ItemDigest } from "./digest.ts";
import { hash64 } from "./hash64.ts";
import { MerkleTree } from "./tree.ts";

const MAGIC = 0x4c4b4d45;
const VERSION = 1;
const ITEM_BYTES = 16;

/**
 * What a snapshot says beside the items.
 *
 * @public
 */
export interface SnapshotMark {
  /** Position in the caller's log up to which, exclusively, changes are in the tree. Durable. */
  readonly position: number;
  /** Whether the snapshot was made at an orderly close, after the last change. */
  readonly isClean: boolean;
}

/**
 * Why a snapshot cannot be used: it is none, is of a version of the format not known here, is cut
 * short, or is damaged (or was made with another digest, which looks the same).
 *
 * @public
 */
export type SnapshotProblem = "not-a-snapshot" | "unknown-version" | "truncated" | "damaged";

/**
 * A snapshot's content, or why it has none.
 *
 * @public
 */
export type RestoredSnapshot =
  | ({ readonly tree: MerkleTree } & SnapshotMark)
  | { readonly tree?: never; readonly problem: SnapshotProblem };

/**
 * Writes the tree to bytes: 16 an item and a header. O(n).
 *
 * @throws RangeError if `position` is not a safe non-negative integer
 * @public
 */
export function encodeSnapshot(tree: MerkleTree, mark: SnapshotMark): Uint8Array {
  const { position, isClean } = mark;
  if (!Number.isSafeInteger(position) || position < 0) {
    throw new RangeError("position must be a safe non-negative integer");
  }
  const out = new Writer();
  out.u32(MAGIC);
  out.u8(VERSION);
  out.u8(isClean ? 1 : 0);
  out.u8(Math.log2(tree.slots));
  out.u8(tree.digest.lanes);
  out.u32(position % 2 ** 32);
  out.u32(Math.floor(position / 2 ** 32));
  for (const word of wordsOf(tree.root)) out.u32(word);
  const hash = hash64(out.finish());
  out.u32(hash.hi);
  out.u32(hash.lo);
  for (const { key, version } of tree.items()) {
    out.u32(key.hi);
    out.u32(key.lo);
    out.u32(version.hi);
    out.u32(version.lo);
  }
  return out.finish();
}

/**
 * Reads what {@link encodeSnapshot} wrote. Never throws on the bytes, and allocates in proportion
 * to their length. O(n).
 *
 * @param bytes - the snapshot
 * @param digest - that of the tree it was made of
 * @public
 */
export function decodeSnapshot(bytes: Uint8Array, digest: ItemDigest): RestoredSnapshot {
  const input = new Reader(bytes);
  if (input.u32() !== MAGIC) return { problem: "not-a-snapshot" };
  if (input.u8() !== VERSION) return { problem: "unknown-version" };
  const isClean = input.u8() === 1;
  const slotBits = input.u8();
  const lanes = input.u8();
  const position = input.u32() + input.u32() * 2 ** 32;
  const count = input.u32();
  let root = hex(count);
  for (let lane = 0; lane < lanes; lane += 1) root += hex(input.u32());
  const { hi, lo } = hash64(bytes.subarray(0, bytes.length - input.rest));
  const isIntact = input.u32() === hi && input.u32() === lo;
  if (input.failed) return { problem: "truncated" };
  if (!isIntact || slotBits > 18 || lanes !== digest.lanes) return { problem: "damaged" };
  if (input.rest < count * ITEM_BYTES) return { problem: "truncated" };
  if (input.rest > count * ITEM_BYTES) return { problem: "damaged" };
  const tree = new MerkleTree({ slots: 2 ** slotBits, digest });
  for (let item = 0; item < count; item += 1) {
    const key = { hi: input.u32(), lo: input.u32() };
    const version = { hi: input.u32(), lo: input.u32() };
    if (tree.get(key) !== undefined) return { problem: "damaged" };
    tree.replace(key, undefined, version);
  }
  return tree.root === root ? { tree, position, isClean } : { problem: "damaged" };
}

/**
 * What to do with a snapshot at start, given the positions that the log still holds, from `first`
 * to `end`, exclusively: use it as it is (`current`), apply the records from its position on to it
 * (`replay`), or read the whole store (`rebuild`, see {@link Rebuild}).
 *
 * @public
 */
export function recoveryOf(
  snapshot: RestoredSnapshot | undefined,
  log: { readonly first: number; readonly end: number },
): "current" | "replay" | "rebuild" {
  if (snapshot?.tree === undefined) return "rebuild";
  const { position, isClean } = snapshot;
  if (isClean && position === log.end) return "current";
  return position >= log.first && position <= log.end ? "replay" : "rebuild";
}

/** The words of a root: the count and the lanes. */
function wordsOf(root: string): number[] {
  return Array.from({ length: root.length / 8 }, (_, at) =>
    Number.parseInt(root.slice(8 * at, 8 * at + 8), 16),
  );
}

function hex(word: number): string {
  return word.toString(16).padStart(8, "0");
}
