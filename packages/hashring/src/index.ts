export { Ring } from "./ring.ts";
export type { Holders, KeyOrSlot, Load, Readiness } from "./ring.ts";
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
export { xxh32, xxhashWasm } from "./hash.ts";
export type { Hash } from "./hash.ts";
