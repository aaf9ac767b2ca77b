import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ConcurrentAdvance,
  type Dot,
  type DotRange,
  emptyVector,
  joinVectors,
  type Stamp,
  StreamHistory,
  vectorOf,
  type VersionVector,
  Writer,
} from "@engram/vclock";
import { eventsOfVector, name } from "./model.ts";
import { runs } from "./runs.ts";
import { ORIGINS } from "./states.ts";

interface Written extends Stamp {
  /** Ground truth: every event in the causal past of the record. */
  readonly past: ReadonlySet<string>;
}

/** Each step a copy writes, or takes over what another has. */
const program = fc.array(
  fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }), fc.constantFrom("write", "write", "sync")),
  { maxLength: 24 },
);
type Program = readonly (readonly [number, number, string])[];

function run(steps: Program): Written[] {
  const writers = ORIGINS.map((origin) => new Writer(origin));
  const vectors: VersionVector[] = ORIGINS.map(() => emptyVector);
  const written: Written[] = [];
  for (const [copy, other, action] of steps) {
    if (action === "sync") {
      vectors[copy] = joinVectors(vectors[copy]!, vectors[other]!);
      continue;
    }
    const stamp = writers[copy]!.next(vectors[copy]!);
    written.push({ ...stamp, past: eventsOfVector(vectors[copy]!) });
    const own = vectorOf([[stamp.dot.origin, stamp.dot.sequence]]);
    vectors[copy] = joinVectors(vectors[copy]!, own);
  }
  return written;
}

/** Interleaves the origins in another order, each still in its own. */
function shuffle(written: readonly Written[], picks: readonly number[]): Written[] {
  const queues = ORIGINS.map((origin) => written.filter(({ dot }) => dot.origin === origin));
  return written.map((_, i) => {
    const open = queues.filter((queue) => queue.length > 0);
    return open[(picks[i] ?? 0) % open.length]!.shift()!;
  });
}

const areConcurrent = (a: Written, b: Written): boolean =>
  a.dot.origin !== b.dot.origin && !a.past.has(name(b.dot)) && !b.past.has(name(a.dot));

const span = (origin: string, dots: readonly Dot[]): DotRange => {
  const sequences = dots.map(({ sequence }) => sequence);
  return { origin, first: Math.min(...sequences), last: Math.max(...sequences) };
};

function expectedAdvances(written: readonly Written[]): ConcurrentAdvance[] {
  return ORIGINS.flatMap((left, i) =>
    ORIGINS.slice(i + 1).flatMap((right) => {
      const pairs = written.flatMap((a) =>
        written
          .filter((b) => a.dot.origin === left && b.dot.origin === right && areConcurrent(a, b))
          .map((b) => [a.dot, b.dot] as const),
      );
      if (pairs.length === 0) return [];
      return [
        {
          left: span(
            left,
            pairs.map(([dot]) => dot),
          ),
          right: span(
            right,
            pairs.map(([, dot]) => dot),
          ),
        },
      ];
    }),
  );
}

const picks = fc.array(fc.nat({ max: 11 }), { minLength: 24, maxLength: 24 });

/** Every verdict and the sum of them, against the pasts; the history sees what `read` gives it. */
const verdicts = (read: (stamp: Stamp) => Stamp) =>
  fc.property(program, picks, (steps, order) => {
    const written = run(steps);
    const history = new StreamHistory();
    const seen: Written[] = [];
    for (const record of shuffle(written, order)) {
      const verdict = history.add(read(record));
      const concurrent = seen.filter((other) => areConcurrent(record, other));
      const found = verdict.type === "added" ? verdict.concurrent : [];
      const spelled = found.flatMap(({ origin, first, last }) =>
        Array.from({ length: last - first + 1 }, (_, i) => name({ origin, sequence: first + i })),
      );
      expect(spelled.sort()).toEqual(concurrent.map(({ dot }) => name(dot)).sort());
      seen.push(record);
      expect(history.add(record)).toEqual({ type: "duplicate" });
    }
    expect(history.advances()).toEqual(expectedAdvances(written));
  });

describe("split brain", () => {
  test("is what the causal pasts of the records say, in whatever order they come", () => {
    fc.assert(
      verdicts((stamp) => stamp),
      { numRuns: runs(500) },
    );
  });

  test("a history that does not read deltas is seen to be wrong", () => {
    const forgetful = verdicts(({ dot }) => ({ dot, delta: emptyVector }));
    expect(fc.check(forgetful, { numRuns: 500, seed: 679 })).toMatchObject({ failed: true });
  });

  test("a history resumed or trimmed in the middle judges the rest alike", () => {
    fc.assert(
      fc.property(program, fc.nat({ max: 24 }), (steps, where) => {
        const written = run(steps);
        const older = written.slice(0, where);
        const newer = written.slice(where);
        const whole = new StreamHistory();
        older.forEach((stamp) => whole.add(stamp));
        const resumed = new StreamHistory(whole.positions());
        expect(resumed.positions()).toEqual(whole.positions());
        const floor = vectorOf(
          whole.positions().map(({ dot }): [string, number] => [dot.origin, dot.sequence]),
        );
        whole.trim(floor);
        for (const stamp of newer) expect(resumed.add(stamp)).toEqual(whole.add(stamp));
        expect(resumed.advances()).toEqual(expectedAdvances(newer));
      }),
      { numRuns: runs(500) },
    );
  });

  test("a missing record is asked for, not guessed", () => {
    const [origin] = ORIGINS as [string];
    const history = new StreamHistory();
    const stamp = { dot: { origin, sequence: 2 }, delta: emptyVector };
    expect(history.add(stamp)).toEqual({ type: "gap", expected: 1 });
    expect(history.positions()).toEqual([]);
  });

  test("a malformed stamp is refused and changes nothing", () => {
    const [a, b] = ORIGINS as [string, string];
    const history = new StreamHistory();
    for (const [origin, sequence] of [
      [b, 0],
      ["__proto__", 1],
    ] as const) {
      const delta = { origins: [origin], sequences: [sequence] };
      expect(() => history.add({ dot: { origin: a, sequence: 1 }, delta })).toThrow();
      expect(() => history.add({ dot: { origin, sequence }, delta: emptyVector })).toThrow();
    }
    expect(history.positions()).toEqual([]);
  });

  test("failover is not split brain: the next writer knew the last record", () => {
    const [a, b] = ORIGINS as [string, string];
    const history = new StreamHistory();
    history.add({ dot: { origin: a, sequence: 1 }, delta: emptyVector });
    history.add({ dot: { origin: b, sequence: 1 }, delta: vectorOf([[a, 1]]) });
    expect(history.advances()).toEqual([]);
    // The old primary comes back with a record that was never shipped.
    expect(history.add({ dot: { origin: a, sequence: 2 }, delta: emptyVector })).toEqual({
      type: "added",
      concurrent: [{ origin: b, first: 1, last: 1 }],
    });
  });

  test("after a fold, trimming with the base keeps folded origins out of it", () => {
    const [a, b] = ORIGINS as [string, string];
    const afterFold = (base: VersionVector) => {
      const history = new StreamHistory();
      history.add({ dot: { origin: a, sequence: 1 }, delta: emptyVector });
      history.trim(base);
      // A writer that started after a1 had left the vectors.
      history.add({ dot: { origin: b, sequence: 1 }, delta: emptyVector });
      return history.advances().length;
    };
    expect(afterFold(vectorOf([[a, 1]]))).toBe(0);
    expect(afterFold(emptyVector)).toBe(1);
  });

  test("a delta that names its own origin or repeats itself changes nothing", () => {
    const [a, b] = ORIGINS as [string, string];
    const history = new StreamHistory();
    const delta = vectorOf([[a, 9]]);
    history.add({ dot: { origin: a, sequence: 1 }, delta });
    history.add({ dot: { origin: b, sequence: 1 }, delta: vectorOf([[a, 1]]) });
    history.add({ dot: { origin: b, sequence: 2 }, delta: vectorOf([[a, 1]]) });
    expect(history.advances()).toEqual([]);
    expect(history.positions()).toEqual([
      { dot: { origin: a, sequence: 1 }, delta: emptyVector },
      { dot: { origin: b, sequence: 2 }, delta: vectorOf([[a, 1]]) },
    ]);
  });
});
