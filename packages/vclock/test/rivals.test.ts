// The benchmark's inputs and loops, a little of each, so that they cannot rot.

import { expect, test } from "vitest";
import { cases, clockPairs, type Contestant, engram, rivals } from "../bench/rivals.ts";

type Input = ReturnType<typeof clockPairs>;

function answers<C>({ load, isBefore, join, pairs }: Contestant<C>, input: Input) {
  return input.map(([left, right]) => {
    const [x, y] = [load(left), load(right)];
    return { isBefore: isBefore(x, y), joined: pairs(join(x, y)) };
  });
}

test.each([3, 10, 100])("%i actors: all libraries agree on the inputs", (k) => {
  const input = clockPairs(k);
  const own = answers(engram, input);
  expect(new Set(own.map(({ isBefore }) => isBefore))).toEqual(new Set([true, false]));
  for (const rival of rivals) expect(answers(rival, input)).toEqual(own);
});

test("the loops count what they time", () => {
  const input = clockPairs(3);
  const counts = <C>({ load, compare, merge, isBefore }: Contestant<C>) => {
    const loaded = input.map(([left, right]) => [load(left), load(right)] as const);
    const before = loaded.filter(([left, right]) => isBefore(left, right)).length;
    expect(compare(loaded, loaded.length)).toBe(before);
    expect(merge(loaded, loaded.length)).toBeGreaterThanOrEqual(0);
  };
  counts(engram);
  rivals.forEach((rival) => counts(rival));
});

test("no case is answered wrongly here", () => {
  for (const each of cases) expect(each.engram()).not.toBe("wrong");
});
