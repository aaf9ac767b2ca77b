// The wire format: known bytes, round trips, and law M12, bytes of any kind.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Exchange, MerkleTree } from "@engram/merkle";
import { decodeEnvelope, decodeFrame } from "../src/decode.ts";
import { encodeFrame, type Frame, type FrameContext, type FrameKind, kinds } from "../src/frame.ts";
import { childOf, bitsBelow, everything, type Range } from "../src/range.ts";
import { CELL_WORDS } from "../src/sketch.ts";
import { Sum } from "../src/sum.ts";
import { drawn, Link, seeded } from "./link.ts";
import { runs } from "./sets.ts";

const context: FrameContext = {
  binding: { hi: 0x11223344, lo: 0x55667788 },
  lanes: 2,
  slotBits: 6,
};
const word = fc.integer({ min: 0, max: 0xffffffff });
const hash = fc.record({ hi: word, lo: word });
const counts = fc.oneof(fc.nat(200), word);

const sums: fc.Arbitrary<Sum> = fc.tuple(counts, word, word).map(([count, one, two]) => {
  const sum = new Sum(2);
  sum.count = count;
  sum.lanes.set([one, two]);
  return sum;
});

const ranges: fc.Arbitrary<Range> = fc
  .tuple(fc.nat(15), fc.array(fc.nat(3), { minLength: 15, maxLength: 15 }))
  .map(([depth, path]) => {
    let range = everything;
    for (const index of path.slice(0, depth)) {
      range = childOf(range, index, bitsBelow(range.bits, context.slotBits));
    }
    return range;
  });

const cells = fc.array(fc.tuple(word, word, fc.nat(0xffffff), fc.nat(0xffffff)), {
  minLength: 1,
  maxLength: 20,
});

const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    kind: fc.constant("ask" as const),
    range: ranges,
    sum: sums,
    counters: fc.option(fc.int32Array({ minLength: 128, maxLength: 128 }), { nil: undefined }),
  }),
  fc
    .tuple(ranges, fc.uniqueArray(fc.nat(16_384), { minLength: 3, maxLength: 3 }))
    .map(([range, positions]) => {
      const [from, to, total] = positions.sort((one, two) => one - two) as [number, number, number];
      return { kind: "more" as const, range, from, to, total };
    }),
  fc.record({ kind: fc.constant("check" as const), keys: fc.array(hash, { maxLength: 9 }) }),
  fc.record({ kind: fc.constant("state" as const), sum: sums }),
  fc.tuple(sums, cells, fc.nat(100)).map(([sum, items, from]) => ({
    kind: "sketch" as const,
    sum,
    total: from + items.length + 7,
    from,
    cells: Int32Array.from(items.flat()),
  })),
  fc
    .uniqueArray(fc.tuple(word, word, word, word), { selector: ([hi, lo]) => `${hi}:${lo}` })
    .map((items) => {
      items.sort((one, two) => one[0] - two[0] || one[1] - two[1]);
      const sum = new Sum(2);
      sum.count = items.length;
      return { kind: "list" as const, sum, items: Uint32Array.from(items.flat()) };
    }),
  fc.record({
    kind: fc.constant("children" as const),
    sum: sums,
    bits: fc.constantFrom(4, 6, 10, 62),
    children: fc.array(fc.option(sums, { nil: undefined }), { minLength: 16, maxLength: 16 }),
  }),
  fc.record({
    kind: fc.constant("versions" as const),
    sum: sums,
    versions: fc.array(fc.option(hash, { nil: undefined }), { maxLength: 20 }),
  }),
  fc.constant({ kind: "refused" as const }),
);

test("every frame is read as it was written", () => {
  fc.assert(
    fc.property(frames, word, (frame, request) => {
      const bytes = encodeFrame(frame, request, context);
      expect(decodeEnvelope(bytes, context.binding)).toEqual({
        kind: frame.kind,
        request,
        isBound: true,
      });
      expect(decodeFrame(bytes, frame.kind, context)).toEqual(frame);
      expect(decodeEnvelope(bytes, { hi: 0, lo: 0 })).toMatchObject({ isBound: false });
    }),
    runs(500),
  );
});

test("a frame cut short, or with more behind it, is not read", () => {
  fc.assert(
    fc.property(frames, fc.nat(), (frame, cut) => {
      const bytes = encodeFrame(frame, 1, context);
      fc.pre(bytes.length > 13);
      const shorter = decodeFrame(
        bytes.subarray(0, 13 + (cut % (bytes.length - 13))),
        frame.kind,
        context,
      );
      // Keys are as many as there are bytes for; anything else says how long it is.
      if (frame.kind !== "check" && frame.kind !== "sketch") expect(shorter).toBeTypeOf("string");
      const longer = new Uint8Array(bytes.length + 1);
      longer.set(bytes);
      expect(decodeFrame(longer, frame.kind, context)).toBeTypeOf("string");
    }),
    runs(300),
  );
});

test("a range whose prefix has bits beyond its length, or an odd length, is not read", () => {
  const frame: Frame = {
    kind: "more",
    range: { hi: 0xabc00000, lo: 0, bits: 10 },
    total: 2,
    from: 0,
    to: 1,
  };
  const bytes = encodeFrame(frame, 1, context);
  expect(decodeFrame(bytes, "more", context)).toEqual(frame);
  for (const [at, value] of [
    [13, 9],
    [13, 66],
    [15, 0xc1],
  ] as const) {
    const other = bytes.slice();
    other[at] = value;
    expect(decodeFrame(other, "more", context)).toBe("more: no such range");
  }
});

test("the bytes of frames are these", () => {
  const sum = new Sum(2);
  sum.count = 300;
  sum.lanes.set([0x01020304, 0x0a0b0c0d]);
  const hex = (frame: Frame): string =>
    Array.from(encodeFrame(frame, 0xdeadbeef, context), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
  const range = { hi: 0xabc00000, lo: 0, bits: 10 };
  expect(hex({ kind: "ask", range, sum, counters: undefined })).toMatchInlineSnapshot(
    `"01efbeadde4433221188776655010aabc0ac02040302010d0c0b0a"`,
  );
  expect(hex({ kind: "more", range, total: 200, from: 5, to: 130 })).toMatchInlineSnapshot(
    `"02efbeadde44332211887766550aabc0c801058201"`,
  );
  expect(hex({ kind: "check", keys: [{ hi: 1, lo: 2 }] })).toMatchInlineSnapshot(
    `"03efbeadde44332211887766550100000002000000"`,
  );
  expect(
    hex({ kind: "sketch", sum, total: 4, from: 3, cells: Int32Array.of(-1, 2, 3, 4) }),
  ).toMatchInlineSnapshot(
    `"05efbeadde4433221188776655ac02040302010d0c0b0a0403ffffffff02000000030000040000"`,
  );
  expect(
    hex({ kind: "versions", sum, versions: [undefined, { hi: 5, lo: 6 }] }),
  ).toMatchInlineSnapshot(`"08efbeadde4433221188776655ac02040302010d0c0b0a02020500000006000000"`);
});

const kindOf = fc.constantFrom<FrameKind>(...kinds);

test("M12: no bytes make a decoder throw, or allocate more than in proportion", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000, size: "max" }), kindOf, (body, kind) => {
      const bytes = new Uint8Array(13 + body.length);
      bytes.set(body, 13);
      const frame = decodeFrame(bytes, kind, context);
      if (typeof frame === "string") return;
      if (frame.kind === "sketch")
        expect(frame.cells.length / CELL_WORDS).toBeLessThan(body.length / 14);
      if (frame.kind === "versions")
        expect(frame.versions.length).toBeLessThanOrEqual(body.length * 8);
      if (frame.kind === "list") expect(frame.items.length * 4).toBeLessThanOrEqual(body.length);
    }),
    runs(1000),
  );
});

/** A tree, an exchange that asks, and the requests it sent. */
function asking(seed: number): { exchange: Exchange; requests: Uint8Array[] } {
  const random = seeded(seed);
  const tree = new MerkleTree({ slots: 64 });
  for (let item = 0; item < 500; item += 1) tree.replace(drawn(random), undefined, drawn(random));
  const exchange = new Exchange(tree, { random, intervalMs: 0 }, 0);
  exchange.start(0);
  const requests: Uint8Array[] = [];
  for (let out = exchange.poll(); out !== undefined; out = exchange.poll()) {
    if (out.type === "send") requests.push(out.bytes);
  }
  return { exchange, requests };
}

test("M12: an exchange takes any bytes, ends, and keeps within its limits", () => {
  fc.assert(
    fc.property(
      fc.infiniteStream(fc.tuple(frames, fc.nat(3), fc.nat(), fc.nat(255))),
      fc.integer({ min: 1, max: 1000 }),
      (answers, seed) => {
        const { exchange, requests } = asking(seed);
        let now = 0;
        let sent = 0;
        let isDone = false;
        // A hostile peer that answers each question with a frame of its choice, some damaged.
        while (!isDone) {
          const request = requests.pop();
          if (request === undefined) {
            now = exchange.deadline ?? now + 1;
            exchange.handleTimeout(now);
          } else {
            const [frame, how, at, byte] = answers.next().value!;
            const bytes = encodeFrame(frame, 0, context);
            bytes.set(request.subarray(1, 13), 1);
            if (how === 0) bytes[at % bytes.length] = byte;
            exchange.handleMessage(bytes, now);
          }
          for (let out = exchange.poll(); out !== undefined; out = exchange.poll()) {
            if (out.type === "done") isDone = true;
            if (out.type === "send") {
              sent += 1;
              requests.push(out.bytes);
            }
          }
          expect(requests.length).toBeLessThanOrEqual(33);
        }
        expect(sent).toBeLessThanOrEqual(8192 * 12);
      },
    ),
    runs(40),
  );
});

test("M12: a peer that always says that everything below differs is given up on", () => {
  const { exchange, requests } = asking(1);
  let sent = requests.length;
  let isComplete: boolean | undefined;
  while (isComplete === undefined) {
    const request = requests.pop();
    if (request === undefined) {
      exchange.handleTimeout(exchange.deadline!);
    } else {
      const sum = new Sum(2);
      sum.count = 1_000_000;
      const bits = bitsBelow(request[14]!, 6);
      const children = Array.from({ length: 16 }, (_, index) =>
        bits === 6 && index > 3 ? undefined : sum,
      );
      // At the very bottom it lists nothing, which is a fair answer.
      const answer: Frame =
        bits > 64
          ? { kind: "list", sum: new Sum(2), items: new Uint32Array(0) }
          : { kind: "children", sum, bits, children };
      const bytes = encodeFrame(answer, 0, context);
      bytes.set(request.subarray(1, 13), 1);
      exchange.handleMessage(bytes, 0);
    }
    for (let out = exchange.poll(); out !== undefined; out = exchange.poll()) {
      if (out.type === "done") isComplete = out.isComplete;
      if (out.type === "send") {
        sent += 1;
        requests.push(out.bytes);
      }
    }
  }
  expect(isComplete).toBe(false);
  expect(sent).toBe(8192);
});

test("M12: bytes that are no frame are reported and do not disturb the exchange", () => {
  const random = seeded(8);
  const trees = [new MerkleTree(), new MerkleTree()] as const;
  trees[0].replace(drawn(random), undefined, drawn(random));
  const options = { random, intervalMs: 0, settleMs: 0, timeoutMs: 50 };
  const ends = [new Exchange(trees[0], options, 0), new Exchange(trees[1], options, 0)] as const;
  const link = new Link(ends, {
    random,
    // A third of the frames are damaged in one byte.
    tamper: (bytes) => {
      const damaged = bytes.slice();
      if (random() < 0.33) damaged[0] = 200;
      return damaged;
    },
  });
  ends[1].handleMessage(Uint8Array.of(1, 2, 3), 0);
  const outputs = link.exchange(0);
  expect(outputs.filter(({ type }) => type === "repair").length).toBe(1);
  expect(
    outputs.some(
      (output) => output.type === "malformed" && output.reason === "shorter than a header",
    ),
  ).toBe(true);
});
