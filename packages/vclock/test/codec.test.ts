import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addObservation,
  ballotOf,
  claimsOf,
  compareContexts,
  contextOf,
  decodeBallot,
  decodeClaims,
  decodeContext,
  decodeEvidence,
  decodeTwoPhase,
  decodeVector,
  decodeVersioned,
  emptyContext,
  emptyEvidence,
  emptyVector,
  emptyVersioned,
  encodeBallot,
  encodeClaims,
  encodeContext,
  encodeEvidence,
  encodeTwoPhase,
  encodeVector,
  encodeVersioned,
  type Malformed,
  merge,
  originTable,
  type SharedState,
  twoPhaseSet,
  vectorOf,
  write,
} from "@engram/vclock";
import { runs } from "./runs.ts";
import { numbers, ORIGINS } from "./states.ts";

const [a, b, c, d] = ORIGINS as [string, string, string, string];
const SEQUENCE_MAX = 2 ** 53 - 1;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytes = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const table = originTable([d, a, b]);

/** Every decoder by name, with what it decodes written back. */
const codecs: Record<string, (input: Uint8Array) => Uint8Array | Malformed> = {
  vector: (input) => back(decodeVector(input), (s) => encodeVector(s)),
  vectorWithTable: (input) => back(decodeVector(input, table), (s) => encodeVector(s, table)),
  context: (input) => back(decodeContext(input), (s) => encodeContext(s)),
  versioned: (input) => versionedBack(input, {}),
  versionedWithBase: (input) => versionedBack(input, { table, base: vectorOf([[a, 3]]) }),
  ballot: (input) => back(decodeBallot(input), encodeBallot),
  twoPhase: (input) => back(decodeTwoPhase(input), encodeTwoPhase),
  evidence: (input) => back(decodeEvidence(input), (s) => encodeEvidence(s)),
  claims: (input) => back(decodeClaims(input, numbers), (s) => encodeClaims(s, numbers)),
};

function back<S extends object>(state: S | Malformed, encode: (s: S) => Uint8Array) {
  return "malformed" in state ? state : encode(state);
}

function versionedBack(input: Uint8Array, shared: SharedState) {
  return back(decodeVersioned(input, numbers, shared), (s) => encodeVersioned(s, numbers, shared));
}

const context = contextOf(
  vectorOf([
    [a, 2],
    [b, 300],
  ]),
  [
    { origin: a, first: 4, last: 4 },
    { origin: a, first: 7, last: 9 },
    { origin: c, first: SEQUENCE_MAX, last: SEQUENCE_MAX },
  ],
);
const versioned = write(
  write(emptyVersioned, emptyContext, { origin: a, sequence: 1 }, 7),
  emptyContext,
  { origin: b, sequence: 2 },
  8,
);
const votes = [
  { voter: "n1", sequence: 1, candidate: "x", confidence: 65_535 },
  { voter: "n2", sequence: 200, candidate: "é", confidence: 0 },
];

/** Frozen: a change here is a new format. */
const golden: Record<string, readonly [Uint8Array, string]> = {
  "the vector of nothing": [encodeVector(emptyVector), "00 00"],
  vector: [encodeVector(context.vector), `02 ${a} ${b} 02 00 02 01 ac02`],
  "vector with a table": [encodeVector(context.vector, table), "02 01 02 02 ac02"],
  context: [
    encodeContext(context),
    `03 ${a} ${b} ${c} 02 00 02 01 ac02 03 00 00 00 00 01 02 02 fdffffffffffff0f 00`,
  ],
  versioned: [
    encodeVersioned(versioned, numbers),
    `02 ${a} ${b} 01 00 01 01 01 00 00 02 00 01 01 07 01 02 01 08`,
  ],
  "versioned with a table and a base": [
    encodeVersioned(versioned, numbers, {
      table,
      base: vectorOf([
        [a, 3],
        [b, 2],
      ]),
    }),
    "00 00 02 01 01 01 07 02 02 01 08",
  ],
  ballot: [encodeBallot(ballotOf(votes)), "02 026e31 01 0178 ffff03 026e32 c801 02c3a9 00"],
  "two-phase set": [encodeTwoPhase(twoPhaseSet(["b", "a"], ["c"])), "02 0161 0162 01 0163"],
  evidence: [
    encodeEvidence(addObservation(emptyEvidence(2), { origin: a, sequence: 5 }, [1, -0.5], 3)),
    `01 ${a} 02 01 00 05 03 4108000000000000 c0f8000000000000`,
  ],
  claims: [
    encodeClaims(
      claimsOf(
        [
          { version: 1, vector: vectorOf([[a, 2]]), value: 1 },
          { version: 0, vector: vectorOf([[b, 1]]), value: 2 },
        ],
        numbers.order,
      ),
      numbers,
    ),
    `02 ${a} ${b} 02 00 01 01 01 01 02 01 01 00 02 01 01`,
  ],
};

describe("golden vectors", () => {
  for (const [what, [encoded, expected]] of Object.entries(golden)) {
    test(what, () => {
      expect(hex(encoded)).toBe(expected.replaceAll(" ", ""));
    });
  }
});

describe("what is not canonical is refused with its reason", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["vector", "", "truncated"],
    ["vector", "00 00 00", "trailing"],
    ["vector", "8000 00", "overlong"],
    ["vectorWithTable", "01 00 80808080808080 80", "overflow"],
    ["vectorWithTable", "01 00 8080808080808010", "overflow"],
    ["vectorWithTable", "01 00 00", "zero"],
    ["vectorWithTable", "01 03 01", "unknown-origin"],
    ["vectorWithTable", "02 02 01 01 01", "unsorted"],
    ["vectorWithTable", "02 01 01 01 01", "unsorted"],
    ["vectorWithTable", "05 01 01", "truncated"],
    ["vector", `02 ${b} ${a} 02 00 01 01 01`, "unsorted"],
    ["vector", `02 ${a} ${b} 01 00 01`, "unused-origin"],
    ["context", `02 ${a} ${b} 00 02 01 01 00 00 01 00`, "unsorted"],
    ["context", `01 ${a} 00 01 00 fdffffffffffff0f 01`, "overflow"],
    ["versioned", `01 ${a} 00 00 01 00 01 01 07`, "uncovered"],
    ["versioned", `01 ${a} 01 00 01 00 01 00 01 02 0707`, "bad-value"],
    ["versioned", `01 ${a} 01 00 02 00 02 00 02 01 07 00 01 01 07`, "unsorted"],
    ["versioned", `01 ${a} 01 00 02 00 02 00 02 01 07 00 02 01 07`, "unsorted"],
    ["versionedWithBase", "01 01 03 00 00", "not-normal"],
    ["versionedWithBase", "00 01 01 01 00 00", "not-normal"],
    ["ballot", "01 01ff 01 0178 00", "bad-text"],
    ["ballot", "01 0161 01 0178 808004", "bad-value"],
    ["ballot", "02 0162 01 0178 00 0161 01 0178 00", "unsorted"],
    ["twoPhase", "01 0161 01 0161", "not-normal"],
    ["twoPhase", "02 0162 0161 00", "unsorted"],
    ["evidence", `01 ${a} 01 01 00 01 01 3fe0000000000000`, "bad-value"],
    ["evidence", `01 ${a} 01 01 00 01 01 8000000000000000`, "bad-value"],
    ["evidence", `01 ${a} 01 01 00 01 01 40f0001000000000`, "bad-value"],
    ["evidence", `00 00 00`, "zero"],
    ["evidence", `00 ffffff7f 00`, "bad-value"],
    ["claims", `01 ${a} 02 00 00 01 01 00 01 00 01 01 01`, "not-normal"],
    ["claims", `00 ff7f`, "truncated"],
    ["claims", `00 8108 ${"00 00 01 01 ".repeat(1025)}`, "too-many"],
  ];
  for (const [codec, input, malformed] of cases) {
    test(`${codec} ${input.slice(0, 60)}: ${malformed}`, () => {
      expect(codecs[codec]!(bytes(input))).toMatchObject({ malformed });
    });
  }
});

const largeContext = fc
  .array(
    fc.tuple(
      fc.constantFrom(...ORIGINS),
      fc.integer({ min: 1, max: SEQUENCE_MAX }),
      fc.integer({ min: 0, max: 2 ** 50 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) =>
    contextOf(
      emptyVector,
      parts.map(([origin, first, size]) => ({
        origin,
        first,
        last: Math.min(SEQUENCE_MAX, first + size),
      })),
    ),
  );

test("what is decoded does not change with the bytes it came from", () => {
  const raw = {
    ...numbers,
    encode: (value: Uint8Array) => value,
    decode: (value: Uint8Array) => value,
    order: () => 0,
  };
  const state = write(emptyVersioned, emptyContext, { origin: a, sequence: 1 }, Uint8Array.of(7));
  const message = Buffer.from(encodeVersioned(state, raw));
  const decoded = decodeVersioned(message, raw);
  message.fill(0);
  expect(decoded).toEqual(state);
});

test("sequences up to 2^53-1 make the round trip", () => {
  fc.assert(
    fc.property(largeContext, (large) => {
      expect(decodeContext(encodeContext(large))).toEqual(large);
    }),
    { numRuns: runs(1000) },
  );
});

/** Bytes that look like a state for a while: small numbers, an origin now and then. */
const plausible = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.nat({ max: 4 }).map((byte) => [byte]) },
      { weight: 2, arbitrary: fc.nat({ max: 255 }).map((byte) => [byte]) },
      { weight: 1, arbitrary: fc.constantFrom(...ORIGINS).map((origin) => [...bytes(origin)]) },
    ),
    { maxLength: 40 },
  )
  .map((parts) => Uint8Array.from(parts.flat()));

describe("fuzz: any bytes give a state with exactly those bytes, or a reason", () => {
  for (const [what, reencode] of Object.entries(codecs)) {
    test(what, () => {
      const input = fc.oneof(plausible, fc.uint8Array({ maxLength: 64 }));
      fc.assert(
        fc.property(input, (hostile) => {
          const result = reencode(hostile);
          if ("malformed" in result) expect(result.offset).toBeLessThanOrEqual(hostile.length);
          else expect(hex(result)).toBe(hex(hostile));
        }),
        { numRuns: runs(1000) },
      );
    });
  }

  test("counts that the input cannot hold allocate nothing", () => {
    const huge = bytes("ffffffffffffff0f");
    for (const decode of Object.values(codecs)) {
      expect(decode(huge)).toMatchObject({ malformed: expect.any(String) });
      expect(decode(Uint8Array.from([0, ...huge]))).toMatchObject({
        malformed: expect.any(String),
      });
    }
  });

  test("100,000 siblings beyond gaps cost no more than sorting them", () => {
    // What is quadratic in the size of a state would run into the test's time limit.
    const state = (origin: string) => ({
      context: contextOf(
        emptyVector,
        Array.from({ length: 100_000 }, (_, i) => ({ origin, first: 2 * i + 2, last: 2 * i + 2 })),
      ),
      siblings: Array.from({ length: 100_000 }, (_, i) => ({
        dot: { origin, sequence: 2 * i + 2 },
        value: 1,
      })),
    });
    const [left, right] = [state(a), state(b)];
    const merged = merge(left, right, numbers.order);
    expect(merged.siblings).toHaveLength(200_000);
    expect(merge(left, merged, numbers.order).siblings).toHaveLength(200_000);
    const copy = decodeVersioned(encodeVersioned(merged, numbers), numbers);
    expect("siblings" in copy && copy.siblings.length).toBe(200_000);
    expect("context" in copy && compareContexts(copy.context, left.context)).toBe("after");
  });
});
