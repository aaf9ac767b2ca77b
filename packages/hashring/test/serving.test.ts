import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Readiness, Ring } from "@engram/hashring";
import { options, parameters, timeout } from "./arbitraries.ts";

const members = ["a", "b", "c", "d", "e", "f"].map((id, i) => ({ id, zone: `z${i % 3}` }));
const ring = Ring.of({ members, slots: 1024 });
const ready =
  (...ids: string[]): Readiness =>
  (id) =>
    ids.includes(id);

describe("serving", () => {
  test("goes by preference among those that are ready, then to those that are not", () => {
    const [first = "", second = "", third = ""] = ring.owners(7);
    expect(ring.serving(7, () => true)).toEqual([first, second, third]);
    expect(ring.serving(7, ready(third, second))).toEqual([second, third, first]);
    expect(ring.serving(7, () => false)).toEqual([first, second, third]);
    expect(ring.primary(7)).toBe(first);
    expect(ring.primary(7, ready(third))).toBe(third);
  });

  test("promotes whoever holds the data when the primary dies, not whoever comes next", () => {
    const rows = Array.from({ length: ring.slots }, (_, slot) => ({
      slot,
      owners: ring.owners(slot),
    }));
    let promotedOverHolder = 0;
    for (const { slot, owners } of rows) {
      const next = ring.with({ remove: [owners[0] ?? ""] });
      const isReady: Readiness = (id) => owners.includes(id);
      if (!owners.includes(next.primary(slot) ?? "")) promotedOverHolder += 1;
      expect(owners).toContain(next.primary(slot, isReady));
      if (slot >= 100) break;
    }
    // With zones, the first owner by preference alone would often be a member that holds nothing.
    expect(promotedOverHolder).toBeGreaterThan(10);
  });

  test("stays with the previous owners until a new owner is ready", () => {
    const single = Ring.of({ members, slots: 1024, replicas: 1 });
    const next = single.with({ set: [{ id: "g", weight: 6 }] });
    const slot = next.slotsOf("g")[0] ?? 0;
    const old = single.primary(slot) ?? "";
    expect(next.serving(slot, ready(old), [single])).toEqual([old, "g"]);
    expect(next.holders(slot, ready(old), [single])).toEqual({
      ready: [],
      previous: [old],
      pending: ["g"],
    });
    expect(next.serving(slot, ready(old, "g"), [single])).toEqual(["g", old]);
    expect(next.serving(slot, ready("g"), [single])).toEqual(["g"]);
    // Two changes in a row: the owner of the first ring still serves.
    const later = next.with({ remove: ["g"], set: [{ id: "h", weight: 9 }] });
    expect(later.holders(slot, ready(old), [next, single]).previous).toEqual(
      later.owners(slot).includes(old) ? [] : [old],
    );
  });

  test("leaves a member that is down for last, whatever was last heard of it", () => {
    const [first = "", second = "", third = ""] = ring.owners(7);
    const next = ring.with({ set: [{ id: first, state: "down" }] });
    expect(next.serving(7, () => true)).toEqual([second, third, first]);
    expect(next.holders(7, () => true).pending).toEqual([first]);
    const draining = ring.with({ set: [{ id: first, state: "draining" }] });
    expect(draining.serving(7, () => true)).toEqual([second, third, first]);
    expect(draining.serving(7, ready(first))).toEqual([first, second, third]);
  });

  test("refuses a previous ring with other slots", () => {
    const other = Ring.of({ members, slots: 2048 });
    expect(() => ring.holders(7, () => true, [other])).toThrow(/other slots/);
  });

  test(
    "lists every owner once, holders first",
    () => {
      fc.assert(
        fc.property(
          options,
          options,
          fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
          (a, b, bits) => {
            const [now, before] = [Ring.of(a), Ring.of(b)];
            const isReady: Readiness = (id, slot) =>
              bits[(id.length * 7 + id.charCodeAt(0) + slot) % 20] === true;
            for (const slot of [0, 511]) {
              const { ready, previous, pending } = now.holders(slot, isReady, [before]);
              const serving = now.serving(slot, isReady, [before]);
              expect(serving).toEqual([...ready, ...previous, ...pending]);
              expect(new Set(serving).size).toBe(serving.length);
              expect([...ready, ...pending].sort()).toEqual(now.owners(slot).sort());
              expect(previous.every((id) => before.owners(slot).includes(id))).toBe(true);
              expect([...ready, ...previous].every((id) => isReady(id, slot))).toBe(true);
              const byPreference = now.owners(slot).filter((id) => ready.includes(id));
              expect(ready).toEqual(byPreference);
              expect(now.primary(slot, isReady, [before])).toBe(serving[0]);
            }
          },
        ),
        parameters,
      );
    },
    timeout,
  );
});
