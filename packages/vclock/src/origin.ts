/**
 * One life of one writer: 32 lower-case hexadecimal digits for 16 bytes, so that the order of the
 * strings is the order of the bytes. Minted afresh at every start, never configured, never reused.
 *
 * @public
 */
export type Origin = string;

/** Bytes of an {@link Origin} on the wire. */
export const ORIGIN_SIZE = 16;
const NODE_SIZE = 8;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);
const PATTERN = /^[0-9a-f]{32}$/;

/**
 * Mints the origin of a life that begins now. Make it durable before the first record that carries
 * it; a process that starts again mints another, so a restored disk cannot repeat a dot.
 *
 * @param random - fills the given bytes from a secure source: `(bytes) => crypto.getRandomValues(bytes)`
 * @param node - 8 bytes that name the machine in listings; random when absent. The last 8 bytes are
 *   always random.
 * @public
 */
export function mintOrigin(random: (bytes: Uint8Array) => unknown, node?: Uint8Array): Origin {
  if (node !== undefined && node.length !== NODE_SIZE) {
    throw new RangeError(`a node part has ${NODE_SIZE} bytes, not ${node.length}`);
  }
  const bytes = new Uint8Array(ORIGIN_SIZE);
  random(bytes);
  if (node !== undefined) bytes.set(node);
  return originFromBytes(bytes);
}

/**
 * The origin whose 16 bytes start at `offset` (default 0).
 *
 * @public
 */
export function originFromBytes(bytes: Uint8Array, offset = 0): Origin {
  if (offset + ORIGIN_SIZE > bytes.length) {
    throw new RangeError(`an origin has ${ORIGIN_SIZE} bytes`);
  }
  let text = "";
  for (let i = offset; i < offset + ORIGIN_SIZE; i++) text += HEX[bytes[i] ?? 0];
  return intern(text);
}

/**
 * The 16 bytes of an origin.
 *
 * @public
 */
export function originToBytes(origin: Origin): Uint8Array {
  const bytes = new Uint8Array(ORIGIN_SIZE);
  writeOrigin(bytes, 0, origin);
  return bytes;
}

/** Writes the 16 bytes of `origin` at `offset`. */
export function writeOrigin(target: Uint8Array, offset: number, origin: Origin): void {
  if (origin.length !== 2 * ORIGIN_SIZE) throw malformed();
  for (let i = 0; i < ORIGIN_SIZE; i++) {
    const high = digit(origin.charCodeAt(2 * i));
    target[offset + i] = (high << 4) | digit(origin.charCodeAt(2 * i + 1));
  }
}

function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  throw malformed();
}

/** Programmer error unless `origin` is 32 lower-case hexadecimal digits. */
export function checkOrigin(origin: Origin): void {
  if (!PATTERN.test(origin)) throw malformed();
}

function malformed(): TypeError {
  return new TypeError("an origin is 32 lower-case hexadecimal digits");
}

/**
 * The one copy of `text` that the engine keeps for property names. Equal origins decoded from
 * different messages are then one pointer, which makes comparing two vectors of three about twice
 * as fast; the engine's table holds them weakly, so a peer that invents origins pins no memory.
 * Without a prototype, since objects with one would leave a hidden class behind for every origin.
 */
export function intern(text: string): string {
  return Object.keys({ __proto__: null, [text]: 0 })[0] ?? text;
}
