import { describe, expect, test } from "vitest";
import { emptyContext, joinContexts, merge } from "@engram/vclock";
import { lawful, type Outcome, reuseDots, type Rules, simulate, trustContexts } from "./amnesia.ts";

const SEEDS = Number(process.env["ENGRAM_SEEDS"] ?? 300);
/** Enough for a seeded bug to show. */
const BUG_SEEDS = 50;

function total(rules: Rules, seeds = BUG_SEEDS): Outcome & { refused: number } {
  const sum = { acknowledged: 0, lost: 0, resurrected: 0, diverged: 0, folded: 0, refused: 0 };
  for (let seed = 0; seed < seeds; seed++) {
    try {
      const outcome = simulate(seed, rules);
      for (const key of Object.keys(outcome) as (keyof Outcome)[]) sum[key] += outcome[key];
    } catch (error) {
      // The kernel noticed a reused dot by itself.
      if ((error as { code?: string }).code !== "DOT_REUSED") throw error;
      sum.refused++;
    }
  }
  return sum;
}

describe("crash, restore from backup, wiped disk, stale copy returning", () => {
  test("V8: no acknowledged write that a disk still holds is lost, none returns, copies agree", () => {
    const outcome = total(lawful, SEEDS);
    expect(outcome).toMatchObject({ lost: 0, resurrected: 0, diverged: 0, refused: 0 });
    // The run is worth something only if it wrote and folded.
    expect(outcome.acknowledged).toBeGreaterThan(30 * SEEDS);
    expect(outcome.folded).toBeGreaterThan(SEEDS);
  });

  test("the same seed gives the same outcome", () => {
    expect(simulate(7, lawful)).toEqual(simulate(7, lawful));
  });

  test("reusing dots after a restore loses writes, and is seen to", () => {
    expect(total({ ...lawful, start: reuseDots }).lost).toBeGreaterThan(0);
  });

  test("resolving in place loses writes, and is seen to", () => {
    const outcome = total({
      ...lawful,
      merge: (left, right, order) => {
        const merged = merge(left, right, order);
        return { ...merged, siblings: merged.siblings.slice(-1) };
      },
    });
    expect(outcome.lost).toBeGreaterThan(0);
  });

  test("folding what is not everywhere loses writes, and is seen to", () => {
    const outcome = total({ ...lawful, cut: (vectors) => vectors.at(-1)! });
    expect(outcome.lost).toBeGreaterThan(0);
  });

  test("acknowledging what contexts say instead of what the log has loses writes, rarely", () => {
    for (const seed of [1483, 2174]) {
      expect(simulate(seed, { ...lawful, acknowledge: trustContexts }).lost).toBeGreaterThan(0);
      expect(simulate(seed, lawful).lost).toBe(0);
    }
  });

  test("a merge that learns no removals brings values back, and is seen to", () => {
    const outcome = total({
      ...lawful,
      merge: (left, right, order) => ({
        siblings: merge(left, { ...right, context: emptyContext }, order).siblings,
        context: joinContexts(left.context, right.context),
      }),
    });
    expect(outcome.resurrected).toBeGreaterThan(0);
  });
});
