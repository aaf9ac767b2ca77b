import { runReadme } from "@engram/vitest/readme";
import { expect, test } from "vitest";

test("the README's program runs and prints what it says", async () => {
  const printed = await runReadme(new URL("../README.md", import.meta.url));
  expect(printed).toEqual(["[ 'bees 0.482759' ]"]);
});
