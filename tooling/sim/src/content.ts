/** The bytes of one file: growing is amortised, holes are zeros. */
export class Content {
  #bytes: Uint8Array;
  #size: number;

  constructor(bytes: Uint8Array = new Uint8Array()) {
    this.#bytes = bytes.slice();
    this.#size = bytes.length;
  }

  get size(): number {
    return this.#size;
  }

  /** A copy of up to `length` bytes at `offset`. */
  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(offset, Math.min(offset + length, this.#size));
  }

  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, offset);
    this.#size = Math.max(this.#size, end);
  }

  /** Sets the size; what is beyond reads as zeros should the file grow again. */
  truncate(size: number): void {
    if (size > this.#size) this.write(size, new Uint8Array());
    this.#bytes.fill(0, size);
    this.#size = size;
  }

  clone(): Content {
    return new Content(this.#bytes.subarray(0, this.#size));
  }
}
