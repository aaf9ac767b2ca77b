import { expect, test } from "vitest";
import { crashLoop } from "./crash-loop/loop.ts";

test("a process killed at any moment loses nothing acknowledged", async () => {
  const report = await crashLoop(12, Math.random);
  expect(report.acknowledged).toBeGreaterThan(100);
});
