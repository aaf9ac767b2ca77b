import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Ring, type RingOptions, xxh32 } from "@engram/hashring";
import {
  firstDifference,
  id,
  options,
  overrides,
  parameters,
  table,
  timeout,
} from "./arbitraries.ts";

const withClasses: fc.Arbitrary<RingOptions> = fc
  .record({
    options,
    pinnedTo: fc.uniqueArray(id, { minLength: 1, maxLength: 4 }),
    pins: overrides("vault"),
  })
  .map(({ options, pinnedTo, pins }) => ({
    ...options,
    classes: { vault: { replicas: 2, pinnedTo }, ["__proto__"]: { zones: "strict" as const } },
    overrides: [...(options.overrides ?? []), ...pins],
  }));

function sealed(bytes: Uint8Array): Uint8Array {
  const body = bytes.subarray(0, -4);
  const sum = new DataView(new ArrayBuffer(4));
  sum.setUint32(0, xxh32(body), true);
  return Uint8Array.from([...body, ...new Uint8Array(sum.buffer)]);
}

const sample = Ring.of({
  members: [{ id: "a", zone: "z", weight: 300 }, { id: "b" }],
  overrides: [{ slot: 700, owners: ["b", "x"] }],
});

test(
  "a decoded ring is the ring",
  () => {
    fc.assert(
      fc.property(withClasses, (options) => {
        const ring = Ring.of(options);
        const bytes = ring.encode();
        const copy = Ring.decode(bytes);
        if (typeof copy === "string") throw new Error(copy);
        expect(copy.fingerprint).toBe(ring.fingerprint);
        expect(copy.encode()).toEqual(bytes);
        const [a, b] = [copy, ring].map((one) => table(one.class("vault")));
        expect(firstDifference(a ?? [], b ?? [])).toBeUndefined();
      }),
      parameters,
    );
  },
  timeout,
);

test("a byte order mark is part of an id", () => {
  const ring = Ring.of({ members: [{ id: "\ufeffx" }] });
  const copy = Ring.decode(ring.encode());
  expect(typeof copy === "string" ? copy : copy.members).toEqual(ring.members);
});

describe("decoding never gives a wrong ring", () => {
  test("from bytes with anything changed, cut off or added", () => {
    const bytes = sample.encode();
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        expect(Ring.decode(damaged)).toBe(at < 4 ? "version" : "checksum");
      }
      expect(Ring.decode(bytes.subarray(0, at))).toBe(at < 4 ? "version" : "checksum");
    }
    expect(Ring.decode(Uint8Array.from([...bytes, 0]))).toBe("checksum");
  });

  test(
    "from damaged bytes whose checksum was made good",
    () => {
      fc.assert(
        fc.property(
          options,
          fc.array(fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }), {
            minLength: 1,
            maxLength: 4,
          }),
          fc.nat({ max: 3 }),
          (options, changes, cut) => {
            const bytes = Ring.of(options).encode();
            const damaged = bytes.slice(0, bytes.length - cut);
            for (const { at, byte } of changes) damaged[4 + (at % (damaged.length - 4))] = byte;
            const forged = sealed(damaged);
            const ring = Ring.decode(forged);
            // Whatever is accepted must be exactly what its ring encodes to.
            if (typeof ring !== "string") expect(ring.encode()).toEqual(forged);
            else expect(["invalid", "hash"]).toContain(ring);
          },
        ),
        parameters,
      );
    },
    timeout,
  );

  test(
    "from any bytes at all",
    () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
          const forged = sealed(Uint8Array.from([0x45, 0x48, 0x52, 1, 14, ...noise, 0, 0, 0, 0]));
          const ring = Ring.decode(forged);
          if (typeof ring !== "string") expect(ring.encode()).toEqual(forged);
          expect(typeof Ring.decode(noise)).toBe("string");
        }),
        parameters,
      );
    },
    timeout,
  );

  test.each<[string, number[]]>([
    ["no members, and nothing after", [0]],
    ["a count of 2^28 - 1 members", [0xff, 0xff, 0xff, 0x7f]],
    ["a varint that does not end", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ["a varint longer than it need be", [0x80, 0, 0, 1, 0, 3, 1, 0, 0]],
    ["members out of order", [2, 1, 98, 1, 0, 0, 1, 97, 1, 0, 0, 0, 1, 0, 3, 1, 0, 0]],
    ["an absentee that nobody names", [0, 1, 1, 97, 1, 0, 3, 1, 0, 0]],
    ["an id that is not UTF-8", [1, 1, 0xff, 1, 0, 0, 0, 1, 0, 3, 1, 0, 0]],
    ["a reference to nobody", [0, 0, 1, 0, 3, 1, 2, 0, 0]],
    ["bytes left over", [0, 0, 1, 0, 3, 1, 0, 0, 0]],
  ])("from %s", (_, body) => {
    const probe = [...sample.encode().subarray(5, 9)];
    expect(
      Ring.decode(
        sealed(Uint8Array.from([0x45, 0x48, 0x52, 1, 14, ...probe, ...body, 0, 0, 0, 0])),
      ),
    ).toBe("invalid");
  });

  test("the smallest ring is what the layout says", () => {
    const probe = [...sample.encode().subarray(5, 9)];
    const bytes = sealed(
      Uint8Array.from([0x45, 0x48, 0x52, 1, 14, ...probe, 0, 0, 1, 0, 3, 1, 0, 0, 0, 0, 0, 0]),
    );
    expect(Ring.of({ members: [] }).encode()).toEqual(bytes);
  });
});
