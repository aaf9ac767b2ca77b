// A checker that cannot fail proves nothing: each of these wrong libraries must break the law that
// is there for it.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as vclock from "@engram/vclock";
import { lawsOf, type Library } from "./laws.ts";

interface Bug {
  readonly law: string;
  readonly library: Partial<Record<keyof Library, unknown>>;
}

const contains = (set: vclock.DottedContext) => (sibling: vclock.Sibling<unknown>) =>
  vclock.contextHas(set, sibling.dot);

/** Merges, then keeps only the greatest value, as an in-place resolver would. */
const reconcile: typeof vclock.merge = (left, right, order) => {
  const merged = vclock.merge(left, right, order);
  const best = merged.siblings.toSorted((a, b) => order(b.value, a.value)).slice(0, 1);
  return { ...merged, siblings: best };
};

/** Averages what both know of an origin, as a confidence-weighted merge in place would. */
const average: typeof vclock.joinEvidence = (left, right) => {
  const joined = vclock.joinEvidence(left, right);
  return {
    ...joined,
    contributions: joined.contributions.map((known) => {
      const of = (side: vclock.Evidence) =>
        side.contributions.find(({ origin }) => origin === known.origin) ?? known;
      return {
        ...known,
        sums: known.sums.map((_, i) => (of(left).sums[i]! + of(right).sums[i]!) / 2),
      };
    }),
  };
};

/** Adds up a voter's confidence every time its vote is met, as noisy-or does. */
const accumulate: typeof vclock.joinBallots = (left, right) =>
  vclock.joinBallots(left, right).map((vote) => {
    const both = [left, right].filter((side) => side.some(({ voter }) => voter === vote.voter));
    return both.length < 2 ? vote : { ...vote, confidence: vote.confidence + 1 };
  });

const bugs: Record<string, Bug> = {
  "a merge that resolves in place": { law: "V1-V4 versioned merge", library: { merge: reconcile } },
  "a merge that averages": { law: "V1-V4 evidence join", library: { joinEvidence: average } },
  "a merge that counts a vote twice": {
    law: "V1-V4 ballot join",
    library: { joinBallots: accumulate },
  },
  "a merge that keeps the first argument": {
    law: "V1-V4 vector join",
    library: { joinVectors: (left: vclock.VersionVector) => left },
  },
  "a merge that forgets gaps": {
    law: "V1-V4 context join",
    library: {
      joinContexts: (left: vclock.DottedContext, right: vclock.DottedContext) => ({
        ...vclock.joinContexts(left, right),
        ranges: left.ranges,
      }),
    },
  },
  "the last claim wins": {
    law: "V1-V4 claim set join",
    library: { joinClaims: (_: unknown, right: unknown) => right },
  },
  "an added element comes back": {
    law: "V1-V4 two-phase join",
    library: {
      joinTwoPhase: (left: vclock.TwoPhaseSet, right: vclock.TwoPhaseSet) =>
        vclock.twoPhaseSet(
          [...left.added, ...right.added],
          [...left.removed, ...right.removed].filter((x) => !right.added.includes(x)),
        ),
    },
  },
  "equal clocks called concurrent": {
    law: "V5 vectors are event sets",
    library: {
      compareVectors: (left: vclock.VersionVector, right: vclock.VersionVector) => {
        const verdict = vclock.compareVectors(left, right);
        return verdict === "equal" ? "concurrent" : verdict;
      },
    },
  },
  "a context that is only a vector": {
    law: "V5 contexts are event sets",
    library: {
      contextHas: (context: vclock.DottedContext, dot: vclock.Dot) =>
        dot.sequence <= vclock.sequenceOf(context.vector, dot.origin),
    },
  },
  "a write that replaces what it did not observe": {
    law: "V6 a write is after what it observed and replaces nothing else",
    library: {
      write: (
        state: vclock.Versioned<number>,
        ...rest: [vclock.DottedContext, vclock.Dot, number]
      ) => {
        const written = vclock.write(state, ...rest);
        return { ...written, siblings: written.siblings.filter(({ value }) => value === 255) };
      },
    },
  },
  "a merge that brings removed values back": {
    law: "V7 a value leaves only where its dot was known to be gone",
    library: {
      merge: (
        left: vclock.Versioned<number>,
        right: vclock.Versioned<number>,
        order: vclock.Order<number>,
      ) => {
        const unaware = { ...right, context: vclock.emptyContext };
        return {
          ...vclock.merge(left, unaware, order),
          context: vclock.joinContexts(left.context, right.context),
        };
      },
    },
  },
  "a merge that drops what both hold": {
    law: "V7 a value leaves only where its dot was known to be gone",
    library: {
      merge: (
        left: vclock.Versioned<number>,
        right: vclock.Versioned<number>,
        order: vclock.Order<number>,
      ) => {
        const merged = vclock.merge(left, right, order);
        return { ...merged, siblings: merged.siblings.filter((s) => !contains(right.context)(s)) };
      },
    },
  },
  "a removal that keeps no context": {
    law: "V9 what was removed stays removed, what was not observed stays",
    library: {
      remove: (state: vclock.Versioned<number>, observed: vclock.DottedContext) => {
        const removed = vclock.remove(state, observed);
        return { ...removed, context: vclock.contextOf(vclock.emptyVector) };
      },
    },
  },
  "every vote of a voter counts": {
    law: "V10 voting ignores order, duplicates and superseded votes",
    library: { ballotOf: (votes: vclock.Vote[]) => votes },
  },
  "the loser with the most confident vote wins": {
    law: "V10 another vote for the winner keeps it winning",
    library: {
      tally: (ballot: vclock.Ballot) => {
        const verdict = vclock.tally(ballot);
        if (verdict === undefined) return undefined;
        const [winner, ...losers] = [verdict.winner, ...verdict.losers].sort(
          (a, b) => a.support.length - b.support.length,
        );
        return { ...verdict, winner, losers };
      },
    },
  },
  "a mean of means": {
    law: "V10 the mean has the same bits whatever met first",
    library: { joinEvidence: average },
  },
  "a source counted once a claim": {
    law: "V10 claims cite each source once",
    library: {
      citedSources: (claims: vclock.ClaimSet<number>, cite: (value: number) => string[]) =>
        claims.flatMap(({ value }) => cite(value)),
    },
  },
  "an entry pruned because the vector is long": {
    law: "V11 stripping keeps every comparison among copies that include the base",
    library: {
      stripVector: ({ origins, sequences }: vclock.VersionVector) => ({
        origins: origins.slice(0, 2),
        sequences: sequences.slice(0, 2),
      }),
    },
  },
  "a context not refilled": {
    law: "V11 merging what was stored with a base is merging what was stored without",
    library: { refillContext: (context: vclock.DottedContext) => context },
  },
  "a decoder that ignores what follows": {
    law: "V12 vector bytes",
    library: {
      decodeVector: (bytes: Uint8Array) => {
        const decoded = vclock.decodeVector(bytes);
        if (!("malformed" in decoded) || decoded.malformed !== "trailing") return decoded;
        return vclock.decodeVector(bytes.slice(0, decoded.offset));
      },
    },
  },
};

describe("seeded bugs", () => {
  for (const [bug, { law, library }] of Object.entries(bugs)) {
    test(bug, () => {
      const wrong = { ...vclock, ...library } as Library;
      const broken = lawsOf(wrong)[law] as fc.IRawProperty<unknown>;
      const outcome = fc.check(broken, { numRuns: 5000, seed: 679, endOnFailure: true });
      expect(outcome).toMatchObject({ failed: true });
    });
  }
});
