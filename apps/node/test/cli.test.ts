import { afterEach, beforeEach, expect, test, vi } from "vitest";

const real = { versions: process.versions, argv: process.argv, exitCode: process.exitCode };

beforeEach(() => vi.resetModules());
afterEach(() => {
  Object.defineProperty(process, "versions", { value: real.versions });
  process.argv = real.argv;
  process.exitCode = real.exitCode;
  vi.restoreAllMocks();
});

/** Runs the program's first file as `node` of a version would. */
async function runOn(node: string, ...args: string[]): Promise<{ out: string; err: string }> {
  const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const err = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  Object.defineProperty(process, "versions", { value: { ...real.versions, node } });
  process.argv = ["node", "engram", ...args];
  await import("../src/node/cli.ts");
  return { out: out.mock.calls.join(""), err: err.mock.calls.join("") };
}

test.each(["18.20.0", "20.20.2", "22.17.1"])("Node %s is too old, in one line", async (version) => {
  const { out, err } = await runOn(version, "start");
  expect([process.exitCode, out]).toEqual([69, ""]);
  expect(err).toBe(
    `engram: Node ${version} is too old: install Node 22.18 or newer (24 is best)\n`,
  );
});

test.each(["22.18.0", "24.0.0", "26.1.0"])("Node %s runs the command", async (version) => {
  const { out, err } = await runOn(version, "--version");
  expect([process.exitCode, err]).toEqual([0, ""]);
  expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
});
