import { stem } from "porter2";
import { stopWords } from "./stop-words.ts";

/**
 * Text to index terms: compatibility-decomposed, lower case, without diacritics; runs of letters and
 * digits with inner apostrophes; English stop words removed; Porter2 stems. A script written without
 * spaces becomes one term a run, so search there finds whole runs only.
 */
const word = /[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)*/gu;
const diacritics = /\p{M}+/gu;
const apostrophes = /[\u2018\u2019\u02bc\uff07]/gu;
const termCharacters = 64;

// Words follow Zipf's law: a few thousand stems serve nearly every lookup.
const stems = new Map<string, string>();
const stemsMax = 50_000;

export function analyze(text: string): string[] {
  const terms: string[] = [];
  const folded = text
    .normalize("NFKD")
    .replace(apostrophes, "'")
    .replace(diacritics, "")
    .toLowerCase();
  for (const [token] of folded.matchAll(word)) {
    if (!stopWords.has(token)) terms.push(stemOf(token.slice(0, termCharacters)));
  }
  return terms;
}

function stemOf(token: string): string {
  const known = stems.get(token);
  if (known !== undefined) return known;
  const found = stem(token);
  if (stems.size >= stemsMax) stems.clear();
  stems.set(token, found);
  return found;
}

/** How often each term occurs. */
export function countTerms(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}
