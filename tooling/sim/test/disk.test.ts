import { FaultyDisk } from "@engram/wal-replication/testing";
import { expect, test } from "vitest";
import { inject, World, type DiskOptions, type FileRequest, type Host } from "../src/index.ts";
import { decode, encode } from "./recorder.ts";

function hostWith(disk: DiskOptions = {}, seed = 1): { world: World; host: Host } {
  const world = new World({ seed, disk });
  const boot = () => ({ deadline: undefined, handleTimeout() {} });
  return { world, host: world.add("a", boot, new FaultyDisk()) };
}

/** Carries out requests one after the other. @returns the system's code of the first that fails */
function execute(world: World, host: Host, requests: readonly FileRequest[]): string | undefined {
  for (const request of requests) {
    let code: string | undefined;
    let isDone = false;
    host.disk.submit(request, (error) => {
      isDone = true;
      code = error === undefined ? undefined : String((error as { code?: string }).code);
    });
    world.runUntil(() => isDone || !host.isRunning, 60_000);
    if (code !== undefined) return code;
  }
  return undefined;
}

function content(host: Host, file = "f"): string | undefined {
  const found = host.disk.platter.files.find((entry) => entry.file === file);
  if (found === undefined) return undefined;
  const request = { type: "read", file, offset: 0, length: found.bytes } as const;
  return decode(host.disk.platter.clone().execute(request) as Uint8Array);
}

const write = (text: string, offset = 0): FileRequest => ({
  type: "write",
  file: "f",
  offset,
  bytes: encode(text),
});
const sync: FileRequest = { type: "sync", file: "f" };
const syncDirectory: FileRequest = { type: "syncDirectory" };

/** How often the text is there after a power cut, over many seeds. */
function survivals(requests: readonly FileRequest[], disk: DiskOptions = {}): number {
  return Array.from({ length: 100 }, (_, seed) => {
    const { world, host } = hostWith(disk, seed);
    execute(world, host, requests);
    host.cutPower();
    return Number(content(host) === "hello");
  }).reduce((sum, one) => sum + one, 0);
}

test("only content and name synced survive a power cut for certain", () => {
  expect(survivals([write("hello"), sync, syncDirectory])).toBe(100);
  for (const requests of [
    [write("hello")],
    [write("hello"), sync],
    [write("hello"), syncDirectory],
  ]) {
    expect(survivals(requests)).toBeGreaterThan(5);
    expect(survivals(requests)).toBeLessThan(95);
  }
  expect(survivals([write("hello"), sync, syncDirectory], { lyingSync: 1 })).toBeLessThan(50);
});

test("a crash of the process alone loses nothing that was completed", () => {
  const { world, host } = hostWith();
  execute(world, host, [write("hello")]);
  host.crash();
  expect(content(host)).toBe("hello");
});

test("a request under way at the end may or may not have happened, in part", () => {
  const contents = new Set<string | undefined>();
  for (let seed = 0; seed < 100; seed++) {
    const { host } = hostWith({}, seed);
    host.disk.submit(write("hello"), () => expect.fail("the process is dead"));
    host.crash();
    contents.add(content(host));
  }
  expect(contents).toContain(undefined);
  expect(contents).toContain("hello");
  expect(contents).toContain("he");
});

test("requests take their time, and a stuck disk takes for ever", () => {
  const { world, host } = hostWith({ latencyMeanMs: 1, syncMeanMs: 100 });
  execute(world, host, [write("hello")]);
  expect(world.now).toBeLessThan(20);
  for (let i = 0; i < 50; i++) execute(world, host, [sync]);
  expect(world.now / 50).toBeGreaterThan(60);
  const free = host.disk.hang();
  let isDone = false;
  host.disk.submit(sync, () => (isDone = true));
  world.runFor(1e7);
  expect(isDone).toBe(false);
  free();
  world.runFor(10_000);
  expect(isDone).toBe(true);
});

test("errors come as often as asked for, as long as asked for", () => {
  const { world, host } = hostWith();
  execute(world, host, [write("hello")]);
  const read: FileRequest = { type: "read", file: "f", offset: 0, length: 5 };
  const heal = host.disk.disturb({ readError: 1, writeError: 1, syncError: 1 });
  for (const request of [read, write("x"), sync, syncDirectory])
    expect(execute(world, host, [request])).toBe("EIO");
  heal();
  for (const request of [read, write("x"), sync, syncDirectory])
    expect(execute(world, host, [request])).toBeUndefined();
  expect(execute(world, host, [{ type: "sync", file: "g" }])).toBe("ENOENT");
});

test("after a failed sync a retry succeeds, and means nothing", () => {
  const kept = Array.from({ length: 100 }, (_, seed) => {
    const { world, host } = hostWith({}, seed);
    execute(world, host, [write("....."), sync, syncDirectory, write("hello")]);
    const heal = host.disk.disturb({ syncError: 1 });
    expect(execute(world, host, [sync])).toBe("EIO");
    heal();
    expect(execute(world, host, [sync])).toBeUndefined();
    expect(content(host)).toBe("hello");
    host.cutPower();
    return content(host) === "hello";
  });
  expect(new Set(kept)).toEqual(new Set([true, false]));
});

test("a full disk takes what fits, and room can come back", () => {
  const { world, host } = hostWith();
  const heal = host.disk.disturb({ capacityBytes: 8 });
  expect(execute(world, host, [write("hello")])).toBeUndefined();
  expect(execute(world, host, [write("world", 5)])).toBe("ENOSPC");
  expect(execute(world, host, [write("HELLO")])).toBeUndefined();
  heal();
  expect(execute(world, host, [write("world", 5)])).toBeUndefined();
  expect(content(host)).toBe("HELLOworld");
});

test("a host can come back with its disk, an older one, or none", () => {
  const after = (disk: "same" | "wiped" | "rolled-back") => {
    const { world, host } = hostWith();
    execute(world, host, [write("old"), sync, syncDirectory]);
    inject(world, {
      kind: "crash",
      atMs: 2000,
      forMs: 10,
      hosts: ["a"],
      death: "power-cut",
      disk,
      backupAtMs: 1000,
    });
    world.runFor(1500 - world.now);
    execute(world, host, [write("new"), sync]);
    world.runFor(1000);
    expect([host.life, host.isRunning]).toEqual([2, true]);
    return content(host);
  };
  expect([after("same"), after("rolled-back"), after("wiped")]).toEqual(["new", "old", undefined]);
});

test("rot flips one bit for good, and strikes nothing on an empty disk", () => {
  const { world, host } = hostWith();
  expect(host.disk.rot()).toBeUndefined();
  execute(world, host, [write("hello"), sync, syncDirectory]);
  expect(host.disk.rot()).toMatchObject({ file: "f" });
  const rotten = content(host);
  expect(rotten).not.toBe("hello");
  host.cutPower();
  expect(content(host)).toBe(rotten);
});
