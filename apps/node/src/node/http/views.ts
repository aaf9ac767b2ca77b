import type { Recalled } from "../../engine/recall.ts";
import type { Memory } from "../../engine/memory.ts";

export const isoTime = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Upstream's three bands. */
export const categoryOf = (confidence: number): "High" | "Medium" | "Low" =>
  confidence > 0.7 ? "High" : confidence > 0.4 ? "Medium" : "Low";

/** A memory in an answer. Absent parts are left out, not null. */
export function memoryView(memory: Memory): Record<string, unknown> {
  const { episode } = memory;
  return {
    id: memory.id,
    content: memory.content,
    confidence: memory.confidence,
    timestamp: isoTime(memory.observedAt),
    observed_at: isoTime(memory.observedAt),
    stored_at: isoTime(memory.recordedAt),
    memory_type: memory.type,
    tags: memory.tags,
    ...(memory.confidenceReasoning === undefined
      ? {}
      : { confidence_reasoning: memory.confidenceReasoning }),
    ...(episode === undefined
      ? {}
      : {
          episode: {
            where_location: episode.location,
            who: episode.participants,
            why: episode.why,
            how: episode.how,
            emotional_valence: episode.valence,
          },
        }),
    ...(memory.siblings === 0 ? {} : { siblings: memory.siblings }),
  };
}

export function rememberedView(memory: Memory): Record<string, unknown> {
  return {
    memory_id: memory.id,
    storage_confidence: {
      value: memory.confidence,
      category: categoryOf(memory.confidence),
      ...(memory.confidenceReasoning === undefined
        ? {}
        : { reasoning: memory.confidenceReasoning }),
    },
    observed_at: isoTime(memory.observedAt),
    stored_at: isoTime(memory.recordedAt),
  };
}

/** A memory that was recalled: its confidence is the answer's, no longer the stored one. */
export function recalledView(
  recalled: Recalled,
  askedTerms: readonly string[],
): Record<string, unknown> {
  const { memory, similarity, confidence, matchedTerms } = recalled;
  const asked = new Set(askedTerms).size;
  const { timestamp: _same, ...view } = memoryView(memory);
  return {
    ...view,
    confidence,
    similarity_score: similarity,
    relevance_explanation: `matches ${matchedTerms.length} of ${asked} terms: ${matchedTerms.join(", ")}`,
  };
}
