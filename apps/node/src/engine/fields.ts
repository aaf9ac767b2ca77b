import { compareStrings } from "./bytes.ts";
import { limits } from "./limits.ts";
import { memoryTypes, type EpisodeDetails, type MemoryFields, type MemoryType } from "./memory.ts";

/** Fields as they are packed: short names in this order, absent ones left out. */
export function fieldsToWire(fields: MemoryFields): Record<string, unknown> {
  const wire: Record<string, unknown> = {
    c: fields.content,
    t: fields.tags,
    y: memoryTypes.indexOf(fields.type),
    p: fields.confidence,
  };
  if (fields.confidenceReasoning !== undefined) wire["r"] = fields.confidenceReasoning;
  if (fields.observedAt !== undefined) wire["o"] = fields.observedAt;
  if (fields.episode !== undefined) wire["e"] = episodeToWire(fields.episode);
  return wire;
}

function episodeToWire(episode: EpisodeDetails): Record<string, unknown> {
  const wire: Record<string, unknown> = { w: episode.participants };
  if (episode.location !== undefined) wire["l"] = episode.location;
  if (episode.why !== undefined) wire["y"] = episode.why;
  if (episode.how !== undefined) wire["h"] = episode.how;
  if (episode.valence !== undefined) wire["v"] = episode.valence;
  return wire;
}

/** Fields, or the name of the one that is wrong. */
export function fieldsFromWire(value: unknown): MemoryFields | string {
  if (!isRecord(value)) return "fields";
  const { c: content, t: tags, y: typeIndex, p: confidence, r: reasoning, o: observedAt } = value;
  if (!isText(content, limits.contentCharacters) || content === "") return "content";
  if (!isTexts(tags, limits.tags, limits.tagCharacters) || !isSortedSet(tags)) return "tags";
  const type = typeof typeIndex === "number" ? memoryTypes[typeIndex] : undefined;
  if (type === undefined) return "type";
  if (!isBetween(confidence, 0, 1)) return "confidence";
  if (reasoning !== undefined && !isText(reasoning, limits.detailCharacters)) return "reasoning";
  if (observedAt !== undefined && !isTime(observedAt)) return "observedAt";
  const episode = value["e"] === undefined ? undefined : episodeFromWire(value["e"]);
  if (typeof episode === "string") return episode;
  return fieldsOf({ content, tags, type, confidence }, { reasoning, observedAt, episode });
}

/** Puts optional fields in only where they are present, as `exactOptionalPropertyTypes` asks. */
function fieldsOf(
  required: { content: string; tags: string[]; type: MemoryType; confidence: number },
  optional: {
    reasoning: string | undefined;
    observedAt: number | undefined;
    episode: EpisodeDetails | undefined;
  },
): MemoryFields {
  return {
    ...required,
    ...(optional.reasoning === undefined ? {} : { confidenceReasoning: optional.reasoning }),
    ...(optional.observedAt === undefined ? {} : { observedAt: optional.observedAt }),
    ...(optional.episode === undefined ? {} : { episode: optional.episode }),
  };
}

function episodeFromWire(value: unknown): EpisodeDetails | string {
  if (!isRecord(value)) return "episode";
  const { w: participants, l: location, y: why, h: how, v: valence } = value;
  if (!isTexts(participants, limits.participants, limits.tagCharacters)) return "participants";
  if (location !== undefined && !isText(location, limits.detailCharacters)) return "location";
  if (why !== undefined && !isText(why, limits.detailCharacters)) return "why";
  if (how !== undefined && !isText(how, limits.detailCharacters)) return "how";
  if (valence !== undefined && !isBetween(valence, -1, 1)) return "valence";
  return {
    participants,
    ...(location === undefined ? {} : { location }),
    ...(why === undefined ? {} : { why }),
    ...(how === undefined ? {} : { how }),
    ...(valence === undefined ? {} : { valence }),
  };
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isTime = (value: unknown): value is number =>
  Number.isSafeInteger(value) && isBetween(value, 0, 253_402_300_799_999);

const isText = (value: unknown, charactersMax: number): value is string =>
  typeof value === "string" && value.length <= charactersMax;

const isTexts = (value: unknown, countMax: number, charactersMax: number): value is string[] =>
  Array.isArray(value) &&
  value.length <= countMax &&
  value.every((text) => isText(text, charactersMax) && text !== "");

const isSortedSet = (texts: readonly string[]): boolean =>
  texts.every((text, index) => index === 0 || compareStrings(texts[index - 1] ?? "", text) < 0);

const isBetween = (value: unknown, low: number, high: number): value is number =>
  typeof value === "number" && value >= low && value <= high;
