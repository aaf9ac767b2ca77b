import type { Crc32 } from "./crc32.ts";
import { HEADER_BYTES, padded, sealFrame } from "./frame.ts";

const FIRST_CAPACITY = 4096;

/** Envelopes that will be written together: a frame under construction, in a buffer that is reused. */
export class Batch {
  /** Wall-clock milliseconds of the latest envelope. */
  wallMs = 0;
  #count = 0;
  #length = HEADER_BYTES;
  #bytes: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  readonly #limit: number;

  /** At most `limitBytes` of envelopes. */
  constructor(limitBytes: number) {
    this.#limit = HEADER_BYTES + limitBytes;
  }

  /** Number of envelopes. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of the envelopes. */
  get bytes(): number {
    return this.#length - HEADER_BYTES;
  }

  /** Copies `envelope` in, if there is room. */
  add(envelope: Uint8Array): boolean {
    const length = this.#length + envelope.length;
    if (length > this.#limit) return false;
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(envelope, this.#length);
    this.#length = length;
    this.#count += 1;
    return true;
  }

  /** The finished frame, valid until `clear`. */
  seal(
    place: { readonly lsn: number; readonly link: number; readonly seed: number },
    crc32: Crc32,
  ): Uint8Array {
    const length = padded(this.#length);
    if (length > this.#bytes.length) this.#grow(length);
    const frame = this.#bytes.subarray(0, length);
    frame.fill(0, this.#length);
    const { lsn: firstLsn, link, seed } = place;
    const { count, wallMs } = this;
    sealFrame(frame, { kind: "batch", firstLsn, wallMs, count, link }, seed, crc32);
    return frame;
  }

  clear(): void {
    this.#count = 0;
    this.#length = HEADER_BYTES;
  }

  #grow(length: number): void {
    const bytes = new Uint8Array(
      padded(Math.min(Math.max(length, this.#bytes.length * 2), this.#limit)),
    );
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}
