import * as fc from "fast-check";
import { describe, expect } from "vitest";
import { plan, Ring } from "@engram/hashring";
import {
  before,
  changesOf,
  firstDifference,
  law,
  members,
  optionsOf,
  options,
  plainOptions,
  single,
  step,
  table,
} from "./arbitraries.ts";

describe("plans", () => {
  law(
    "R10: moves and drops turn one ring into the other, and none is needless",
    fc.record({ options, steps: fc.array(step, { minLength: 1, maxLength: 3 }) }),
    ({ options, steps }) => {
      const from = Ring.of(options);
      const rows = table(from);
      let to = from;
      for (const step of steps) to = to.with(changesOf(to, step));
      const { moves, swaps, drops, needless, lowerBound, bytes } = plan(from, to);
      expect(needless).toBe(0);
      expect(moves.length).toBeGreaterThanOrEqual(lowerBound);
      expect(bytes).toBe(moves.length);
      const held = rows.map((owners) => new Set(owners));
      const first = rows.map(([owner]) => owner);
      let odd = 0;
      for (const { slot, target, role } of moves) {
        if (held[slot]?.has(target)) odd += 1;
        held[slot]?.add(target);
        if (role === "primary") first[slot] = target;
      }
      for (const { slot, member } of drops) if (!held[slot]?.delete(member)) odd += 1;
      for (const { slot, from, to } of swaps) {
        if (first[slot] !== from || !held[slot]?.has(to)) odd += 1;
        first[slot] = to;
      }
      expect(odd).toBe(0);
      const reached = held.map((owners) => [...owners].sort());
      const wanted = table(to);
      if (to.copies > 0) expect(first.join()).toBe(wanted.map(([owner]) => owner).join());
      expect(
        firstDifference(
          reached,
          wanted.map((owners) => owners.toSorted()),
        ),
      ).toBeUndefined();
    },
  );

  law("R10: one change to one member meets the lower bound exactly", single, (input) => {
    const { ring, joiner } = before(input);
    const next = ring.with({ set: [joiner] });
    const join = plan(ring, next);
    const leave = plan(next, ring);
    expect([join.moves.length, join.needless]).toEqual([join.lowerBound, 0]);
    expect([leave.moves.length, leave.needless]).toEqual([leave.lowerBound, 0]);
  });

  law(
    "a batch of joins and leaves moves nothing needless",
    fc.record({
      options: plainOptions,
      joiners: members,
      leavers: fc.array(fc.nat(), { maxLength: 4 }),
    }),
    ({ options, joiners, leavers }) => {
      const from = Ring.of(options);
      const remove = [...new Set(leavers.flatMap((at) => from.members[at]?.id ?? []))];
      const set = joiners.filter(({ id }) => !remove.includes(id));
      const to = from.with({ set, remove });
      expect(plan(from, to).needless).toBe(0);
      expect(firstDifference(table(to), table(Ring.of(optionsOf(to))))).toBeUndefined();
    },
  );
});
