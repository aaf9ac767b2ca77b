/**
 * A 64-bit hash as two unsigned 32-bit halves, because a `bigint` costs an allocation and about
 * 100 ns for each operation.
 *
 * @public
 */
export interface Hash64 {
  /** Bits 63 to 32, an unsigned integer. */
  readonly hi: number;
  /** Bits 31 to 0, an unsigned integer. */
  readonly lo: number;
}

const encoder = new TextEncoder();
/** Encoding into it takes a tenth of the time of encoding to a new array. */
const scratch = new Uint8Array(1024);

/**
 * Hashes a string (its UTF-8 bytes) or bytes to 64 bits, synchronously and alike on every machine.
 * Made for keys and versions of up to a few hundred bytes; see {@link hashWith} for longer ones.
 * Not cryptographic: whoever chooses the input can make collisions. O(length).
 *
 * @param input - what to hash
 * @param seed - an unsigned 32-bit integer; different seeds give unrelated hashes
 * @public
 */
export function hash64(input: string | Uint8Array, seed = 0): Hash64 {
  if (typeof input !== "string") return hashBytes(input, input.length, seed);
  // A UTF-16 unit takes at most 3 bytes.
  if (3 * input.length > scratch.length) return hash64(encoder.encode(input), seed);
  return hashBytes(scratch, encoder.encodeInto(input, scratch).written, seed);
}

function hashBytes(bytes: Uint8Array, length: number, seed: number): Hash64 {
  const whole = length & ~3;
  let one = seed ^ 0x9747b28c;
  let two = seed ^ 0x2f0b4c4f;
  for (let at = 0; at < whole; at += 4) {
    const word =
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24);
    one = absorbOne(one, word);
    two = absorbTwo(two, word);
  }
  let tail = 0;
  for (let at = length - 1; at >= whole; at -= 1) tail = (tail << 8) | (bytes[at] ?? 0);
  one = absorbOne(one, tail) ^ length;
  two = absorbTwo(two, tail) ^ length;
  one = finish(one + two);
  two = finish(two + one);
  return { hi: one >>> 0, lo: (one + two) >>> 0 };
}

/**
 * Adapts a hash that answers with a `bigint`, such as `h64Raw` of `xxhash-wasm`, which overtakes
 * {@link hash64} on inputs longer than about 100 bytes.
 *
 * @param hash - bytes to an unsigned 64-bit integer
 * @public
 */
export function hashWith(
  hash: (bytes: Uint8Array) => bigint,
): (input: string | Uint8Array) => Hash64 {
  return (input) => {
    const value = hash(typeof input === "string" ? encoder.encode(input) : input);
    return { hi: Number((value >> 32n) & 0xffffffffn), lo: Number(value & 0xffffffffn) };
  };
}

// Two 32-bit lanes in the manner of MurmurHash3 with different constants, so that inputs which
// meet in one lane meet in the other only by chance.

/** One round of the first lane. */
export function absorbOne(state: number, word: number): number {
  const mixed = Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotate(state ^ mixed, 13), 5) + 0xe6546b64) | 0;
}

/** One round of the second lane. */
export function absorbTwo(state: number, word: number): number {
  const mixed = Math.imul(rotate(Math.imul(word, 0x239b961b), 16), 0xab0e9789);
  return (Math.imul(rotate(state ^ mixed, 17), 5) + 0x561ccd1b) | 0;
}

/** A bijection in which each input bit reaches each output bit. */
export function finish(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
