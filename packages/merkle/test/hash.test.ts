import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import xxhash from "xxhash-wasm";
import { fastDigest, hash64, hashWith, type ItemDigest, strongDigest } from "@engram/merkle";
import { drawn, seeded } from "./link.ts";

const text = ({ hi, lo }: { hi: number; lo: number }): string =>
  hi.toString(16).padStart(8, "0") + lo.toString(16).padStart(8, "0");

test("hashes are these, on every machine", () => {
  expect(
    [
      hash64(""),
      hash64("a"),
      hash64("abc"),
      hash64("abcd"),
      hash64("episode/2026-11-22"),
      hash64("episode/2026-11-22", 1),
      hash64(new Uint8Array(100)),
    ].map(text),
  ).toMatchInlineSnapshot(`
    [
      "90445137966abf6b",
      "914a123662def492",
      "9df840e3ef161141",
      "61dc967fb14a8c56",
      "028cabae0624ead4",
      "719cb39e968daf19",
      "254539bc20833e1d",
    ]
  `);
});

test("a string hashes as its UTF-8 bytes", () => {
  for (const string of ["", "x", "naïve", "日本語", "\u{1f9e0}", "long ".repeat(100)]) {
    expect(hash64(string)).toEqual(hash64(new TextEncoder().encode(string)));
  }
});

test("inputs that differ in one bit, or by zero bytes at the end, differ in half the bits", () => {
  const random = seeded(1);
  let flipped = 0;
  let total = 0;
  for (let trial = 0; trial < 500; trial += 1) {
    const bytes = Uint8Array.from({ length: 1 + Math.floor(random() * 40) }, () => random() * 256);
    const other = bytes.slice();
    const bit = Math.floor(random() * bytes.length * 8);
    other[bit >> 3]! ^= 1 << (bit & 7);
    const [one, two] = [hash64(bytes), hash64(other)];
    for (const half of ["hi", "lo"] as const) {
      for (let rest = (one[half] ^ two[half]) >>> 0; rest > 0; rest = Math.floor(rest / 2))
        flipped += rest % 2;
    }
    total += 64;
  }
  expect(Math.abs(flipped / total - 0.5)).toBeLessThan(0.01);
  const zeros = new Set(
    Array.from({ length: 200 }, (_, length) => text(hash64(new Uint8Array(length)))),
  );
  expect(zeros.size).toBe(200);
});

test("halves collide as often as chance has it, over many similar keys", () => {
  const count = 200_000;
  const expected = count ** 2 / 2 ** 33;
  for (const half of ["hi", "lo"] as const) {
    const seen = new Uint32Array(count);
    for (let item = 0; item < count; item += 1) seen[item] = hash64(`user-${item}`)[half];
    seen.sort();
    let collisions = 0;
    for (let at = 1; at < count; at += 1) if (seen[at] === seen[at - 1]) collisions += 1;
    expect(Math.abs(collisions - expected)).toBeLessThan(6 * Math.sqrt(expected));
  }
});

test("xxhash can take the place of the built-in hash", async () => {
  const api = await xxhash();
  const hash = hashWith((bytes) => api.h64Raw(bytes));
  expect(text(hash(""))).toBe("ef46db3751d8e999");
  expect(hash("key")).toEqual(hash(new TextEncoder().encode("key")));
});

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

function digestOf(digest: ItemDigest, words: readonly number[]): string[] {
  const out = new Uint32Array(digest.lanes);
  digest.write(Uint32Array.of(9, 9, ...words), 2, out);
  return Array.from(out, (lane) => lane.toString(16).padStart(8, "0"));
}

test("digests of items are these, on every machine", () => {
  const item = [0x01234567, 0x89abcdef, 1, 2];
  expect(digestOf(fastDigest(), item)).toMatchInlineSnapshot(`
    [
      "6422551a",
      "3140da50",
    ]
  `);
  expect(digestOf(fastDigest({ hi: 1, lo: 0 }), item)).toMatchInlineSnapshot(`
    [
      "646842bc",
      "c845eeb8",
    ]
  `);
  expect(digestOf(strongDigest(sha256, new Uint8Array(16)), item)).toMatchInlineSnapshot(`
    [
      "5ebff8a5",
      "048b4a54",
      "b5d1949f",
      "c35540ce",
    ]
  `);
});

test("a strong digest is the head of SHA-256 over the hashed secret and the item", () => {
  const secret = Uint8Array.from({ length: 20 }, (_, at) => at);
  const item = new Uint8Array(16);
  new DataView(item.buffer).setUint32(12, 5);
  const expected = Buffer.from(sha256(Buffer.concat([sha256(secret), item])))
    .toString("hex")
    .slice(0, 32);
  expect(digestOf(strongDigest(sha256, secret), [0, 0, 0, 5]).join("")).toBe(expected);
  expect(() => strongDigest(sha256, new Uint8Array(15))).toThrow(RangeError);
});

test("lanes of fast digests are independent of each other and of single bits of the item", () => {
  const random = seeded(2);
  const count = 200_000;
  const digest = fastDigest();
  const out = new Uint32Array(2);
  const ones = new Float64Array(64);
  let equal = 0;
  for (let item = 0; item < count; item += 1) {
    const key = drawn(random);
    digest.write(Uint32Array.of(key.hi, key.lo, 0, item), 0, out);
    for (let bit = 0; bit < 64; bit += 1) ones[bit]! += (out[bit >> 5]! >>> (bit & 31)) & 1;
    if (((out[0]! ^ out[1]!) & 0xff) === 0) equal += 1;
  }
  for (const times of ones)
    expect(Math.abs(times - count / 2)).toBeLessThan(6 * Math.sqrt(count / 4));
  expect(Math.abs(equal - count / 256)).toBeLessThan(6 * Math.sqrt(count / 256));
});
