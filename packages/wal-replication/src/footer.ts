/**
 * The payload of a segment's last frame: where to start reading, and what is inside. Varints, then
 * zeros so that the final field ends the file at a multiple of 8:
 *
 *     marks:    count, then for each: lsn and offset, both as difference from the mark before
 *     origins:  count, then 16 bytes each, sorted
 *     ranges:   count, then for each, sorted by (stream, origin): stream as difference, index of the
 *               origin, first sequence, last - first, first lsn - base lsn, last - first lsn
 *     u64       offset of this frame in the file
 */
import { FRAME_ALIGNMENT, HEADER_BYTES, padded, readUint64, writeUint64 } from "./frame.ts";
import { compareOrigins, ORIGIN_BYTES } from "./record.ts";
import type { StreamRange } from "./stream-index.ts";
import { VarintReader, varintLength, writeVarint } from "./varint.ts";

/**
 * Where a batch starts in a segment.
 *
 * @public
 */
export interface Mark {
  /** Lsn of its first record. */
  readonly lsn: number;
  /** Byte offset in the file. */
  readonly offset: number;
}

export interface Footer {
  /** Ascending; the first is the segment's first frame. */
  readonly marks: readonly Mark[];
  readonly ranges: readonly StreamRange[];
}

/** Size of the field that ends a sealed file. */
export const TRAILER_BYTES = 8;

/** A whole frame with room for its header. `offset` is where in the file it will be. */
export function encodeFooter(footer: Footer, baseLsn: number, offset: number): Uint8Array {
  const origins = distinctOrigins(footer.ranges);
  const numbers = [footer.marks.length];
  let before: Mark = { lsn: baseLsn, offset: 0 };
  for (const mark of footer.marks) {
    numbers.push(mark.lsn - before.lsn, mark.offset - before.offset);
    before = mark;
  }
  numbers.push(origins.length);
  const originsAt = numbers.length;
  numbers.push(footer.ranges.length);
  let stream = 0;
  const indexOf = new Map(origins.map((origin, index) => [origin.join(), index]));
  for (const range of footer.ranges) {
    numbers.push(range.stream - stream, indexOf.get(range.origin.join()) ?? 0);
    numbers.push(range.firstSequence, range.lastSequence - range.firstSequence);
    numbers.push(range.firstLsn - baseLsn, range.lastLsn - range.firstLsn);
    stream = range.stream;
  }
  const length = numbers.reduce((sum, value) => sum + varintLength(value), 0);
  const payloadBytes = padded(length + origins.length * ORIGIN_BYTES) + TRAILER_BYTES;
  const frame = new Uint8Array(HEADER_BYTES + payloadBytes);
  let at = HEADER_BYTES;
  for (const [index, value] of numbers.entries()) {
    if (index === originsAt)
      for (const origin of origins) {
        frame.set(origin, at);
        at += ORIGIN_BYTES;
      }
    at = writeVarint(frame, at, value);
  }
  writeUint64(new DataView(frame.buffer), frame.length - TRAILER_BYTES, offset);
  return frame;
}

function distinctOrigins(ranges: readonly StreamRange[]): Uint8Array[] {
  const byText = new Map(ranges.map(({ origin }) => [origin.join(), origin]));
  return [...byText.values()].sort(compareOrigins);
}

/** The footer in `payload`, or undefined if no encoder writes that. Never allocates more than it holds. */
export function decodeFooter(payload: Uint8Array, baseLsn: number): Footer | undefined {
  if (payload.length < FRAME_ALIGNMENT + TRAILER_BYTES) return undefined;
  const body = payload.subarray(0, payload.length - TRAILER_BYTES);
  const reader = new VarintReader(body, 0);
  const marks = decodeMarks(reader, body.length, baseLsn);
  const originCount = reader.next();
  if (originCount > (body.length - reader.offset) / ORIGIN_BYTES) return undefined;
  const originsAt = reader.offset;
  reader.offset += originCount * ORIGIN_BYTES;
  const count = reader.next();
  if (count > (body.length - reader.offset) / 6) return undefined;
  const ranges: StreamRange[] = [];
  let stream = 0;
  for (let index = 0; index < count; index += 1) {
    stream += reader.next();
    const originIndex = reader.next();
    const firstSequence = reader.next();
    const lastSequence = firstSequence + reader.next();
    const firstLsn = baseLsn + reader.next();
    const lastLsn = firstLsn + reader.next();
    if (reader.failed || originIndex >= originCount) return undefined;
    const start = originsAt + originIndex * ORIGIN_BYTES;
    const origin = body.subarray(start, start + ORIGIN_BYTES);
    ranges.push({ stream, origin, firstSequence, lastSequence, firstLsn, lastLsn });
  }
  const isWhole = !reader.failed && body.length - reader.offset < FRAME_ALIGNMENT;
  return isWhole ? { marks, ranges } : undefined;
}

function decodeMarks(reader: VarintReader, bytes: number, baseLsn: number): Mark[] {
  const marks: Mark[] = [];
  const count = reader.next();
  if (count > (bytes - reader.offset) / 2) reader.failed = true;
  let before: Mark = { lsn: baseLsn, offset: 0 };
  for (let index = 0; index < count && !reader.failed; index += 1) {
    before = { lsn: before.lsn + reader.next(), offset: before.offset + reader.next() };
    marks.push(before);
  }
  return marks;
}

/** The offset of the footer frame, from the last `TRAILER_BYTES` of a sealed file. */
export function decodeTrailer(bytes: Uint8Array): number {
  return readUint64(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);
}
