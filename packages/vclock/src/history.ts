// Did two origins of one stream advance without knowing of each other? Every record says what its
// writer's copy gained since its previous record, so adding up deltas gives what any record knew.
// Two records are concurrent when neither knew the other; that is a fact about the records alone, so
// it can be asked before the copies merge, afterwards, and by anyone who has the records.

import type { DotRange } from "./context.ts";
import { checkDot } from "./dot.ts";
import { intern, type Origin } from "./origin.ts";
import { sequenceOf, vectorOf, vectorPairs, type VersionVector } from "./vector.ts";
import type { Stamp } from "./writer.ts";

/**
 * Two origins that advanced concurrently: of each side the first and last dot that some dot of the
 * other side did not know and was not known by.
 *
 * @public
 */
export interface ConcurrentAdvance {
  /** Of the lower origin. */
  readonly left: DotRange;
  /** Of the higher origin. */
  readonly right: DotRange;
}

/**
 * What {@link StreamHistory.add} found: the dots of other origins that are concurrent with the added
 * one, one range an origin; or that it was added before; or that `expected` must come first.
 *
 * @public
 */
export type HistoryVerdict =
  | { readonly type: "added"; readonly concurrent: readonly DotRange[] }
  | { readonly type: "duplicate" }
  | { readonly type: "gap"; readonly expected: number };

/** What one origin knew of another, as steps: from its own sequence `from[i]` on, up to `known[i]`. */
interface Knowledge {
  from: number[];
  known: number[];
}

interface Life {
  /** Dots below are no longer judged. */
  first: number;
  last: number;
  readonly knowledge: Map<Origin, Knowledge>;
}

/**
 * The causal history of one stream, record by record: in order for each origin, in any order across
 * origins, from one copy or several. The verdicts depend only on the set of records.
 *
 * @public
 */
export class StreamHistory {
  readonly #lives = new Map<Origin, Life>();
  readonly #advances = new Map<string, ConcurrentAdvance>();

  /**
   * @param resume - what {@link StreamHistory.positions} gave, for a stream whose older records are
   *   gone; without it every origin starts at sequence 1
   */
  constructor(resume: Iterable<Stamp> = []) {
    for (const { dot, delta } of resume) {
      checkStamp({ dot, delta });
      const life = this.#life(dot.origin);
      life.last = dot.sequence;
      life.first = dot.sequence + 1;
      learn(life, { dot, delta });
    }
  }

  /**
   * Adds one record's stamp. A gap leaves the history as it was: guessing what the missing record
   * knew would report concurrency that never was.
   *
   * @throws TypeError or RangeError for a malformed stamp; the history is as it was
   */
  add(stamp: Stamp): HistoryVerdict {
    checkStamp(stamp);
    const { dot } = stamp;
    const expected = (this.#lives.get(dot.origin)?.last ?? 0) + 1;
    if (dot.sequence < expected) return { type: "duplicate" };
    if (dot.sequence > expected) return { type: "gap", expected };
    const life = this.#life(dot.origin);
    life.last = dot.sequence;
    learn(life, stamp);
    const concurrent: DotRange[] = [];
    for (const [origin, other] of this.#lives) {
      if (other === life) continue;
      const range = concurrentRange(life, other, dot.origin, origin);
      if (range === undefined) continue;
      concurrent.push(range);
      this.#record({ origin: dot.origin, first: dot.sequence, last: dot.sequence }, range);
    }
    return { type: "added", concurrent };
  }

  /** Every pair of origins that advanced concurrently so far, sorted by their origins. */
  advances(): ConcurrentAdvance[] {
    return [...this.#advances.values()].sort((a, b) =>
      a.left.origin === b.left.origin
        ? a.right.origin < b.right.origin
          ? -1
          : 1
        : a.left.origin < b.left.origin
          ? -1
          : 1,
    );
  }

  /** For each origin its last dot and all it knew then: what a later history resumes from. */
  positions(): Stamp[] {
    return Array.from(this.#lives, ([origin, { last, knowledge }]) => ({
      dot: { origin, sequence: last },
      delta: vectorOf(
        Array.from(knowledge, ([other, { known }]): [Origin, number] => [
          other,
          known.at(-1) as number,
        ]),
      ),
    })).filter(({ dot }) => dot.sequence > 0);
  }

  /**
   * Frees what was kept to judge dots up to `stable`; later records are not judged against those.
   * Trim with the base when origins fold, since the deltas of later writers no longer name those.
   * Pairs already found stay in {@link StreamHistory.advances} until the history is dropped.
   */
  trim(stable: VersionVector): void {
    for (const [origin, life] of this.#lives) {
      const through = Math.min(sequenceOf(stable, origin), life.last);
      if (through < life.first) continue;
      life.first = through + 1;
      for (const knowledge of life.knowledge.values()) {
        const kept = Math.max(0, stepsUpTo(knowledge.from, through) - 1);
        knowledge.from.splice(0, kept);
        knowledge.known.splice(0, kept);
      }
    }
  }

  #life(origin: Origin): Life {
    const known = this.#lives.get(origin);
    if (known !== undefined) return known;
    const life: Life = { first: 1, last: 0, knowledge: new Map() };
    this.#lives.set(intern(origin), life);
    return life;
  }

  #record(dot: DotRange, range: DotRange): void {
    const [left, right] = dot.origin < range.origin ? [dot, range] : [range, dot];
    const key = left.origin + right.origin;
    const before = this.#advances.get(key);
    this.#advances.set(key, {
      left: hull(before?.left, left),
      right: hull(before?.right, right),
    });
  }
}

function checkStamp({ dot, delta }: Stamp): void {
  checkDot(dot);
  vectorPairs(delta).forEach(([origin, sequence]) => checkDot({ origin, sequence }));
}

/** Adds what a record gained to what its origin knew; a delta that says nothing new is harmless. */
function learn(life: Life, { dot, delta }: Stamp): void {
  for (let i = 0; i < delta.origins.length; i++) {
    const origin = delta.origins[i] as Origin;
    const sequence = delta.sequences[i] as number;
    if (origin === dot.origin) continue;
    const knowledge = life.knowledge.get(origin);
    if (knowledge === undefined) {
      life.knowledge.set(intern(origin), { from: [dot.sequence], known: [sequence] });
    } else if (sequence > (knowledge.known.at(-1) as number)) {
      knowledge.from.push(dot.sequence);
      knowledge.known.push(sequence);
    }
  }
}

/** The dots of `other` that the last dot of `life` did not know and that did not know it. */
function concurrentRange(
  life: Life,
  other: Life,
  origin: Origin,
  otherOrigin: Origin,
): DotRange | undefined {
  const known = life.knowledge.get(otherOrigin)?.known.at(-1) ?? 0;
  const first = Math.max(known + 1, other.first);
  const theirs = other.knowledge.get(origin);
  let last = other.last;
  if (theirs !== undefined) {
    // The first step at which the other knew this dot ends the range.
    const step = stepsUpTo(theirs.known, life.last - 1);
    if (step < theirs.from.length) last = Math.min(last, (theirs.from[step] as number) - 1);
  }
  return first <= last ? { origin: otherOrigin, first, last } : undefined;
}

/** How many of the ascending `values` are at most `limit`. */
function stepsUpTo(values: readonly number[], limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function hull(before: DotRange | undefined, range: DotRange): DotRange {
  if (before === undefined) return range;
  return {
    origin: range.origin,
    first: Math.min(before.first, range.first),
    last: Math.max(before.last, range.last),
  };
}
