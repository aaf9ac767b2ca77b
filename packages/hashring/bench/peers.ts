import ConsistentHash from "consistent-hash";
import HashRing from "hashring";
import * as ketama from "ketama";
import { Ring, xxh32 } from "@engram/hashring";

/** A library under comparison, as it comes: default options, equal weights. */
export interface Peer {
  readonly name: string;
  readonly build: (ids: readonly string[]) => Placer;
}

export interface Placer {
  readonly owner: (key: string) => string;
  /** Undefined where the method has no such thing. */
  readonly three?: (key: string) => readonly string[];
}

export const ours: Peer = {
  name: "@engram/hashring",
  build: (ids) => {
    const ring = Ring.of({ members: ids.map((id) => ({ id })) });
    return { owner: (key) => ring.primary(key) ?? "", three: (key) => ring.owners(key) };
  },
};

export const peers: readonly Peer[] = [
  ours,
  {
    name: "hashring",
    build: (ids) => {
      const ring = new HashRing(ids);
      return { owner: (key) => ring.get(key), three: (key) => ring.range(key, 3) };
    },
  },
  {
    name: "consistent-hash",
    build: (ids) => {
      const ring = new ConsistentHash();
      for (const id of ids) ring.add(id);
      return { owner: (key) => ring.get(key), three: (key) => ring.get(key, 3) };
    },
  },
  {
    name: "ketama",
    build: (ids) => {
      const ring = new ketama.HashRing(ids);
      return { owner: (key) => ring.getNode(key), three: (key) => ring.getNodes(key, 3) };
    },
  },
  {
    name: "jump hash",
    build: (ids) => ({ owner: (key) => ids[jump(xxh32(key), ids.length)] ?? "" }),
  },
  { name: "plain rendezvous", build: rendezvous },
];

/**
 * Jump consistent hash (Lamping and Veach), its 64-bit generator kept in two 32-bit halves. Names a
 * bucket by number: only the last bucket can ever be taken away.
 */
function jump(key: number, buckets: number): number {
  let high = 0;
  let low = key;
  let bucket = -1;
  let next = 0;
  while (next < buckets) {
    bucket = next;
    // state = state * 2862933555777941757 + 1, modulo 2^64
    const product = multiply(low, 0x87b0b0fd);
    high = (Math.imul(high, 0x87b0b0fd) + Math.imul(low, 0x27bb2ee6) + product) | 0;
    low = (Math.imul(low, 0x87b0b0fd) + 1) | 0;
    if (low === 0) high = (high + 1) | 0;
    next = Math.floor((bucket + 1) * (2 ** 31 / ((high >>> 1) + 1)));
  }
  return bucket;
}

/** The upper 32 bits of the product of two unsigned 32-bit integers. */
function multiply(a: number, b: number): number {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) | 0;
}

/** Highest random weight: hashes the key once and every member once, mixes each pair, keeps the best. */
function rendezvous(ids: readonly string[]): Placer {
  const seeds = Int32Array.from(ids, (id) => xxh32(id, 1));
  const score = (hash: number, seed: number): number => {
    let h = hash ^ seed;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> 0;
  };
  return {
    owner: (key) => {
      const hash = xxh32(key);
      let [best, place] = [-1, 0];
      for (let i = 0; i < seeds.length; i++) {
        const value = score(hash, seeds[i] as number);
        if (value > best) [best, place] = [value, i];
      }
      return ids[place] as string;
    },
    three: (key) => {
      const hash = xxh32(key);
      let [first, second, third] = [-1, -1, -1];
      let [a, b, c] = [0, 0, 0];
      for (let i = 0; i < seeds.length; i++) {
        const value = score(hash, seeds[i] as number);
        if (value <= third) continue;
        if (value > second) {
          third = second;
          c = b;
          if (value > first) {
            second = first;
            b = a;
            first = value;
            a = i;
          } else {
            second = value;
            b = i;
          }
        } else {
          third = value;
          c = i;
        }
      }
      return [ids[a] as string, ids[b] as string, ids[c] as string];
    },
  };
}
