export { type RepairAction } from "./candidates.ts";
export { fastDigest, type ItemDigest, strongDigest } from "./digest.ts";
export { MerkleError, type MerkleErrorCode } from "./errors.ts";
export { Exchange, type ExchangeOutcome, type ExchangeOutput } from "./exchange.ts";
export { type Hash64, hash64, hashWith } from "./hash64.ts";
export { type Causality, type ExchangeOptions } from "./options.ts";
export { choosePeer } from "./peers.ts";
export { Rebuild } from "./rebuild.ts";
export {
  decodeSnapshot,
  encodeSnapshot,
  recoveryOf,
  type RestoredSnapshot,
  type SnapshotMark,
  type SnapshotProblem,
} from "./snapshot.ts";
export { type Item, MerkleTree, type MerkleTreeOptions } from "./tree.ts";
export { type Discrepancy, sampleSlots, verifySlot } from "./verify.ts";
