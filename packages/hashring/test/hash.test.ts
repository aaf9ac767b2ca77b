import * as fc from "fast-check";
import { expect, test } from "vitest";
import createXxhash from "xxhash-wasm";
import { Ring, xxh32, xxhashWasm } from "@engram/hashring";
import { parameters } from "./arbitraries.ts";

const wasm = await createXxhash();
const text = fc.oneof(fc.string(), fc.string({ unit: "binary", maxLength: 100 }));

test("xxh32 gives the published values", () => {
  expect(xxh32("")).toBe(0x02cc5d05);
  expect(xxh32("a")).toBe(0x550d7456);
  expect(xxh32("abc")).toBe(0x32d153ff);
  expect(xxh32("Nobody inspects the spammish repetition")).toBe(0xe2293b2f);
});

test("xxh32 equals the WebAssembly XXH32, for text and bytes, with any seed", () => {
  fc.assert(
    fc.property(text, fc.nat(), (key, seed) => {
      expect(xxh32(key, seed)).toBe(wasm.h32(key, seed));
    }),
    parameters,
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(), (key, seed) => {
      expect(xxh32(key, seed)).toBe(wasm.h32Raw(key, seed));
    }),
    parameters,
  );
});

test("a ring on xxhash-wasm is the same ring", () => {
  const options = { members: [{ id: "a" }, { id: "b" }, { id: "c" }] };
  const [ring, other] = [Ring.of(options), Ring.of({ ...options, hash: xxhashWasm(wasm) })];
  expect(other.fingerprint).toBe(ring.fingerprint);
  for (const key of ["", "k", "käse", "x".repeat(1000)]) {
    expect(other.owners(key)).toEqual(ring.owners(key));
    expect(other.owners(Buffer.from(key))).toEqual(ring.owners(key));
  }
});

test("a ring on another hash is another ring", () => {
  const options = { members: [{ id: "a" }] };
  const hash = (key: string | Uint8Array): number => xxh32(key, 1);
  const [ring, other] = [Ring.of(options), Ring.of({ ...options, hash })];
  expect(other.fingerprint).not.toBe(ring.fingerprint);
  expect(other.sharesSlots(ring)).toBe(false);
  expect(Ring.decode(ring.encode(), hash)).toBe("hash");
  expect(Ring.decode(other.encode())).toBe("hash");
});
