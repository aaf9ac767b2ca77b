import { expect, test } from "vitest";
import { Random } from "../src/random.ts";

const draws = (random: Random, count = 5) => Array.from({ length: count }, () => random.u32());

test("a seed means the same for ever", () => {
  expect(draws(new Random(1))).toEqual([3594658490, 3075652088, 3337239716, 886094520, 925205086]);
  expect(draws(new Random(1).fork("network"), 3)).toEqual([3802823486, 4156931833, 1361519297]);
});

test("seeds that differ in any bit draw differently", () => {
  const firsts = [0, 1, 2, -1, 2 ** 32, 2 ** 33, 2 ** 52].map((seed) => new Random(seed).u32());
  expect(new Set(firsts).size).toBe(firsts.length);
  expect(() => new Random(0.5)).toThrow(RangeError);
});

test("a fork depends on its labels, not on what was drawn before", () => {
  const [fresh, used] = [new Random(7), new Random(7)];
  draws(used, 100);
  used.fork("disk").u32();
  expect(draws(used.fork("network"))).toEqual(draws(fresh.fork("network")));
  expect(draws(fresh.fork("a").fork("b"))).not.toEqual(draws(fresh.fork("b").fork("a")));
});

test("the number of draws counts every fork", () => {
  const random = new Random(1);
  draws(random, 3);
  draws(random.fork("a").fork("b"), 4);
  expect(random.draws).toBe(7);
});

test("numbers are uniform in their range", () => {
  const random = new Random(3);
  const counts = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 100_000; i++) counts[random.below(10)]! += 1;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  const values = Array.from({ length: 10_000 }, () => random.number());
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...values)).toBeLessThan(1);
  expect(random.between(4, 4)).toBe(4);
  expect(random.below(2 ** 50)).toBeLessThan(2 ** 50);
});

test("chances are kept, and certainties draw nothing", () => {
  const random = new Random(4);
  const hits = Array.from({ length: 100_000 }, () => random.chance(0.3)).filter(Boolean).length;
  expect(Math.abs(hits - 30_000)).toBeLessThan(800);
  const before = random.draws;
  expect([random.chance(0), random.chance(1), random.chance(-1)]).toEqual([false, true, false]);
  expect(random.draws).toBe(before);
});

test("the exponential has its mean and its tail without a logarithm", () => {
  const random = new Random(5);
  const values = Array.from({ length: 200_000 }, () => random.exponential(10));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(Math.abs(mean - 10)).toBeLessThan(0.6);
  const beyond = (limit: number) => values.filter((value) => value > limit).length / values.length;
  for (const limit of [1, 5, 10, 20, 50])
    expect(Math.abs(beyond(limit) / Math.exp(-limit / 10) - 1), `P(x > ${limit})`).toBeLessThan(
      0.12,
    );
});

test("magnitudes favour no decade", () => {
  const random = new Random(6);
  const values = Array.from({ length: 30_000 }, () => random.magnitude(1, 1000));
  for (const [low, high] of [
    [1, 10],
    [10, 100],
    [100, 1000],
  ] as const) {
    const count = values.filter((value) => value >= low && value < high).length;
    expect(Math.abs(count - 10_000)).toBeLessThan(600);
  }
});

test("a shuffle keeps every item, and picking from nothing is an error", () => {
  const random = new Random(8);
  const items = [1, 2, 3, 4, 5];
  const orders = new Set(Array.from({ length: 2000 }, () => random.shuffle(items).join()));
  expect(orders.size).toBe(120);
  expect(items).toEqual([1, 2, 3, 4, 5]);
  expect(() => random.pick([])).toThrow(RangeError);
  expect(random.bytes(9)).toHaveLength(9);
});
