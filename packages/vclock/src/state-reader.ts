// The reader never throws on input: the first fault sticks, every later read returns nothing, and
// counts are checked against the bytes that are left before anything is allocated for them, so memory
// stays proportional to the input.

import type { Dot } from "./dot.ts";
import type { OriginTable } from "./origin-table.ts";
import { type Origin, originFromBytes, ORIGIN_SIZE } from "./origin.ts";

/**
 * Why bytes are not a canonical state.
 *
 * - `truncated`: they end early
 * - `trailing`: they go on after the state
 * - `overlong`: a number has more bytes than it needs
 * - `overflow`: a number is beyond 2^53-1
 * - `zero`: a sequence is zero
 * - `unsorted`: entries are out of order, or one is there twice
 * - `not-normal`: entries that the state holds in another form, or not at all
 * - `uncovered`: a sibling's dot is not in the context
 * - `unknown-origin`: an index is not in the table
 * - `unused-origin`: the table has an origin that the state has not
 * - `bad-value`: the value codec refused, or a number is out of range
 * - `bad-text`: text is not UTF-8
 * - `too-many`: more claims than 1024
 *
 * @public
 */
export type MalformedReason =
  | "truncated"
  | "trailing"
  | "overlong"
  | "overflow"
  | "zero"
  | "unsorted"
  | "not-normal"
  | "uncovered"
  | "unknown-origin"
  | "unused-origin"
  | "bad-value"
  | "bad-text"
  | "too-many";

/**
 * What a decoder returns instead of a state: `"malformed" in result`.
 *
 * @public
 */
export interface Malformed {
  /** The first fault. */
  readonly malformed: MalformedReason;
  /** How many bytes had been read when the fault was seen. */
  readonly offset: number;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads the parts of a state. */
export class StateReader {
  readonly #bytes: Uint8Array;
  #offset = 0;
  #failure: Malformed | undefined;
  #origins: readonly Origin[] = [];
  /** Which origins of an embedded table were read; undefined for a shared one. */
  #unread: Set<Origin> | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Keeps the first fault. */
  fail(malformed: MalformedReason): void {
    this.#failure ??= { malformed, offset: this.#offset };
  }

  varint(): number {
    let value = 0;
    for (let i = 0, scale = 1; i < 8 && !this.hasFailed(); i++, scale *= 0x80) {
      const byte = this.#bytes[this.#offset];
      if (byte === undefined) return this.#reject("truncated");
      this.#offset++;
      value += (byte & 0x7f) * scale;
      if (byte >= 0x80) continue;
      if (byte === 0 && i > 0) return this.#reject("overlong");
      return value <= Number.MAX_SAFE_INTEGER ? value : this.#reject("overflow");
    }
    return this.#reject("overflow");
  }

  /** A number that must not be zero. */
  positive(): number {
    const value = this.varint();
    if (value === 0) this.fail("zero");
    return value;
  }

  /** The number of entries of at least `size` bytes each; 0 when so many cannot follow. */
  count(size: number): number {
    const count = this.varint();
    const left = this.#bytes.length - this.#offset;
    return count * size <= left ? count : this.#reject("truncated");
  }

  /** A copy, so that a small state does not keep a large message alive. */
  sized(): Uint8Array {
    const size = this.count(1);
    if (this.hasFailed()) return new Uint8Array();
    this.#offset += size;
    // The slice of a Buffer would be a view.
    return new Uint8Array(this.#bytes.subarray(this.#offset - size, this.#offset));
  }

  text(): string {
    const bytes = this.sized();
    try {
      return decoder.decode(bytes);
    } catch {
      // A fatal decoder has no other way to say so.
      this.fail("bad-text");
      return "";
    }
  }

  float64(): number {
    if (this.#offset + 8 > this.#bytes.length) return this.#reject("truncated");
    const { buffer, byteOffset } = this.#bytes;
    const value = new DataView(buffer, byteOffset).getFloat64(this.#offset);
    this.#offset += 8;
    return value;
  }

  /** Reads the table that starts a state of its own. */
  embeddedTable(): void {
    const count = this.count(ORIGIN_SIZE);
    const origins: Origin[] = [];
    for (let i = 0; i < count && !this.hasFailed(); i++) {
      const origin = originFromBytes(this.#bytes, this.#offset);
      this.#offset += ORIGIN_SIZE;
      if (i > 0 && origin <= (origins[i - 1] as Origin)) this.fail("unsorted");
      origins.push(origin);
    }
    this.#origins = origins;
    this.#unread = new Set(origins);
  }

  sharedTable({ origins }: OriginTable): void {
    this.#origins = origins;
  }

  origin(): Origin {
    const origin = this.#origins[this.varint()];
    if (origin === undefined) {
      this.fail("unknown-origin");
      return "";
    }
    this.#unread?.delete(origin);
    return origin;
  }

  dot(): Dot {
    return { origin: this.origin(), sequence: this.positive() };
  }

  /** The fault, if any; everything must have been read. */
  finish(): Malformed | undefined {
    if (this.#offset < this.#bytes.length) this.fail("trailing");
    if (this.#unread !== undefined && this.#unread.size > 0) this.fail("unused-origin");
    return this.#failure;
  }

  #reject(malformed: MalformedReason): 0 {
    this.fail(malformed);
    return 0;
  }
}

/** Decodes what {@link encodeState} made with the same table. `body` may return anything on a fault. */
export function decodeState<T>(
  bytes: Uint8Array,
  table: OriginTable | undefined,
  body: (reader: StateReader) => T,
): T | Malformed {
  const reader = new StateReader(bytes);
  if (table === undefined) reader.embeddedTable();
  else reader.sharedTable(table);
  const state = body(reader);
  return reader.finish() ?? state;
}
