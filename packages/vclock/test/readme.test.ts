import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runReadme } from "@engram/vitest/readme";

const readme = new URL("../README.md", import.meta.url);

test("the README prints what it says", async () => {
  const printed = await runReadme(readme);
  expect(printed).toEqual([
    "a1 soup",
    "a2 salad, b1 pasta",
    "true",
    "b2 buffet",
    "b2 buffet",
    "nothing / a3 sushi",
    "1 [ 3 ]",
    "coffee 10000 [ 'node 2', 'node 3' ]",
    "0.894 0.447",
    "2 e1 e2 e3",
    "0",
    "2 1",
    "0.55 0.325",
    "0.84",
    "nothing / a1 tea",
  ]);
  // Each expectation also stands beside its line as a comment.
  const text = readFileSync(readme, "utf8");
  for (const line of printed) expect(text).toContain(`// ${line}`);
});
