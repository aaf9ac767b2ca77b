import type { Crc32 } from "./crc32.ts";
import { flippedBit } from "./crc32.ts";
import { decodeFooter } from "./footer.ts";
import { decodeFrameHeader, FRAME_ALIGNMENT, type FrameHeader, HEADER_BYTES } from "./frame.ts";
import { type Io, read } from "./io.ts";
import { checkEnvelope, ENVELOPE_BYTES_MIN, readUint32 } from "./record.ts";

/** A file read in large pieces. */
export class Window {
  readonly #file: string;
  readonly #end: number;
  readonly #chunkBytes: number;
  #start = 0;
  #bytes: Uint8Array = new Uint8Array(0);

  /** Bytes of `file` from `end` on are never looked at. */
  constructor(file: string, end: number, chunkBytes: number) {
    this.#file = file;
    this.#end = end;
    this.#chunkBytes = chunkBytes;
  }

  /** `length` bytes at `offset`, fewer if the file ends before; valid as long as it is held. */
  *at(offset: number, length: number): Io<Uint8Array> {
    const wanted = Math.min(length, this.#end - offset);
    let from = offset - this.#start;
    if (from < 0 || from + wanted > this.#bytes.length) {
      const size = Math.min(Math.max(wanted, this.#chunkBytes), this.#end - offset);
      this.#bytes = yield* read(this.#file, offset, size);
      this.#start = offset;
      from = 0;
    }
    return this.#bytes.subarray(from, from + wanted);
  }

  /** Whether the piece last read holds the byte at `offset`. */
  holds(offset: number): boolean {
    return offset - this.#start < this.#bytes.length;
  }
}

/** The segment a frame must belong to and its place in it; an undefined link is not compared. */
export interface Place {
  readonly seed: number;
  readonly lsn: number;
  readonly link: number | undefined;
}

export interface Frame {
  readonly header: FrameHeader;
  readonly payload: Uint8Array;
}

/** The frame at `offset`, or undefined unless it is whole, intact and what must come at `place`. */
export function* frameAt(
  window: Window,
  offset: number,
  place: Place,
  crc32: Crc32,
): Io<Frame | undefined> {
  const head = yield* window.at(offset, HEADER_BYTES);
  const header = decodeFrameHeader(head, 0, place.seed, crc32);
  if (header === undefined || !belongs(header, place)) return undefined;
  const bytes = yield* window.at(offset, HEADER_BYTES + header.payloadBytes);
  const payload = bytes.subarray(HEADER_BYTES);
  if (payload.length < header.payloadBytes || crc32(payload) !== header.payloadCrc)
    return undefined;
  return header.kind === "footer" || countEnvelopes(payload) === header.count
    ? { header, payload }
    : undefined;
}

function belongs(header: FrameHeader, { lsn, link }: Place): boolean {
  return header.firstLsn === lsn && (link === undefined || header.link === link);
}

function countEnvelopes(payload: Uint8Array): number {
  let count = 0;
  let at = 0;
  while (payload.length - at >= ENVELOPE_BYTES_MIN) {
    const length = readUint32(payload, at);
    if (length < ENVELOPE_BYTES_MIN) break;
    at += length;
    count += 1;
  }
  return at <= payload.length && payload.length - at < FRAME_ALIGNMENT ? count : -1;
}

/** Calls `visit` with where each envelope of an intact batch payload starts and ends, and its lsn. */
export function forEachEnvelope(
  { header, payload }: Frame,
  visit: (start: number, end: number, lsn: number) => void,
): void {
  let at = 0;
  for (let index = 0; index < header.count; index += 1) {
    const end = at + readUint32(payload, at);
    visit(at, end, header.firstLsn + index);
    at = end;
  }
}

/**
 * The first frame header at or after `offset` that was written later than the one expected at
 * `place`. There is at most one write in flight, and it starts only once all before it is durable: so
 * one such header proves that everything before it was durable.
 */
export function* laterFrame(
  window: Window,
  offset: number,
  place: Place,
  crc32: Crc32,
): Io<{ readonly offset: number; readonly lsn: number } | undefined> {
  for (let start = offset; ;) {
    const bytes = yield* window.at(start, 1 << 20);
    if (bytes.length < HEADER_BYTES) return undefined;
    let at = 0;
    for (; at + HEADER_BYTES <= bytes.length; at += FRAME_ALIGNMENT) {
      if (bytes[at] === 0) continue;
      const header = decodeFrameHeader(bytes, at, place.seed, crc32);
      if (header !== undefined && header.firstLsn > place.lsn)
        return { offset: start + at, lsn: header.firstLsn };
    }
    start += at;
  }
}

/**
 * The header of the frame at `offset` if flipping one bit makes the whole frame intact, down to each
 * envelope's own checksum. A write that was cut short does not look like that (odds 2^-64 a bit), so it
 * was complete, and has rotted since.
 */
export function* oneBitOff(
  window: Window,
  offset: number,
  place: Place,
  crc32: Crc32,
): Io<FrameHeader | undefined> {
  const head = (yield* window.at(offset, HEADER_BYTES)).slice();
  if (head.length < HEADER_BYTES) return undefined;
  const intact = decodeFrameHeader(head, 0, place.seed, crc32);
  const header = intact ?? mendHeader(head, place, crc32);
  if (header === undefined || !belongs(header, place)) return undefined;
  const bytes = yield* window.at(offset, HEADER_BYTES + header.payloadBytes);
  const payload = bytes.slice(HEADER_BYTES);
  if (payload.length < header.payloadBytes) return undefined;
  const syndrome = crc32(payload) ^ header.payloadCrc;
  if (intact === undefined) return syndrome === 0 ? header : undefined;
  const bit = flippedBit(syndrome, payload.length);
  if (bit === undefined) return undefined;
  flip(payload, bit);
  return isPlausible({ header, payload }, crc32) ? header : undefined;
}

function mendHeader(head: Uint8Array, place: Place, crc32: Crc32): FrameHeader | undefined {
  for (let bit = 0; bit < HEADER_BYTES * 8; bit += 1) {
    flip(head, bit);
    const header = decodeFrameHeader(head, 0, place.seed, crc32);
    if (header !== undefined) return header;
    flip(head, bit);
  }
  return undefined;
}

function flip(bytes: Uint8Array, bit: number): void {
  bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
}

function isPlausible(frame: Frame, crc32: Crc32): boolean {
  if (frame.header.kind === "footer") return decodeFooter(frame.payload, 0) !== undefined;
  if (countEnvelopes(frame.payload) !== frame.header.count) return false;
  let intact = true;
  forEachEnvelope(frame, (start, end) => {
    intact &&= checkEnvelope(frame.payload.subarray(start, end), crc32) === undefined;
  });
  return intact;
}
