// What keeping a tree costs. Each figure is the least and the median CPU time of several runs, and
// comes with a checksum, so that no work can be optimised away unnoticed.

import { createHash } from "node:crypto";
import { MerkleTree as MerkleTreeJs } from "merkletreejs";
import xxhash from "xxhash-wasm";
import {
  decodeSnapshot,
  encodeSnapshot,
  Exchange,
  fastDigest,
  hash64,
  hashWith,
  type ItemDigest,
  MerkleTree,
  strongDigest,
} from "@engram/merkle";
import { seeded } from "../test/link.ts";

export interface Cost {
  readonly what: string;
  readonly goal: string;
  readonly leastNs: number;
  readonly medianNs: number;
  readonly checksum: string;
}

interface Task {
  readonly what: string;
  readonly goal?: string;
  /** Prepares, and returns the work of `count` operations, whose checksum it returns. */
  readonly prepare: () => () => string | number;
  readonly count: number;
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

/** Runs the tasks in turn, `rounds` times over. */
export function measureCosts(tasks: readonly Task[], rounds: number): Cost[] {
  const times = tasks.map(() => [] as number[]);
  const checksums: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { prepare, count }] of tasks.entries()) {
      const work = prepare();
      const before = process.cpuUsage();
      checksums[index] = String(work());
      const { user, system } = process.cpuUsage(before);
      times[index]!.push(((user + system) * 1000) / count);
    }
  }
  return tasks.map(({ what, goal = "" }, index) => {
    const sorted = times[index]!.sort((one, two) => one - two);
    const medianNs = sorted[Math.floor(sorted.length / 2)]!;
    return { what, goal, leastNs: sorted[0]!, medianNs, checksum: checksums[index]! };
  });
}

/** Keys and versions of `count` items, flat. */
function drawnWords(count: number): Uint32Array {
  const random = seeded(count);
  return Uint32Array.from({ length: 4 * count }, () => random() * 2 ** 32);
}

function built(words: Uint32Array, digest: ItemDigest, exchanges: number): MerkleTree {
  const tree = new MerkleTree({ digest });
  for (let peer = 0; peer < exchanges; peer += 1) {
    void new Exchange(tree, { random: () => 0.5, intervalMs: 0 }, 0);
  }
  for (let at = 0; at < words.length; at += 4) {
    const key = { hi: words[at]!, lo: words[at + 1]! };
    tree.replace(key, undefined, { hi: words[at + 2]!, lo: words[at + 3]! });
  }
  return tree;
}

/** Adds, changes and removes items one by one in a tree of 100,000. */
function updates(
  verb: "insert" | "replace",
  digest: ItemDigest,
  exchanges: number,
): Task["prepare"] {
  return () => {
    const words = drawnWords(120_000);
    const tree = built(words.subarray(0, 400_000), digest, exchanges);
    return () => {
      for (let step = 0; step < 20_000; step += 1) {
        const at = verb === "insert" ? 400_000 + 4 * step : 4 * ((step * 7919) % 100_000);
        const key = { hi: words[at]!, lo: words[at + 1]! };
        const version = { hi: words[at + 2]!, lo: words[at + 3]! };
        if (verb === "insert") tree.replace(key, undefined, version);
        else tree.replace(key, version, { hi: step, lo: 1 });
      }
      return tree.root;
    };
  };
}

function hashing(
  hash: (bytes: Uint8Array) => { lo: number },
  size: number,
  count: number,
): Task["prepare"] {
  return () => {
    const bytes = new Uint8Array(size);
    return () => {
      let sum = 0;
      for (let step = 0; step < count; step += 1) {
        bytes[step % size] = step;
        sum = (sum + hash(bytes).lo) | 0;
      }
      return sum;
    };
  };
}

function digesting(digest: ItemDigest): Task["prepare"] {
  return () => () => {
    const words = new Uint32Array(4);
    const out = new Uint32Array(4);
    let sum = 0;
    for (let step = 0; step < 200_000; step += 1) {
      words[3] = step;
      digest.write(words, 0, out);
      sum = (sum + out[0]!) | 0;
    }
    return sum;
  };
}

export async function costTasks(): Promise<Task[]> {
  const api = await xxhash();
  const xx = hashWith((bytes) => api.h64Raw(bytes));
  const fast = fastDigest();
  const strong = strongDigest(sha256, new Uint8Array(32));
  const million = drawnWords(1_000_000);
  const hundred = built(drawnWords(100_000), fast, 0);
  const [root, other] = [hundred.root, built(drawnWords(100_000), fast, 0).root];
  const saved = encodeSnapshot(hundred, { position: 0, isClean: true });
  const leaves = Array.from({ length: 100_000 }, (_, at) =>
    Buffer.from(sha256(Buffer.from(`${at}`))),
  );
  const viaXx: ItemDigest = {
    lanes: 2,
    write: (words, at, out) => {
      const { hi, lo } = xx(new Uint8Array(words.buffer, words.byteOffset + 4 * at, 16));
      out[0] = lo;
      out[1] = hi;
    },
  };
  const build = (exchanges: number) => () => () => built(million, fast, exchanges).root;
  return [
    {
      what: "insert, tree of 100,000, no exchange",
      count: 20_000,
      prepare: updates("insert", fast, 0),
    },
    {
      what: "insert, with sketch",
      goal: "<= 600 ns",
      count: 20_000,
      prepare: updates("insert", fast, 1),
    },
    { what: "replace, no exchange", count: 20_000, prepare: updates("replace", fast, 0) },
    {
      what: "replace, with sketch",
      goal: "<= 600 ns",
      count: 20_000,
      prepare: updates("replace", fast, 1),
    },
    {
      what: "replace, with sketch, strong digests",
      count: 20_000,
      prepare: updates("replace", strong, 1),
    },
    {
      what: "equality check of two roots",
      goal: "<= 1 us",
      count: 1_000_000,
      prepare: () => () => {
        let equal = 0;
        for (let step = 0; step < 1_000_000; step += 1)
          if (hundred.root === (step % 2 ? root : other)) equal += 1;
        return equal;
      },
    },
    {
      what: "build of 1,000,000, an item, no exchange",
      goal: "<= 1500 ns",
      count: 1_000_000,
      prepare: build(0),
    },
    {
      what: "build of 1,000,000, an item, with sketch",
      goal: "<= 1500 ns",
      count: 1_000_000,
      prepare: build(1),
    },
    {
      what: "snapshot, an item",
      count: 100_000,
      prepare: () => () => encodeSnapshot(hundred, { position: 0, isClean: true }).length,
    },
    {
      what: "restore, an item",
      count: 100_000,
      prepare: () => () => decodeSnapshot(saved, fast).tree?.root ?? "",
    },
    {
      what: "merkletreejs, new root after one write, 100,000 leaves",
      count: 1,
      prepare: () => () => new MerkleTreeJs(leaves, sha256).getHexRoot(),
    },
    { what: "digest of an item, fast (default)", count: 200_000, prepare: digesting(fast) },
    { what: "digest of an item, by xxhash-wasm", count: 200_000, prepare: digesting(viaXx) },
    { what: "digest of an item, strong", count: 200_000, prepare: digesting(strong) },
    ...[22, 64, 256, 4096].flatMap((size) => {
      const count = size > 1000 ? 20_000 : 200_000;
      return [
        { what: `hash64, ${size} bytes`, count, prepare: hashing(hash64, size, count) },
        {
          what: `xxhash-wasm through hashWith, ${size} bytes`,
          count,
          prepare: hashing(xx, size, count),
        },
      ];
    }),
  ];
}

/** Bytes of typed arrays an item, by the number of items. */
export function memoryPerItem(): [number, number][] {
  return [10_000, 30_000, 100_000, 300_000, 1_000_000].map((count) => {
    const tree = built(drawnWords(count), fastDigest(), 0);
    return [count, tree.memoryBytes / count];
  });
}
