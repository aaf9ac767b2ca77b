/** LEB128 of integers up to 2^53 - 1: at most eight bytes, the shortest form only. */

export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length += 1;
  return length;
}

/** Writes `value` at `offset` and returns the offset after it. */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  while (rest >= 128) {
    bytes[at] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
    at += 1;
  }
  bytes[at] = rest;
  return at + 1;
}

/** Reads varints one after another, and never past the end. */
export class VarintReader {
  /** Offset of the next byte. */
  offset: number;
  /** Whether a varint was cut short, too long, too big or not in its shortest form. */
  failed = false;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.offset = offset;
  }

  /** The next value, or 0 with `failed` set. */
  next(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count += 1) {
      const byte = this.#bytes[this.offset];
      if (byte === undefined) break;
      this.offset += 1;
      value += (byte & 127) * scale;
      if (byte < 128) {
        if ((byte === 0 && count > 0) || value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    this.failed = true;
    return 0;
  }
}
