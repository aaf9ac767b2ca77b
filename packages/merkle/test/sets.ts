import * as fc from "fast-check";
import { type Hash64, type ItemDigest, MerkleTree } from "@engram/merkle";

/** Runs of a property: FC_NUM_RUNS if set. fast-check prints seed and path of a failure. */
export function runs(count: number): { numRuns: number } {
  return { numRuns: Number(process.env["FC_NUM_RUNS"] ?? count) };
}

/** A set of versioned keys, as simple as can be: the model of a tree. */
export type Model = Map<string, { key: Hash64; version: Hash64 }>;

export function nameOf({ hi, lo }: Hash64): string {
  return `${hi}:${lo}`;
}

const word = fc.integer({ min: 0, max: 0xffffffff });

/** Keys spread evenly, and keys that share long prefixes, down to the last bit. */
export const keys: fc.Arbitrary<Hash64> = fc.oneof(
  fc.record({ hi: word, lo: word }),
  fc.record({
    hi: fc.constantFrom(0, 0x80000000, 0xffffffff),
    lo: fc.integer({ min: 0, max: 60 }),
  }),
  fc.record({ hi: fc.integer({ min: 0, max: 40 }), lo: fc.constantFrom(0, 1, 0xfffffff0) }),
);

/** Few versions, so that copies of a key are often alike. */
export const versions: fc.Arbitrary<Hash64> = fc.record({
  hi: fc.constant(0),
  lo: fc.integer({ min: 0, max: 3 }),
});

/** A set of up to `maxLength` items. */
export function models(maxLength: number): fc.Arbitrary<Model> {
  return fc
    .uniqueArray(fc.record({ key: keys, version: versions }), {
      selector: ({ key }) => nameOf(key),
      maxLength,
      size: "max",
    })
    .map((items) => new Map(items.map((item) => [nameOf(item.key), item])));
}

/** A pair of sets: a common part, and for each key of another part a state at either end. */
export function pairs(common: number, different: number): fc.Arbitrary<[Model, Model]> {
  const side = fc.option(versions, { nil: undefined });
  return fc
    .tuple(
      models(common),
      fc.array(fc.tuple(keys, side, side), { maxLength: different, size: "max" }),
    )
    .map(([shared, changes]) => {
      const ends: [Model, Model] = [new Map(shared), new Map(shared)];
      for (const [key, ...sides] of changes) {
        for (const end of [0, 1] as const) {
          const version = sides[end];
          if (version === undefined) ends[end].delete(nameOf(key));
          else ends[end].set(nameOf(key), { key, version });
        }
      }
      return ends;
    });
}

export function treeOf(
  model: Model,
  options: { slots?: number; digest?: ItemDigest } = {},
): MerkleTree {
  const tree = new MerkleTree(options);
  for (const { key, version } of model.values()) tree.replace(key, undefined, version);
  return tree;
}

/** The keys on which two sets differ, and what repairs them, as seen from the first. */
export function differenceOf(mine: Model, theirs: Model): Map<string, "pull" | "push" | "both"> {
  const found = new Map<string, "pull" | "push" | "both">();
  for (const [name, { version }] of mine) {
    const other = theirs.get(name);
    if (other === undefined) found.set(name, "push");
    else if (nameOf(other.version) !== nameOf(version)) found.set(name, "both");
  }
  for (const name of theirs.keys()) if (!mine.has(name)) found.set(name, "pull");
  return found;
}
