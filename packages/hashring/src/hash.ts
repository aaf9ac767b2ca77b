/**
 * Turns a key into an unsigned 32-bit integer. Must be pure, synchronous, spread its upper bits
 * evenly, and be the same function in every process that shares a ring. A string and its UTF-8
 * bytes must give the same value.
 *
 * @public
 */
export type Hash = (key: string | Uint8Array) => number;

const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;

const utf8 = new TextEncoder();
/** Where a short ASCII string is laid out as bytes, so that strings and bytes share one code path. */
const scratch = new Uint8Array(256);

/**
 * XXH32, the default {@link Hash}: a string is hashed as its UTF-8 bytes. 32-bit integer operations
 * only, so the value is the same on every engine and in every other implementation of XXH32.
 *
 * @param key - a string (lone surrogates count as U+FFFD) or bytes
 * @param seed - unsigned 32-bit, default 0
 * @returns an unsigned 32-bit integer
 * @public
 */
export function xxh32(key: string | Uint8Array, seed = 0): number {
  if (typeof key !== "string") return hashBytes(key, key.length, seed);
  const length = key.length;
  if (length > scratch.length) return hashText(key, seed);
  let seen = 0;
  for (let i = 0; i < length; i++) {
    const code = key.charCodeAt(i);
    seen |= code;
    scratch[i] = code;
  }
  return seen < 0x80 ? hashBytes(scratch, length, seed) : hashText(key, seed);
}

function hashText(text: string, seed: number): number {
  const bytes = utf8.encode(text);
  return hashBytes(bytes, bytes.length, seed);
}

function hashBytes(bytes: Uint8Array, length: number, seed: number): number {
  let at = 0;
  let hash = (seed + PRIME_5) | 0;
  if (length >= 16) {
    let lane1 = (seed + PRIME_1 + PRIME_2) | 0;
    let lane2 = (seed + PRIME_2) | 0;
    let lane3 = seed | 0;
    let lane4 = (seed - PRIME_1) | 0;
    for (const end = length - 16; at <= end; at += 16) {
      lane1 = round(lane1, wordAt(bytes, at));
      lane2 = round(lane2, wordAt(bytes, at + 4));
      lane3 = round(lane3, wordAt(bytes, at + 8));
      lane4 = round(lane4, wordAt(bytes, at + 12));
    }
    hash = (rotate(lane1, 1) + rotate(lane2, 7) + rotate(lane3, 12) + rotate(lane4, 18)) | 0;
  }
  hash = (hash + length) | 0;
  for (; at + 4 <= length; at += 4) {
    hash = Math.imul(rotate((hash + Math.imul(wordAt(bytes, at), PRIME_3)) | 0, 17), PRIME_4);
  }
  for (; at < length; at++) {
    hash = Math.imul(rotate((hash + Math.imul(bytes[at] as number, PRIME_5)) | 0, 11), PRIME_1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function round(lane: number, word: number): number {
  return Math.imul(rotate((lane + Math.imul(word, PRIME_2)) | 0, 13), PRIME_1);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/**
 * Adapts an initialized `xxhash-wasm` instance. Its XXH32 equals {@link xxh32} bit for bit, so rings
 * and fingerprints do not change; it pays off for keys of some hundred bytes and more.
 *
 * @param wasm - what `await xxhash()` of the package `xxhash-wasm` gives
 * @public
 */
export function xxhashWasm(wasm: {
  readonly h32: (key: string) => number;
  readonly h32Raw: (key: Uint8Array) => number;
}): Hash {
  return (key) => (typeof key === "string" ? wasm.h32(key) : wasm.h32Raw(key));
}
