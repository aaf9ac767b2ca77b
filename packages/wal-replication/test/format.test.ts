import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32 } from "@engram/wal-replication";
import { DiskLog, FaultyDisk } from "@engram/wal-replication/testing";
import { decodeFooter, encodeFooter } from "../src/footer.ts";
import {
  decodeFrameHeader,
  decodeSegmentHeader,
  HEADER_BYTES,
  parseSegmentFile,
} from "../src/frame.ts";
import { encodeRecord } from "../src/record.ts";
import { StreamIndex } from "../src/stream-index.ts";
import { hex, numbered, originOf } from "./records.ts";

const runs = Number(process.env["FC_NUM_RUNS"] ?? 300);

function envelope(sequence: number, body: Uint8Array, stream = 7): Uint8Array {
  return encodeRecord({ stream, origin: originOf(9), sequence, context: [], body });
}

describe("the files, frozen", () => {
  const disk = new FaultyDisk();
  const log = new DiskLog(disk, { random: () => 0.5, segmentBytes: 1024 }).run();
  log.append(envelope(1, new Uint8Array(0)), 1_700_000_000_000);
  log.append(envelope(2, new TextEncoder().encode("engram")), 1_700_000_000_001);
  log.run();
  log.append(envelope(1, new Uint8Array(900), 3), 1_700_000_000_002);
  log.run();
  log.append(envelope(3, new Uint8Array(0)), 1_700_000_000_003);
  log.run();
  const [first, second] = disk.files.map(({ file, bytes }) =>
    hex(disk.execute({ type: "read", file, offset: 0, length: bytes }) as Uint8Array),
  );

  test("names", () => {
    expect(disk.files.map(({ file }) => file)).toEqual([
      "00000000000000000001-8000000080000000.wal",
      "00000000000000000004-8000000080000000.wal",
    ]);
  });

  test("a sealed segment", () => {
    expect(first?.replace(/(00){896,}/, "...")).toBe(
      [
        "45575301", // EWS, version 1
        "00000000", // zero
        "8000000080000000", // segment id
        "0100000000000000", // base lsn
        "0000000000000000", // wall-clock ms
        "00000000", // link
        "92d96046", // header crc
        "45574201", // EWB, version 1
        "48000000", // payload length
        "0100000000000000", // first lsn
        "0168e5cf8b010000", // wall-clock ms
        "02000000", // records
        "76e65efc", // payload crc
        "92d96046", // link: the crc before
        "6b930dc9", // header crc
        "1f000000bd6c5f9d0107000000090909090909090909090909090909090100", // envelope of record 1
        "25000000168ddf5b0107000000090909090909090909090909090909090200656e6772616d", // envelope of record 2
        "00000000", // padding
        "45574201", // EWB, version 1
        "a8030000", // payload length
        "0300000000000000", // first lsn
        "0268e5cf8b010000", // wall-clock ms
        "01000000", // records
        "9cefa427", // payload crc
        "6b930dc9", // link: the crc before
        "0b0cf642", // header crc
        "a3030000ed51ffc701030000000909090909090909090909090909090901", // envelope of record 3 but for its body, 900 zeros
        "...", // and padding
        "45574601", // EWF, version 1
        "30000000", // payload length
        "0400000000000000", // first lsn
        "0268e5cf8b010000", // wall-clock ms
        "00000000", // records
        "bdd37fae", // payload crc
        "0b0cf642", // link: the crc before
        "981aa696", // header crc
        "01", // one mark
        "0028", // at the base lsn, offset 40
        "01", // one origin
        "09090909090909090909090909090909", // origin
        "02", // two ranges
        "030001000200", // stream 3: sequence 1, lsn 3
        "040001010001", // stream 7: sequences 1 to 2, lsns 1 to 2
        "00000000000000", // padding
        "6804000000000000", // offset of the footer
      ].join(""),
    );
  });

  test("the segment after it", () => {
    expect(second).toBe(
      [
        "45575301", // EWS, version 1
        "00000000", // zero
        "8000000080000000", // segment id
        "0400000000000000", // base lsn
        "0368e5cf8b010000", // wall-clock ms
        "981aa696", // link
        "67f68466", // header crc
        "45574201", // EWB, version 1
        "20000000", // payload length
        "0400000000000000", // first lsn
        "0368e5cf8b010000", // wall-clock ms
        "01000000", // records
        "a0a65f58", // payload crc
        "67f68466", // link: the crc before
        "257dab96", // header crc
        "1f0000003f0e69af0107000000090909090909090909090909090909090300", // envelope of record 4
        "00", // padding
      ].join(""),
    );
  });
});

test("segment names", () => {
  expect(parseSegmentFile("00000000000000000004-80000000deadbeef.wal")).toEqual({
    file: "00000000000000000004-80000000deadbeef.wal",
    baseLsn: 4,
    id: "80000000deadbeef",
  });
  for (const file of [
    "00000000000000000004-80000000deadbeef.wal.tmp",
    "00000000000000000000-80000000deadbeef.wal",
    "99999999999999999999-80000000deadbeef.wal",
    "4-80000000deadbeef.wal",
    "LOCK.00",
  ])
    expect(parseSegmentFile(file)).toBeUndefined();
});

test("any bytes decode to a header, a footer or nothing", () => {
  const name = parseSegmentFile("00000000000000000004-80000000deadbeef.wal")!;
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200, size: "max" }),
      fc.nat({ max: 220 }),
      (bytes, offset) => {
        expect(decodeFrameHeader(bytes, offset, 5, crc32)).toBeUndefined();
        expect(decodeSegmentHeader(bytes, name, crc32)).toBeUndefined();
        const footer = decodeFooter(bytes, 1);
        if (footer !== undefined)
          expect(footer.marks.length + footer.ranges.length).toBeLessThan(bytes.length);
      },
    ),
    { numRuns: runs * 10 },
  );
});

test("a footer gives back where each origin of each stream is", () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 100_000 }), {
    maxLength: 300,
    size: "max",
  });
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 2 ** 40 }), (sequences, baseLsn) => {
      const index = new StreamIndex();
      const expected = new Map<string, number[]>();
      for (const [position, sequence] of sequences.entries()) {
        const { stream, origin } = numbered(sequence);
        const bytes = encodeRecord(numbered(sequence));
        index.note(bytes, new DataView(bytes.buffer), 0, baseLsn + position);
        const key = `${stream} ${hex(origin)}`;
        const lsns = expected.get(key) ?? [];
        expected.set(key, [...lsns, baseLsn + position]);
      }
      const marks = [
        { lsn: baseLsn, offset: HEADER_BYTES },
        { lsn: baseLsn + 7, offset: 70_000 },
      ];
      const frame = encodeFooter({ marks, ranges: index.ranges() }, baseLsn, 123_456);
      const footer = decodeFooter(frame.subarray(HEADER_BYTES), baseLsn);
      expect(footer?.marks).toEqual(marks);
      expect(footer?.ranges).toHaveLength(expected.size);
      for (const range of footer?.ranges ?? []) {
        const lsns = expected.get(`${range.stream} ${hex(range.origin)}`)!;
        const own = lsns.map((lsn) => sequences[lsn - baseLsn]!);
        expect(range).toMatchObject({
          firstLsn: lsns[0],
          lastLsn: lsns.at(-1),
          firstSequence: Math.min(...own),
          lastSequence: Math.max(...own),
        });
      }
    }),
    { numRuns: runs },
  );
});
