import * as fc from "fast-check";
import { expect, test } from "vitest";
import { PRINT_MASK } from "../src/digest.ts";
import { addToCounters, emptyCounters } from "../src/counters.ts";
import { bitsAt, bitsBelow, childOf, contains, everything, type Range } from "../src/range.ts";
import { Sketch } from "../src/sketch.ts";
import { shareScope } from "../src/tree.ts";
import type { MerkleTree } from "@engram/merkle";
import { keys, models, nameOf, runs, treeOf } from "./sets.ts";

/** The sketch and the counters of the items of some slots in a range, one by one. */
function counted(tree: MerkleTree, slots: readonly number[], range: Range, length: number) {
  const sketch = new Sketch(length);
  const counters = emptyCounters();
  const digest = new Uint32Array(2);
  for (const { key, version } of tree.items()) {
    if (!slots.includes(tree.slotOf(key)) || !contains(range, key.hi, key.lo)) continue;
    tree.digest.write(Uint32Array.of(key.hi, key.lo, version.hi, version.lo), 0, digest);
    sketch.toggle(key.hi, key.lo, digest[0]! & PRINT_MASK);
    addToCounters(counters, digest[1]!, 1);
  }
  return { sketch, counters };
}

test("sketches and counters of a range are those of its items, before and after a write", () => {
  const slotSets = fc.uniqueArray(fc.nat(7));
  fc.assert(
    fc.property(models(150), keys, fc.nat(9), slotSets, (model, key, depth, slots) => {
      const tree = treeOf(model, { slots: 8 });
      const scope = shareScope(tree, slots);
      let range = everything;
      for (let level = 0; level < depth; level += 1) {
        const bits = bitsBelow(range.bits, 3);
        range = childOf(range, bitsAt(key.hi, key.lo, range.bits, bits - range.bits), bits);
      }
      for (let write = 0; write < 3; write += 1) {
        for (const length of [100, 1500]) {
          const expected = counted(tree, slots, range, length);
          const { cells } = scope.sketchOf(range, length);
          expect(cells.subarray(0, expected.sketch.cells.length)).toEqual(expected.sketch.cells);
          expect(scope.countersOf(range)).toEqual(expected.counters);
        }
        const before = write === 0 ? model.get(nameOf(key))?.version : { hi: 7, lo: write - 1 };
        tree.replace(key, before, { hi: 7, lo: write });
      }
    }),
    runs(60),
  );
});
