import * as fc from "fast-check";
import type { Dot } from "../src/engine/engine.ts";
import type { Effect, MemoryFields } from "../src/engine/memory.ts";

export const runs = (fallback: number): { numRuns: number } => ({
  numRuns: Number(process.env["FC_NUM_RUNS"] ?? fallback),
});

const words = ["bees", "mill", "river", "Ada's", "running", "ran", "café", "the", "42", "honey"];

export const text: fc.Arbitrary<string> = fc
  .array(fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...words) }, fc.string()), {
    minLength: 1,
    maxLength: 12,
  })
  .map((parts) => `x ${parts.join(" ")}`.toWellFormed());

const tags = fc
  .uniqueArray(fc.constantFrom("a", "b", "c", "long tag"), { maxLength: 3 })
  .map((list) => list.sort());

const time = fc.integer({ min: 0, max: 253_402_300_799_999 });
const share = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
const detail = text.map((value) => value.slice(0, 100).toWellFormed());

/** Few enough that two records often say the same. */
const commonFields: fc.Arbitrary<MemoryFields> = fc.constantFrom(
  { content: "bees", tags: [], type: "semantic", confidence: 0.5 },
  { content: "ants", tags: ["a"], type: "semantic", confidence: 0.5 },
);

const anyFields: fc.Arbitrary<MemoryFields> = fc.record(
  {
    content: text,
    tags,
    type: fc.constantFrom("semantic" as const, "episodic" as const, "procedural" as const),
    confidence: share,
    confidenceReasoning: detail,
    observedAt: time,
    episode: fc.record(
      {
        participants: fc.array(
          detail.map((value) => `p${value}`),
          { maxLength: 3 },
        ),
        location: detail,
        why: detail,
        how: detail,
        valence: fc.double({ min: -1, max: 1, noNaN: true }).map((value) => value + 0),
      },
      { requiredKeys: ["participants"] },
    ),
  },
  { requiredKeys: ["content", "tags", "type", "confidence"] },
);

export const fields: fc.Arbitrary<MemoryFields> = fc.oneof(commonFields, anyFields);

const uid = fc.uint8Array({ minLength: 16, maxLength: 16 });
const space = fc.constantFrom("default", "garden", "mill_2");
/** Few ids, so that records meet. */
const id = fc.constantFrom("a", "b", "c~", "01", "!");
/** Few times, so that they tie. */
const recordedAt = fc.oneof(fc.integer({ min: 0, max: 3 }), time);

export const effect: fc.Arbitrary<Effect> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("remember" as const),
      space,
      uid,
      recordedAt,
      id,
      fields,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("forget" as const), space, uid, recordedAt, id }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("create-space" as const), space, uid, recordedAt }),
  },
);

export interface Stamped {
  readonly effect: Effect;
  readonly dot: Dot;
}

/** Records of three writers, each with the next sequence of its own in the record's slot. */
export const records: fc.Arbitrary<Stamped[]> = fc
  .array(fc.tuple(effect, fc.integer({ min: 0, max: 2 })), { minLength: 1, maxLength: 30 })
  .map((list) => {
    const sequences = new Map<string, number>();
    return list.map(([effect, writer]) => {
      const slot = effect.space.length;
      const key = `${slot} ${writer}`;
      const sequence = (sequences.get(key) ?? 0) + 1;
      sequences.set(key, sequence);
      return { effect, dot: { slot, origin: new Uint8Array(16).fill(writer), sequence } };
    });
  });
