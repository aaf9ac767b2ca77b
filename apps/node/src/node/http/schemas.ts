import { Type, type Static } from "typebox";
import { Compile } from "typebox/compile";
import { limits, memoryIdPattern, spaceNamePattern } from "../../engine/limits.ts";
import { Problem } from "./problem.ts";

const time = "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})$";

const Id = Type.String({ pattern: memoryIdPattern });
const SpaceName = Type.String({ pattern: spaceNamePattern });
const Time = Type.String({ pattern: time });
const Share = Type.Number({ minimum: 0, maximum: 1 });
const Detail = Type.String({ maxLength: limits.detailCharacters });
const Label = Type.String({ minLength: 1, maxLength: limits.tagCharacters });
const closed = { additionalProperties: false };

/** Accepted so that upstream's clients work; what cannot be honored yet is refused by value. */
const autoLink = {
  auto_link: Type.Optional(Type.Boolean()),
  link_threshold: Type.Optional(Share),
  embedding: Type.Optional(Type.Array(Type.Number(), { maxItems: 4_096 })),
  memory_space_id: Type.Optional(SpaceName),
};

const Tags = Type.Array(Label, { maxItems: limits.tags });

const RememberMemorySchema = Type.Object(
  {
    id: Type.Optional(Id),
    content: Type.String({ minLength: 1, maxLength: limits.contentCharacters }),
    confidence: Type.Optional(Share),
    confidence_reasoning: Type.Optional(Detail),
    tags: Type.Optional(Tags),
    memory_type: Type.Optional(Type.String({ maxLength: 64 })),
    timestamp: Type.Optional(Time),
    ...autoLink,
  },
  closed,
);
export type RememberMemory = Static<typeof RememberMemorySchema>;
export const rememberMemory = Compile(RememberMemorySchema);

const RememberEpisodeSchema = Type.Object(
  {
    id: Type.Optional(Id),
    when: Time,
    what: Type.String({ minLength: 1, maxLength: limits.contentCharacters }),
    where_location: Type.Optional(Detail),
    who: Type.Optional(Type.Array(Label, { maxItems: limits.participants })),
    why: Type.Optional(Detail),
    how: Type.Optional(Detail),
    emotional_valence: Type.Optional(Type.Number({ minimum: -1, maximum: 1 })),
    importance: Type.Optional(Share),
    tags: Type.Optional(Tags),
    ...autoLink,
  },
  closed,
);
export type RememberEpisode = Static<typeof RememberEpisodeSchema>;
export const rememberEpisode = Compile(RememberEpisodeSchema);

export const createSpace = Compile(Type.Object({ id: SpaceName }, closed));

const space = { space: Type.Optional(Type.String()) };
const count = (most: number) => Type.Optional(Type.Integer({ minimum: 1, maximum: most }));

const cue = {
  ...space,
  query: Type.Optional(Type.String({ maxLength: limits.queryCharacters })),
  threshold: Type.Optional(Share),
  required_tags: Type.Optional(Type.String()),
  excluded_tags: Type.Optional(Type.String()),
  from_time: Type.Optional(Time),
  to_time: Type.Optional(Time),
  location: Type.Optional(Detail),
  embedding: Type.Optional(Type.String()),
  mode: Type.Optional(Type.String()),
};

const RecallParametersSchema = Type.Object(
  {
    ...cue,
    max_results: count(limits.resultsMax),
    include_metadata: Type.Optional(Type.Boolean()),
    trace_activation: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type RecallParameters = Static<typeof RecallParametersSchema>;
export const recallQuery = Compile(RecallParametersSchema);

export const searchQuery = Compile(
  Type.Object({ ...cue, limit: count(limits.resultsMax) }, closed),
);

export const listQuery = Compile(
  Type.Object(
    {
      ...space,
      limit: count(limits.pageMax),
      offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
      cursor: Type.Optional(Type.String({ maxLength: 256 })),
    },
    closed,
  ),
);

export const spaceOnly = Compile(Type.Object(space, closed));

interface Checker<T> {
  Check(value: unknown): value is T;
  Errors(value: unknown): { instancePath: string; message: string; params: object }[];
}

/** A JSON body that has the schema's shape. */
export function checkBody<T>(checker: Checker<T>, body: unknown): T {
  if (checker.Check(body)) return body;
  throw mismatch(checker, body, "the body");
}

/** Query parameters: what reads as a number or a truth value where the schema asks for one is one. */
export function checkQuery<T>(checker: Checker<T>, query: unknown): T {
  const entries = Object.entries(query as Record<string, unknown>);
  const converted = Object.fromEntries(entries.map(([name, text]) => [name, fromText(name, text)]));
  if (checker.Check(converted)) return converted;
  throw mismatch(checker, converted, "the query");
}

const numbers: ReadonlySet<string> = new Set(["max_results", "limit", "offset", "threshold"]);
const truths: ReadonlySet<string> = new Set(["include_metadata", "trace_activation"]);

function fromText(name: string, text: unknown): unknown {
  if (typeof text !== "string") return text;
  if (numbers.has(name)) return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (truths.has(name)) return text === "true" ? true : text === "false" ? false : text;
  return text;
}

function mismatch<T>(checker: Checker<T>, value: unknown, whole: string): Problem {
  const errors = checker.Errors(value);
  const extra = errors.map(({ params }) => extraKeyOf(params)).find((key) => key !== undefined);
  if (extra !== undefined) {
    return new Problem("INVALID_MEMORY_INPUT", `${extra} is not a known field of ${whole}`);
  }
  const [error] = errors;
  const place = error?.instancePath.slice(1).replaceAll("/", ".") ?? "";
  const subject = place === "" ? whole : place;
  return new Problem("INVALID_MEMORY_INPUT", `${subject} ${error?.message ?? "is wrong"}`);
}

function extraKeyOf(params: object): string | undefined {
  if (!("additionalProperties" in params)) return undefined;
  const { additionalProperties: keys } = params;
  return Array.isArray(keys) ? String(keys[0]) : undefined;
}
