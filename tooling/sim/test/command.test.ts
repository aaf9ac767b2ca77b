import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { command } from "../src/node/command.ts";
import { toyScenario } from "./toy.ts";

const scratch = mkdtempSync(join(tmpdir(), "sim-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

/** Calls the command for the toy, in its buggy form or not. */
function call(forgets: boolean, ...args: string[]): { code: number; printed: string } {
  const lines: string[] = [];
  const print = (...values: unknown[]) => void lines.push(values.join(" "));
  vi.spyOn(console, "log").mockImplementation(print);
  vi.spyOn(console, "error").mockImplementation(print);
  return { code: command(toyScenario(forgets), args), printed: lines.join("\n") };
}

test("a sweep says what ran, what happened and what failed", () => {
  const good = call(false, "sweep", "--", "--count", "30");
  expect(good.code).toBe(0);
  expect(good.printed).toContain("toy: 30 runs, 0 failed, 0 void, 30 distinct traces");
  expect(good.printed).toMatch(/fault crash +\d+ times in \d+ runs/);
  const bad = call(true, "sweep", "--from", "20", "--count", "20");
  expect(bad.code).toBe(1);
  expect(bad.printed).toMatch(/^failed \d+: delivered once: message \d+ again$/m);
});

test("a failing seed is shrunk, saved, and replayed from its plan", () => {
  const [, seed = ""] = /^failed (\d+)/m.exec(call(true, "sweep", "--count", "50").printed) ?? [];
  const file = join(scratch, "plan.json");
  expect(call(true, "shrink", "--seed", seed, "--save", file).code).toBe(1);
  const replay = call(true, "replay", "--plan", file);
  expect(replay.code).toBe(1);
  expect(replay.printed).toMatch(/failed [0-9a-f]{16} delivered once/);
  expect(call(false, "replay", "--seed", seed).code).toBe(0);
});

test("chains are equal line by line, and wrong calls are told so", () => {
  expect(call(false, "chain", "--count", "2")).toEqual(call(false, "chain", "--count", "2"));
  expect(call(false, "replay").code).toBe(2);
  expect(call(false, "dance").printed).toContain("replay (--seed SEED | --plan FILE)");
});
