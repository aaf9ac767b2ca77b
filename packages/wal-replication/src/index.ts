export { crc32, type Crc32 } from "./crc32.ts";
export { type Damage, WalError, type WalErrorCode } from "./errors.ts";
export type { Mark } from "./footer.ts";
export type { FileEntry, FileOperation, FileRequest, FileResult } from "./io.ts";
export { Log, type LogOutput, type LogState, type LogStats } from "./log.ts";
export type { LogDependencies, LogOptions } from "./options.ts";
export type { Position, StoredRecord } from "./reader.ts";
export {
  type DecodedRecord,
  decodeRecord,
  encodeRecord,
  ENVELOPE_BYTES_MAX,
  type LogRecord,
  type MalformedReason,
  type OriginSequence,
} from "./record.ts";
export type { Recovery, TornWrite } from "./recovery.ts";
