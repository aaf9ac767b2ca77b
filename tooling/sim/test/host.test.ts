import { expect, test } from "vitest";
import { drive, World, type Core, type Host } from "../src/index.ts";
import { encode, record, type Recorder } from "./recorder.ts";

test("timers ring at their deadline, on the host's own clock", () => {
  const world = new World({ seed: 1, uptimeMsMax: 1e9 });
  const [a, b] = record(world, ["a", "b"], 100) as [Recorder, Recorder];
  const startMs = b.host.now;
  expect(a.host.now).not.toBe(startMs);
  b.host.drift(2);
  world.runFor(1000.5);
  expect(a.timeouts).toHaveLength(10);
  expect(b.timeouts).toHaveLength(20);
  expect(b.timeouts[0]).toBeCloseTo(startMs + 100, 2);
});

test("timers may be late, and wakes may come for nothing, if asked for", () => {
  const late = new World({ seed: 1, timers: { lateMsMax: 50 } });
  const [a] = record(late, ["a"], 100) as [Recorder];
  late.runFor(10_000);
  expect(a.timeouts.length).toBeLessThan(90);
  const spurious = new World({ seed: 1, timers: { spurious: 0.5 } });
  const [b] = record(spurious, ["b"], 100) as [Recorder];
  spurious.runFor(10_000);
  expect(b.timeouts).toHaveLength(100);
  expect(spurious.trace.counts.get("timeout")).toBeGreaterThan(150);
});

test("after a pause everything due happens at once, in any order", () => {
  const firsts = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const world = new World({ seed });
    const order: string[] = [];
    const [a] = record(world, ["a"]) as [Recorder];
    const b = world.add("b", (host) => ({
      deadline: host.now + 500,
      handleTimeout() {
        order.push("timer");
        (this as { deadline: number | undefined }).deadline = undefined;
      },
      handlePacket: () => void order.push("packet"),
    }));
    b.pause();
    a.host.send("b", encode("x"));
    a.host.send("b", encode("y"));
    world.runFor(60_000);
    expect(order).toEqual([]);
    b.resume();
    world.runFor(0);
    expect([...order].sort()).toEqual(["packet", "packet", "timer"]);
    firsts.add(order[0] ?? "");
  }
  expect(firsts).toEqual(new Set(["timer", "packet"]));
});

test("a paused process has a bounded socket", () => {
  const world = new World({ seed: 1, network: { queuePacketsMax: 3 } });
  const [a, b] = record(world, ["a", "b"]) as [Recorder, Recorder];
  b.host.pause();
  for (let i = 0; i < 10; i++) a.host.send("b", encode("x"));
  world.runFor(100);
  b.host.resume();
  world.runFor(100);
  expect(b.packets).toHaveLength(3);
  for (let i = 0; i < 10; i++) a.host.send("b", encode("x"));
  world.runFor(100);
  expect(b.packets).toHaveLength(13);
});

test("a suspended machine's time stands still, a stopped process's does not", () => {
  const world = new World({ seed: 1 });
  const [a, b] = record(world, ["a", "b"]) as [Recorder, Recorder];
  a.host.pause(true);
  b.host.pause(false);
  world.runFor(1000);
  expect([a.host.now, b.host.now]).toEqual([0, 1000]);
});

test("a crash leaves the machine running, a power cut does not", () => {
  const world = new World({ seed: 1 });
  const [a, b] = record(world, ["a", "b"]) as [Recorder, Recorder];
  world.runFor(1000);
  a.host.crash();
  b.host.cutPower();
  expect([a.host.isRunning, b.host.isRunning]).toEqual([false, false]);
  expect([a.host.isPowered, b.host.isPowered]).toEqual([true, false]);
  world.runFor(500);
  a.host.start();
  b.host.start();
  b.host.start();
  expect([a.host.now, b.host.now, a.host.life, b.host.life]).toEqual([1500, 0, 2, 2]);
});

test("nothing of one life reaches the next", () => {
  const world = new World({ seed: 1 });
  const lives: string[][] = [];
  const host = world.add("a", (self) => {
    const inputs: string[] = [];
    lives.push(inputs);
    self.send("a", encode("to myself"));
    return {
      deadline: self.now + 50,
      handleTimeout: () => void inputs.push("timer"),
      handlePacket: () => void inputs.push("packet"),
    };
  });
  host.pause();
  world.runFor(10);
  host.input(() => lives[0]?.push("input"));
  host.crash();
  expect(host.input(() => lives[0]?.push("never"))).toBe(false);
  expect(host.effects).toBe(1);
  host.send("a", encode("from the dead"));
  expect(host.effects).toBe(1);
  host.start();
  world.runFor(10);
  expect(lives).toEqual([[], ["packet"]]);
});

test("a process can be made to die right after each of its effects", () => {
  const script = (effect: number) => {
    const world = new World({ seed: 1 });
    const [b] = record(world, ["b"]) as [Recorder];
    let after = 0;
    const a = world.add("a", () => ({ deadline: undefined, handleTimeout() {} }));
    a.dieAtEffect(effect, "crash");
    a.input(() => {
      for (const text of ["1", "2", "3", "4"]) a.send("b", encode(text));
    });
    after = a.effects;
    world.runFor(100);
    return {
      heard: b.packets
        .map(({ text }) => text)
        .sort()
        .join(""),
      after,
      running: a.isRunning,
    };
  };
  expect([1, 2, 3, 4, 5].map((effect) => script(effect))).toEqual([
    { heard: "1", after: 1, running: false },
    { heard: "12", after: 2, running: false },
    { heard: "123", after: 3, running: false },
    { heard: "1234", after: 4, running: false },
    { heard: "1234", after: 4, running: true },
  ]);
});

test("a core is polled dry between inputs, and endless or stuck cores are errors", () => {
  const world = new World({ seed: 1 });
  const core = (poll: () => number | undefined, deadline?: number): Core<number> => ({
    deadline,
    handleTimeout() {},
    poll,
  });
  const outputs: number[] = [];
  let left = 3;
  const host = world.add("a", () =>
    drive(
      core(() => (left > 0 ? left-- : undefined)),
      (output) => outputs.push(output),
    ),
  );
  expect(outputs).toEqual([3, 2, 1]);
  host.input(() => (left = 2));
  expect(outputs).toEqual([3, 2, 1, 2, 1]);
  expect(() =>
    world.add("b", () =>
      drive(
        core(() => 1),
        () => {},
      ),
    ),
  ).toThrow(/outputs to one input/);
  world.add("c", () =>
    drive(
      core(() => undefined, 5),
      () => {},
    ),
  );
  expect(() => world.runFor(100)).toThrow(/deadline is still due/);
  expect(() =>
    world.add("d", () =>
      drive(
        core(() => undefined, Number.NaN),
        () => {},
      ),
    ),
  ).toThrow(/NaN/);
});

test("each life has random numbers of its own, the same for a seed", () => {
  const draw = (seed: number) => {
    const numbers: number[] = [];
    const world = new World({ seed });
    const boot = (host: Host) => {
      numbers.push(host.random());
      return { deadline: undefined, handleTimeout() {} };
    };
    const host = world.add("a", boot);
    host.crash();
    host.start();
    world.add("b", boot);
    return numbers;
  };
  expect(new Set([...draw(1), ...draw(2)]).size).toBe(6);
  expect(draw(1)).toEqual(draw(1));
});

test("wall clocks may be off, each by its own amount", () => {
  const names = Array.from({ length: 20 }, (_, index) => `h${index}`);
  const walls = (wallSkewMsMax: number) => {
    const world = new World({ seed: 1, wallMs: 1e12, wallSkewMsMax });
    return record(world, names).map(({ host }) => host.clock.wall - 1e12);
  };
  expect(new Set(walls(0))).toEqual(new Set([0]));
  const skews = walls(500);
  expect(new Set(skews).size).toBe(20);
  expect(Math.max(...skews.map(Math.abs))).toBeLessThanOrEqual(500);
  expect(Math.min(...skews)).toBeLessThan(0);
});

test("the world runs until a condition holds, or for as long as it is told", () => {
  const world = new World({ seed: 1 });
  let isRung = false;
  world.at(30, () => (isRung = true));
  expect(world.runUntil(() => isRung, 20)).toBe(false);
  expect(world.now).toBe(20);
  expect(world.runUntil(() => isRung, 20)).toBe(true);
  expect(world.now).toBe(30);
});

test("names are unique, and asking for nobody is an error", () => {
  const world = new World({ seed: 1 });
  record(world, ["a"]);
  expect(() => record(world, ["a"])).toThrow(RangeError);
  expect(() => world.host("b")).toThrow(RangeError);
  expect(() => world.host("a").disk).toThrow(/no disk/);
});
