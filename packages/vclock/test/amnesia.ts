// Three copies of two keys whose disks crash, go back to a backup, come back empty, and meet again in
// any order, one key at a time, so that contexts have gaps; messages come late, twice or never. Beside
// each copy and message runs an oracle: the set of operations whose effect it holds, joined and lost together with its bytes. After calm a value
// must be there exactly if its write is in some copy's set and no operation there observed it.

import {
  ascending,
  contextOf,
  type Dot,
  type DottedContext,
  decodeVersioned,
  emptyContext,
  emptyVector,
  encodeVersioned,
  foldOrigins,
  joinContexts,
  joinVectors,
  merge,
  mintOrigin,
  type Origin,
  refillContext,
  remove,
  sequenceOf,
  stableCut,
  type ValueCodec,
  type Versioned,
  type VersionVector,
  vectorOf,
  vectorPairs,
  write,
  Writer,
} from "@engram/vclock";
import { seeded } from "./random.ts";

const COPIES = 3;
const KEYS = 2;
const STEPS = 120;

const texts: ValueCodec<string> = {
  encode: (value) => new TextEncoder().encode(value),
  decode: (bytes) => new TextDecoder().decode(bytes),
  order: ascending,
};

interface Operation {
  readonly id: number;
  /** Of a write; a removal has none. */
  readonly dot: Dot | undefined;
  readonly value: string | undefined;
  /** Every operation in the causal past of the read. */
  readonly observed: ReadonlySet<number>;
}

interface Stored {
  readonly bytes: Uint8Array;
  /** The oracle: every operation whose effect the bytes hold. */
  readonly past: ReadonlySet<number>;
}

interface Disk {
  readonly base: VersionVector;
  readonly keys: readonly Stored[];
}

/** What a seeded bug replaces. */
export interface Rules {
  readonly merge: typeof merge<string>;
  /** The writer of a process that starts with this disk. */
  readonly start: (fresh: Origin, previous: Origin | undefined, disk: DottedContext) => Pen;
  /** What a copy says that it has, given its log and the contexts of its keys. */
  readonly acknowledge: (log: DottedContext, contexts: readonly DottedContext[]) => VersionVector;
  /** What is everywhere, given what every copy says. */
  readonly cut: (vectors: readonly VersionVector[]) => VersionVector;
}

/** Hands out the dots of one life. */
export type Pen = { readonly origin: Origin; readonly next: (known: VersionVector) => Dot };

export const lawful: Rules = {
  merge,
  start: (fresh) => {
    const writer = new Writer(fresh);
    return { origin: fresh, next: (known) => writer.next(known).dot };
  },
  acknowledge: (log) => log.vector,
  cut: stableCut,
};

export interface Outcome {
  readonly acknowledged: number;
  /** Values that no disk failure took and that are missing all the same. */
  readonly lost: number;
  /** Values that an operation still held somewhere had replaced or removed. */
  readonly resurrected: number;
  /** Copies that differ after calm. */
  readonly diverged: number;
  /** Origins that had left the vectors for a base. */
  readonly folded: number;
}

const emptyState: Versioned<string> = { siblings: [], context: emptyContext };
const emptyDisk: Disk = {
  base: emptyVector,
  keys: Array.from({ length: KEYS }, () => ({
    bytes: encodeVersioned(emptyState, texts),
    past: new Set<number>(),
  })),
};

class Copy {
  disk = emptyDisk;
  backup = emptyDisk;
  pen: Pen;

  constructor(pen: Pen) {
    this.pen = pen;
  }

  read(key: number): Versioned<string> {
    const { base, keys } = this.disk;
    const state = decodeVersioned(keys[key]!.bytes, texts, { base });
    if ("malformed" in state) throw new Error(`disk is ${state.malformed}`);
    return state;
  }

  contexts(): DottedContext[] {
    const { base, keys } = this.disk;
    return [contextOf(base), ...keys.map((_, key) => this.read(key).context)];
  }

  save(key: number, state: Versioned<string>, past: ReadonlySet<number>): void {
    const { base, keys } = this.disk;
    const bytes = encodeVersioned(state, texts, { base });
    this.disk = { base, keys: keys.with(key, { bytes, past }) };
  }

  /** Moves to a larger base: every key is written again relative to it. */
  rebase(base: VersionVector): void {
    const states = this.disk.keys.map(({ past }, key) => ({ state: this.read(key), past }));
    this.disk = { ...this.disk, base };
    states.forEach(({ state, past }, key) => {
      this.save(key, { ...state, context: refillContext(state.context, base) }, past);
    });
  }
}

class Simulation {
  readonly #random: () => number;
  readonly #rules: Rules;
  readonly #operations = new Map<number, Operation>();
  readonly #dead: Origin[] = [];
  readonly #messages: (Stored & { readonly key: number })[] = [];
  readonly copies: Copy[];
  acknowledged = 0;

  constructor(seed: number, rules: Rules) {
    this.#random = seeded(seed);
    this.#rules = rules;
    this.copies = Array.from(
      { length: COPIES },
      () => new Copy(this.#start(undefined, emptyContext)),
    );
  }

  pick(count: number): number {
    return Math.floor(this.#random() * count);
  }

  /** The dots whose records a copy has, as its log would say. */
  #log(disk: Disk): DottedContext {
    const past = new Set(disk.keys.flatMap((stored) => [...stored.past]));
    const dots = [...past].flatMap((id) => this.#operations.get(id)?.dot ?? []);
    return contextOf(
      emptyVector,
      dots.map(({ origin, sequence }) => ({ origin, first: sequence, last: sequence })),
    );
  }

  #start(previous: Origin | undefined, disk: DottedContext): Pen {
    const fresh = mintOrigin((bytes) => bytes.forEach((_, i) => (bytes[i] = this.pick(256))));
    return this.#rules.start(fresh, previous, disk);
  }

  /** A client reads from one copy and writes or removes at another, or writes without reading. */
  operate(): void {
    const key = this.pick(KEYS);
    const source = this.copies[this.pick(COPIES)]!;
    const target = this.copies[this.pick(COPIES)]!;
    const isBlind = this.pick(4) === 0;
    const read = isBlind ? emptyState : source.read(key);
    const observed = new Set(isBlind ? [] : source.disk.keys[key]!.past);
    const id = this.#operations.size;
    const value = this.pick(5) === 0 && !isBlind ? undefined : `value ${id}`;
    const state = target.read(key);
    const dot = value === undefined ? undefined : target.pen.next(this.#log(target.disk).vector);
    const next =
      dot === undefined || value === undefined
        ? remove(state, read.context)
        : write(state, read.context, dot, value);
    this.#operations.set(id, { id, dot, value, observed });
    target.save(key, next, new Set([...target.disk.keys[key]!.past, ...observed, id]));
    this.acknowledged++;
  }

  sync(source: Copy, target: Copy, key: number): void {
    const merged = this.#rules.merge(target.read(key), source.read(key), ascending);
    target.save(
      key,
      merged,
      new Set([...target.disk.keys[key]!.past, ...source.disk.keys[key]!.past]),
    );
  }

  send(source: Copy, key: number): void {
    const bytes = encodeVersioned(source.read(key), texts);
    this.#messages.push({ key, bytes, past: source.disk.keys[key]!.past });
  }

  /** Any message ever sent, however old, and it may come again. */
  deliver(target: Copy): void {
    const message = this.#messages[this.pick(this.#messages.length)];
    if (message === undefined) return;
    const { key, bytes, past } = message;
    const state = decodeVersioned(bytes, texts);
    if ("malformed" in state) throw new Error(`message is ${state.malformed}`);
    const merged = this.#rules.merge(target.read(key), state, ascending);
    target.save(key, merged, new Set([...target.disk.keys[key]!.past, ...past]));
  }

  restart(copy: Copy, disk: Disk): void {
    const previous = copy.pen.origin;
    this.#dead.push(previous);
    copy.disk = disk;
    copy.pen = this.#start(previous, this.#log(disk));
  }

  fold(copy: Copy): void {
    const vectors = this.copies.map((each) =>
      this.#rules.acknowledge(this.#log(each.disk), each.contexts()),
    );
    const latest = vectors.reduce(joinVectors);
    const sealed = vectorOf(vectorPairs(latest).filter(([origin]) => this.#dead.includes(origin)));
    const cut = this.#rules.cut(vectors);
    copy.rebase(foldOrigins({ base: copy.disk.base, sealed, cut }).base);
  }

  step(): void {
    const copy = this.copies[this.pick(COPIES)]!;
    const fault = this.pick(100);
    if (fault < 40) this.operate();
    else if (fault < 60) this.sync(this.copies[this.pick(COPIES)]!, copy, this.pick(KEYS));
    else if (fault < 69) this.send(copy, this.pick(KEYS));
    else if (fault < 78) this.deliver(copy);
    else if (fault < 84) this.fold(copy);
    else if (fault < 90) copy.backup = copy.disk;
    else if (fault < 94) this.restart(copy, copy.disk);
    else if (fault < 98) this.restart(copy, copy.backup);
    else this.restart(copy, emptyDisk);
  }

  /** Everybody meets everybody until nothing can be new. */
  calm(): void {
    for (let round = 0; round < COPIES; round++) {
      for (const source of this.copies) {
        for (const target of this.copies) {
          for (let key = 0; key < KEYS; key++) this.sync(source, target, key);
        }
      }
    }
  }

  judge(): Outcome {
    let [lost, resurrected, diverged] = [0, 0, 0];
    for (let key = 0; key < KEYS; key++) {
      const past = this.copies[0]!.disk.keys[key]!.past;
      const held = [...past].map((id) => this.#operations.get(id)!);
      const gone = new Set(held.flatMap(({ observed }) => [...observed]));
      const expected = new Set(
        held.flatMap(({ id, value }) => (value === undefined || gone.has(id) ? [] : [value])),
      );
      for (const copy of this.copies) {
        const actual = new Set(copy.read(key).siblings.map(({ value }) => value));
        lost += [...expected].filter((value) => !actual.has(value)).length;
        resurrected += [...actual].filter((value) => !expected.has(value)).length;
        const same =
          JSON.stringify(copy.read(key).siblings) ===
          JSON.stringify(this.copies[0]!.read(key).siblings);
        if (!same) diverged++;
      }
    }
    const folded = this.copies.reduce((sum, { disk }) => sum + disk.base.origins.length, 0);
    return { acknowledged: this.acknowledged, lost, resurrected, diverged, folded };
  }
}

/** One run: the same seed and rules give the same outcome. */
export function simulate(seed: number, rules: Rules): Outcome {
  const simulation = new Simulation(seed, rules);
  for (let step = 0; step < STEPS; step++) simulation.step();
  simulation.calm();
  return simulation.judge();
}

/**
 * Of a store without a log to ask: the union of the contexts of its keys. A base, and a client that
 * read at a copy with another base, make the context of one key speak of dots of another key.
 */
export const trustContexts: Rules["acknowledge"] = (_, contexts) =>
  contexts.reduce(joinContexts).vector;

/** Of a process that takes its previous origin up again where its disk says it was: the bug of kv679. */
export const reuseDots: Rules["start"] = (fresh, previous, disk) => {
  const origin = previous ?? fresh;
  const held = disk.ranges.filter((range) => range.origin === origin).map(({ last }) => last);
  let sequence = Math.max(sequenceOf(disk.vector, origin), ...held);
  return { origin, next: () => ({ origin, sequence: ++sequence }) };
};
