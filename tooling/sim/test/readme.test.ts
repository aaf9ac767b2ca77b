import { readFileSync } from "node:fs";
import { runReadme } from "@engram/vitest/readme";
import { expect, test } from "vitest";

const readme = new URL("../README.md", import.meta.url);

test("the README's code runs, and its first example is short", async () => {
  const printed = await runReadme(readme);
  expect(printed).toEqual([
    "14 silent seconds of 60",
    "74 silent seconds of 120",
    "50 runs, 50 different, 0 failed",
  ]);
  const [, first = ""] = /```ts\n([\s\S]*?)```/.exec(readFileSync(readme, "utf8")) ?? [];
  expect(first.split("\n").length).toBeLessThanOrEqual(60);
});
