import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  bitsAt,
  bitsBelow,
  childOf,
  contains,
  everything,
  isCanonical,
  isLevel,
} from "../src/range.ts";
import { runs } from "./sets.ts";

const word = fc.integer({ min: 0, max: 0xffffffff });
const big = (hi: number, lo: number): bigint => (BigInt(hi) << 32n) | BigInt(lo);

test("bits of a key are those of the 64-bit integer", () => {
  fc.assert(
    fc.property(word, word, fc.nat(64), fc.nat(18), (hi, lo, bits, count) => {
      fc.pre(bits + count <= 64);
      const expected = (big(hi, lo) >> BigInt(64 - bits - count)) & ((1n << BigInt(count)) - 1n);
      expect(bitsAt(hi, lo, bits, count)).toBe(Number(expected));
    }),
    runs(500),
  );
});

test("the ranges on the way to a key contain it, and their siblings do not", () => {
  fc.assert(
    fc.property(word, word, fc.nat(18), (hi, lo, slotBits) => {
      let range = everything;
      while (bitsBelow(range.bits, slotBits) <= 64) {
        const bits = bitsBelow(range.bits, slotBits);
        const index = bitsAt(hi, lo, range.bits, bits - range.bits);
        for (let sibling = 0; sibling < 1 << (bits - range.bits); sibling += 1) {
          const child = childOf(range, sibling, bits);
          expect(contains(child, hi, lo)).toBe(sibling === index);
          expect(isLevel(child.bits, slotBits)).toBe(true);
          expect(isCanonical(child)).toBe(true);
        }
        range = childOf(range, index, bits);
      }
      expect(range.bits).toBeGreaterThan(60);
    }),
    runs(100),
  );
});

test("a range with bits after its prefix is not canonical", () => {
  expect(isCanonical({ hi: 1, lo: 0, bits: 0 })).toBe(false);
  expect(isCanonical({ hi: 0x80000000, lo: 0, bits: 1 })).toBe(true);
  expect(isCanonical({ hi: 0x80000001, lo: 0, bits: 4 })).toBe(false);
  expect(isCanonical({ hi: 5, lo: 0x08000000, bits: 36 })).toBe(false);
  expect(isCanonical({ hi: 5, lo: 1, bits: 64 })).toBe(true);
});
