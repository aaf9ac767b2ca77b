// The benchmark's inputs and contestants, so that they cannot rot.

import { expect, test } from "vitest";
import { representations } from "../bench/representations.ts";
import { cases, clockPairs, type Contestant, engram, rivals } from "../bench/rivals.ts";

type Input = ReturnType<typeof clockPairs>;

function answers<C>({ load, isBefore, join, pairs }: Contestant<C>, input: Input) {
  return input.map(([left, right]) => {
    const [x, y] = [load(left), load(right)];
    return { isBefore: isBefore(x, y), joined: pairs(join(x, y)) };
  });
}

test.each([3, 10, 100])("%i actors: all libraries and representations agree", (k) => {
  const input = clockPairs(k);
  const own = answers(engram, input);
  expect(new Set(own.map(({ isBefore }) => isBefore))).toEqual(new Set([true, false]));
  for (const rival of rivals) expect(answers(rival, input)).toEqual(own);
  for (const other of representations) expect(answers(other, input)).toEqual(own);
});

test("no case is answered wrongly here", () => {
  for (const each of cases) expect(each.engram()).not.toBe("wrong");
});
