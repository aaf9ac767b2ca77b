import { balance, lossProbability, plan, Ring } from "@engram/hashring";
import HashRing from "hashring";
import { ours, type Peer, peers, type Placer } from "./peers.ts";

/** How much to measure. The small one runs among the tests, so that the benchmark cannot rot. */
export interface Size {
  readonly counts: readonly number[];
  readonly keys: number;
  readonly rounds: number;
}
export const full: Size = { counts: [10, 100, 1000], keys: 20_000, rounds: 15 };
export const smoke: Size = { counts: [5], keys: 500, rounds: 2 };

/** Median and extremes of a few measurements. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export interface Row {
  readonly name: string;
  readonly count: number;
  readonly buildMs: number;
  readonly ownerNs: Spread;
  readonly threeNs: Spread | undefined;
  /** Time of this library over ours, round by round. */
  readonly ratio: Spread | undefined;
  readonly variation: number;
  readonly maxOverMean: number;
  readonly moved: number;
  readonly betweenSurvivors: number;
}

/** Members are named as hosts are; keys have 22 characters. */
const idsOf = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `10.0.${i >> 8}.${i & 255}:7000`);
/** Flat strings, as parsers give them: a concatenation would be slower to read, for all alike. */
const keysOf = (count: number): string[] =>
  Array.from({ length: count }, (_, i) =>
    Buffer.from(`user:${String(i * 7919).padStart(10, "0")}:inbox1`).toString(),
  );

/** Keeps results alive, and shows that every round did the same work. */
let checksum = 0;

/** CPU time of this process in milliseconds: what others do on the machine stretches it less than time. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

type Loop = (keys: readonly string[], use: (key: string) => { readonly length: number }) => number;

/** A loop of its own for each use, so that none is compiled for the mixture of all. */
function createLoop(): Loop {
  // oxlint-disable-next-line typescript/no-implied-eval -- closures of one function share what they learn
  return new Function(
    "keys",
    "use",
    "let sum = 0; for (const key of keys) sum += use(key).length; return sum;",
  ) as Loop;
}

function nsPerKey(loop: Loop, keys: readonly string[], use: Parameters<Loop>[1]): number {
  const start = cpuMs();
  checksum = (checksum + loop(keys, use)) | 0;
  return ((cpuMs() - start) * 1e6) / keys.length;
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return { median, low: sorted[0] ?? 0, high: sorted.at(-1) ?? 0 };
}

function timed<T>(work: () => T): [T, number] {
  const start = cpuMs();
  const result = work();
  return [result, cpuMs() - start];
}

/** All libraries with `count` members, measured in turn, round after round. */
export function compare(count: number, { keys: keyCount, rounds }: Size): Row[] {
  const keys = keysOf(keyCount);
  const ids = idsOf(count);
  const built = peers.map((peer) => {
    const [placer, buildMs] = timed(() => {
      const placer = peer.build(ids);
      placer.owner("built lazily");
      return placer;
    });
    const loops = [createLoop(), createLoop()] as const;
    return { peer, placer, buildMs, loops, owner: [] as number[], three: [] as number[] };
  });
  for (let round = -2; round < rounds; round++) {
    for (const { placer, loops, owner, three } of built) {
      const one = nsPerKey(loops[0], keys, placer.owner);
      const all = placer.three && nsPerKey(loops[1], keys, placer.three);
      if (round < 0) continue;
      owner.push(one);
      if (all !== undefined) three.push(all);
    }
  }
  const base = built.find(({ peer }) => peer === ours)?.three ?? [];
  return built.map(({ peer, placer, buildMs, owner, three }) => ({
    name: peer.name,
    count,
    buildMs,
    ownerNs: spread(owner),
    threeNs: three.length > 0 ? spread(three) : undefined,
    ratio: three.length > 0 ? spread(three.map((ns, round) => ns / (base[round] ?? 1))) : undefined,
    ...loads(placer, ids, keysOf(keyCount * 10)),
    ...join(peer, placer, ids, keys),
  }));
}

function loads(placer: Placer, ids: readonly string[], keys: readonly string[]) {
  const counts = new Map(ids.map((id) => [id, 0]));
  for (const key of keys) {
    for (const id of placer.three?.(key) ?? [placer.owner(key)]) {
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  }
  const values = [...counts.values()];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { variation: Math.sqrt(variance) / mean, maxOverMean: Math.max(...values) / mean };
}

/** Another process, that has heard of one member more, builds its own ring: whose keys moved? */
function join(peer: Peer, before: Placer, ids: readonly string[], keys: readonly string[]) {
  const newcomer = "10.9.9.9:7000";
  const after = peer.build([...ids, newcomer]);
  const moved = keys.filter((key) => before.owner(key) !== after.owner(key));
  const between = moved.filter((key) => after.owner(key) !== newcomer);
  return { moved: moved.length / keys.length, betweenSurvivors: between.length / keys.length };
}

export interface Own {
  readonly count: number;
  readonly slotNs: Spread;
  readonly joinMs: Spread;
  readonly buildMs: Spread;
  readonly tableBytes: number;
  readonly variation: number;
  readonly balanced: number;
  readonly overrides: number;
  readonly loss: number;
}

/** What only this package does. */
export function measureOwn(count: number, { keys, rounds }: Size): Own {
  const ids = idsOf(count);
  const members = ids.map((id) => ({ id }));
  const [slotTimes, joinTimes, buildTimes]: number[][] = [[], [], []];
  const bytesBefore = process.memoryUsage().arrayBuffers;
  const ring = Ring.of({ members });
  checksum += ring.owners(0).length;
  const tableBytes = process.memoryUsage().arrayBuffers - bytesBefore;
  for (let round = -2; round < rounds; round++) {
    const [sum, slotMs] = timed(() => {
      let sum = 0;
      for (let i = 0; i < keys; i++) sum += ring.owners(Math.imul(i, 40_503) & 0x3fff).length;
      return sum;
    });
    checksum += sum;
    const [, joinMs] = timed(() => ring.with({ set: [{ id: `newcomer ${round}` }] }).copies);
    const [, buildMs] = timed(() => Ring.of({ members }).copies);
    if (round < 0) continue;
    slotTimes?.push((slotMs * 1e6) / keys);
    joinTimes?.push(joinMs);
    buildTimes?.push(buildMs);
  }
  const mean = (ring.slots * ring.copies) / count;
  const square = ring.loads().reduce((sum, { slots }) => sum + (slots / mean - 1) ** 2, 0);
  const overrides = balance(ring);
  const balanced = ring.with({ overrides }).loads();
  return {
    count,
    slotNs: spread(slotTimes ?? []),
    joinMs: spread(joinTimes ?? []),
    buildMs: spread(buildTimes ?? []),
    tableBytes,
    variation: Math.sqrt(square / count),
    balanced: Math.max(...balanced.map(({ slots }) => slots)) / mean,
    overrides: overrides.length,
    loss: lossProbability(ring, 3).probability,
  };
}

export interface WeightedJoin {
  readonly name: string;
  readonly weight: number;
  readonly moved: number;
  readonly optimum: number;
  readonly betweenSurvivors: number;
}

/** A member of weight `weight` joins ten of weight 1: shares of first owners that move. */
export function weightedJoin(weight: number, keyCount: number): WeightedJoin[] {
  const ids = idsOf(10);
  const newcomer = "10.9.9.9:7000";
  const keys = keysOf(keyCount);
  const optimum = weight / (10 + weight);
  const ring = Ring.of({ members: ids.map((id) => ({ id })), replicas: 1 });
  const { moves, needless } = plan(ring, ring.with({ set: [{ id: newcomer, weight }] }));
  const light = Object.fromEntries(ids.map((id) => [id, 1]));
  const [before, after] = [new HashRing(light), new HashRing({ ...light, [newcomer]: weight })];
  const moved = keys.filter((key) => before.get(key) !== after.get(key));
  const between = moved.filter((key) => after.get(key) !== newcomer);
  return [
    {
      name: "@engram/hashring",
      weight,
      moved: moves.length / ring.slots,
      optimum,
      betweenSurvivors: needless / ring.slots,
    },
    {
      name: "hashring",
      weight,
      moved: moved.length / keyCount,
      optimum,
      betweenSurvivors: between.length / keyCount,
    },
  ];
}

export const work = (): number => checksum;
