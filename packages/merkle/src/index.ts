export { type RepairAction } from "./candidates.ts";
export { fastDigest, type ItemDigest, strongDigest } from "./digest.ts";
export { MerkleError, type MerkleErrorCode } from "./errors.ts";
export { Exchange, type ExchangeOutcome, type ExchangeOutput } from "./exchange.ts";
export { type Hash64, hash64, hashWith } from "./hash64.ts";
export { type Causality, type ExchangeOptions } from "./options.ts";
export { type Discrepancy, type Item, MerkleTree, type MerkleTreeOptions } from "./tree.ts";
