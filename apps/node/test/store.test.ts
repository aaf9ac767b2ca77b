import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { MemoryStore } from "../src/engine/memory-store.ts";
import type { Store } from "../src/engine/store.ts";
import { LmdbStore } from "../src/node/lmdb-store.ts";
import { runs } from "./arbitrary.ts";

const directory = mkdtempSync(join(tmpdir(), "engram-store-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let opened = 0;
const fresh = (): string => join(directory, `store-${(opened += 1)}`);
const utf8 = new TextEncoder();
const shown = (store: Store, from: string, to: string): string[] =>
  Array.from(
    store.range(from, to),
    ({ key, value }) => `${key}=${new TextDecoder().decode(value)}`,
  );

interface Subject {
  readonly open: () => Store & { checkpoint?: () => Promise<number>; close?: () => Promise<void> };
}

const subjects: [string, Subject][] = [
  ["in memory", { open: () => new MemoryStore() }],
  ["on LMDB", { open: () => new LmdbStore(fresh()) }],
];

describe.each(subjects)("a store %s", (_name, { open }) => {
  test("shows a commit at once, in key order, with its position", async () => {
    const store = open();
    expect([store.position, store.get("m/a"), shown(store, "", "~")]).toEqual([0, undefined, []]);
    store.commit([{ key: "m/b", value: utf8.encode("2") }], 1);
    store.commit(
      [
        { key: "m/a", value: utf8.encode("1") },
        { key: "n/a", value: utf8.encode("3") },
        { key: "m/b", value: utf8.encode("4") },
      ],
      2,
    );
    expect(store.position).toBe(2);
    expect(shown(store, "m/", "m0")).toEqual(["m/a=1", "m/b=4"]);
    expect(shown(store, "m/b", "n/a")).toEqual(["m/b=4"]);
    await store.close?.();
  });

  test("equals a sorted map, whenever checkpoints happen", async () => {
    const key = fc.constantFrom("a", "aa", "ab", "b!", "b/", "b0", "c", "c~");
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.tuple(key, fc.nat(99)) },
      { weight: 1, arbitrary: fc.constant("checkpoint" as const) },
      { weight: 1, arbitrary: fc.constant("wait" as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), key, key, async (steps, from, to) => {
        const store = open();
        const model = new Map<string, string>();
        let checkpoint: Promise<number> | undefined;
        let position = 0;
        for (const step of steps) {
          if (step === "checkpoint") checkpoint = store.checkpoint?.();
          else if (step === "wait") await checkpoint;
          else {
            const [name, value] = step;
            model.set(name, String(value));
            store.commit([{ key: name, value: utf8.encode(String(value)) }], (position += 1));
          }
          const expected = [...model]
            .filter(([name]) => name >= from && name < to)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, value]) => `${name}=${value}`);
          expect(shown(store, from, to)).toEqual(expected);
          const read = store.get(from);
          expect(read && new TextDecoder().decode(read)).toBe(model.get(from));
        }
        await checkpoint;
        await store.close?.();
      }),
      runs(25),
    );
  });
});

describe("the LMDB store", () => {
  test("contains after reopening what the last checkpoint contained, and says up to where", async () => {
    const path = fresh();
    const store = new LmdbStore(path);
    for (let index = 1; index <= 1_000; index += 1) {
      store.commit([{ key: `m/${index}`, value: utf8.encode("x") }], index);
    }
    const checkpoint = store.checkpoint();
    store.commit([{ key: "m/late", value: utf8.encode("y") }], 1_001);
    expect(await checkpoint).toBe(1_000);
    expect([store.position, store.durablePosition]).toEqual([1_001, 1_000]);
    expect(store.pendingBytes).toBe("m/late".length + 1);
    await store.close();

    const reopened = new LmdbStore(path);
    expect([reopened.position, shown(reopened, "m/", "m0").length]).toEqual([1_000, 1_000]);
    expect(reopened.get("m/late")).toBeUndefined();
    await reopened.close();
  });

  test("a checkpoint of nothing is none", async () => {
    const store = new LmdbStore(fresh());
    expect(await store.checkpoint()).toBe(0);
    await store.close();
  });
});
