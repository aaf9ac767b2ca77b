import { expect, test } from "vitest";
import { World, type Stream, type WorldConditions } from "../src/index.ts";
import { encode, record, type Recorder } from "./recorder.ts";

const message = Array.from({ length: 3000 }, (_, i) => `${i},`).join("");

function pair(
  conditions: WorldConditions = {},
  seed = 1,
): { world: World; a: Recorder; b: Recorder } {
  const world = new World({ seed, ...conditions });
  const [a, b] = record(world, ["a", "b"]) as [Recorder, Recorder];
  return { world, a, b };
}

function accepted({ streams }: Recorder): Stream {
  const [stream] = streams;
  if (stream === undefined) throw new Error("nothing was accepted");
  return stream;
}

test("bytes arrive whole and in order, through loss and every size of segment", () => {
  for (const segmentBytesMax of [1, 7, 1460, 100_000]) {
    const network = { loss: 0.2, reordering: 0.3, duplication: 0.1, corruption: 0.5 };
    const { world, a, b } = pair({ network, streams: { segmentBytesMax } }, segmentBytesMax);
    const stream = a.host.connect("b");
    stream.write(encode(message));
    stream.end();
    world.at(1000, () => accepted(b).end());
    world.runFor(10_000_000);
    expect(b.text).toBe(message);
    expect([a.closed, b.closed]).toEqual(["ended", "ended"]);
    expect(a.events).toEqual(["open", ...a.events.slice(1)]);
    expect(a.events.filter((event) => event === "close")).toHaveLength(1);
    expect(b.events.at(0)).toBe("accept");
    expect(b.events.at(-1)).toBe("close");
  }
});

test("both directions flow, and ending one leaves the other open", () => {
  const { world, a, b } = pair();
  const stream = a.host.connect("b");
  stream.write(encode("question"));
  stream.end();
  stream.write(encode("too late"));
  world.runFor(100);
  expect([b.text, b.events.includes("end"), b.closed]).toEqual(["question", true, undefined]);
  accepted(b).write(encode("answer"));
  accepted(b).end();
  world.runFor(100);
  expect([a.text, a.closed, b.closed]).toEqual(["answer", "ended", "ended"]);
});

test("a reader that stops makes the writer stop; drain says when to go on", () => {
  const { world, a, b } = pair({ streams: { windowBytes: 1000 } });
  const stream = a.host.connect("b");
  world.runFor(100);
  accepted(b).pauseReading();
  expect(stream.write(new Uint8Array(900))).toBe(true);
  expect(stream.write(new Uint8Array(5000))).toBe(false);
  world.runFor(1000);
  expect([b.text.length, stream.bufferedBytes > 3000]).toEqual([0, true]);
  expect(a.events).not.toContain("drain");
  accepted(b).resumeReading();
  world.runFor(10_000);
  expect([b.text.length, stream.bufferedBytes]).toEqual([5900, 0]);
  expect(a.events.filter((event) => event === "drain")).toHaveLength(1);
});

test("a reset cuts anywhere: the other side has a prefix, and both hear of it once", () => {
  const lengths = new Set<number>();
  for (let seed = 0; seed < 50; seed++) {
    const { world, a, b } = pair({ network: { bandwidth: 1_000_000 } }, seed);
    const stream = a.host.connect("b");
    stream.write(encode(message));
    world.at(8, () => stream.reset());
    world.runFor(100_000);
    expect(message.startsWith(b.text)).toBe(true);
    expect([a.closed, b.closed]).toEqual(["reset", "reset"]);
    expect(b.events.at(-1)).toBe("close");
    lengths.add(b.text.length);
  }
  expect(lengths.size).toBeGreaterThan(10);
});

test("a process that dies resets its streams; nobody listening refuses", () => {
  const { world, a, b } = pair();
  a.host.connect("b");
  world.runFor(100);
  b.host.crash();
  world.runFor(100);
  expect(a.closed).toBe("reset");
  a.host.connect("b");
  world.runFor(100);
  expect(a.closed).toBe("refused");
  a.host.connect("nobody");
  a.closed = undefined;
  world.runFor(100);
  expect(a.closed).toBe("refused");
});

test("a machine without power says nothing: half open until something is written", () => {
  const { world, a, b } = pair();
  const stream = a.host.connect("b");
  world.runFor(100);
  b.host.cutPower();
  world.runFor(600_000);
  expect(a.closed).toBeUndefined();
  stream.write(encode("x"));
  world.runFor(19_000);
  expect(a.closed).toBeUndefined();
  world.runFor(5000);
  expect(a.closed).toBe("timeout");
});

test("a machine that came back does not know the stream and resets it", () => {
  const { world, a, b } = pair();
  const stream = a.host.connect("b");
  world.runFor(100);
  b.host.cutPower();
  b.host.start();
  stream.write(encode("x"));
  world.runFor(1000);
  expect(a.closed).toBe("reset");
});

test("a cut in either direction stalls; healing in time loses nothing", () => {
  for (const first of ["a", "b"]) {
    const { world, a, b } = pair();
    const stream = a.host.connect("b");
    world.runFor(100);
    const groups = [[first], first === "a" ? ["b"] : ["a"]];
    const heal = world.network.partition({ groups, isOneWay: true });
    stream.write(encode(message));
    world.runFor(10_000);
    expect(b.text).toBe("");
    heal();
    world.runFor(10_000);
    expect(b.text).toBe(message);
  }
});

test("a connection through a cut hangs, then times out", () => {
  const { world, a } = pair();
  world.network.partition({ groups: [["a"], ["b"]] });
  a.host.connect("b");
  world.runFor(19_000);
  expect(a.closed).toBeUndefined();
  world.runFor(5000);
  expect(a.closed).toBe("timeout");
});

test("a paused process keeps its connections, and reads later", () => {
  const { world, a, b } = pair();
  b.host.pause();
  const stream = a.host.connect("b");
  stream.write(encode(message));
  world.runFor(30_000);
  expect([a.events, b.events]).toEqual([["open"], []]);
  b.host.resume();
  world.runFor(1000);
  expect(b.text).toBe(message);
});
