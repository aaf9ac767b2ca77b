import { compareStrings } from "../../engine/bytes.ts";
import { fieldsFromWire, fieldsToWire } from "../../engine/fields.ts";
import { isMemoryId } from "../../engine/limits.ts";
import { memoryTypes, type MemoryFields, type MemoryType } from "../../engine/memory.ts";
import { Problem } from "./problem.ts";
import type { RememberEpisode, RememberMemory } from "./schemas.ts";

/** Upstream's defaults. */
const defaultConfidence = 0.7;
const defaultImportance = 0.5;

export function fieldsOfMemory(body: RememberMemory): MemoryFields {
  refuseUnbuilt(body);
  wellFormed([body.content, body.confidence_reasoning, ...(body.tags ?? [])]);
  return checked({
    content: body.content,
    tags: sortedSet(body.tags),
    type: typeOf(body.memory_type),
    confidence: body.confidence ?? defaultConfidence,
    ...(body.confidence_reasoning === undefined
      ? {}
      : { confidenceReasoning: body.confidence_reasoning }),
    ...(body.timestamp === undefined ? {} : { observedAt: timeOf("timestamp", body.timestamp) }),
  });
}

export function fieldsOfEpisode(body: RememberEpisode): MemoryFields {
  refuseUnbuilt(body);
  const { what, where_location: location, who = [], why, how, emotional_valence: valence } = body;
  wellFormed([what, location, why, how, ...who, ...(body.tags ?? [])]);
  return checked({
    content: what,
    tags: sortedSet(body.tags),
    type: "episodic",
    confidence: body.importance ?? defaultImportance,
    observedAt: timeOf("when", body.when),
    episode: {
      participants: who,
      ...(location === undefined ? {} : { location }),
      ...(why === undefined ? {} : { why }),
      ...(how === undefined ? {} : { how }),
      ...(valence === undefined ? {} : { valence }),
    },
  });
}

/**
 * The engine's own rules, which count UTF-16 units where JSON Schema counts characters. What it would
 * not read back from the log must not get there.
 */
function checked(fields: MemoryFields): MemoryFields {
  const found = fieldsFromWire(fieldsToWire(fields));
  if (typeof found !== "string") return fields;
  throw new Problem("MEMORY_VALIDATION_ERROR", `${found} is out of its limits`);
}

/** Milliseconds since 1970 of an RFC 3339 time that a schema has let through. */
export function timeOf(field: string, text: string): number {
  const milliseconds = Date.parse(text);
  if (Number.isSafeInteger(milliseconds) && milliseconds >= 0) return milliseconds;
  throw new Problem(
    "MEMORY_VALIDATION_ERROR",
    `${field} is not a time from 1970 on: ${text}`,
    "Use RFC 3339, as in 2023-05-08T13:56:00Z.",
  );
}

/** An id from the path: one that could not be stored is one that is not there. */
export function idOfPath(id: string): string {
  if (isMemoryId(id)) return id;
  throw new Problem("MEMORY_NOT_FOUND", "there can be no memory with such an id");
}

export function refuseUnbuilt(asked: {
  readonly embedding?: unknown;
  readonly auto_link?: boolean | undefined;
  readonly mode?: string | undefined;
  readonly trace_activation?: boolean | undefined;
}): void {
  if (asked.embedding !== undefined) {
    throw new Problem("NOT_IMPLEMENTED", "embeddings are not used yet", "Leave embedding out.");
  }
  if (asked.auto_link === true) {
    throw new Problem("NOT_IMPLEMENTED", "memories are not linked yet", "Leave auto_link out.");
  }
  if (asked.trace_activation === true) {
    throw new Problem("NOT_IMPLEMENTED", "there is no activation to trace yet");
  }
  if (asked.mode === undefined || asked.mode === "similarity") return;
  if (asked.mode === "spreading" || asked.mode === "hybrid") {
    throw new Problem("NOT_IMPLEMENTED", `mode ${asked.mode} is not built yet`, "Use similarity.");
  }
  throw new Problem("INVALID_MEMORY_INPUT", "mode must be similarity, spreading or hybrid");
}

/** A lone surrogate has no UTF-8, so it could not be stored as it was said. */
export function wellFormed(texts: readonly (string | undefined)[]): void {
  if (texts.every((text) => text === undefined || text.isWellFormed())) return;
  throw new Problem("MEMORY_VALIDATION_ERROR", "a text holds half of a surrogate pair");
}

/** As upstream: whatever is neither episodic nor procedural is semantic. */
const typeOf = (name: string | undefined): MemoryType =>
  memoryTypes.find((type) => type === name) ?? "semantic";

const sortedSet = (tags: readonly string[] = []): string[] =>
  [...new Set(tags)].sort(compareStrings);
