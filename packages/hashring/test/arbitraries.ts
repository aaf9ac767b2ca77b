import * as fc from "fast-check";
import { test } from "vitest";
import { type MemberInput, Ring, type RingChanges, type RingOptions } from "@engram/hashring";

/** Runs of each property: 10^3 here, 10^6 by `pnpm run laws`. */
export const runs: number = Number(process.env["FC_NUM_RUNS"] ?? 1000);

/** How to run a property: repeatable with ENGRAM_SEED. */
export const parameters: fc.Parameters<unknown> = {
  numRuns: runs,
  ...(process.env["ENGRAM_SEED"] && { seed: Number(process.env["ENGRAM_SEED"]) }),
};

/** Milliseconds for one property: a run takes about 2, and fifty times that where cores are shared. */
export const timeout: number = Math.max(60_000, runs * 100);

const SLOTS = 1024;

export const id: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 19 }).map((i) => `m${i}`) },
  { weight: 1, arbitrary: fc.constantFrom("é", "\u{ffff}", "\u{10000}", "m1x", "\0", "__proto__") },
);

export const member: fc.Arbitrary<Required<MemberInput>> = fc.record({
  id,
  weight: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constantFrom(1, 999, 16_384)),
  zone: fc.integer({ min: 0, max: 5 }).map((i) => (i === 0 ? "" : `z${i}`)),
  state: fc.oneof(
    { weight: 3, arbitrary: fc.constant("active" as const) },
    { weight: 1, arbitrary: fc.constantFrom("joining", "draining", "down") },
  ),
});

export const members: fc.Arbitrary<Required<MemberInput>[]> = fc.uniqueArray(member, {
  selector: ({ id }) => id,
  maxLength: 14,
});

export const overrides = (name?: string): fc.Arbitrary<NonNullable<RingOptions["overrides"]>> =>
  fc.uniqueArray(
    fc.record({
      slot: fc.integer({ min: 0, max: SLOTS - 1 }),
      owners: fc.uniqueArray(id, { minLength: 1, maxLength: 4 }),
      ...(name !== undefined && { class: fc.constant(name) }),
    }),
    { selector: ({ slot }) => slot, maxLength: 6 },
  );

export const plainOptions: fc.Arbitrary<RingOptions> = fc.record({
  members,
  slots: fc.constant(SLOTS),
  replicas: fc.integer({ min: 1, max: 5 }),
  zones: fc.constantFrom("ignore", "prefer", "strict"),
});

export const options: fc.Arbitrary<RingOptions> = fc.record({
  members,
  slots: fc.constant(SLOTS),
  replicas: fc.integer({ min: 1, max: 5 }),
  zones: fc.constantFrom("ignore", "prefer", "strict"),
  overrides: overrides(),
});

/** The owners of every slot. */
export function table(ring: Ring): string[][] {
  return Array.from({ length: ring.slots }, (_, slot) => ring.owners(slot));
}

/** The first slot whose owners differ between two tables. (`toEqual` takes 100 times as long.) */
export function firstDifference(
  a: readonly string[][],
  b: readonly string[][],
): number | undefined {
  const slot = a.findIndex((owners, at) => {
    const others = b[at] ?? [];
    return owners.length !== others.length || owners.some((id, i) => id !== others[i]);
  });
  return slot < 0 && a.length === b.length ? undefined : slot;
}

/** The first slot that somebody but `id` gained between two tables. */
export function firstStray(
  before: readonly string[][],
  after: readonly string[][],
  id: string,
): number | undefined {
  const slot = after.findIndex((owners, at) =>
    owners.some((owner) => owner !== id && !before[at]?.includes(owner)),
  );
  return slot < 0 ? undefined : slot;
}

/** The members that may own slots. */
export function eligible(ring: Ring): Ring["members"] {
  return ring.members.filter(
    ({ id, state }) => state !== "joining" && (ring.pinnedTo?.includes(id) ?? true),
  );
}

/** A property as a test. */
export function law<T>(name: string, inputs: fc.Arbitrary<T>, check: (input: T) => void): void {
  test(name, () => fc.assert(fc.property(inputs, check), parameters), timeout);
}

/** One change to a ring that makes sense for its present members. */
export type Step =
  | { readonly type: "set"; readonly input: Required<MemberInput> }
  | { readonly type: "remove"; readonly at: number }
  | { readonly type: "spread"; readonly replicas: number }
  | { readonly type: "overrides"; readonly overrides: NonNullable<RingOptions["overrides"]> };

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: member.map((input) => ({ type: "set" as const, input })) },
  { weight: 3, arbitrary: fc.nat().map((at) => ({ type: "remove" as const, at })) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 5 }).map((replicas) => ({
      type: "spread" as const,
      replicas,
    })),
  },
  {
    weight: 1,
    arbitrary: overrides().map((overrides) => ({ type: "overrides" as const, overrides })),
  },
);

export function changesOf(ring: Ring, step: Step): RingChanges {
  switch (step.type) {
    case "set":
      return { set: [step.input] };
    case "spread":
      return { replicas: step.replicas };
    case "overrides":
      return { overrides: step.overrides };
    case "remove":
    default: {
      const victim = ring.members[step.at % ring.members.length];
      return victim === undefined ? {} : { remove: [victim.id] };
    }
  }
}

/** The options that describe a ring, for a rebuild that knows no history. */
export function optionsOf(ring: Ring): RingOptions {
  const { slots, replicas, zones, overrides } = ring;
  return { members: ring.members, slots, replicas, zones, overrides };
}

/** Options, and a member that is none yet. */
export interface Single {
  readonly options: RingOptions;
  readonly newcomer: Required<MemberInput>;
}

export const single: fc.Arbitrary<Single> = fc.record({ options: plainOptions, newcomer: member });

/** A ring without the newcomer, and the newcomer active. */
export function before({ options, newcomer }: Single): {
  readonly ring: Ring;
  readonly rows: string[][];
  readonly joiner: Required<MemberInput>;
} {
  const members = options.members.filter(({ id }) => id !== newcomer.id);
  const ring = Ring.of({ ...options, members });
  return { ring, rows: table(ring), joiner: { ...newcomer, state: "active" as const } };
}
