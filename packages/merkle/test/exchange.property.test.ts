// Laws M4 to M9: what an exchange finds is the difference, by each stage alone and by all.
import * as fc from "fast-check";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import {
  Exchange,
  fastDigest,
  type ItemDigest,
  type MerkleTree,
  strongDigest,
} from "@engram/merkle";
import { decodeEnvelope, decodeFrame } from "../src/decode.ts";
import { encodeFrame, type Frame } from "../src/frame.ts";
import { drawn, Link, type Output, repair, seeded } from "./link.ts";
import { differenceOf, type Model, nameOf, pairs, runs, treeOf } from "./sets.ts";

const strong = strongDigest(
  (bytes) => createHash("sha256").update(bytes).digest(),
  new Uint8Array(16).fill(7),
);

interface Setting {
  readonly slots: number;
  readonly digest: ItemDigest;
  readonly frameBytesMax: number;
  readonly settleMs: number;
}

const settings: fc.Arbitrary<Setting> = fc.record({
  slots: fc.constantFrom(1, 4, 64),
  digest: fc.constantFrom(fastDigest(), fastDigest({ hi: 1, lo: 2 }), strong),
  frameBytesMax: fc.constantFrom(1200, 65_536),
  settleMs: fc.constantFrom(0, 100),
});

function linked(
  trees: readonly [MerkleTree, MerkleTree],
  setting: Setting,
  tamper?: (bytes: Uint8Array) => Uint8Array,
): Link {
  const random = seeded(1);
  const { frameBytesMax, settleMs } = setting;
  const options = { random, frameBytesMax, settleMs, intervalMs: 0 };
  const ends = [new Exchange(trees[0], options, 0), new Exchange(trees[1], options, 0)] as const;
  return new Link(ends, { random, ...(tamper === undefined ? {} : { tamper }) });
}

function found(outputs: readonly Output[]): Map<string, string> {
  const repairs = new Map<string, string>();
  for (const output of outputs) {
    if (output.type === "repair") repairs.set(nameOf(output.key), output.action);
    else expect(output.type).toBe("done");
  }
  return repairs;
}

/** Makes each question exact, so that ranges are only listed and split. */
function exactly(setting: Setting): (bytes: Uint8Array) => Uint8Array {
  const context = {
    binding: { hi: 0, lo: 0 },
    lanes: setting.digest.lanes,
    slotBits: Math.log2(setting.slots),
  };
  return (bytes) => {
    const envelope = decodeEnvelope(bytes, context.binding);
    if (typeof envelope === "string" || envelope.kind !== "ask") return bytes;
    const frame = decodeFrame(bytes, "ask", context) as Extract<Frame, { kind: "ask" }>;
    const exact = encodeFrame({ ...frame, counters: undefined }, envelope.request, context);
    exact.set(bytes.subarray(5, 13), 5);
    return exact;
  };
}

function check([mine, theirs]: [Model, Model], setting: Setting, tamper?: "exactly"): void {
  const trees = [treeOf(mine, setting), treeOf(theirs, setting)] as const;
  const link = linked(trees, setting, tamper && exactly(setting));
  const first = link.exchange(0);
  const expected = differenceOf(mine, theirs);
  expect(found(first)).toEqual(expected);
  const inverse = { pull: "push", push: "pull", both: "both" };
  const back = found(link.exchange(1));
  expect(back).toEqual(new Map([...expected].map(([key, action]) => [key, inverse[action]])));
  repair(first, trees);
  expect(trees[0].root).toBe(trees[1].root);
  expect(found(link.exchange(0)).size).toBe(0);
}

test("M4, M5, M7, M8: all stages together", () => {
  fc.assert(
    fc.property(pairs(400, 60), settings, (ends, setting) => check(ends, setting)),
    runs(40),
  );
});

test("M4, M5, M7, M8: lists and children alone", () => {
  fc.assert(
    fc.property(pairs(400, 60), settings, (ends, setting) => check(ends, setting, "exactly")),
    runs(30),
  );
});

test("M4, M5, M7, M8: mostly differences, so lists instead of sketches", () => {
  fc.assert(
    fc.property(pairs(20, 300), settings, (ends, setting) => check(ends, setting)),
    runs(30),
  );
});

test("M4, M5: only slots that both share are compared", () => {
  fc.assert(
    fc.property(pairs(200, 60), fc.uniqueArray(fc.nat(15)), (ends, slots) => {
      const trees = [treeOf(ends[0], { slots: 16 }), treeOf(ends[1], { slots: 16 })] as const;
      const random = seeded(1);
      const options = { random, slots, intervalMs: 0, settleMs: 0 };
      const link = new Link(
        [new Exchange(trees[0], options, 0), new Exchange(trees[1], options, 0)],
        { random },
      );
      const expected = [...differenceOf(...ends)].filter(([name]) =>
        slots.includes(Math.floor(Number(name.split(":")[0]) / 2 ** 28)),
      );
      expect(found(link.exchange(0))).toEqual(new Map(expected));
    }),
    runs(40),
  );
});

test("M4, M5: sketches alone, of thousands of items", () => {
  for (const seed of [1, 2, 3]) {
    const random = seeded(seed);
    const [mine, theirs]: [Model, Model] = [new Map(), new Map()];
    for (let item = 0; item < 6000; item += 1) {
      const key = drawn(random);
      const at = nameOf(key);
      const version = drawn(random);
      if (item >= 300 || item % 3 !== 0) mine.set(at, { key, version });
      if (item >= 300 || item % 3 !== 1) theirs.set(at, { key, version });
      if (item < 300 && item % 3 === 2) theirs.set(at, { key, version: drawn(random) });
    }
    const kinds = new Set<number>();
    const trees = [treeOf(mine), treeOf(theirs)] as const;
    const setting = { slots: 1, digest: fastDigest(), frameBytesMax: 1200, settleMs: 0 };
    const link = linked(trees, setting, (bytes) => {
      kinds.add(bytes[0]!);
      return bytes;
    });
    expect(found(link.exchange(0))).toEqual(differenceOf(mine, theirs));
    // ask, more, sketch: and no lists or children.
    expect([...kinds].sort((one, two) => one - two)).toEqual([1, 2, 5]);
  }
});

test("M6: bytes grow with the difference and rounds with its logarithm at most", () => {
  const random = seeded(9);
  for (const size of [1000, 6000]) {
    for (const different of [0, 1, 30, 1000]) {
      for (const tamper of [undefined, "exactly"] as const) {
        const [mine, theirs]: [Model, Model] = [new Map(), new Map()];
        for (let item = 0; item < size; item += 1) {
          const key = drawn(random);
          const entry = { key, version: drawn(random) };
          mine.set(nameOf(key), entry);
          if (item >= different) theirs.set(nameOf(key), entry);
        }
        const setting = { slots: 1, digest: fastDigest(), frameBytesMax: 65_536, settleMs: 0 };
        const trees = [treeOf(mine), treeOf(theirs)] as const;
        const link = linked(trees, setting, tamper && exactly(setting));
        expect(found(link.exchange(0)).size).toBe(different);
        const rounds = link.now / 20;
        const bytes = link.bytes[0] + link.bytes[1];
        if (tamper === undefined) {
          expect(rounds).toBeLessThanOrEqual(6);
          expect(bytes).toBeLessThanOrEqual(400 + 45 * different);
        } else {
          // A window of 32 questions: one more round for each 32 ranges of a level.
          const depth = Math.ceil(Math.log2(size) / 4) + 1;
          expect(rounds).toBeLessThanOrEqual(depth + (depth * 16 * different) / 32);
          expect(bytes).toBeLessThanOrEqual(400 + (depth * 16 * 9 + 64 * 16 + 200) * different);
        }
      }
    }
  }
});

/** Digests of one bit: two sets of equal size and parity are taken for equal. */
const toy: ItemDigest = {
  lanes: 2,
  write: (words, at, out) => {
    fastDigest().write(words, at, out);
    out[0] = out[0]! & 1;
    out[1] = 0;
  },
};

test("M9: under forced collisions, what is reported differs, and counts never lie", () => {
  let missed = 0;
  let unsound = 0;
  fc.assert(
    fc.property(pairs(100, 20), fc.constantFrom(1, 16), ([mine, theirs], slots) => {
      const setting = { slots, digest: toy, frameBytesMax: 65_536, settleMs: 0 };
      const trees = [treeOf(mine, setting), treeOf(theirs, setting)] as const;
      const link = linked(trees, setting);
      const expected = differenceOf(mine, theirs);
      const reported = found(link.exchange(0));
      for (const [key, action] of reported) expect(expected.get(key)).toBe(action);
      if (trees[0].root !== trees[1].root) expect(expected.size).toBeGreaterThan(0);
      if (reported.size < expected.size) missed += 1;
      if (trees[0].size !== trees[1].size) {
        unsound += 1;
        expect(reported.size).toBeGreaterThan(0);
      }
    }),
    runs(100),
  );
  // The width is such that both happen: else this test would show nothing.
  expect(missed).toBeGreaterThan(0);
  expect(unsound).toBeGreaterThan(0);
});

/** Digests whose first lane, from which prints are taken, says nothing of the version. */
const blind: ItemDigest = {
  lanes: 2,
  write: (words, at, out) => {
    fastDigest().write(words, at, out);
    out[0] = 0;
  },
};

test("M9: where prints collide, the guard notices and the exact stages find all", () => {
  fc.assert(
    fc.property(pairs(400, 40), fc.constantFrom(1, 16), ([mine, theirs], slots) => {
      const setting = { slots, digest: blind, frameBytesMax: 65_536, settleMs: 0 };
      const trees = [treeOf(mine, setting), treeOf(theirs, setting)] as const;
      const link = linked(trees, setting);
      // A sketch cannot tell a new version, and where it told other differences they are repaired
      // first: then it tells nothing, though the digests differ, and the exact stages begin.
      for (let round = 0; round < 2; round += 1) repair(link.exchange(0), trees);
      expect(trees[0].root).toBe(trees[1].root);
    }),
    runs(40),
  );
});

test("a checker of completeness notices a digest that ignores versions", () => {
  const careless: ItemDigest = {
    lanes: 2,
    write: (words, at, out) => {
      fastDigest().write(Uint32Array.of(words[at]!, words[at + 1]!, 0, 0), 0, out);
    },
  };
  const setting = { slots: 1, digest: careless, frameBytesMax: 65_536, settleMs: 0 };
  expect(() =>
    fc.assert(
      fc.property(pairs(50, 20), (ends) => check(ends, setting)),
      { numRuns: 50 },
    ),
  ).toThrow();
});
