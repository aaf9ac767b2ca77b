import {
  compareOrigins,
  ORIGIN_BYTES,
  ORIGIN_OFFSET,
  SEQUENCE_OFFSET,
  STREAM_OFFSET,
} from "./record.ts";
import { VarintReader } from "./varint.ts";

/** What a segment holds of one origin in one stream. */
export interface StreamRange {
  readonly stream: number;
  readonly origin: Uint8Array;
  /** Lowest and highest sequence. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Where the first and the last of these records are. */
  readonly firstLsn: number;
  readonly lastLsn: number;
}

/** 32-bit words of a key: the stream, then the origin. */
const KEY_WORDS = 5;
/** Numbers of a range: first and last sequence, first and last lsn. */
const RANGE_NUMBERS = 4;

/**
 * The ranges of every (stream, origin) in the active segment: an open-addressing table over typed
 * arrays, because it is touched once for every record.
 */
export class StreamIndex {
  #count = 0;
  #slots = new Int32Array(128);
  #keys = new Uint32Array(64 * KEY_WORDS);
  #ranges = new Float64Array(64 * RANGE_NUMBERS);

  /** Number of (stream, origin) pairs. */
  get count(): number {
    return this.#count;
  }

  /** Notes the envelope at `offset` of `bytes`, stored at `lsn`. Lsns come in ascending order. */
  note(bytes: Uint8Array, view: DataView, offset: number, lsn: number): void {
    const entry = this.#find(view, offset) * RANGE_NUMBERS;
    const sequence = new VarintReader(bytes, offset + SEQUENCE_OFFSET).next();
    const ranges = this.#ranges;
    if (ranges[entry + 2] === 0) {
      ranges[entry] = sequence;
      ranges[entry + 2] = lsn;
    }
    if (sequence < (ranges[entry] as number)) ranges[entry] = sequence;
    if (sequence > (ranges[entry + 1] as number)) ranges[entry + 1] = sequence;
    ranges[entry + 3] = lsn;
  }

  /** Every range, sorted by stream, then origin. */
  ranges(): StreamRange[] {
    const all = Array.from({ length: this.#count }, (_, entry) => this.#range(entry));
    return all.sort((a, b) => a.stream - b.stream || compareOrigins(a.origin, b.origin));
  }

  #range(entry: number): StreamRange {
    const origin = new Uint8Array(ORIGIN_BYTES);
    const view = new DataView(origin.buffer);
    for (let word = 0; word < 4; word += 1)
      view.setUint32(word * 4, this.#keys[entry * KEY_WORDS + 1 + word] as number, true);
    const at = entry * RANGE_NUMBERS;
    return {
      stream: this.#keys[entry * KEY_WORDS] as number,
      origin,
      firstSequence: this.#ranges[at] as number,
      lastSequence: this.#ranges[at + 1] as number,
      firstLsn: this.#ranges[at + 2] as number,
      lastLsn: this.#ranges[at + 3] as number,
    };
  }

  /** The entry of the envelope at `offset`, made if new. */
  #find(view: DataView, offset: number): number {
    const stream = view.getUint32(offset + STREAM_OFFSET, true);
    const origin = offset + ORIGIN_OFFSET;
    const a = view.getUint32(origin, true);
    const b = view.getUint32(origin + 4, true);
    const c = view.getUint32(origin + 8, true);
    const d = view.getUint32(origin + 12, true);
    const keys = this.#keys;
    const mask = this.#slots.length - 1;
    for (let slot = mix(stream, a ^ c, b ^ d) & mask; ; slot = (slot + 1) & mask) {
      const entry = (this.#slots[slot] as number) - 1;
      if (entry < 0) return this.#insert(slot, [stream, a, b, c, d]);
      const at = entry * KEY_WORDS;
      if (
        keys[at] === stream &&
        keys[at + 1] === a &&
        keys[at + 2] === b &&
        keys[at + 3] === c &&
        keys[at + 4] === d
      )
        return entry;
    }
  }

  #insert(slot: number, key: readonly number[]): number {
    const entry = this.#count;
    this.#count += 1;
    this.#keys.set(key, entry * KEY_WORDS);
    this.#slots[slot] = entry + 1;
    if (this.#count * 2 === this.#slots.length) this.#grow();
    return entry;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const keys = new Uint32Array(this.#keys.length * 2);
    const ranges = new Float64Array(this.#ranges.length * 2);
    keys.set(this.#keys);
    ranges.set(this.#ranges);
    const mask = slots.length - 1;
    for (let entry = 0; entry < this.#count; entry += 1) {
      const [stream = 0, a = 0, b = 0, c = 0, d = 0] = keys.subarray(entry * KEY_WORDS);
      let slot = mix(stream, a ^ c, b ^ d) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.#slots = slots;
    this.#keys = keys;
    this.#ranges = ranges;
  }
}

function mix(a: number, b: number, c: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ b;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) ^ c;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
