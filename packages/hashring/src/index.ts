export { Ring } from "./ring.ts";
export type { Holders, KeyOrSlot, Load, Readiness } from "./answers.ts";
export type {
  Override,
  PlacementRule,
  RingChanges,
  RingOptions,
  SpreadRule,
  ZoneRule,
} from "./config.ts";
export type { Member, MemberInput, MemberState } from "./member.ts";
export type { DecodeFailure } from "./codec.ts";
export { plan } from "./plan.ts";
export type { Drop, Move, MoveReason, Plan, PlanOptions, Swap } from "./plan.ts";
export { Schedule } from "./schedule.ts";
export type { ScheduleLimits } from "./schedule.ts";
export { balance } from "./balance.ts";
export { lossProbability } from "./loss.ts";
export type { LossEstimate } from "./loss.ts";
export { xxh32, xxhashWasm } from "./hash.ts";
export type { Hash } from "./hash.ts";
