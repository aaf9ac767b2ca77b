import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  compareHybrid,
  decodeHybrid,
  encodeHybrid,
  type HybridTime,
  receiveHybrid,
  tickHybrid,
} from "@engram/vclock";
import { runs } from "./runs.ts";

const wall = fc.oneof(fc.nat({ max: 3 }), fc.integer({ min: 0, max: 2 ** 48 - 3 }));
const time: fc.Arbitrary<HybridTime> = fc.record(
  { wallMs: wall, logical: fc.constantFrom(0, 1, 65_534, 65_535) },
  { noNullPrototype: true },
);

test("a tick is later than the last time and not before the wall clock", () => {
  fc.assert(
    fc.property(time, wall, (last, now) => {
      const next = tickHybrid(last, now);
      expect(compareHybrid(next, last)).toBeGreaterThan(0);
      expect(next.wallMs).toBeGreaterThanOrEqual(now);
      expect(next.wallMs).toBeLessThanOrEqual(Math.max(now, last.wallMs + 1));
    }),
    { numRuns: runs(1000) },
  );
});

test("a received time is later than both, unless the remote clock is too far ahead", () => {
  fc.assert(
    fc.property(time, time, wall, fc.nat(), (last, remote, now, drift) => {
      const next = receiveHybrid(last, remote, { wallMs: now, driftMaxMs: drift });
      if (remote.wallMs - now > drift) {
        expect(next).toEqual({ aheadMs: remote.wallMs - now });
        return;
      }
      expect("wallMs" in next && compareHybrid(next, last)).toBeGreaterThan(0);
      expect("wallMs" in next && compareHybrid(next, remote)).toBeGreaterThan(0);
    }),
    { numRuns: runs(1000) },
  );
});

test("bytes sort as times and come back", () => {
  fc.assert(
    fc.property(time, time, (x, y) => {
      expect(decodeHybrid(encodeHybrid(x))).toEqual(x);
      const bytes = Buffer.compare(encodeHybrid(x), encodeHybrid(y));
      expect(bytes).toBe(Math.sign(compareHybrid(x, y)));
    }),
    { numRuns: runs(1000) },
  );
  expect(decodeHybrid(new Uint8Array(7))).toBe(undefined);
});

test("a wall clock that is no time is refused", () => {
  for (const wrong of [-1, 0.5, 2 ** 48, Number.NaN]) {
    expect(() => tickHybrid({ wallMs: 0, logical: 0 }, wrong)).toThrow(RangeError);
  }
  const end = { wallMs: 2 ** 48 - 1, logical: 65_535 };
  expect(() => tickHybrid(end, 0)).toThrow(RangeError);
});
