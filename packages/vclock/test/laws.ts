// The laws V1-V12 over any representable state, as properties of a library that is an argument, so
// that the same laws can be shown to fail on wrong ones. States are compared as they are: that this
// is the same as comparing their bytes is V12.

import { isDeepStrictEqual as same } from "node:util";
import * as fc from "fast-check";
import type * as vclock from "@engram/vclock";
import {
  eventsOf,
  eventsOfVector,
  inclusion,
  intersection,
  isSubset,
  mergeModels,
  modelOf,
  name,
  sameEvents,
  sameModel,
  union,
} from "./model.ts";
import * as states from "./states.ts";
import { backwards, numbers } from "./states.ts";

export type Library = typeof vclock;

/** V1-V4 of one lattice: commutative, associative, idempotent, inflationary, and a least bound. */
function joinLaws<S>(state: fc.Arbitrary<S>, join: (a: S, b: S) => S) {
  const isBelow = (x: S, y: S) => same(join(x, y), y);
  return fc.property(state, state, state, (a, b, c) => {
    const ab = join(a, b);
    return (
      same(ab, join(b, a)) &&
      same(join(ab, c), join(a, join(b, c))) &&
      same(join(a, a), a) &&
      isBelow(a, ab) &&
      isBelow(b, ab) &&
      // Any bound above both is above the join.
      (!(isBelow(a, c) && isBelow(b, c)) || isBelow(ab, c))
    );
  });
}

/** V12 of one codec: a round trip, equal bytes exactly for equal states, no other bytes accepted. */
function codecLaws<S>(
  state: fc.Arbitrary<S>,
  encode: (s: S) => Uint8Array,
  decode: (b: Uint8Array) => S | vclock.Malformed,
) {
  const edit = fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.constantFrom("set", "cut", "insert"));
  return fc.property(state, state, edit, (a, b, [where, byte, kind]) => {
    const bytes = encode(a);
    if (!same(decode(bytes), a)) return false;
    if (same(a, b) !== (Buffer.compare(bytes, encode(b)) === 0)) return false;
    const at = where % (bytes.length + 1);
    const edited =
      kind === "set"
        ? bytes.with(Math.min(at, bytes.length - 1), byte)
        : kind === "cut"
          ? bytes.slice(0, at)
          : Uint8Array.from([...bytes.slice(0, at), byte, ...bytes.slice(at)]);
    const decoded = decode(edited);
    if (typeof decoded === "object" && decoded !== null && "malformed" in decoded) return true;
    return Buffer.compare(encode(decoded), edited) === 0;
  });
}

/** Every law, by the name under which it is reported. */
export function lawsOf(lib: Library): Readonly<Record<string, unknown>> {
  const table = lib.originTable([...states.ORIGINS].toReversed());
  return {
    ...latticeLaws(lib),
    ...causalityLaws(lib),
    ...kernelLaws(lib),
    ...viewLaws(lib),
    ...stabilityLaws(lib),
    "V12 vector bytes": codecLaws(states.vector, lib.encodeVector, lib.decodeVector),
    "V12 vector bytes with a table": codecLaws(
      states.vector,
      (s) => lib.encodeVector(s, table),
      (b) => lib.decodeVector(b, table),
    ),
    "V12 context bytes": codecLaws(states.context, lib.encodeContext, lib.decodeContext),
    "V12 versioned bytes": codecLaws(
      states.versioned,
      (s) => lib.encodeVersioned(s, numbers),
      (b) => lib.decodeVersioned(b, numbers),
    ),
    "V12 ballot bytes": codecLaws(states.ballot, lib.encodeBallot, lib.decodeBallot),
    "V12 two-phase set bytes": codecLaws(states.finalSet, lib.encodeTwoPhase, lib.decodeTwoPhase),
    "V12 evidence bytes": codecLaws(states.evidence, lib.encodeEvidence, lib.decodeEvidence),
    "V12 claim set bytes": codecLaws(
      states.claimSet,
      (s) => lib.encodeClaims(s, numbers),
      (b) => lib.decodeClaims(b, numbers),
    ),
  };
}

function latticeLaws(lib: Library) {
  const { order } = numbers;
  return {
    "V1-V4 vector join": joinLaws(states.vector, lib.joinVectors),
    "V1-V4 context join": joinLaws(states.context, lib.joinContexts),
    "V1-V4 versioned merge": joinLaws(states.versioned, (a, b) => lib.merge(a, b, order)),
    "V1-V4 ballot join": joinLaws(states.ballot, lib.joinBallots),
    "V1-V4 two-phase join": joinLaws(states.finalSet, lib.joinTwoPhase),
    "V1-V4 evidence join": joinLaws(states.evidence, lib.joinEvidence),
    "V1-V4 claim set join": joinLaws(states.claimSet, (a, b) => lib.joinClaims(a, b, order)),
  };
}

function causalityLaws(lib: Library) {
  return {
    "V5 vectors are event sets": fc.property(states.vector, states.vector, (a, b) => {
      const [x, y] = [eventsOfVector(a), eventsOfVector(b)];
      const verdict = lib.compareVectors(a, b);
      return (
        verdict === inclusion(x, y) &&
        (verdict === "equal") ===
          (Buffer.compare(lib.encodeVector(a), lib.encodeVector(b)) === 0) &&
        sameEvents(eventsOfVector(lib.joinVectors(a, b)), union(x, y)) &&
        sameEvents(eventsOfVector(lib.meetVectors(a, b)), intersection(x, y)) &&
        same(lib.joinVectors(a, lib.vectorDelta(a, b)), lib.joinVectors(a, b)) &&
        lib.vectorDelta(a, b).origins.every((o) => lib.sequenceOf(b, o) > lib.sequenceOf(a, o)) &&
        same(lib.vectorOf(lib.vectorPairs(a).toReversed()), a)
      );
    }),
    "V5 contexts are event sets": fc.property(
      states.context,
      states.context,
      states.dot,
      (a, b, dot) => {
        const [x, y] = [eventsOf(a), eventsOf(b)];
        const verdict = lib.compareContexts(a, b);
        const grown = lib.contextWith(a, dot);
        return (
          verdict === inclusion(x, y) &&
          (verdict === "equal") ===
            (Buffer.compare(lib.encodeContext(a), lib.encodeContext(b)) === 0) &&
          sameEvents(eventsOf(lib.joinContexts(a, b)), union(x, y)) &&
          lib.contextHas(a, dot) === x.has(name(dot)) &&
          sameEvents(eventsOf(grown), new Set([...x, name(dot)])) &&
          same(lib.contextOf(a.vector, a.ranges.toReversed()), a)
        );
      },
    ),
  };
}

function kernelLaws(lib: Library) {
  return {
    "V6 a write is after what it observed and replaces nothing else": fc.property(
      states.versioned,
      states.context,
      states.dot,
      (state, observed, dot) => {
        const fresh = { origin: dot.origin, sequence: 7 + (dot.sequence % 2) };
        const written = lib.write(state, observed, fresh, 255);
        const kept = state.siblings.filter((s) => !eventsOf(observed).has(name(s.dot)));
        const model = union(
          union(eventsOf(state.context), eventsOf(observed)),
          new Set([name(fresh)]),
        );
        return (
          sameEvents(eventsOf(written.context), model) &&
          lib.compareContexts(written.context, observed) === "after" &&
          lib.compareContexts(written.context, state.context) === "after" &&
          same(
            written.siblings.filter((s) => s.value !== 255),
            kept,
          ) &&
          same(
            written.siblings.filter((s) => s.value === 255),
            [{ dot: fresh, value: 255 }],
          ) &&
          same(lib.decodeVersioned(lib.encodeVersioned(written, numbers), numbers), written)
        );
      },
    ),
    "V7 a value leaves only where its dot was known to be gone": fc.property(
      states.versioned,
      states.versioned,
      fc.constantFrom(numbers, backwards),
      (a, b, values) => {
        const order = values.order;
        const left = { ...a, siblings: a.siblings.toSorted(bySibling(order)) };
        const right = { ...b, siblings: b.siblings.toSorted(bySibling(order)) };
        const merged = lib.merge(left, right, order);
        return (
          sameModel(modelOf(merged), mergeModels(modelOf(left), modelOf(right), order)) &&
          same(merged.siblings.toSorted(bySibling(order)), merged.siblings) &&
          same(lib.decodeVersioned(lib.encodeVersioned(merged, values), values), merged)
        );
      },
    ),
    "V9 what was removed stays removed, what was not observed stays": fc.property(
      states.versioned,
      states.context,
      states.versioned,
      (state, observed, late) => {
        const gone = eventsOf(observed);
        const removed = lib.remove(state, observed);
        const after = lib.merge(removed, late, numbers.order);
        return (
          same(
            removed.siblings,
            state.siblings.filter((s) => !gone.has(name(s.dot))),
          ) &&
          after.siblings.every(
            ({ dot }) =>
              !gone.has(name(dot)) || !state.siblings.some((s) => name(s.dot) === name(dot)),
          )
        );
      },
    ),
  };
}

const bySibling =
  (order: vclock.Order<number>) =>
  (a: vclock.Sibling<number>, b: vclock.Sibling<number>): number =>
    name(a.dot) < name(b.dot) ? -1 : name(a.dot) > name(b.dot) ? 1 : order(a.value, b.value);

function viewLaws(lib: Library) {
  return {
    "V10 voting ignores order, duplicates and superseded votes": fc.property(
      states.votes,
      fc.nat(),
      (votes, seed) => {
        const shuffled = votes
          .flatMap((vote) => [vote, vote])
          .sort(
            (a, b) =>
              ((a.sequence * 7 + a.confidence + seed) % 13) -
              ((b.sequence * 7 + b.confidence + seed) % 13),
          );
        const ballot = lib.ballotOf(votes);
        return (
          same(lib.ballotOf(shuffled), ballot) &&
          same(votes.map((vote) => lib.ballotOf([vote])).reduce(lib.joinBallots, []), ballot) &&
          same(lib.tally(ballot), tallyModel(votes))
        );
      },
    ),
    "V10 another vote for the winner keeps it winning": fc.property(
      states.votes,
      fc.constantFrom("a", "b", "new"),
      fc.integer({ min: 0, max: 65_535 }),
      (votes, voter, confidence) => {
        const ballot = lib.ballotOf(votes);
        const before = lib.tally(ballot);
        if (before === undefined) return ballot.length === 0;
        const own = ballot.find((vote) => vote.voter === voter);
        const candidate = before.winner.candidate;
        // Of a voter who is already for the winner, more confidence; less is not a vote for it.
        const least = own?.candidate === candidate ? own.confidence : 0;
        const vote = { voter, sequence: 5, candidate, confidence: Math.max(confidence, least) };
        const after = lib.tally(lib.joinBallots(ballot, [vote]))!;
        return after.winner.candidate === candidate && after.margin >= before.margin;
      },
    ),
    "V10 the mean has the same bits whatever met first": fc.property(
      states.evidence,
      states.evidence,
      states.evidence,
      (a, b, c) => {
        const join = lib.joinEvidence;
        const mean = lib.meanEmbedding(join(join(a, b), c));
        return (
          same(lib.meanEmbedding(join(c, join(b, a))), mean) &&
          same(lib.meanEmbedding(join(join(join(b, b), c), a)), mean) &&
          (mean === undefined || Math.abs(Math.hypot(...mean) - 1) < 1e-6)
        );
      },
    ),
    "V10 claims cite each source once": fc.property(states.claims, states.claims, (a, b) => {
      const cite = (value: number) => [`episode ${value}`, "shared"];
      const joined = lib.joinClaims(
        lib.claimsOf(a, numbers.order),
        lib.claimsOf(b, numbers.order),
        numbers.order,
      );
      const all = [...a, ...b];
      const kept = all.filter((x) => !all.some((y) => isDominated(x, y)));
      const expected =
        kept.length === 0 ? [] : [...kept.map((x) => `episode ${x.value}`), "shared"];
      return (
        same(lib.citedSources(joined, cite), [...new Set(expected)].sort()) &&
        same(joined, lib.claimsOf(all.toReversed(), numbers.order))
      );
    }),
  };
}

/** Domination by ground truth: versions and event sets. */
function isDominated(x: vclock.Claim<number>, y: vclock.Claim<number>): boolean {
  const [mine, theirs] = [eventsOfVector(x.vector), eventsOfVector(y.vector)];
  return (
    x.version <= y.version &&
    isSubset(mine, theirs) &&
    (x.version < y.version || !isSubset(theirs, mine))
  );
}

/** The rules of the vote, candidate by candidate, without a ballot. */
function tallyModel(votes: readonly vclock.Vote[]): vclock.Verdict | undefined {
  const rank = (v: vclock.Vote): [number, number, string] => [
    v.sequence,
    v.confidence,
    v.candidate,
  ];
  const isLater = (a: vclock.Vote, b: vclock.Vote): boolean => {
    const [x, y] = [rank(a), rank(b)];
    const at = x.findIndex((part, i) => part !== y[i]);
    return at >= 0 && x[at]! > y[at]!;
  };
  const voters = [...new Set(votes.map(({ voter }) => voter))].sort();
  const latest = voters.map((voter) =>
    votes.filter((v) => v.voter === voter).reduce((a, b) => (isLater(b, a) ? b : a)),
  );
  const tallies = [...new Set(latest.map(({ candidate }) => candidate))].sort().map((candidate) => {
    const cast = latest.filter((v) => v.candidate === candidate);
    return {
      candidate,
      score: cast.reduce((total, v) => total + v.confidence, 0),
      support: cast.map(({ voter }) => voter),
      strongest: Math.max(...cast.map((v) => v.confidence)),
    };
  });
  const [winner, ...losers] = tallies.sort(
    (a, b) => b.score - a.score || b.strongest - a.strongest,
  );
  if (winner === undefined) return undefined;
  return { winner, margin: winner.score - (losers[0]?.score ?? 0), losers };
}

function stabilityLaws(lib: Library) {
  return {
    "V11 stripping keeps every comparison among copies that include the base": fc.property(
      states.vector,
      states.vector,
      states.vector,
      states.vector,
      (a, b, sealed, other) => {
        const cut = lib.stableCut([a, b, lib.joinVectors(other, a)]);
        const { base, waiting, unsealed } = lib.foldOrigins({ base: lib.emptyVector, sealed, cut });
        const strip = (v: vclock.VersionVector) => lib.stripVector(v, base);
        return (
          lib.compareVectors(strip(a), strip(b)) === lib.compareVectors(a, b) &&
          same(lib.joinVectors(strip(a), base), a) &&
          same(lib.joinVectors(strip(b), base), b) &&
          same(lib.joinVectors(strip(lib.joinVectors(a, b)), base), lib.joinVectors(a, b)) &&
          lib.compareVectors(base, lib.meetVectors(a, b)) !== "after" &&
          lib.compareVectors(base, lib.meetVectors(a, b)) !== "concurrent" &&
          sealed.origins.every((origin, i) => {
            const [stable, last] = [lib.sequenceOf(cut, origin), sealed.sequences[i]!];
            return (
              waiting.includes(origin) === stable < last &&
              unsealed.includes(origin) === stable > last &&
              lib.sequenceOf(base, origin) === (stable < last ? 0 : stable)
            );
          })
        );
      },
    ),
    "V11 merging what was stored with a base is merging what was stored without": fc.property(
      states.versioned,
      states.versioned,
      states.vector,
      (a, b, base) => {
        const full = (s: vclock.Versioned<number>) => ({
          ...s,
          context: lib.refillContext(s.context, base),
        });
        const stored = (s: vclock.Versioned<number>) => {
          const bytes = lib.encodeVersioned(s, numbers, { base });
          const back = lib.decodeVersioned(bytes, numbers, { base });
          if ("malformed" in back) throw new Error(back.malformed);
          if (!same(back, full(s))) throw new Error("not what was stored");
          if (!same(lib.encodeVersioned(back, numbers, { base }), bytes)) throw new Error("bytes");
          return back;
        };
        const stripped = lib.stripContext(a.context, base);
        return (
          same(
            lib.merge(stored(a), stored(b), numbers.order),
            lib.merge(full(a), full(b), numbers.order),
          ) &&
          same(lib.refillContext(stripped, base), lib.refillContext(a.context, base)) &&
          eventsOf(stripped).size <= eventsOf(lib.refillContext(a.context, base)).size &&
          same(lib.stripContext(stripped, base), stripped)
        );
      },
    ),
  };
}
