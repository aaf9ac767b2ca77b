import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBody, encodeBody } from "../src/engine/body.ts";
import { fromHex, toHex } from "../src/engine/bytes.ts";
import { pack, unpack } from "../src/engine/msgpack.ts";
import { effect, runs } from "./arbitrary.ts";

describe("the body of a record", () => {
  test("decodes to the effect it was made of", () => {
    fc.assert(
      fc.property(effect, (value) => {
        expect(decodeBody(encodeBody(value))).toEqual({ ok: true, effect: value });
      }),
      runs(500),
    );
  });

  test("has these bytes for ever", () => {
    const uid = fromHex("000102030405060708090a0b0c0d0e0f");
    const base = { space: "garden", uid, recordedAt: 1_700_000_000_000 };
    const said = {
      content: "bees",
      tags: ["b"],
      type: "episodic",
      confidence: 0.7,
      observedAt: 5,
      episode: { participants: ["Ada"], location: "mill" },
    } as const;
    // version, map: k 0, s "garden", u uid, a time (float64), i "m1", f {c, t, y, p, o, e {w, l}}
    expect(toHex(encodeBody({ ...base, type: "remember", id: "m1", fields: said }))).toBe(
      "0186a16b00a173a667617264656ea175c410000102030405060708090a0b0c0d0e0fa161cb4278bcfe56800000" +
        "a169a26d31a16686a163a462656573a17491a162a17901a170cb3fe6666666666666a16f05" +
        "a16582a17791a3416461a16ca46d696c6c",
    );
    expect(toHex(encodeBody({ ...base, type: "forget", id: "m1" }))).toBe(
      "0185a16b01a173a667617264656ea175c410000102030405060708090a0b0c0d0e0fa161cb4278bcfe56800000" +
        "a169a26d31",
    );
    expect(toHex(encodeBody({ ...base, type: "create-space" }))).toBe(
      "0184a16b02a173a667617264656ea175c410000102030405060708090a0b0c0d0e0fa161cb4278bcfe56800000",
    );
  });

  test("of hostile bytes is a reason, not an exception", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeBody(bytes).ok).toBe(false);
        bytes[0] = 1;
        expect(typeof decodeBody(bytes).ok).toBe("boolean");
      }),
      runs(2_000),
    );
  });

  test("with one byte changed is refused or is another effect, never the same", () => {
    fc.assert(
      fc.property(effect, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, change) => {
        const bytes = encodeBody(value);
        const place = at % bytes.length;
        bytes[place] = (bytes[place] ?? 0) ^ change;
        const decoded = decodeBody(bytes);
        if (decoded.ok) expect(encodeBody(decoded.effect)).toEqual(bytes);
      }),
      runs(2_000),
    );
  });

  test("is refused when it ends early or goes on", () => {
    fc.assert(
      fc.property(effect, fc.nat(), (value, cut) => {
        const bytes = encodeBody(value);
        expect(decodeBody(bytes.subarray(0, cut % bytes.length)).ok).toBe(false);
        expect(decodeBody(new Uint8Array([...bytes, 0])).ok).toBe(false);
      }),
      runs(300),
    );
  });

  test.each([
    ["empty", "", "empty"],
    ["of a later version", "0280", "unknown version 2"],
    ["an array of four billion", "01ddffffffff", "truncated"],
    ["a map of four billion", "01dfffffffff", "truncated"],
    ["a string of four gigabytes", "01dbffffffff", "truncated"],
    ["an extension type", "01d40100", "unknown or extension type"],
    ["nested without end", `01${"91".repeat(64)}`, "nested too deeply"],
    ["a list", "0190", "bad body"],
  ])("%s is refused", (_name, hex, reason) => {
    expect(decodeBody(fromHex(hex))).toEqual({ ok: false, reason });
  });

  test("in another encoding of the same effect is refused", () => {
    const value = {
      type: "forget",
      space: "garden",
      uid: new Uint8Array(16),
      recordedAt: 1,
      id: "a",
    };
    const wire = { s: value.space, k: 1, u: value.uid, a: 1, i: "a" };
    const bytes = new Uint8Array([1, ...pack(wire)]);
    expect(decodeBody(bytes)).toEqual({ ok: false, reason: "not canonical" });
  });
});

test("unpack returns what pack was given, or a reason", () => {
  expect(unpack(pack({ a: [1, -1, 300, 2 ** 40, 0.5, true, null, "é"] }))).toEqual({
    ok: true,
    value: { a: [1, -1, 300, 2 ** 40, 0.5, true, null, "é"] },
  });
  expect(unpack(new Uint8Array())).toEqual({ ok: false, reason: "truncated" });
  expect(unpack(new Uint8Array([1, 2]))).toEqual({ ok: false, reason: "trailing bytes" });
});
