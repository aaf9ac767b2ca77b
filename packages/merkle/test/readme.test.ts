import { runReadme } from "@engram/vitest/readme";
import { expect, test } from "vitest";

test("the README's code does what it says", async () => {
  const printed = await runReadme(new URL("../README.md", import.meta.url));
  expect(printed.slice(0, 3).sort()).toEqual(["both pear", "pull fig", "push plum"]);
  expect(printed.slice(3)).toEqual(["true", "pull quince"]);
});
