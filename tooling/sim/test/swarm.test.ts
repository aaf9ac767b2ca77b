import { FaultyDisk } from "@engram/wal-replication/testing";
import { expect, test } from "vitest";
import {
  drawConditions,
  drawFaults,
  faultClasses,
  inject,
  Random,
  seeds,
  World,
  type FaultClass,
  type Host,
  type Program,
} from "../src/index.ts";
import { encode } from "./recorder.ts";

const hosts = ["a", "b", "c", "d"];
const all: FaultClass[] = Object.values(faultClasses).flat();

const bytes = new Uint8Array(30_000);

/** Sends to everyone and writes to its disk, for ever. */
function busy(host: Host): Program {
  const program = {
    deadline: host.now,
    handleTimeout(now: number): void {
      if (now < program.deadline) return;
      program.deadline = now + 100;
      for (const to of hosts) host.send(to, encode("x"), host.random() < 0.5 ? "one" : "other");
      host.disk.submit({ type: "write", file: "f", offset: 0, bytes }, () => {});
      host.disk.submit({ type: "sync", file: "f" }, () => {});
      host.disk.submit({ type: "read", file: "f", offset: 0, length: 5 }, () => {});
      host.disk.submit({ type: "syncDirectory" }, () => {});
    },
  };
  return program;
}

/** What each class must be seen to do. */
const signs: Record<FaultClass, string> = {
  halves: "cut",
  isolated: "cut",
  "one-way": "cut",
  bridge: "cut",
  ring: "cut",
  flapping: "cut",
  "one-protocol": "cut",
  clog: "clogged",
  slow: "fault slow",
  crash: "crash",
  pause: "pause",
  suspend: "pause",
  drift: "fault drift",
  step: "fault step",
  "power-cut": "power-cut",
  "power-cut-all": "power-cut",
  "slow-disk": "fault disk",
  hang: "fault hang",
  "read-error": "disk EIO",
  "write-error": "disk EIO",
  "sync-error": "disk EIO",
  full: "disk ENOSPC",
  wiped: "power-cut",
  "rolled-back": "power-cut",
  "lying-sync": "disk lies",
  rot: "note",
};

test.each(all)("%s strikes, ends, and leaves a world that works", (name) => {
  let struck = 0;
  for (const seed of seeds(0, 6)) {
    const random = new Random(seed);
    const protocols = ["one", "other"];
    const faults = drawFaults(random, {
      classes: [name],
      hosts,
      untilMs: 2000,
      countMax: 3,
      protocols,
    });
    const world = new World({ seed });
    for (const host of hosts) world.add(host, busy, new FaultyDisk());
    for (const fault of faults) {
      expect(JSON.parse(JSON.stringify(fault))).toEqual(fault);
      inject(world, fault);
    }
    world.runFor(2000);
    if (world.trace.counts.has(signs[name])) struck++;
    world.calm();
    expect(world.heals.size).toBe(0);
    expect([...world.hosts.values()].every(({ isRunning }) => isRunning)).toBe(true);
    const before = new Map(world.trace.counts);
    world.runFor(200);
    for (const bad of ["cut", "clogged", "lost", "disk EIO", "disk ENOSPC", "disk lies"])
      expect(world.trace.counts.get(bad), bad).toBe(before.get(bad));
  }
  expect(struck).toBeGreaterThan(name === "full" ? 0 : 2);
});

test("each run lacks about half of the classes", () => {
  const seen = new Map<FaultClass, number>();
  for (const seed of seeds(0, 200)) {
    const classes = faultClasses.disk;
    const faults = drawFaults(new Random(seed), { classes, hosts, untilMs: 1000, countMax: 200 });
    expect(faults.length).toBeGreaterThan(0);
    const drawn = new Set(faults.map((fault) => (fault.kind === "hang" ? "hang" : undefined)));
    if (drawn.has("hang")) seen.set("hang", (seen.get("hang") ?? 0) + 1);
  }
  expect(seen.get("hang")).toBeGreaterThan(60);
  expect(seen.get("hang")).toBeLessThan(120);
});

test("conditions are plain data, and each trouble is absent in half of the runs", () => {
  const drawn = seeds(0, 200).map((seed) => drawConditions(new Random(seed)));
  expect(JSON.parse(JSON.stringify(drawn))).toEqual(drawn);
  const absent = (chance: "loss" | "duplication" | "reordering" | "corruption") =>
    drawn.filter(({ network }) => network[chance] === 0).length;
  for (const chance of ["loss", "duplication", "reordering", "corruption"] as const)
    expect(Math.abs(absent(chance) - 100), chance).toBeLessThan(30);
});
