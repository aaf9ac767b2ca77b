// How many rounds of exchanges it takes until all members hold everything, by simulation of sets.

import { choosePeer } from "@engram/merkle";

export interface Spread {
  readonly members: number;
  /** Share of exchanges that fail. */
  readonly loss: number;
  readonly random: () => number;
}

export interface Replicated extends Spread {
  /** Exchanges a member makes in a round. */
  readonly fanout: number;
  /**
   * Whether exchanges see what others brought in the same round. They do where an exchange takes
   * milliseconds and a round seconds; that they do not is the worst case.
   */
  readonly isSequential: boolean;
}

/**
 * Fully replicated data: each member begins with one item of its own, and exchanges with peers that
 * `choosePeer` picks. Lag is how many items fewer the peer held at the end of the last round, as
 * gossip would have it. Returns the rounds until all hold all.
 */
export function roundsToSpread(options: Replicated): number {
  const { members, loss, random, fanout, isSequential } = options;
  const full = (1n << BigInt(members)) - 1n;
  let held = Array.from({ length: members }, (_, member) => 1n << BigInt(member));
  let counts = held.map(() => 1);
  for (let round = 1; ; round += 1) {
    const next = held.slice();
    const seen = isSequential ? next : held;
    for (const member of shuffled(members, random)) {
      const peers: { id: number; lag: number }[] = [];
      for (let id = 0; id < members; id += 1) {
        if (id !== member) peers.push({ id, lag: counts[member]! - counts[id]! });
      }
      for (let exchange = 0; exchange < fanout; exchange += 1) {
        const peer = choosePeer(peers, random);
        if (peer === undefined || random() < loss) continue;
        const [mine, theirs] = [seen[member]!, seen[peer.id]!];
        next[member]! |= theirs;
        next[peer.id]! |= mine;
      }
    }
    held = next;
    counts = held.map(ones);
    if (held.every((items) => items === full)) return round;
  }
}

/**
 * Partitioned data: each slot has `copies` owners drawn at random, each with an item of its own; in
 * each round every two members that share a slot make one exchange over all slots they share.
 * Returns the rounds until all owners of all slots agree.
 */
export function roundsToSettle(
  { members, loss, random }: Spread,
  slots: number,
  copies: number,
): number {
  const owners = Array.from({ length: slots }, () => {
    const chosen = new Set<number>();
    while (chosen.size < copies) chosen.add(Math.floor(random() * members));
    return [...chosen];
  });
  const full = (1 << copies) - 1;
  let held = owners.map((_, slot) => owners[slot]!.map((_owner, place) => 1 << place));
  for (let round = 1; ; round += 1) {
    const fails = new Map<number, boolean>();
    const next = held.map((items) => items.slice());
    for (let slot = 0; slot < slots; slot += 1) {
      for (let one = 0; one < copies; one += 1) {
        for (let two = one + 1; two < copies; two += 1) {
          const [low, high] = [owners[slot]![one]!, owners[slot]![two]!].sort((a, b) => a - b);
          const pair = low! * members + high!;
          const isLost = fails.get(pair) ?? random() < loss;
          fails.set(pair, isLost);
          if (isLost) continue;
          next[slot]![one]! |= held[slot]![two]!;
          next[slot]![two]! |= held[slot]![one]!;
        }
      }
    }
    held = next;
    if (held.every((items) => items.every((item) => item === full))) return round;
  }
}

/** How often each number of rounds came up, as `[rounds, times]`, ascending. */
export function tally(runs: number, run: () => number): [number, number][] {
  const times = new Map<number, number>();
  for (let index = 0; index < runs; index += 1) {
    const rounds = run();
    times.set(rounds, (times.get(rounds) ?? 0) + 1);
  }
  return [...times].sort(([one], [two]) => one - two);
}

function shuffled(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let at = count - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}

function ones(bits: bigint): number {
  let count = 0;
  for (let rest = bits; rest > 0n; rest >>= 32n) {
    let word = Number(rest & 0xffffffffn);
    for (; word > 0; count += 1) word = (word & (word - 1)) >>> 0;
  }
  return count;
}
