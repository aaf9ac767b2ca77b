/**
 * Why an operation of the log failed. The README's table says when each occurs and what state the
 * log is in afterwards.
 *
 * @public
 */
export type WalErrorCode =
  | "WAL_BUSY"
  | "WAL_CLOSED"
  | "WAL_CORRUPT"
  | "WAL_FULL"
  | "WAL_IO"
  | "WAL_LOCKED"
  | "WAL_MALFORMED"
  | "WAL_POISONED"
  | "WAL_TRIMMED";

/**
 * A stretch of durable data that can no longer be read.
 *
 * @public
 */
export interface Damage {
  /** Name of the segment file, or of the file that ought to follow it when one is missing. */
  readonly file: string;
  /** Byte offset in `file` at which the damage begins. */
  readonly offset: number;
  /** First lsn that cannot be read. */
  readonly from: number;
  /** Last lsn that cannot be read; `from - 1` when only bookkeeping is damaged and no record. */
  readonly to: number;
  /**
   * What is wrong: `header` (segment header), `frame` (a batch of records), `footer` (the index of a
   * sealed segment), `missing` (a segment that must exist does not), `end` (the log ends before an
   * lsn that was known to be durable).
   */
  readonly kind: "header" | "frame" | "footer" | "missing" | "end";
}

/**
 * An operating error of the log. Match `WalError.code`; messages may change.
 *
 * @public
 */
export class WalError extends Error {
  /** `"WalError"` */
  override name = "WalError";
  /** The reason, stable across minor versions. */
  readonly code: WalErrorCode;
  /** With `WAL_CORRUPT`: what cannot be read. Reading can go on at `damage.to + 1`. */
  readonly damage: Damage | undefined;

  /**
   * @param code - the reason
   * @param message - a sentence for people
   * @param details - the error beneath, and the damage found
   */
  constructor(
    code: WalErrorCode,
    message: string,
    details: { readonly cause?: unknown; readonly damage?: Damage } = {},
  ) {
    super(`${code}: ${message}`, details.cause === undefined ? {} : { cause: details.cause });
    this.code = code;
    this.damage = details.damage;
  }
}

/** The error that says what is damaged. */
export function corrupt(damage: Damage): WalError {
  const { file, from, kind, offset, to } = damage;
  const lost =
    to < from ? "no record" : from === to ? `record ${from}` : `records ${from} to ${to}`;
  return new WalError("WAL_CORRUPT", `bad ${kind} in ${file} at byte ${offset}: ${lost} lost`, {
    damage,
  });
}
