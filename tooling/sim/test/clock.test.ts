import { expect, test } from "vitest";
import { Clock } from "../src/clock.ts";
import { Random } from "../src/random.ts";
import { Timeline } from "../src/timeline.ts";

function clockAt(uptimeMs = 0): { timeline: Timeline; clock: Clock; pass: (ms: number) => void } {
  const timeline = new Timeline();
  const clock = new Clock(timeline, 1_000_000, uptimeMs);
  return { timeline, clock, pass: (ms) => void (timeline.now += ms * 1000) };
}

test("both clocks run with the world, from where they began", () => {
  const { clock, pass } = clockAt(500);
  pass(250);
  expect([clock.now, clock.wall]).toEqual([750, 1_000_250]);
});

test("a drifting clock is fast or slow, and finds its deadlines", () => {
  const { timeline, clock, pass } = clockAt();
  clock.drift(2);
  pass(100);
  expect(clock.now).toBe(200);
  timeline.now = clock.worldTime(300);
  expect(clock.now).toBeGreaterThanOrEqual(300);
  expect(timeline.now).toBe(150_000);
});

test("a step moves the wall clock alone", () => {
  const { clock, pass } = clockAt();
  clock.step(-5000);
  pass(1);
  expect([clock.now, clock.wall]).toEqual([1, 995_001]);
});

test("a suspended machine stands still; only its wall clock knows", () => {
  const { clock, pass } = clockAt();
  pass(10);
  clock.suspend();
  pass(5000);
  expect([clock.now, clock.worldTime(11)]).toEqual([10, Infinity]);
  clock.resume();
  pass(1);
  expect([clock.now, clock.wall]).toEqual([11, 1_005_011]);
});

test("a machine that boots counts anew; its wall clock does not", () => {
  const { clock, pass } = clockAt(800);
  pass(200);
  clock.restart();
  pass(3);
  expect([clock.now, clock.wall]).toEqual([3, 1_000_203]);
});

test("the monotonic clock never goes back, and no deadline is found early", () => {
  const random = new Random(1);
  const { timeline, clock } = clockAt();
  let last = clock.now;
  for (let i = 0; i < 20_000; i++) {
    timeline.now += random.below(1000);
    if (random.chance(0.1)) clock.drift(random.pick([0.5, 0.9995, 1, 1.0005, 2, 1 / 3]));
    if (random.chance(0.05)) clock.suspend();
    if (random.chance(0.1)) clock.resume();
    if (random.chance(0.05)) clock.step(random.between(-1e6, 1e6));
    expect(clock.now).toBeGreaterThanOrEqual(last);
    last = clock.now;
    const deadline = last + random.number() * 100;
    const at = clock.worldTime(deadline);
    if (at === Infinity) continue;
    const before = timeline.now;
    timeline.now = at;
    expect(clock.now + 0.001).toBeGreaterThanOrEqual(deadline);
    timeline.now = before;
  }
});
