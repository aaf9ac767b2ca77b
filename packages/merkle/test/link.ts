import type { Exchange, ExchangeOutput, Hash64, MerkleTree } from "@engram/merkle";

/** A generator of numbers in [0, 1) from a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A hash drawn from the generator. */
export function drawn(random: () => number): Hash64 {
  return { hi: Math.floor(random() * 2 ** 32), lo: Math.floor(random() * 2 ** 32) };
}

export interface LinkOptions {
  readonly random: () => number;
  /** Share of frames lost. */
  readonly loss?: number;
  /** Share of frames that come twice. */
  readonly duplication?: number;
  /** Least and most milliseconds a frame takes; frames overtake each other. */
  readonly delayMs?: readonly [number, number];
  /** Called with each frame before it is sent; what it returns is sent in its place. */
  readonly tamper?: (bytes: Uint8Array) => Uint8Array;
}

interface Event {
  readonly at: number;
  readonly run: () => void;
}

export type Output = ExchangeOutput & { readonly end: 0 | 1 };

/** Two exchanges on a simulated link, in virtual time. */
export class Link {
  now = 0;
  /** Frames given to the link, and their bytes, in each direction. */
  readonly frames: [number, number] = [0, 0];
  readonly bytes: [number, number] = [0, 0];
  readonly #ends: readonly [Exchange, Exchange];
  readonly #options: Required<Omit<LinkOptions, "random" | "tamper">> &
    Pick<LinkOptions, "random" | "tamper">;
  readonly #outputs: Output[] = [];
  #events: Event[] = [];

  constructor(ends: readonly [Exchange, Exchange], options: LinkOptions) {
    this.#ends = ends;
    this.#options = { loss: 0, duplication: 0, delayMs: [10, 10], ...options };
  }

  /** Runs `run` at a time to come. */
  at(time: number, run: () => void): void {
    this.#events.push({ at: time, run });
  }

  /** Runs until `isOver`, or throws after `limitMs` of virtual time. Returns what was reported. */
  runUntil(isOver: (outputs: readonly Output[]) => boolean, limitMs = 600_000): Output[] {
    const end = this.now + limitMs;
    for (;;) {
      this.#drain();
      if (isOver(this.#outputs)) return this.#outputs.splice(0);
      const next = this.#nextTime();
      if (next === undefined || next > end) throw new Error(`nothing by ${end} ms of virtual time`);
      this.now = Math.max(this.now, next);
      const due = this.#events.filter((event) => event.at <= this.now);
      this.#events = this.#events.filter((event) => event.at > this.now);
      for (const event of due) {
        event.run();
        this.#drain();
      }
      for (const exchange of this.#ends) {
        if (exchange.deadline !== undefined && exchange.deadline <= this.now) {
          exchange.handleTimeout(this.now);
          this.#drain();
        }
      }
    }
  }

  /** Starts an exchange at an end and runs to its end. */
  exchange(end: 0 | 1 = 0): Output[] {
    this.#ends[end].start(this.now);
    return this.runUntil((outputs) =>
      outputs.some((output) => output.type === "done" && output.end === end),
    );
  }

  #nextTime(): number | undefined {
    const times = this.#events.map((event) => event.at);
    for (const { deadline } of this.#ends) if (deadline !== undefined) times.push(deadline);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #drain(): void {
    for (const end of [0, 1] as const) {
      const exchange = this.#ends[end];
      for (let output = exchange.poll(); output !== undefined; output = exchange.poll()) {
        if (output.type === "send") this.#send(end, output.bytes);
        else this.#outputs.push({ ...output, end });
      }
    }
  }

  #send(end: 0 | 1, sent: Uint8Array): void {
    const { random, loss, duplication, delayMs, tamper } = this.#options;
    const bytes = tamper === undefined ? sent : tamper(sent);
    this.frames[end] += 1;
    this.bytes[end] += bytes.length;
    const copies = random() < duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (random() < loss) continue;
      const delay = delayMs[0] + random() * (delayMs[1] - delayMs[0]);
      this.at(this.now + delay, () => this.#ends[1 - end]!.handleMessage(bytes, this.now));
    }
  }
}

/** Does what the repairs of `end` ask for; of two versions the greater wins. Returns their number. */
export function repair(
  outputs: readonly Output[],
  trees: readonly [MerkleTree, MerkleTree],
): number {
  let repairs = 0;
  for (const output of outputs) {
    if (output.type !== "repair") continue;
    repairs += 1;
    const mine = trees[output.end];
    const theirs = trees[1 - output.end]!;
    const here = mine.get(output.key);
    const there = theirs.get(output.key);
    const winner = greater(here, there);
    if (winner === undefined) continue;
    if (output.action !== "push" && here !== winner) mine.replace(output.key, here, winner);
    if (output.action !== "pull" && there !== winner) theirs.replace(output.key, there, winner);
  }
  return repairs;
}

export function greater(one: Hash64 | undefined, two: Hash64 | undefined): Hash64 | undefined {
  if (one === undefined || two === undefined) return one ?? two;
  return one.hi > two.hi || (one.hi === two.hi && one.lo >= two.lo) ? one : two;
}
