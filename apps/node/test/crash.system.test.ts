import { afterAll, describe, expect, test } from "vitest";
import { crashLoop } from "./crash-loop.ts";
import { fakeNode, realNode } from "./crash-subjects.ts";
import { scratchDirectory } from "./spawned-node.ts";

const scratch = scratchDirectory();
afterAll(scratch.remove);

const options = {
  rounds: 4,
  writers: 8,
  acknowledgements: () => 20 + Math.floor(Math.random() * 100),
};

describe("a server killed in the middle of writes", () => {
  test("has everything it acknowledged, once, and nothing it forgot", async () => {
    const result = await crashLoop(realNode(scratch.path), options);
    expect(result.violations).toEqual([]);
    expect(result.acknowledged).toBeGreaterThan(50);
    expect(result.forgotten).toBeGreaterThan(5);
  });
});

describe("the checker", () => {
  test("finds nothing against a server that keeps its promises", async () => {
    const { violations } = await crashLoop(fakeNode("none"), options);
    expect(violations).toEqual([]);
  });

  test("catches a server that acknowledges before the write is safe", async () => {
    const { violations } = await crashLoop(fakeNode("acknowledges early"), options);
    expect(violations.some((violation) => violation.includes("is 404 after acknowledged"))).toBe(
      true,
    );
  });

  test("catches a server whose forgetting does not last", async () => {
    const { violations } = await crashLoop(fakeNode("forgets forgetting"), options);
    expect(violations.some((violation) => violation.includes("forgotten acknowledged"))).toBe(true);
  });
});
