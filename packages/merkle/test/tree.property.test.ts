// Laws M1 to M3, M9 in part: the tree against a map.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Hash64, MerkleError, MerkleTree } from "@engram/merkle";
import { bitsBelow, childOf, contains, everything, type Range } from "../src/range.ts";
import type { Scope } from "../src/scope.ts";
import { Sum } from "../src/sum.ts";
import { keys, type Model, models, nameOf, runs, treeOf, versions } from "./sets.ts";
import { shareScope, unshareScope } from "../src/tree.ts";

const slotCounts = fc.constantFrom(1, 2, 8, 32, 1024);

/** Every digest of the tree down to leaves, and the shape: what `isLeaf` says of each vertex. */
function shapeOf(tree: MerkleTree): string[] {
  const scope = shareScope(tree);
  const lines: string[] = [];
  const slotBits = Math.log2(tree.slots);
  const descend = (range: Range): void => {
    const sum = scope.sumOf(range);
    if (sum.count === 0 && range.bits > 0) return;
    lines.push(`${range.hi}:${range.lo}/${range.bits} ${sum.toString()}`);
    const bits = bitsBelow(range.bits, slotBits);
    if (bits > 64 || (range.bits >= slotBits && sum.count <= 16)) return;
    for (let index = 0; index < 1 << (bits - range.bits); index += 1) {
      descend(childOf(range, index, bits));
    }
  };
  descend(everything);
  const vertices = (vertex: number, depth: number): void => {
    lines.push(`${"  ".repeat(depth)}${scope.trie.count(vertex)} ${scope.trie.isLeaf(vertex)}`);
    if (scope.trie.isLeaf(vertex)) return;
    for (let index = 0; index < 16; index += 1)
      vertices(scope.trie.child(vertex, index), depth + 1);
  };
  for (let slot = 0; slot < tree.slots; slot += 1) vertices(scope.trie.slot(slot), 0);
  unshareScope(tree, scope);
  return lines;
}

function sumOf(scope: Scope, model: Model, range: Range, tree: MerkleTree): string {
  const sum = new Sum(tree.digest.lanes);
  const out = new Uint32Array(tree.digest.lanes);
  for (const { key, version } of model.values()) {
    if (!contains(range, key.hi, key.lo)) continue;
    tree.digest.write(Uint32Array.of(key.hi, key.lo, version.hi, version.lo), 0, out);
    sum.add(out, 1);
  }
  const [kept, counted] = [scope.sumOf(range).toString(), sum.toString()];
  return kept === counted ? "same" : `${kept} is not ${counted}`;
}

test("M1: the same set has the same shape and digests whatever its history", () => {
  fc.assert(
    fc.property(
      models(300),
      models(300),
      slotCounts,
      fc.infiniteStream(fc.nat(2)),
      (end, past, slots, dice) => {
        const direct = treeOf(end, { slots });
        const detour = treeOf(past, { slots });
        const removals = [...past].filter(([name]) => !end.has(name));
        const changes = [...end].map(([name, item]) => ({ item, before: past.get(name)?.version }));
        const steps = [
          ...removals.map(([, { key, version }]) => ({ key, before: version, after: undefined })),
          ...changes.map(({ item, before }) => ({ key: item.key, before, after: item.version })),
        ];
        const order = steps.map((step) => ({ step, rank: dice.next().value ?? 0 }));
        order.sort((one, two) => one.rank - two.rank);
        for (const { step } of order) detour.replace(step.key, step.before, step.after);
        expect(detour.root).toBe(direct.root);
        expect(shapeOf(detour)).toEqual(shapeOf(direct));
        expect([...detour.items()]).toEqual([...direct.items()]);
      },
    ),
    runs(25),
  );
});

interface Step {
  readonly key: Hash64;
  readonly version: Hash64 | undefined;
}

test("M2: a tree kept by updates equals one built, and both agree with a map", () => {
  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.record({ key: keys, version: fc.option(versions, { nil: undefined }) }),
    { maxLength: 600, size: "max" },
  );
  fc.assert(
    fc.property(steps, slotCounts, (all, slots) => {
      const tree = new MerkleTree({ slots });
      const scope = shareScope(tree);
      const model: Model = new Map();
      for (const { key, version } of all) {
        const before = model.get(nameOf(key))?.version;
        expect(tree.get(key)).toEqual(before);
        tree.replace(key, before, version);
        if (version === undefined) model.delete(nameOf(key));
        else model.set(nameOf(key), { key, version });
      }
      expect(tree.size).toBe(model.size);
      expect(tree.root).toBe(treeOf(model, { slots }).root);
      expect(shapeOf(tree)).toEqual(shapeOf(treeOf(model, { slots })));
      const items = [...tree.items()];
      expect(new Map(items.map((item) => [nameOf(item.key), item]))).toEqual(model);
      for (const { key } of items.slice(0, 5)) {
        for (let range = everything; range.bits <= 60;) {
          expect(sumOf(scope, model, range, tree)).toBe("same");
          const bits = bitsBelow(range.bits, Math.log2(slots));
          const inside = Array.from({ length: 1 << (bits - range.bits) }, (_, index) =>
            childOf(range, index, bits),
          ).find((child) => contains(child, key.hi, key.lo));
          if (bits > 64 || inside === undefined) break;
          range = inside;
        }
      }
    }),
    runs(25),
  );
});

test("M3: merging disjoint sets equals building their union", () => {
  fc.assert(
    fc.property(models(300), slotCounts, (model, slots) => {
      const parts: [Model, Model] = [new Map(), new Map()];
      for (const [name, item] of model) parts[(item.key.lo & 1) as 0 | 1].set(name, item);
      const merged = treeOf(parts[0], { slots });
      const scope = shareScope(merged);
      merged.merge(treeOf(parts[1], { slots }));
      expect(merged.root).toBe(treeOf(model, { slots }).root);
      expect(shapeOf(merged)).toEqual(shapeOf(treeOf(model, { slots })));
      expect(scope.sum.toString()).toBe(merged.root);
    }),
    runs(25),
  );
});

test("slot digests say which slots differ", () => {
  const tree = new MerkleTree({ slots: 16 });
  const other = new MerkleTree({ slots: 16 });
  const key = { hi: 0x70000001, lo: 5 };
  tree.replace(key, undefined, { hi: 0, lo: 1 });
  expect(tree.slotOf(key)).toBe(7);
  for (let slot = 0; slot < 16; slot += 1) {
    expect(tree.slotRoot(slot) === other.slotRoot(slot)).toBe(slot !== 7);
    expect(tree.sizeOf(slot)).toBe(slot === 7 ? 1 : 0);
  }
  expect(tree.slotRoot(7)).toBe(tree.root);
});

test("replacing a version that is not held changes nothing", () => {
  const tree = new MerkleTree();
  const key = { hi: 1, lo: 2 };
  const version = { hi: 3, lo: 4 };
  const other = { hi: 3, lo: 5 };
  tree.replace(key, undefined, version);
  const { root } = tree;
  for (const [before, after] of [
    [undefined, other],
    [other, version],
    [other, undefined],
  ]) {
    expect(() => tree.replace(key, before, after)).toThrow(MerkleError);
  }
  expect(() => tree.replace({ hi: 9, lo: 9 }, version, undefined)).toThrow(
    expect.objectContaining({ code: "MERKLE_VERSION_MISMATCH", key: { hi: 9, lo: 9 } }),
  );
  expect(tree.root).toBe(root);
  tree.replace(key, version, version);
  expect(tree.root).toBe(root);
  tree.replace(key, version, undefined);
  expect(tree.root).toBe(new MerkleTree().root);
});

test("merging trees that share a key changes nothing", () => {
  const tree = treeOf(new Map([["", { key: { hi: 1, lo: 1 }, version: { hi: 0, lo: 0 } }]]));
  const other = treeOf(
    new Map([
      ["a", { key: { hi: 0, lo: 1 }, version: { hi: 0, lo: 0 } }],
      ["b", { key: { hi: 1, lo: 1 }, version: { hi: 0, lo: 7 } }],
    ]),
  );
  const { root } = tree;
  expect(() => tree.merge(other)).toThrow(expect.objectContaining({ code: "MERKLE_OVERLAP" }));
  expect(tree.root).toBe(root);
  expect(() => tree.merge(new MerkleTree({ slots: 2 }))).toThrow(RangeError);
});

test("arguments out of range are refused", () => {
  expect(() => new MerkleTree({ slots: 3 })).toThrow(RangeError);
  expect(() => new MerkleTree({ slots: 2 ** 19 })).toThrow(RangeError);
  expect(() => new MerkleTree({ digest: { lanes: 1, write: () => {} } })).toThrow(RangeError);
  const tree = new MerkleTree({ slots: 4 });
  expect(() => tree.replace({ hi: -1, lo: 0 }, undefined, { hi: 0, lo: 0 })).toThrow(RangeError);
  expect(() => tree.replace({ hi: 0, lo: 0 }, undefined, { hi: 0, lo: 0.5 })).toThrow(RangeError);
  expect(() => tree.slotRoot(4)).toThrow(RangeError);
});
