// The ways to reconcile two sets, each as a function of the same input. Each answers with the bytes
// of both directions, the round trips, the CPU time of both ends, and the keys it found.

import { createRequire } from "node:module";
import { Exchange, MerkleTree } from "@engram/merkle";
import { drawn, Link, seeded } from "../test/link.ts";

/** An item in the forms that the libraries want, so that making them is not timed. */
export interface Entry {
  readonly hi: number;
  readonly lo: number;
  readonly id: bigint;
  readonly longId: Uint8Array;
}

export interface Scenario {
  readonly name: string;
  readonly mine: readonly Entry[];
  readonly theirs: readonly Entry[];
  readonly differences: number;
}

export interface Outcome {
  readonly bytes: number;
  readonly roundTrips: number;
  readonly cpuMs: number;
  readonly found: number;
}

export type Way = (
  scenario: Scenario,
  seed: number,
) => Promise<() => Promise<Outcome>> | (() => Promise<Outcome>);

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const version = { hi: 0, lo: 1 };

function treeOf(entries: readonly Entry[]): MerkleTree {
  const tree = new MerkleTree();
  for (const { hi, lo } of entries) tree.replace({ hi, lo }, undefined, version);
  return tree;
}

/** This package. With a wait, differences are checked again before they are reported. */
export function engram(settleMs: number): Way {
  return ({ mine, theirs }, seed) => {
    const random = seeded(seed);
    const options = { random, settleMs, intervalMs: 0 };
    const ends = [
      new Exchange(treeOf(mine), options, 0),
      new Exchange(treeOf(theirs), options, 0),
    ] as const;
    const link = new Link(ends, { random, delayMs: [1, 1] });
    return async () => {
      const begin = cpuMs();
      const outputs = link.exchange(0);
      return {
        cpuMs: cpuMs() - begin,
        bytes: link.bytes[0] + link.bytes[1],
        roundTrips: Math.round((link.now - settleMs * Number(outputs.length > 1)) / 2),
        found: outputs.filter(({ type }) => type === "repair").length,
      };
    };
  };
}

/** A coded symbol of 8 bytes, its hash of 8, and a count of 1. */
const RIBLT_SYMBOL_BYTES = 17;

/** `@peerbit/riblt`: one end streams symbols until the other can decode, and stops it. */
export const riblt: Way = async ({ mine, theirs }) => {
  const { DecoderWrapper, EncoderWrapper, ready } = await loadRiblt();
  await ready;
  return async () => {
    const begin = cpuMs();
    const encoder = new EncoderWrapper();
    for (const { id } of theirs) encoder.add_symbol(id);
    const decoder = new DecoderWrapper();
    for (const { id } of mine) decoder.add_symbol(id);
    let symbols = 0;
    do {
      decoder.add_coded_symbol(encoder.produce_next_coded_symbol());
      decoder.try_decode();
      symbols += 1;
    } while (!decoder.decoded());
    const found = decoder.get_local_symbols().length + decoder.get_remote_symbols().length;
    const spent = cpuMs() - begin;
    encoder.free();
    decoder.free();
    return { bytes: symbols * RIBLT_SYMBOL_BYTES, roundTrips: 1, cpuMs: spent, found };
  };
};

interface Symbols {
  add_symbol(symbol: bigint): void;
  free(): void;
}

interface RibltModule {
  ready: Promise<unknown>;
  EncoderWrapper: new () => Symbols & { produce_next_coded_symbol(): unknown };
  DecoderWrapper: new () => Symbols & {
    add_coded_symbol(symbol: unknown): void;
    try_decode(): void;
    decoded(): boolean;
    get_local_symbols(): unknown[];
    get_remote_symbols(): unknown[];
  };
}

/** Its own declarations need those of the DOM. */
async function loadRiblt(): Promise<RibltModule> {
  return (await import(import.meta.resolve("@peerbit/riblt"))) as RibltModule;
}

interface NegentropyModule {
  NegentropyStorageVector: new () => {
    insert(timestamp: number, id: Uint8Array): void;
    seal(): void;
  };
  Negentropy: new (storage: object) => {
    wantUint8ArrayOutput: boolean;
    initiate(): Promise<Uint8Array>;
    reconcile(message: Uint8Array): Promise<[Uint8Array | null, unknown[], unknown[]]>;
  };
}

/** The JavaScript reference of negentropy, from a file that the caller has. */
export function negentropy(path: string): Way {
  const { Negentropy, NegentropyStorageVector } = createRequire(import.meta.url)(
    path,
  ) as NegentropyModule;
  const storageOf = (entries: readonly Entry[]): object => {
    const storage = new NegentropyStorageVector();
    // Its timestamps are seconds: it reads distances of 2^31 and more as negative.
    for (const { hi, longId } of entries) storage.insert(hi >>> 4, longId);
    storage.seal();
    return storage;
  };
  return ({ mine, theirs }) => {
    const storages = [storageOf(mine), storageOf(theirs)];
    return async () => {
      const begin = cpuMs();
      const [client, server] = storages.map((storage) => new Negentropy(storage));
      client!.wantUint8ArrayOutput = true;
      server!.wantUint8ArrayOutput = true;
      let message: Uint8Array | null = await client!.initiate();
      let bytes = 0;
      let found = 0;
      let roundTrips = 0;
      while (message !== null) {
        bytes += message.length;
        const [answer] = await server!.reconcile(message);
        bytes += answer!.length;
        roundTrips += 1;
        const [next, have, need] = await client!.reconcile(answer!);
        found += have.length + need.length;
        message = next;
      }
      return { bytes, roundTrips, cpuMs: cpuMs() - begin, found };
    };
  };
}

/**
 * A plain Merkle trie: 16 children, leaves of up to 16 items, 8-byte digests, compared level by
 * level with all of a level in one message. A question names a vertex in 9 bytes; an answer is 16
 * digests, or the items of a leaf at 16 bytes each. Digests are kept, not computed for the run.
 */
export const plainTrie: Way = ({ mine, theirs }) => {
  const [one, two] = [new PlainTrie(mine), new PlainTrie(theirs)];
  return async () => {
    const begin = cpuMs();
    let bytes = 16;
    let found = 0;
    let roundTrips = 1;
    let level = one.digest("") === two.digest("") ? [] : [""];
    for (; level.length > 0; roundTrips += 1) {
      const next: string[] = [];
      for (const vertex of level) {
        bytes += 9;
        const items = two.leaf(vertex);
        if (items !== undefined) {
          bytes += 16 * items.length;
          const own = new Set(one.below(vertex));
          for (const item of items) if (!own.delete(item)) found += 1;
          found += own.size;
          continue;
        }
        bytes += 16 * 8;
        for (let child = 0; child < 16; child += 1) {
          const path = vertex + child.toString(16);
          // Where the other end has nothing, what is missing there is known without asking.
          if (two.digest(path) === 0) found += one.below(path).length;
          else if (one.digest(path) !== two.digest(path)) next.push(path);
        }
      }
      level = next;
    }
    return { bytes, roundTrips, cpuMs: cpuMs() - begin, found };
  };
};

class PlainTrie {
  readonly #items: readonly string[];
  readonly #digests = new Map<string, number>();
  readonly #leaves = new Map<string, readonly string[]>();

  constructor(entries: readonly Entry[]) {
    this.#items = entries.map(({ hi, lo }) => hex(hi) + hex(lo)).sort();
    this.#build("", 0, this.#items.length);
  }

  digest(path: string): number {
    return this.#digests.get(path) ?? 0;
  }

  /** The items of the leaf at or above this path; undefined for a branch. */
  leaf(path: string): readonly string[] | undefined {
    if (!this.#digests.has(path)) return [];
    return this.#leaves.get(path);
  }

  below(path: string): string[] {
    return this.#items.slice(this.#place(path), this.#place(`${path}g`));
  }

  #build(path: string, from: number, to: number): number {
    let digest = 17;
    if (to - from <= 16) {
      const items = this.#items.slice(from, to);
      this.#leaves.set(path, items);
      for (const item of items)
        digest = (digest * 31 + Number.parseInt(item.slice(4), 16)) % 2 ** 40;
    } else {
      for (let child = 0, at = from; child < 16; child += 1) {
        const prefix = path + child.toString(16);
        const end = child === 15 ? to : Math.max(at, this.#place(`${prefix}g`));
        if (end > at) digest = (digest * 31 + this.#build(prefix, at, end)) % 2 ** 40;
        at = end;
      }
    }
    this.#digests.set(path, digest);
    return digest;
  }

  /** Index of the first item not below `bound`. */
  #place(bound: string): number {
    let [low, high] = [0, this.#items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#items[middle]! < bound) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function hex(word: number): string {
  return word.toString(16).padStart(8, "0");
}

/**
 * `count` items of which `differences` are at one end only: the one end, or either in turn; spread
 * evenly over the keys, or next to each other.
 */
export function scenarioOf(
  count: number,
  differences: number,
  { sides, isClustered, seed }: { sides: 1 | 2; isClustered: boolean; seed: number },
): Scenario {
  const random = seeded(seed);
  const entries = Array.from({ length: count }, () => entryOf(drawn(random), random));
  if (isClustered) entries.sort((one, two) => one.hi - two.hi);
  const first = isClustered ? Math.floor(random() * (count - differences)) : 0;
  const isDifferent = (at: number): boolean => at >= first && at < first + differences;
  const isMineOnly = (at: number): boolean => sides === 1 || at % 2 === 0;
  return {
    name: `${isClustered ? "clustered" : "uniform"}, ${sides === 1 ? "one-sided" : "two-sided"}`,
    mine: entries.filter((_, at) => !isDifferent(at) || isMineOnly(at)),
    theirs: entries.filter((_, at) => !isDifferent(at) || !isMineOnly(at)),
    differences,
  };
}

function entryOf({ hi, lo }: { hi: number; lo: number }, random: () => number): Entry {
  const longId = new Uint8Array(32);
  const view = new DataView(longId.buffer);
  view.setUint32(0, hi);
  view.setUint32(4, lo);
  for (let at = 8; at < 32; at += 4) view.setUint32(at, random() * 2 ** 32);
  return { hi, lo, id: (BigInt(hi) << 32n) | BigInt(lo), longId };
}
