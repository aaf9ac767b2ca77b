import { crc32, type Crc32 } from "./crc32.ts";
import { ENVELOPE_BYTES_MAX } from "./record.ts";

/**
 * How a log behaves. The defaults suit a server; none changes the format.
 *
 * @public
 */
export interface LogOptions {
  /**
   * Size in bytes at which a segment is sealed and the next begun. Smaller segments are freed sooner
   * after a checkpoint; each costs a few milliseconds to begin.
   * @defaultValue 67108864 (64 MiB)
   */
  readonly segmentBytes?: number;
  /**
   * Bytes that may wait while a batch is being written, from 4096 to 16777216. An append beyond it is
   * refused with `WAL_BUSY`; the log holds at most twice this in memory. It also bounds one envelope.
   * @defaultValue 16777216 (16 MiB)
   */
  readonly bufferBytes?: number;
  /**
   * Bytes of the newest sealed segments that stay although the checkpoint has passed them, so that a
   * reader that is a little behind still finds them.
   * @defaultValue 67108864 (64 MiB)
   */
  readonly retainBytes?: number;
  /**
   * The lsn of your last checkpoint, if you have one. A log that ends before it has lost records, which
   * nothing in its own files may show.
   * @defaultValue 0
   */
  readonly checkpoint?: number;
  /**
   * What to do if durable data is damaged: `refuse` to open, or open and `report` it in
   * `recovery.damage`. A damaged file is never changed; new records go to a new segment, and a reader
   * that comes to the damage gets `WAL_CORRUPT`.
   * @defaultValue "refuse"
   */
  readonly corruption?: "refuse" | "report";
}

/**
 * What `Log` needs from outside.
 *
 * @public
 */
export interface LogDependencies {
  /** A number in [0, 1) that differs from life to life of the process; names segments. */
  readonly random: () => number;
  /**
   * The checksum, if a faster one than the portable is at hand.
   * @defaultValue the portable `crc32`
   */
  readonly crc32?: Crc32;
}

export type ResolvedOptions = Required<LogOptions & LogDependencies>;

export function resolveOptions(options: LogOptions & LogDependencies): ResolvedOptions {
  const resolved: ResolvedOptions = {
    segmentBytes: 64 * 1024 * 1024,
    bufferBytes: ENVELOPE_BYTES_MAX,
    retainBytes: 64 * 1024 * 1024,
    checkpoint: 0,
    corruption: "refuse",
    crc32,
    ...options,
  };
  checkInteger("segmentBytes", resolved.segmentBytes, 1024, 2 ** 31);
  checkInteger("bufferBytes", resolved.bufferBytes, 4096, ENVELOPE_BYTES_MAX);
  checkInteger("retainBytes", resolved.retainBytes, 0, Number.MAX_SAFE_INTEGER);
  checkInteger("checkpoint", resolved.checkpoint, 0, Number.MAX_SAFE_INTEGER);
  return resolved;
}

function checkInteger(name: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most)
    throw new RangeError(`${name} must be an integer from ${least} to ${most}, not ${value}`);
}
