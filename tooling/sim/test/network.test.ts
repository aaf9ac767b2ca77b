import { expect, test } from "vitest";
import { World, type NetworkOptions } from "../src/index.ts";
import { encode, record, type Recorder } from "./recorder.ts";

/** Two hosts; `a` sends that many numbered packets to `b`, one a millisecond. */
function traffic(network: NetworkOptions, count: number, size = 0): { world: World; b: Recorder } {
  const world = new World({ seed: 1, network });
  const [a, b] = record(world, ["a", "b"]) as [Recorder, Recorder];
  for (let i = 0; i < count; i++)
    world.at(i, () => a.host.send("b", encode(String(i).padStart(size, "."))));
  world.runFor(count + 60_000);
  return { world, b };
}

const numbers = ({ packets }: Recorder) => packets.map(({ text }) => Number(text));
const near = (value: number, wanted: number, off: number) =>
  expect(Math.abs(value / wanted - 1), `${value}, wanted ${wanted}`).toBeLessThan(off);

test("a quiet network delivers everything once, after the latency asked for", () => {
  const { b } = traffic({ latencyMinMs: 5, latencyMeanMs: 15 }, 5000);
  expect(new Set(numbers(b)).size).toBe(5000);
  const delays = b.packets.map(({ text, atMs }) => atMs - Number(text));
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(5);
  near(delays.reduce((sum, delay) => sum + delay, 0) / delays.length, 15, 0.08);
});

test("packets are lost, doubled and overtaken as often as asked for", () => {
  const { world, b } = traffic({ loss: 0.2 }, 10_000);
  near(10_000 - b.packets.length, 2000, 0.1);
  expect(world.trace.counts.get("lost")).toBe(10_000 - b.packets.length);
  near(traffic({ duplication: 0.1 }, 10_000).b.packets.length, 11_000, 0.01);
  const even = { latencyMinMs: 0.5, latencyMeanMs: 0.5 };
  expect(overtaken(traffic(even, 5000).b)).toBe(0);
  expect(overtaken(traffic({ ...even, reordering: 0.1 }, 5000).b)).toBeGreaterThan(200);
});

function overtaken(recorder: Recorder): number {
  return numbers(recorder).filter((value, index, all) => value < (all[index - 1] ?? -1)).length;
}

test("a corrupted packet differs in a bit or lacks its tail; the sender's bytes stay whole", () => {
  const world = new World({ seed: 2, network: { corruption: 1 } });
  const [a, b] = record(world, ["a", "b"]) as [Recorder, Recorder];
  const bytes = encode("0123456789");
  for (let i = 0; i < 200; i++) a.host.send("b", bytes);
  world.runFor(1000);
  expect(bytes).toEqual(encode("0123456789"));
  expect(b.packets).toHaveLength(200);
  for (const { text } of b.packets) expect(text).not.toBe("0123456789");
  const short = b.packets.filter(({ text }) => text.length < 10);
  near(short.length, 50, 0.5);
});

test("what the sender does to its buffer afterwards changes nothing", () => {
  const world = new World({ seed: 3, network: { duplication: 1 } });
  const [a, b] = record(world, ["a", "b"]) as [Recorder, Recorder];
  const bytes = encode("before");
  a.host.send("b", bytes);
  bytes.fill(0);
  world.runFor(1000);
  expect(b.packets.map(({ text }) => text)).toEqual(["before", "before"]);
});

test("packets over the MTU vanish", () => {
  expect(traffic({ mtuBytes: 100 }, 3, 100).b.packets).toHaveLength(3);
  const { world, b } = traffic({ mtuBytes: 100 }, 3, 101);
  expect(b.packets).toHaveLength(0);
  expect(world.trace.counts.get("oversized")).toBe(3);
});

test("bandwidth delays, and a full queue drops", () => {
  const even = { latencyMinMs: 1, latencyMeanMs: 1 };
  const { b } = traffic({ ...even, bandwidth: 10_000 }, 10, 100);
  // 100 bytes at 10 kB/s are 10 ms each; they come 1 ms apart.
  expect(b.packets.at(-1)?.atMs).toBeCloseTo(101, 0);
  const { world, b: dropped } = traffic({ bandwidth: 10_000, queueBytesMax: 250 }, 10, 100);
  expect(dropped.packets.length).toBeLessThan(5);
  expect(world.trace.counts.get("overflow")).toBe(10 - dropped.packets.length);
});

test("a clog holds one direction back and lets it go, its queue bounded", () => {
  const world = new World({ seed: 4, network: { queuePacketsMax: 5 } });
  const [a, b] = record(world, ["a", "b"]) as [Recorder, Recorder];
  const heal = world.network.clog({ source: "a", target: "b" });
  for (let i = 0; i < 8; i++) a.host.send("b", encode("x"));
  b.host.send("a", encode("y"));
  world.runFor(100);
  expect([a.packets.length, b.packets.length]).toEqual([1, 0]);
  heal();
  heal();
  world.runFor(1);
  expect(b.packets).toHaveLength(5);
  expect(world.trace.counts.get("overflow")).toBe(3);
});

test("a slow link is slow in its direction, for as long as it lasts", () => {
  const world = new World({ seed: 5, network: { latencyMinMs: 1, latencyMeanMs: 1 } });
  const [a, b] = record(world, ["a", "b"]) as [Recorder, Recorder];
  const heal = world.network.slow({ source: "a", target: "b" }, 100);
  a.host.send("b", encode("x"));
  b.host.send("a", encode("y"));
  world.runFor(200);
  expect(b.packets[0]?.atMs).toBeCloseTo(100, 1);
  expect(a.packets[0]?.atMs).toBeCloseTo(1, 1);
  heal();
  a.host.send("b", encode("x"));
  world.runFor(200);
  expect(b.packets[1]?.atMs).toBeCloseTo(201, 1);
});

test("packets to nobody, and to a host that is down, are accounted for", () => {
  const world = new World({ seed: 6 });
  const [a, b] = record(world, ["a", "b"]) as [Recorder, Recorder];
  a.host.send("nobody", encode("x"));
  b.host.crash();
  a.host.send("b", encode("x"));
  world.runFor(100);
  b.host.cutPower();
  a.host.send("b", encode("x"));
  world.runFor(100);
  const { counts } = world.trace;
  expect(["unrouted", "unheard", "cut"].map((kind) => counts.get(kind))).toEqual([1, 1, 1]);
});
