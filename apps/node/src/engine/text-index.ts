import { countTerms } from "./analyze.ts";
import { compareStrings } from "./bytes.ts";
import { ln } from "./ln.ts";

/** What the index keeps beside the text, for filters that run while scoring. */
export interface IndexedMemory {
  readonly id: string;
  readonly terms: readonly string[];
  readonly tags: readonly string[];
  readonly observedAt: number;
  readonly location: string | undefined;
  readonly confidence: number;
}

export type DocumentFacts = Omit<IndexedMemory, "terms">;

export interface Match {
  readonly id: string;
  /** BM25+. */
  readonly score: number;
  /** The score as a share of the highest that any memory could have for the query, in [0, 1). */
  readonly similarity: number;
}

export interface Matches {
  /** Best first, each with the query's terms that it holds, in string order. */
  readonly matches: readonly (Match & { readonly terms: readonly string[] })[];
  /** Memories that share a term with the query and pass the filter. */
  readonly total: number;
}

export interface TextQuery {
  readonly terms: readonly string[];
  readonly limit: number;
  readonly accepts?: ((document: DocumentFacts, similarity: number) => boolean) | undefined;
}

const dead = -1;

/** Postings of one term: document numbers and frequencies in step, and how many are still live. */
interface Postings {
  readonly documents: number[];
  readonly frequencies: number[];
  live: number;
}

/**
 * BM25+ (Lv and Zhai, "Lower-Bounding Term Frequency Normalization", CIKM 2011): BM25 in which a
 * match in a long memory is worth at least `delta`, its proposed 1. `k1` and `b` are the defaults of
 * Anserini, which suit text as short as a turn of talk better than the classic 1.2 and 0.75.
 */
export const bm25 = { k1: 0.9, b: 0.4, delta: 1 } as const;

/** What one term can add at most, per unit of its inverse document frequency. */
const termCeiling: number = bm25.delta + bm25.k1 + 1;

/** Scores are rounded to this before they are compared, so that ties are ties on every copy. */
const scoreUnit = 1e-6;
export const roundScore = (score: number): number => Math.round(score / scoreUnit) * scoreUnit;

/**
 * An inverted index of the live memories of one space. Numbers given to documents depend on the
 * order of insertion; scores and ranks do not: every document's sum runs over the query's terms in
 * string order, and statistics count live documents only.
 */
export class TextIndex {
  readonly #postings = new Map<string, Postings>();
  readonly #numbers = new Map<string, number>();
  /** By number; nothing where a memory was removed. */
  #documents: (DocumentFacts | undefined)[] = [];
  /** By number, in terms; `dead` where a memory was removed. */
  #lengths: number[] = [];
  #scores = new Float64Array(0);
  #lengthSum = 0;

  /** Live memories. */
  get size(): number {
    return this.#numbers.size;
  }

  add(memory: IndexedMemory): void {
    const { terms, ...facts } = memory;
    const { id } = facts;
    const number = this.#documents.length;
    this.#documents.push(facts);
    this.#lengths.push(terms.length);
    this.#numbers.set(id, number);
    this.#lengthSum += terms.length;
    for (const [term, frequency] of countTerms(terms)) {
      let postings = this.#postings.get(term);
      if (postings === undefined) {
        postings = { documents: [], frequencies: [], live: 0 };
        this.#postings.set(term, postings);
      }
      postings.documents.push(number);
      postings.frequencies.push(frequency);
      postings.live += 1;
    }
  }

  /** Takes a memory out; `terms` are those it was added with. */
  remove(id: string, terms: readonly string[]): void {
    const number = this.#numbers.get(id);
    if (number === undefined) return;
    this.#numbers.delete(id);
    this.#documents[number] = undefined;
    this.#lengths[number] = dead;
    this.#lengthSum -= terms.length;
    for (const term of new Set(terms)) {
      const postings = this.#postings.get(term);
      if (postings === undefined) continue;
      postings.live -= 1;
      if (postings.live === 0) this.#postings.delete(term);
    }
    // Dead postings are skipped until they are half of all; then one pass drops them.
    if (this.#documents.length > 64 && this.#documents.length > 2 * this.size) this.#compact();
  }

  search(query: TextQuery): Matches {
    const { touched, weight } = this.#score(query.terms);
    const ceiling = weight * termCeiling;
    const best: Match[] = [];
    let total = 0;
    // Below this a memory cannot be among the best; most are not even looked at.
    let floor = 0;
    for (const number of touched) {
      const raw = this.#scores[number] ?? 0;
      this.#scores[number] = 0;
      if (raw < floor && query.accepts === undefined) {
        total += 1;
        continue;
      }
      const document = this.#documents[number];
      if (document === undefined) continue;
      const score = roundScore(raw);
      const similarity = roundScore(score / ceiling);
      if (query.accepts?.(document, similarity) === false) continue;
      total += 1;
      insert(best, { id: document.id, score, similarity }, query.limit);
      if (best.length === query.limit) floor = (best.at(-1)?.score ?? 0) - scoreUnit;
    }
    const asked = [...new Set(query.terms)].sort(compareStrings);
    const matches = best.map((match) => ({
      ...match,
      terms: asked.filter((term) => this.#holds(match.id, term)),
    }));
    return { matches, total };
  }

  /**
   * Adds up the scores of every document that shares a term with the query. `weight` is the sum of the
   * inverse document frequencies of the query's terms, those that no memory holds included.
   */
  #score(queryTerms: readonly string[]): { touched: number[]; weight: number } {
    if (this.#scores.length < this.#documents.length) {
      this.#scores = new Float64Array(Math.max(1024, this.#documents.length * 2));
    }
    const scores = this.#scores;
    const touched: number[] = [];
    const averageLength = this.size === 0 ? 1 : Math.max(1, this.#lengthSum / this.size);
    const perLength = (bm25.k1 * bm25.b) / averageLength;
    let weight = 0;
    const counts = [...countTerms(queryTerms)].sort(([a], [b]) => compareStrings(a, b));
    for (const [term, repeats] of counts) {
      const postings = this.#postings.get(term);
      const idf = repeats * this.#idf(postings?.live ?? 0);
      weight += idf;
      if (postings === undefined) continue;
      const { documents, frequencies } = postings;
      for (let index = 0; index < documents.length; index += 1) {
        const number = documents[index] ?? 0;
        const length = this.#lengths[number] ?? dead;
        if (length === dead) continue;
        const frequency = frequencies[index] ?? 0;
        const saturated = frequency + bm25.k1 * (1 - bm25.b) + perLength * length;
        const before = scores[number] ?? 0;
        if (before === 0) touched.push(number);
        scores[number] = before + idf * (bm25.delta + (frequency * (bm25.k1 + 1)) / saturated);
      }
    }
    return { touched, weight };
  }

  #holds(id: string, term: string): boolean {
    const number = this.#numbers.get(id) ?? dead;
    const { documents = [] } = this.#postings.get(term) ?? {};
    // Numbers are given in ascending order, and so they stand in the postings.
    let low = 0;
    let high = documents.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((documents[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return documents[low] === number;
  }

  /** Inverse document frequency, kept above 0 as Lucene does. */
  #idf(live: number): number {
    return ln(1 + (this.size - live + 0.5) / (live + 0.5));
  }

  #compact(): void {
    const renumbered = new Map<number, number>();
    const documents: DocumentFacts[] = [];
    const lengths: number[] = [];
    for (const [number, document] of this.#documents.entries()) {
      if (document === undefined) continue;
      renumbered.set(number, documents.length);
      this.#numbers.set(document.id, documents.length);
      documents.push(document);
      lengths.push(this.#lengths[number] ?? dead);
    }
    this.#documents = documents;
    this.#lengths = lengths;
    for (const [term, postings] of this.#postings) {
      const kept: Postings = { documents: [], frequencies: [], live: postings.live };
      for (const [index, number] of postings.documents.entries()) {
        const fresh = renumbered.get(number);
        if (fresh === undefined) continue;
        kept.documents.push(fresh);
        kept.frequencies.push(postings.frequencies[index] ?? 0);
      }
      this.#postings.set(term, kept);
    }
  }
}

/** Best first; equal scores in id order. */
export const compareMatches = (left: Match, right: Match): number =>
  right.score - left.score || compareStrings(left.id, right.id);

/** Keeps the `limit` best in order. */
function insert(best: Match[], match: Match, limit: number): void {
  const last = best.at(-1);
  if (best.length >= limit && (last === undefined || compareMatches(match, last) >= 0)) return;
  let low = 0;
  let high = best.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = best[middle];
    if (other !== undefined && compareMatches(other, match) < 0) low = middle + 1;
    else high = middle;
  }
  best.splice(low, 0, match);
  if (best.length > limit) best.pop();
}
