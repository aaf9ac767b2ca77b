import { expect, test } from "vitest";
import { Random } from "../src/random.ts";
import { Timeline } from "../src/timeline.ts";

function runAll(timeline: Timeline): void {
  while (timeline.step(Infinity));
}

test("events run in order of time, whatever the order they came in", () => {
  const random = new Random(1);
  const timeline = new Timeline(random.fork("ties"));
  const times: number[] = [];
  for (let i = 0; i < 5000; i++) {
    const time = random.below(1000);
    timeline.at(time, () => {
      expect(timeline.now).toBe(time);
      times.push(time);
      if (random.chance(0.3)) timeline.at(time + random.below(50), () => times.push(timeline.now));
    });
  }
  runAll(timeline);
  expect(times.length).toBeGreaterThan(6000);
  expect(times).toEqual([...times].sort((left, right) => left - right));
});

test("events of one instant come in every order, the same for a seed", () => {
  const order = (seed: number | undefined) => {
    const timeline = new Timeline(seed === undefined ? undefined : new Random(seed));
    const seen: string[] = [];
    for (const name of ["a", "b", "c"]) timeline.at(5, () => seen.push(name));
    runAll(timeline);
    return seen.join("");
  };
  expect(new Set(Array.from({ length: 100 }, (_, seed) => order(seed))).size).toBe(6);
  expect(order(3)).toBe(order(3));
  expect(order(undefined)).toBe("abc");
});

test("the past means now, and time stops where it is told", () => {
  const timeline = new Timeline();
  const seen: number[] = [];
  timeline.at(10, () => timeline.at(3, () => seen.push(timeline.now)));
  timeline.at(20.2, () => seen.push(timeline.now));
  while (timeline.step(20));
  expect(seen).toEqual([10]);
  expect(timeline.step(21)).toBe(true);
  expect(seen).toEqual([10, 21]);
  expect(() => timeline.at(Number.NaN, () => {})).toThrow(RangeError);
});
