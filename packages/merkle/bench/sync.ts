// Bytes, round trips and CPU of reconciling two sets, interleaved: every run of a scenario passes
// through all the ways before the next begins.

import {
  engram,
  negentropy,
  type Outcome,
  plainTrie,
  riblt,
  scenarioOf,
  type Way,
} from "./peers.ts";

export interface Row {
  readonly way: string;
  readonly shape: string;
  readonly differences: number;
  readonly bytes: number;
  readonly bytesMost: number;
  readonly roundTrips: number;
  readonly roundTripsMost: number;
  readonly cpuMs: number;
}

export function waysWith(negentropyPath: string | undefined): Map<string, Way> {
  return new Map<string, Way>([
    ["@engram/merkle", engram(0)],
    ["@engram/merkle, checked again", engram(1000)],
    ["@peerbit/riblt", riblt],
    ["plain Merkle trie", plainTrie],
    ...(negentropyPath === undefined ? [] : [["negentropy", negentropy(negentropyPath)] as const]),
  ]);
}

export async function measureSync(
  ways: ReadonlyMap<string, Way>,
  { count, differences, runs }: { count: number; differences: readonly number[]; runs: number },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const different of differences) {
    const shapes: { sides: 1 | 2; isClustered: boolean }[] = [{ sides: 1, isClustered: false }];
    if (different > 0) {
      shapes.push({ sides: 2, isClustered: false });
      if (different > 1) {
        shapes.push({ sides: 1, isClustered: true }, { sides: 2, isClustered: true });
      }
    }
    for (const shape of shapes) {
      const outcomes = new Map<string, Outcome[]>();
      let name = "";
      for (let run = 0; run < runs; run += 1) {
        const seed = 1000 * run + different;
        const scenario = scenarioOf(count, different, { ...shape, seed });
        name = scenario.name;
        for (const [way, prepare] of ways) {
          const execute = await prepare(scenario, seed);
          const outcome = await execute();
          if (outcome.found !== different) {
            throw new Error(
              `${way} found ${outcome.found} of ${different} (${name}, seed ${seed})`,
            );
          }
          outcomes.set(way, [...(outcomes.get(way) ?? []), outcome]);
        }
      }
      for (const [way, all] of outcomes) rows.push(rowOf(way, name, different, all));
      process.stderr.write(`${name}, ${different} differences\n`);
    }
  }
  return rows;
}

function rowOf(way: string, shape: string, differences: number, all: readonly Outcome[]): Row {
  const sorted = (pick: (outcome: Outcome) => number): number[] =>
    all.map(pick).sort((a, b) => a - b);
  const [bytes, trips, cpu] = [
    sorted((outcome) => outcome.bytes),
    sorted((outcome) => outcome.roundTrips),
    sorted((outcome) => outcome.cpuMs),
  ];
  const middle = Math.floor(all.length / 2);
  return {
    way,
    shape,
    differences,
    bytes: bytes[middle]!,
    bytesMost: bytes.at(-1)!,
    roundTrips: trips[middle]!,
    roundTripsMost: trips.at(-1)!,
    cpuMs: cpu[0]!,
  };
}
