import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

// Each seed runs again in other processes that differ in all that a run must not depend on.
const processes: Record<string, { flags: string[]; env: Record<string, string> }> = {
  "another time zone and language": {
    flags: [],
    env: { TZ: "Asia/Kathmandu", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" },
  },
  "another hash seed and stack": {
    flags: ["--hash-seed=4711", "--random-seed=42", "--stack-size=4000"],
    env: { TZ: "Pacific/Marquesas" },
  },
  "no optimisation and a small heap": {
    flags: [
      "--no-opt",
      "--no-maglev",
      "--no-sparkplug",
      "--max-semi-space-size=1",
      "--max-old-space-size=256",
    ],
    env: { LANG: "C" },
  },
};

const plain = { flags: [] as string[], env: {} as Record<string, string> };

function chain(script: string, args: string[], { flags, env } = plain): string[] {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const all = ["--conditions=@engram/source", ...flags, file, "chain", ...args];
  const output = execFileSync(process.execPath, all, {
    env: { PATH: process.env["PATH"] ?? "", TZ: "UTC", ...env },
    encoding: "utf8",
  });
  return output.trim().split("\n");
}

/** The first line in which two chains differ: where to look for the culprit. */
function firstDifference(left: string[], right: string[]): number {
  return left.findIndex((line, index) => line !== right[index]);
}

const suites = [
  { name: "the toy protocol", script: "./chain.ts", args: ["--count", "60"], lines: 300 },
  { name: "the real log", script: "./log/seeds.ts", args: ["--count", "10"], lines: 40 },
];

test.each(suites)("$name leaves the same trace in every process", ({ script, args, lines }) => {
  const first = chain(script, args);
  expect(first.length).toBeGreaterThan(lines);
  expect(new Set(first).size).toBe(first.length);
  for (const [difference, settings] of Object.entries(processes)) {
    const again = chain(script, args, settings);
    expect(again.length, difference).toBe(first.length);
    expect(firstDifference(first, again), difference).toBe(-1);
  }
});

test("a planted random number shows, at the checkpoint after it", () => {
  const planted = { flags: [], env: { PLANT: "random" } };
  const [left, right] = [0, 1].map(() => chain("./chain.ts", ["--count", "1"], planted));
  const at = firstDifference(left ?? [], right ?? []);
  expect(at).toBeGreaterThan(0);
  const [, , before] = (left?.[at - 1] ?? "").split(" ");
  const [, , after] = (left?.[at] ?? "").split(" ");
  expect(Number(before)).toBeLessThan(15_000);
  expect(Number(after)).toBeGreaterThanOrEqual(15_000);
});
