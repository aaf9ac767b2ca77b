import { runReadme } from "@engram/vitest/readme";
import { expect, test } from "vitest";

test("the README's code runs and prints what it says", async () => {
  expect(await runReadme(new URL("../README.md", import.meta.url))).toEqual([
    "1 2 2",
    "1 the kettle is on",
    "2 the kettle whistles",
    "durable up to 2",
    "2 1",
    "[ 1, 2 ]",
  ]);
});
