import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex } from "../src/engine/bytes.ts";
import { Engine } from "../src/engine/engine.ts";
import { joinMemory } from "../src/engine/fold.ts";
import type { MemoryState } from "../src/engine/memory.ts";
import { MemoryStore } from "../src/engine/memory-store.ts";
import { fields, records, runs, type Stamped } from "./arbitrary.ts";

const everything = {
  resultsMax: 100,
  threshold: 0,
  requiredTags: [],
  excludedTags: [],
  from: undefined,
  to: undefined,
  location: undefined,
};

/** Everything a client or a replica could see: the store's bytes, and what is derived from it. */
function stateAfter(history: readonly Stamped[], warm: boolean): string {
  const store = new MemoryStore();
  const engine = new Engine(store);
  if (warm) for (const space of ["default", "garden", "mill_2"]) engine.count(space);
  for (const [index, { effect, dot }] of history.entries()) engine.apply(effect, dot, index + 1);
  const bytes = Array.from(store.range("", "~"), ({ key, value }) => `${key} ${toHex(value)}`);
  const spaces = engine.spaces().map(({ name, uid }) => {
    const answer = engine.recall(name, { ...everything, text: "bees run by the river café 42" });
    const listed = engine.list(name, { after: "", limit: 100 });
    return { name, uid: toHex(uid), count: engine.count(name), answer, listed };
  });
  return JSON.stringify({ bytes, spaces });
}

describe("the state of a space", () => {
  test("is the same bytes for any order and any repetition of its records", () => {
    fc.assert(
      fc.property(
        records.chain((history) =>
          fc.tuple(
            fc.constant(history),
            fc.shuffledSubarray([...history, ...history], { minLength: 0 }).chain((repeats) =>
              fc.shuffledSubarray([...history, ...repeats], {
                minLength: history.length + repeats.length,
              }),
            ),
            fc.boolean(),
          ),
        ),
        ([history, disordered, warm]) => {
          expect(stateAfter(disordered, warm)).toBe(stateAfter(history, true));
        },
      ),
      runs(300),
    );
  });

  test("is the same whether the index followed the records or was built from the store", () => {
    fc.assert(
      fc.property(records, (history) => {
        expect(stateAfter(history, false)).toBe(stateAfter(history, true));
      }),
      runs(200),
    );
  });

  test("depends on the records: a law that always holds would not be one", () => {
    const [record] = fc.sample(records, { numRuns: 1, seed: 7 })[0] ?? [];
    if (record === undefined) throw new Error("no sample");
    expect(stateAfter([record], true)).not.toBe(stateAfter([], true));
  });
});

describe("joining the states of one id", () => {
  const state: fc.Arbitrary<MemoryState> = fc.oneof(
    fc.record({
      type: fc.constant("forgotten" as const),
      forgottenAt: fc.integer({ min: 0, max: 5 }),
    }),
    fc
      .tuple(
        fc.integer({ min: 0, max: 3 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fields,
      )
      .map(([recordedAt, uid, said]) => ({
        type: "remembered" as const,
        versions: [{ recordedAt, uid, fields: said }] as const,
      })),
  );

  test("is commutative, associative and idempotent", () => {
    fc.assert(
      fc.property(state, state, state, (a, b, c) => {
        expect(joinMemory(a, b)).toEqual(joinMemory(b, a));
        expect(joinMemory(joinMemory(a, b), c)).toEqual(joinMemory(a, joinMemory(b, c)));
        expect(joinMemory(joinMemory(a, b), a)).toEqual(joinMemory(a, b));
      }),
      runs(500),
    );
  });

  test("keeps nothing of what was said once it is forgotten", () => {
    fc.assert(
      fc.property(state, fc.integer({ min: 0, max: 5 }), (before, forgottenAt) => {
        const after = joinMemory(before, { type: "forgotten", forgottenAt });
        expect(Object.keys(after).sort()).toEqual(["forgottenAt", "type"]);
      }),
    );
  });

  test("the same said twice is one version, first recorded first", () => {
    const uid = new Uint8Array(16);
    const said = { content: "a", tags: [], type: "semantic", confidence: 1 } as const;
    // Its bytes come first, but it was recorded later.
    const other = { ...said, content: "A" };
    const joined = [
      { recordedAt: 9, uid, fields: said },
      { recordedAt: 5, uid, fields: other },
      { recordedAt: 3, uid, fields: said },
    ]
      .map((version) => ({ type: "remembered" as const, versions: [version] as const }))
      .reduce<MemoryState | undefined>(joinMemory, undefined);
    expect(joined).toEqual({
      type: "remembered",
      versions: [
        { recordedAt: 3, uid, fields: said },
        { recordedAt: 5, uid, fields: other },
      ],
    });
  });
});
