import { execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as setTimer } from "node:timers";
import { expect, test } from "vitest";
import { guard, TripwireError, World } from "../src/index.ts";

const escapes: Record<string, () => unknown> = {
  "Date.now": () => Date.now(),
  "new Date": () => new Date(),
  Date: () => Date(),
  "performance.now": () => performance.now(),
  "process.hrtime": () => process.hrtime(),
  "process.hrtime.bigint": () => process.hrtime.bigint(),
  setTimeout: () => setTimeout(() => {}, 1),
  "timers.setTimeout": () => setTimer(() => {}, 1),
  setImmediate: () => setImmediate(() => {}),
  queueMicrotask: () => queueMicrotask(() => {}),
  "process.nextTick": () => process.nextTick(() => {}),
  "Math.random": () => Math.random(),
  randomBytes: () => randomBytes(4),
  randomUUID: () => randomUUID(),
  "crypto.getRandomValues": () => crypto.getRandomValues(new Uint8Array(4)),
  "fs.readFileSync": () => readFileSync("package.json"),
  "fs.promises.readFile": () => void readFile("package.json"),
  "net.createServer": () => createServer(),
  "dgram.createSocket": () => createSocket("udp4"),
  "child_process.execFileSync": () => execFileSync("true"),
  fetch: () => void fetch("http://127.0.0.1:1"),
  localeCompare: () => "a".localeCompare("b"),
  "Date.getHours": () => new Date(0).getHours(),
  WeakRef: () => new WeakRef({}),
};

test.each(Object.entries(escapes))("%s throws inside a run", (_, escape) => {
  const world = new World({ seed: 1 });
  world.at(1, () => void escape());
  expect(() => world.runFor(10)).toThrow(TripwireError);
});

test("a promise inside a run is reported at its end", async () => {
  const pending: unknown[] = [];
  expect(() => guard(() => pending.push(Promise.resolve()))).toThrow(/1 promises/);
  const run = guard as (action: () => unknown) => unknown;
  expect(() => run(async () => pending.push(await Promise.resolve()))).toThrow(/promises made/);
  await Promise.all(pending);
});

test("a refusal that somebody catches still ends the run", () => {
  const swallow = () => {
    try {
      return Date.now();
    } catch {
      return 0;
    }
  };
  expect(() => guard(swallow)).toThrow("Date.now inside a simulated run");
});

test("outside of a run everything works, also after a run that threw", () => {
  expect(() => guard(() => Date.now())).toThrow(TripwireError);
  expect(Date.now()).toBeGreaterThan(0);
  expect(new Date()).toBeInstanceOf(Date);
  expect(readFileSync(new URL("../package.json", import.meta.url), "utf8")).toContain("sim");
  expect(Math.random()).toBeLessThan(1);
  expect(guard(() => guard(() => 1) + 1)).toBe(2);
});

test("values that hold no secret of the real world are allowed", () => {
  expect(guard(() => new Date(86_400_000).toISOString())).toBe("1970-01-02T00:00:00.000Z");
  expect(guard(() => [Math.sqrt(4), JSON.stringify({ a: 1 })])).toEqual([2, '{"a":1}']);
});

test("printing is allowed: one must be able to look", () => {
  const print = console.info;
  expect(() => guard(() => print("printed inside a run"))).not.toThrow();
  expect(() => guard(() => [print("x"), Date.now()])).toThrow(TripwireError);
});
