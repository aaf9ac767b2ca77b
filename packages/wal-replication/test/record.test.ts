import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32 as zlibCrc32 } from "node:zlib";
import { crc32, decodeRecord, encodeRecord, ENVELOPE_BYTES_MAX } from "@engram/wal-replication";
import { flippedBit } from "../src/crc32.ts";
import { hex, originOf } from "./records.ts";

const runs = Number(process.env["FC_NUM_RUNS"] ?? 300);

const origin = fc.uint8Array({ minLength: 16, maxLength: 16 });
const sequence = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.maxSafeInteger().filter((n) => n > 0),
);
const context = fc
  .uniqueArray(fc.record({ origin, sequence }), { maxLength: 5, selector: (e) => hex(e.origin) })
  .map((entries) => entries.sort((a, b) => Buffer.compare(a.origin, b.origin)));
const record = fc.record({
  stream: fc.nat({ max: 0xffffffff }),
  origin,
  sequence,
  context,
  body: fc.uint8Array({ maxLength: 300 }),
});

describe("the envelope, frozen", () => {
  test("of an empty record", () => {
    const fields = { stream: 0, origin: originOf(0), sequence: 1, context: [], body: originOf(0) };
    expect(hex(encodeRecord({ ...fields, body: new Uint8Array(0) }))).toBe(
      [
        "1f000000", // length 31
        "15a2ba87", // crc
        "01", // version
        "00000000", // stream
        "00000000000000000000000000000000", // origin
        "01", // sequence
        "00", // no context
      ].join(""),
    );
  });

  test("of a record with everything", () => {
    const envelope = encodeRecord({
      stream: 0x01020304,
      origin: Uint8Array.from({ length: 16 }, (_, at) => at),
      sequence: 300,
      context: [
        { origin: originOf(1), sequence: 1 },
        { origin: originOf(0xfe), sequence: Number.MAX_SAFE_INTEGER },
      ],
      body: new TextEncoder().encode("engram"),
    });
    expect(hex(envelope)).toBe(
      [
        "4f000000", // length 79
        "fc5fd571", // crc
        "01", // version
        "04030201", // stream
        "000102030405060708090a0b0c0d0e0f", // origin
        "ac02", // sequence 300
        "02", // two context entries
        "01010101010101010101010101010101", // the lower origin
        "01", // its sequence
        "fefefefefefefefefefefefefefefefe", // the higher origin
        "ffffffffffffff0f", // its sequence, 2^53 - 1
        "656e6772616d", // "engram"
      ].join(""),
    );
    expect(decodeRecord(envelope)).toMatchObject({ ok: true, end: 79, record: { sequence: 300 } });
  });
});

test("every record survives, anywhere in a buffer, with any checksum implementation", () => {
  fc.assert(
    fc.property(record, fc.nat({ max: 40 }), (original, offset) => {
      const envelope = encodeRecord(original, zlibCrc32);
      const bytes = new Uint8Array(offset + envelope.length + 3).fill(0xaa);
      bytes.set(envelope, offset);
      expect(decodeRecord(bytes, offset)).toEqual({
        ok: true,
        record: original,
        end: offset + envelope.length,
      });
      expect(encodeRecord(original)).toEqual(envelope);
    }),
    { numRuns: runs },
  );
});

test("equal bytes or another reason: no second encoding of a record is accepted", () => {
  fc.assert(
    fc.property(record, fc.nat(), fc.nat({ max: 255 }), (original, position, byte) => {
      const envelope = encodeRecord(original);
      const at = 8 + (position % (envelope.length - 8));
      const changed = envelope.slice();
      changed[at] = byte;
      new DataView(changed.buffer).setUint32(4, crc32(changed.subarray(8), changed.length), true);
      const result = decodeRecord(changed);
      if (result.ok) expect(encodeRecord(result.record)).toEqual(changed);
      else expect(["version", "malformed"]).toContain(result.reason);
    }),
    { numRuns: runs * 5 },
  );
});

test("a flipped bit anywhere in an envelope is noticed", () => {
  const envelope = encodeRecord({
    stream: 1,
    origin: originOf(1),
    sequence: 1,
    context: [{ origin: originOf(2), sequence: 5 }],
    body: new Uint8Array(50),
  });
  for (let bit = 0; bit < envelope.length * 8; bit += 1) {
    const changed = new Uint8Array(envelope.length + 64);
    changed.set(envelope);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(decodeRecord(changed).ok).toBe(false);
  }
});

test("any bytes decode to a record or a reason", () => {
  const reasons = new Set<string>();
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200, size: "max" }),
      fc.nat({ max: 120 }),
      (bytes, offset) => {
        // A plausible length gets past the first check often enough.
        const rest = bytes.length - offset;
        if (rest >= 31) new DataView(bytes.buffer).setUint32(offset, rest, true);
        const result = decodeRecord(bytes, offset);
        if (!result.ok) reasons.add(result.reason);
        else expect(result.end).toBeLessThanOrEqual(bytes.length);
      },
    ),
    { numRuns: runs * 10 },
  );
  expect([...reasons]).toEqual(expect.arrayContaining(["short", "length", "checksum"]));
});

test("a context that claims more entries than there are bytes allocates nothing", () => {
  const envelope = encodeRecord({
    stream: 1,
    origin: originOf(1),
    sequence: 1,
    context: [],
    body: new Uint8Array(8).fill(0xff),
  });
  envelope.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f], 30);
  new DataView(envelope.buffer).setUint32(4, crc32(envelope.subarray(8), envelope.length), true);
  expect(decodeRecord(envelope)).toEqual({ ok: false, reason: "malformed" });
});

test("what no envelope can say is refused", () => {
  const good = { stream: 0, origin: originOf(0), sequence: 1, context: [], body: originOf(0) };
  const entry = { origin: originOf(1), sequence: 1 };
  for (const bad of [
    { stream: -1 },
    { stream: 2 ** 32 },
    { stream: 0.5 },
    { origin: new Uint8Array(15) },
    { sequence: 0 },
    { sequence: 2 ** 53 },
    { context: [entry, entry] },
    { context: [{ origin: originOf(2), sequence: 1 }, entry] },
    { context: [{ ...entry, sequence: 0 }] },
    { body: new Uint8Array(ENVELOPE_BYTES_MAX) },
  ])
    expect(() => encodeRecord({ ...good, ...bad })).toThrow(RangeError);
});

test("the portable checksum is that of zlib, from any seed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 0xffffffff }), (bytes, seed) => {
      expect(crc32(bytes, seed)).toBe(zlibCrc32(bytes, seed));
    }),
    { numRuns: runs },
  );
});

test("a checksum says which bit flipped", () => {
  const bytes = new Uint8Array(90).map((_, at) => at * 11);
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = bytes.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(flippedBit(crc32(changed) ^ crc32(bytes), bytes.length)).toBe(bit);
  }
  expect(flippedBit(0, bytes.length)).toBeUndefined();
});
