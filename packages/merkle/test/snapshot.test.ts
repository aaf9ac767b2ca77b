// Law M11: snapshots, restarts, rebuilds; and verification of a store.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeSnapshot,
  encodeSnapshot,
  fastDigest,
  type Hash64,
  type Item,
  MerkleTree,
  Rebuild,
  recoveryOf,
  sampleSlots,
  verifySlot,
} from "@engram/merkle";
import { drawn, seeded } from "./link.ts";
import { keys, models, nameOf, runs, treeOf, versions } from "./sets.ts";

const slotCounts = fc.constantFrom(1, 8, 1024);
const positions = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

test("M11: a restored tree equals the one saved, and is saved to the same bytes", () => {
  fc.assert(
    fc.property(
      models(200),
      slotCounts,
      positions,
      fc.boolean(),
      (model, slots, position, isClean) => {
        const tree = treeOf(model, { slots });
        const bytes = encodeSnapshot(tree, { position, isClean });
        const restored = decodeSnapshot(bytes, tree.digest);
        expect(restored).toMatchObject({ position, isClean });
        expect(restored.tree?.root).toBe(tree.root);
        expect(restored.tree?.slots).toBe(slots);
        expect(encodeSnapshot(restored.tree!, { position, isClean })).toEqual(bytes);
        const again = treeOf(new Map([...model].toReversed()), { slots });
        expect(encodeSnapshot(again, { position, isClean })).toEqual(bytes);
      },
    ),
    runs(40),
  );
});

test("M11: damage to any one byte is noticed, as is a wrong seed", () => {
  const random = seeded(1);
  const tree = new MerkleTree({ slots: 4 });
  for (let item = 0; item < 20; item += 1) tree.replace(drawn(random), undefined, drawn(random));
  const bytes = encodeSnapshot(tree, { position: 7, isClean: true });
  for (let at = 0; at < bytes.length; at += 1) {
    const damaged = bytes.slice();
    damaged[at]! ^= 1 << (at % 8);
    expect(decodeSnapshot(damaged, tree.digest)).toHaveProperty("problem");
    expect(decodeSnapshot(bytes.subarray(0, at), tree.digest)).toHaveProperty("problem");
  }
  expect(decodeSnapshot(new Uint8Array(0), tree.digest)).toEqual({ problem: "not-a-snapshot" });
  expect(decodeSnapshot(bytes.subarray(0, 60), tree.digest)).toEqual({ problem: "truncated" });
  expect(decodeSnapshot(bytes, fastDigest({ hi: 0, lo: 1 }))).toEqual({ problem: "damaged" });
  const newer = bytes.slice();
  newer[4] = 2;
  expect(decodeSnapshot(newer, tree.digest)).toEqual({ problem: "unknown-version" });
});

test("M12: no bytes make the snapshot decoder throw", () => {
  const magic = Uint8Array.of(0x45, 0x4d, 0x4b, 0x4c, 1);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (rest) => {
      const bytes = new Uint8Array(magic.length + rest.length);
      bytes.set(magic);
      bytes.set(rest, magic.length);
      expect(decodeSnapshot(bytes, fastDigest())).toHaveProperty("problem");
    }),
    runs(1000),
  );
});

test("M11: a start is current, a replay or a rebuild, by the mark and the log", () => {
  const tree = new MerkleTree();
  const at = (position: number, isClean: boolean) => ({ tree, position, isClean });
  const log = { first: 100, end: 200 };
  expect(recoveryOf(at(200, true), log)).toBe("current");
  expect(recoveryOf(at(200, false), log)).toBe("replay");
  expect(recoveryOf(at(150, true), log)).toBe("replay");
  expect(recoveryOf(at(99, true), log)).toBe("rebuild");
  // The log lost its end, or is another log.
  expect(recoveryOf(at(201, true), log)).toBe("rebuild");
  expect(recoveryOf({ problem: "damaged" }, log)).toBe("rebuild");
  expect(recoveryOf(undefined, log)).toBe("rebuild");
});

test("M11: a snapshot and the log after it give the tree of the crash", () => {
  const random = seeded(5);
  const log: { key: Hash64; before: Hash64 | undefined; after: Hash64 | undefined }[] = [];
  const tree = new MerkleTree();
  const known = Array.from({ length: 50 }, () => drawn(random));
  let saved: Uint8Array | undefined;
  for (let position = 0; position < 500; position += 1) {
    const key = known[Math.floor(random() * known.length)]!;
    const before = tree.get(key);
    const after = random() < 0.3 ? undefined : drawn(random);
    if (position === 300) saved = encodeSnapshot(tree, { position, isClean: false });
    tree.replace(key, before, after);
    log.push({ key, before, after });
  }
  const restored = decodeSnapshot(saved!, tree.digest);
  expect(recoveryOf(restored, { first: 0, end: log.length })).toBe("replay");
  if (restored.tree === undefined) throw new Error(restored.problem);
  for (const { key, before, after } of log.slice(restored.position))
    restored.tree.replace(key, before, after);
  expect(restored.tree.root).toBe(tree.root);
});

test("M11: a rebuild gives the tree of the store, whatever is written while it scans", () => {
  // Writes to keys that the scan also meets, by their place, and to others.
  const write = fc.record({
    key: fc.oneof(fc.nat(59), keys),
    after: fc.option(versions, { nil: undefined }),
    at: fc.nat(60),
  });
  const all = fc.array(write, { maxLength: 60, size: "max" });
  fc.assert(
    fc.property(models(60), all, fc.boolean(), (model, choices, isLive) => {
      const store = new Map(model);
      const writes = choices.flatMap(({ key, after, at }) => {
        const chosen = typeof key === "number" ? [...model.values()][key]?.key : key;
        return chosen === undefined ? [] : [{ key: chosen, after, at }];
      });
      const rebuild = new Rebuild({ slots: 8 });
      // The scan reads a snapshot of the store, or the store as it is at each step.
      const snapshot = [...model.values()];
      for (let step = 0; step <= 60; step += 1) {
        const scanned = snapshot[step];
        if (scanned !== undefined) {
          const item = isLive ? store.get(nameOf(scanned.key)) : scanned;
          if (item !== undefined) rebuild.add(item);
        }
        for (const { key, after } of writes.filter(({ at }) => at === step)) {
          if (after === undefined) store.delete(nameOf(key));
          else store.set(nameOf(key), { key, version: after });
          rebuild.write(key, after);
        }
      }
      expect(rebuild.size).toBe(store.size);
      expect(rebuild.finish().root).toBe(treeOf(store, { slots: 8 }).root);
    }),
    runs(60),
  );
});

test("verification names what the store lost, gained or changed, and nothing else", () => {
  fc.assert(
    fc.property(models(100), models(10), fc.nat(7), (model, other, slot) => {
      const tree = treeOf(model, { slots: 8 });
      const store = new Map([...model, ...other]);
      for (const [name] of [...model].slice(0, 5)) store.delete(name);
      const items = [...store.values()].filter(({ key }) => tree.slotOf(key) === slot);
      const found = verifySlot(tree, slot, items);
      const expected = new Set<string>();
      for (const [name, { key, version }] of new Map([...model, ...store])) {
        if (tree.slotOf(key) !== slot) continue;
        const [held, stored] = [model.get(name)?.version, store.get(name)?.version];
        if (held?.hi !== stored?.hi || held?.lo !== stored?.lo) expected.add(name);
        else expect(version).toEqual(held);
      }
      expect(new Set(found.map(({ key }) => nameOf(key)))).toEqual(expected);
      for (const { key, tree: held, store: stored } of found) {
        expect(held).toEqual(model.get(nameOf(key))?.version);
        expect(stored).toEqual(store.get(nameOf(key))?.version);
      }
    }),
    runs(60),
  );
});

test("sampling draws distinct slots that hold something, evenly", () => {
  const tree = new MerkleTree({ slots: 16 });
  const item = (slot: number): Item => ({
    key: { hi: slot * 2 ** 28, lo: 1 },
    version: { hi: 0, lo: 0 },
  });
  for (const slot of [1, 3, 5, 7, 9]) tree.replace(item(slot).key, undefined, item(slot).version);
  const random = seeded(1);
  const drawnTimes = new Map<number, number>();
  for (let draw = 0; draw < 1000; draw += 1) {
    const slots = sampleSlots(tree, 2, random);
    expect(new Set(slots).size).toBe(2);
    for (const slot of slots) drawnTimes.set(slot, (drawnTimes.get(slot) ?? 0) + 1);
  }
  expect([...drawnTimes.keys()].sort((one, two) => one - two)).toEqual([1, 3, 5, 7, 9]);
  // 400 expected, with a standard deviation of 15.5.
  for (const times of drawnTimes.values()) expect(Math.abs(times - 400)).toBeLessThan(80);
  expect(sampleSlots(tree, 99, random).sort((one, two) => one - two)).toEqual([1, 3, 5, 7, 9]);
});
