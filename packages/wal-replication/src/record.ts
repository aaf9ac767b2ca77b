/**
 * The record envelope. Its bytes are made once by the writer and are the same on every disk and
 * wire; frames around them are local. Little-endian:
 *
 *     offset  size
 *          0     4  length of the whole envelope, this field included
 *          4     4  crc: CRC-32 of bytes 8..length, seeded with the length
 *          8     1  version, 1
 *          9     4  stream
 *         13    16  origin
 *         29   1-8  sequence                               varint
 *                   context delta: count, then count times varint
 *                     origin 16, sequence varint           sorted by origin
 *                   body: the rest
 *
 * Every varint is in its shortest form and the context is strictly sorted, so equal records have
 * equal bytes.
 */
import { crc32 as portableCrc32, type Crc32 } from "./crc32.ts";
import { VarintReader, varintLength, writeVarint } from "./varint.ts";

/**
 * A position in the records of one origin: all of them up to and including `sequence`.
 *
 * @public
 */
export interface OriginSequence {
  /** 16 bytes. */
  readonly origin: Uint8Array;
  /** From 1. */
  readonly sequence: number;
}

/**
 * One record: the unit that is appended, shipped and replayed.
 *
 * @public
 */
export interface LogRecord {
  /** Unsigned 32-bit number of the stream; streams share the log and its syncs. */
  readonly stream: number;
  /** 16 bytes that name one life of one writer. */
  readonly origin: Uint8Array;
  /** Dense from 1 within (stream, origin), at most 2^53 - 1. */
  readonly sequence: number;
  /**
   * Entries of the writer's version vector that changed since its previous record in this stream,
   * strictly sorted by origin bytes. Empty for a writer that follows nobody.
   */
  readonly context: readonly OriginSequence[];
  /** The payload, opaque to the log. */
  readonly body: Uint8Array;
}

/**
 * Why bytes are not a record: `short` (they end before the envelope does), `length` (an impossible
 * length), `checksum`, `version` (made by a later version), `malformed` (a valid checksum over fields
 * that no encoder writes).
 *
 * @public
 */
export type MalformedReason = "short" | "length" | "checksum" | "version" | "malformed";

/**
 * What `decodeRecord` found.
 *
 * @public
 */
export type DecodedRecord =
  | {
      readonly ok: true;
      /** The record; `origin`, `context` and `body` are views of the bytes decoded. */
      readonly record: LogRecord;
      /** Offset of the first byte after the envelope. */
      readonly end: number;
    }
  | { readonly ok: false; readonly reason: MalformedReason };

/**
 * The largest envelope, in bytes: 16 MiB.
 *
 * @public
 */
export const ENVELOPE_BYTES_MAX: number = 16 * 1024 * 1024;

export const ENVELOPE_BYTES_MIN = 31;
export const ORIGIN_BYTES = 16;
export const STREAM_OFFSET = 9;
export const ORIGIN_OFFSET = 13;
export const SEQUENCE_OFFSET = 29;
const VERSION = 1;
const VERSION_OFFSET = 8;

/**
 * Makes the envelope of a record.
 *
 * @param record - the record; copied
 * @param crc32 - the checksum, if a faster one than the portable is at hand
 * @returns new bytes, for the log and every wire
 * @throws RangeError if a field is out of range, the context is not strictly sorted, or the envelope
 * would exceed `ENVELOPE_BYTES_MAX`
 *
 * @public
 */
export function encodeRecord(record: LogRecord, crc32: Crc32 = portableCrc32): Uint8Array {
  const length = measure(record);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  bytes[VERSION_OFFSET] = VERSION;
  view.setUint32(STREAM_OFFSET, record.stream, true);
  bytes.set(record.origin, ORIGIN_OFFSET);
  let at = writeVarint(bytes, SEQUENCE_OFFSET, record.sequence);
  at = writeVarint(bytes, at, record.context.length);
  for (const { origin, sequence } of record.context) {
    bytes.set(origin, at);
    at = writeVarint(bytes, at + ORIGIN_BYTES, sequence);
  }
  bytes.set(record.body, at);
  view.setUint32(4, crc32(bytes.subarray(8), length), true);
  return bytes;
}

function measure(record: LogRecord): number {
  if (record.stream >>> 0 !== record.stream)
    throw new RangeError(`stream must be an unsigned 32-bit integer, not ${record.stream}`);
  checkOriginSequence(record);
  let length = SEQUENCE_OFFSET + varintLength(record.sequence);
  length += varintLength(record.context.length) + record.body.length;
  let previous: Uint8Array | undefined;
  for (const entry of record.context) {
    checkOriginSequence(entry);
    if (previous !== undefined && compareOrigins(previous, entry.origin) >= 0)
      throw new RangeError("context must be strictly sorted by origin bytes");
    previous = entry.origin;
    length += ORIGIN_BYTES + varintLength(entry.sequence);
  }
  if (length > ENVELOPE_BYTES_MAX)
    throw new RangeError(`an envelope of ${length} bytes exceeds ${ENVELOPE_BYTES_MAX}`);
  return length;
}

function checkOriginSequence({ origin, sequence }: OriginSequence): void {
  if (origin.length !== ORIGIN_BYTES)
    throw new RangeError(`an origin has ${ORIGIN_BYTES} bytes, not ${origin.length}`);
  if (!Number.isSafeInteger(sequence) || sequence < 1)
    throw new RangeError(`a sequence is an integer from 1 to 2^53 - 1, not ${sequence}`);
}

/** Order of two origins by their bytes: negative, zero or positive. */
export function compareOrigins(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < ORIGIN_BYTES; at += 1) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Reads the envelope that starts at `offset`. Never throws on bytes, and allocates nothing before the
 * checksum holds.
 *
 * @param bytes - where the envelope is; may hold more after it
 * @param offset - where it starts
 * @param crc32 - the checksum, if a faster one than the portable is at hand
 *
 * @public
 */
export function decodeRecord(
  bytes: Uint8Array,
  offset = 0,
  crc32: Crc32 = portableCrc32,
): DecodedRecord {
  if (bytes.length - offset < 4) return { ok: false, reason: "short" };
  const length = readUint32(bytes, offset);
  if (length < ENVELOPE_BYTES_MIN || length > ENVELOPE_BYTES_MAX)
    return { ok: false, reason: "length" };
  if (bytes.length - offset < length) return { ok: false, reason: "short" };
  const envelope = bytes.subarray(offset, offset + length);
  const reason = checkEnvelope(envelope, crc32);
  if (reason !== undefined) return { ok: false, reason };
  const record = decodeFields(envelope);
  return record === undefined
    ? { ok: false, reason: "malformed" }
    : { ok: true, record, end: offset + length };
}

/** Whether `envelope`, taken whole, has a sound length, version, checksum and sequence. */
export function checkEnvelope(envelope: Uint8Array, crc32: Crc32): MalformedReason | undefined {
  if (envelope.length < ENVELOPE_BYTES_MIN) return "short";
  const length = readUint32(envelope, 0);
  if (length !== envelope.length || length > ENVELOPE_BYTES_MAX) return "length";
  if (crc32(envelope.subarray(8), length) !== readUint32(envelope, 4)) return "checksum";
  if (envelope[VERSION_OFFSET] !== VERSION) return "version";
  const reader = new VarintReader(envelope, SEQUENCE_OFFSET);
  return reader.next() < 1 ? "malformed" : undefined;
}

function decodeFields(envelope: Uint8Array): LogRecord | undefined {
  const reader = new VarintReader(envelope, SEQUENCE_OFFSET);
  const sequence = reader.next();
  const count = reader.next();
  if (reader.failed || count > (envelope.length - reader.offset) / (ORIGIN_BYTES + 1))
    return undefined;
  const context: OriginSequence[] = [];
  let previous: Uint8Array | undefined;
  for (let index = 0; index < count; index += 1) {
    const origin = envelope.subarray(reader.offset, reader.offset + ORIGIN_BYTES);
    reader.offset += ORIGIN_BYTES;
    const entry = { origin, sequence: reader.next() };
    if (entry.sequence < 1) return undefined;
    if (previous !== undefined && compareOrigins(previous, origin) >= 0) return undefined;
    previous = origin;
    context.push(entry);
  }
  return {
    stream: readUint32(envelope, STREAM_OFFSET),
    origin: envelope.subarray(ORIGIN_OFFSET, SEQUENCE_OFFSET),
    sequence,
    context,
    body: envelope.subarray(reader.offset),
  };
}

export function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] as number) |
      ((bytes[offset + 1] as number) << 8) |
      ((bytes[offset + 2] as number) << 16) |
      ((bytes[offset + 3] as number) << 24)) >>>
    0
  );
}
