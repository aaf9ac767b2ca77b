import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { analyze } from "../src/engine/analyze.ts";
import { ln } from "../src/engine/ln.ts";
import {
  bm25,
  compareMatches,
  roundScore,
  TextIndex,
  type Match,
} from "../src/engine/text-index.ts";
import { runs } from "./arbitrary.ts";

/** BM25+ by the book, over every live document, with Math.log. */
function fullScan(documents: ReadonlyMap<string, string[]>, query: readonly string[]): Match[] {
  const all = [...documents];
  const averageLength = Math.max(
    1,
    all.reduce((sum, [, terms]) => sum + terms.length, 0) / Math.max(1, all.length),
  );
  const scored = all.map(([id, terms]) => {
    let score = 0;
    for (const term of query) {
      const holding = all.filter(([, others]) => others.includes(term)).length;
      const idf = Math.log(1 + (all.length - holding + 0.5) / (holding + 0.5));
      const frequency = terms.filter((other) => other === term).length;
      const norm = bm25.k1 * (1 - bm25.b + (bm25.b * terms.length) / averageLength);
      if (frequency > 0)
        score += idf * (bm25.delta + (frequency * (bm25.k1 + 1)) / (frequency + norm));
    }
    return { id, score: roundScore(score), similarity: 0 };
  });
  return scored.filter(({ score }) => score > 0).sort(compareMatches);
}

const term = fc.constantFrom("a", "b", "c", "d", "e");
const terms = fc.array(term, { maxLength: 8 });
const change = fc.record({
  id: fc.integer({ min: 0, max: 90 }).map(String),
  terms: fc.option(terms),
});

describe("the text index", () => {
  test("ranks and scores as a full scan does, after any adds and removals", () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 200 }),
        terms,
        fc.integer({ min: 1, max: 20 }),
        (changes, query, limit) => {
          const index = new TextIndex();
          const documents = new Map<string, string[]>();
          for (const { id, terms } of changes) {
            const before = documents.get(id);
            if (before !== undefined) index.remove(id, before);
            documents.delete(id);
            if (terms === null) continue;
            documents.set(id, terms);
            index.add({ id, terms, tags: [], observedAt: 0, location: undefined, confidence: 1 });
          }
          const expected = fullScan(documents, query);
          const found = index.search({ terms: query, limit });
          expect(index.size).toBe(documents.size);
          expect(found.total).toBe(expected.length);
          expect(found.matches.map(({ id }) => id)).toEqual(
            expected.slice(0, limit).map(({ id }) => id),
          );
          for (const [place, { id, score, terms: held }] of found.matches.entries()) {
            const said = documents.get(id) ?? [];
            const shared = [...new Set(query)].filter((term) => said.includes(term)).sort();
            expect(held).toEqual(shared);
            expect(score).toBeCloseTo(expected[place]?.score ?? Number.NaN, 5);
          }
          // The scratch of one search must not leak into the next.
          expect(index.search({ terms: query, limit })).toEqual(found);
        },
      ),
      runs(300),
    );
  });

  test("a filter hides memories without changing the scores of others", () => {
    const index = new TextIndex();
    for (const [id, tags] of [
      ["x", ["t"]],
      ["y", []],
    ] as const) {
      index.add({ id, terms: ["bee"], tags, observedAt: 0, location: undefined, confidence: 1 });
    }
    const all = index.search({ terms: ["bee"], limit: 10 });
    const tagged = index.search({
      terms: ["bee"],
      limit: 10,
      accepts: ({ tags }) => tags.includes("t"),
    });
    expect(all.matches.map(({ id }) => id)).toEqual(["x", "y"]);
    expect(tagged).toEqual({ ...all, matches: all.matches.slice(0, 1), total: 1 });
  });
});

test("ln agrees with Math.log", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
      const expected = Math.log(x);
      expect(Math.abs(ln(x) - expected)).toBeLessThanOrEqual(
        Math.max(1e-15, Math.abs(expected) * 4e-16),
      );
    }),
    runs(5_000),
  );
  expect(ln(1)).toBe(0);
});

describe("analysis", () => {
  test.each([
    ["The bees were running", ["bee", "run"]],
    ["Ada\u2019s café, CAFÉ; cafe\u0301!", ["ada", "cafe", "cafe", "cafe"]],
    ["what did you do to it?", []],
    ["3 kids, 42nd street", ["3", "kid", "42nd", "street"]],
    ["ﬁne Ⅳ", ["fine", "iv"]],
    ["before the war", ["befor", "war"]],
    ["", []],
  ])("of %j", (text, expected) => {
    expect(analyze(text)).toEqual(expected);
  });
});
