import { runReadme } from "@engram/vitest/readme";
import { expect, test } from "vitest";

test("the README's code prints what it says", async () => {
  const printed = await runReadme(new URL("../README.md", import.meta.url));
  expect(printed).toEqual([
    "[ 'd', 'c', 'b' ]",
    "8169 copies, at least 8169 needed, 0 needless",
    "5575 copies, at least 5575 needed, 0 needless",
    "8215 copies, at least 8215 needed, 0 needless",
    "Ada",
    "8205 slots, 512.8125 GiB, from c, ...",
    "true",
  ]);
});
