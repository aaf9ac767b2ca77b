import { analyze } from "./analyze.ts";
import type { Memory } from "./memory.ts";
import { roundScore, type DocumentFacts, type TextIndex } from "./text-index.ts";

export interface RecallQuery {
  readonly text: string;
  readonly resultsMax: number;
  /** Answers below this confidence are left out. 0 leaves out none. */
  readonly threshold: number;
  readonly requiredTags: readonly string[];
  readonly excludedTags: readonly string[];
  /** Observed at or after, wall-clock milliseconds. */
  readonly from: number | undefined;
  /** Observed at or before, wall-clock milliseconds. */
  readonly to: number | undefined;
  /** A part of the episode's location, in any case. */
  readonly location: string | undefined;
}

export interface Recalled {
  readonly memory: Memory;
  /**
   * Share of the highest score that any memory could have for this question, in [0, 1): 0 when no
   * term matches, near 0.7 when every term of the question occurs once in a memory of usual length.
   */
  readonly similarity: number;
  /** The confidence the memory was stored with, times similarity. */
  readonly confidence: number;
  /** Terms of the question that the memory contains, in string order. */
  readonly matchedTerms: readonly string[];
}

export interface RecallAnswer {
  /** Best similarity first; equals in id order. */
  readonly recalled: readonly Recalled[];
  /** The highest confidence among the answers; 0 when there is none. */
  readonly confidence: number;
  /** The question's terms after analysis, in order. Empty when it had nothing but stop words. */
  readonly terms: readonly string[];
  /** Memories that share a term with the question and pass its filters. */
  readonly matched: number;
  readonly searched: number;
}

/** The text a memory is found by: what was said, its tags and an episode's circumstances. */
export function termsOf(memory: Pick<Memory, "content" | "tags" | "episode">): string[] {
  const { content, tags, episode } = memory;
  if (tags.length === 0 && episode === undefined) return analyze(content);
  const { participants = [], location = "", why = "", how = "" } = episode ?? {};
  return analyze([content, ...tags, ...participants, location, why, how].join("\n"));
}

export function recall(
  index: TextIndex,
  query: RecallQuery,
  memoryOf: (id: string) => Memory,
): RecallAnswer {
  const terms = analyze(query.text);
  const { matches, total } = index.search({
    terms,
    limit: query.resultsMax,
    accepts: filterOf(query),
  });
  const recalled = matches.map(({ id, similarity, terms: matchedTerms }): Recalled => {
    const memory = memoryOf(id);
    return { memory, similarity, confidence: confidenceOf(memory, similarity), matchedTerms };
  });
  const confidence = Math.max(0, ...recalled.map((answer) => answer.confidence));
  return { recalled, confidence, terms, matched: total, searched: index.size };
}

const confidenceOf = (stored: { readonly confidence: number }, similarity: number): number =>
  roundScore(stored.confidence * similarity);

type Filter = (document: DocumentFacts, similarity: number) => boolean;

function filterOf(query: RecallQuery): Filter | undefined {
  const { requiredTags, excludedTags, from, to, threshold } = query;
  const location = query.location?.toLowerCase();
  const isOpen =
    requiredTags.length === 0 &&
    excludedTags.length === 0 &&
    from === undefined &&
    to === undefined &&
    location === undefined &&
    threshold === 0;
  if (isOpen) return undefined;
  return (document, similarity) =>
    (from === undefined || document.observedAt >= from) &&
    (to === undefined || document.observedAt <= to) &&
    requiredTags.every((tag) => document.tags.includes(tag)) &&
    !excludedTags.some((tag) => document.tags.includes(tag)) &&
    (location === undefined || document.location?.toLowerCase().includes(location) === true) &&
    confidenceOf(document, similarity) >= threshold;
}
