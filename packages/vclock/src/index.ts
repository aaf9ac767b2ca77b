export {
  type Ballot,
  ballotOf,
  joinBallots,
  type Tally,
  tally,
  type Verdict,
  type Vote,
} from "./ballot.ts";
export {
  decodeContext,
  decodeVector,
  decodeVersioned,
  encodeContext,
  encodeVector,
  encodeVersioned,
  type SharedState,
  type ValueCodec,
} from "./causal-codec.ts";
export {
  citedSources,
  type Claim,
  type ClaimSet,
  claimsOf,
  divergentClaims,
  joinClaims,
} from "./claims.ts";
export {
  compareContexts,
  contextHas,
  contextOf,
  contextWith,
  type DottedContext,
  type DotRange,
  emptyContext,
  joinContexts,
} from "./context.ts";
export type { Dot } from "./dot.ts";
export {
  addObservation,
  type Contribution,
  emptyEvidence,
  type Evidence,
  joinEvidence,
  meanEmbedding,
} from "./embedding.ts";
export { VclockError, type VclockErrorCode } from "./errors.ts";
export {
  decodeBallot,
  decodeClaims,
  decodeEvidence,
  decodeTwoPhase,
  encodeBallot,
  encodeClaims,
  encodeEvidence,
  encodeTwoPhase,
} from "./evidence-codec.ts";
export { type ConcurrentAdvance, type HistoryVerdict, StreamHistory } from "./history.ts";
export {
  compareHybrid,
  decodeHybrid,
  encodeHybrid,
  type HybridDrift,
  type HybridTime,
  type LocalClock,
  receiveHybrid,
  tickHybrid,
} from "./hybrid.ts";
export { ascending, type Order } from "./order.ts";
export { type OriginTable, originTable } from "./origin-table.ts";
export { mintOrigin, type Origin, originFromBytes, originToBytes } from "./origin.ts";
export {
  exceededLimits,
  type Fold,
  type FoldInput,
  foldOrigins,
  type LimitReport,
  type Limits,
  refillContext,
  stableCut,
  stripContext,
  stripVector,
} from "./stability.ts";
export type { Malformed, MalformedReason } from "./state-reader.ts";
export { joinTwoPhase, type TwoPhaseSet, twoPhaseSet } from "./two-phase.ts";
export {
  type Causality,
  compareVectors,
  emptyVector,
  joinVectors,
  meetVectors,
  sequenceOf,
  vectorDelta,
  vectorOf,
  vectorPairs,
  type VersionVector,
} from "./vector.ts";
export {
  collisions,
  emptyVersioned,
  merge,
  remove,
  type Sibling,
  type Versioned,
  write,
} from "./versioned.ts";
export { type Stamp, Writer } from "./writer.ts";
