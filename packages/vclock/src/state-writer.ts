import { VclockError } from "./errors.ts";
import type { OriginTable } from "./origin-table.ts";
import { type Origin, ORIGIN_SIZE, writeOrigin } from "./origin.ts";

const encoder = new TextEncoder();

/** Appends the parts of a state. */
export class StateWriter {
  #bytes = new Uint8Array(64);
  #size = 0;
  #positions: ReadonlyMap<Origin, number> = new Map();

  sharedTable({ positions }: OriginTable): void {
    this.#positions = positions;
  }

  /** Starts a state of its own with the table of just its origins, sorted. */
  embeddedTable(origins: Iterable<Origin>): void {
    const distinct = [...new Set(origins)].sort();
    this.#positions = new Map(distinct.map((origin, i) => [origin, i]));
    this.varint(distinct.length);
    for (const origin of distinct) {
      this.#reserve(ORIGIN_SIZE);
      writeOrigin(this.#bytes, this.#size, origin);
      this.#size += ORIGIN_SIZE;
    }
  }

  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#size++] = 0x80 | (rest % 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#size++] = rest;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  sized(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  text(text: string): void {
    this.sized(encoder.encode(text));
  }

  float64(value: number): void {
    this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#size, value);
    this.#size += 8;
  }

  origin(origin: Origin): void {
    const position = this.#positions.get(origin);
    if (position === undefined) {
      throw new VclockError("UNKNOWN_ORIGIN", `origin ${origin} is not in the table`);
    }
    this.varint(position);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  #reserve(size: number): void {
    if (this.#size + size <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#size + size));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Encodes a state relative to `table`, or after a table of just its own origins, sorted. */
export function encodeState(
  origins: Iterable<Origin>,
  table: OriginTable | undefined,
  body: (writer: StateWriter) => void,
): Uint8Array {
  const writer = new StateWriter();
  if (table === undefined) writer.embeddedTable(origins);
  else writer.sharedTable(table);
  body(writer);
  return writer.finish();
}
