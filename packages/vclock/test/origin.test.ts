import { describe, expect, test } from "vitest";
import {
  emptyVector,
  mintOrigin,
  originFromBytes,
  originTable,
  originToBytes,
  vectorOf,
  Writer,
} from "@engram/vclock";
import { refusal } from "./refusal.ts";

const random = (bytes: Uint8Array) => crypto.getRandomValues(bytes);

describe("origins", () => {
  test("have 16 random bytes, or a node part and 8 random bytes", () => {
    const node = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    expect(mintOrigin(random)).toMatch(/^[0-9a-f]{32}$/);
    expect(mintOrigin(random)).not.toBe(mintOrigin(random));
    expect(mintOrigin(random, node)).toMatch(/^0102030405060708[0-9a-f]{16}$/);
    expect(mintOrigin(random, node)).not.toBe(mintOrigin(random, node));
    expect(refusal(() => mintOrigin(random, Uint8Array.of(1)))).toBe("RangeError");
  });

  test("go to bytes and back, and sort as their bytes do", () => {
    const bytes = Array.from({ length: 50 }, () => random(new Uint8Array(16)));
    const origins = bytes.map((each) => originFromBytes(each));
    expect(origins.map(originToBytes)).toEqual(bytes);
    expect(origins.toSorted().map(originToBytes)).toEqual(
      bytes.toSorted((x, y) => Buffer.compare(x, y)),
    );
    expect(originFromBytes(Uint8Array.from([9, ...bytes[0]!]), 1)).toBe(origins[0]);
    expect(refusal(() => originFromBytes(new Uint8Array(15)))).toBe("RangeError");
  });

  test("are nothing else", () => {
    for (const wrong of ["__proto__", "", "A".repeat(32), "0".repeat(31), "0".repeat(33)]) {
      expect(refusal(() => originToBytes(wrong))).toBe("TypeError");
      expect(refusal(() => vectorOf([[wrong, 1]]))).toBe("TypeError");
      expect(refusal(() => originTable([wrong]))).toBe("TypeError");
      expect(refusal(() => new Writer(wrong))).toBe("TypeError");
    }
    const origin = "ab".repeat(16);
    expect(refusal(() => originTable([origin, origin]))).toBe("RangeError");
  });
});

describe("a writer", () => {
  const [own, other] = ["0a".repeat(16), "0b".repeat(16)] as const;

  test("hands out each dot once and says what its copy gained", () => {
    const writer = new Writer(own);
    const first = vectorOf([[other, 3]]);
    expect(writer.next(first)).toEqual({ dot: { origin: own, sequence: 1 }, delta: first });
    const second = vectorOf([
      [own, 1],
      [other, 3],
    ]);
    expect(writer.next(second)).toEqual({ dot: { origin: own, sequence: 2 }, delta: emptyVector });
    expect(writer.sequence).toBe(2);
  });

  test("stops when another writer uses its origin", () => {
    const writer = new Writer(own);
    expect(refusal(() => writer.next(vectorOf([[own, 1]])))).toBe("ORIGIN_REUSED");
    expect(writer.sequence).toBe(0);
  });
});
