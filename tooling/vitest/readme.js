import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { inspect } from "node:util";
import { vi } from "vitest";

const fence = /^```ts\n([\s\S]*?)^```$/gm;

/** See readme.d.ts. The module is written beside the tests so that package names resolve as for a user. */
export async function runReadme(readme) {
  const blocks = [...readFileSync(readme, "utf8").matchAll(fence)].map((match) => match[1]);
  if (blocks.length === 0) throw new Error(`no ts code block in ${readme.pathname}`);
  const directory = new URL("./.results/", readme);
  const file = new URL(`readme-${process.pid}.ts`, directory);
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, blocks.join("\n"));
  const printed = [];
  const log = vi.spyOn(console, "log").mockImplementation((...values) => {
    printed.push(values.map((v) => (typeof v === "string" ? v : inspect(v))).join(" "));
  });
  try {
    await import(/* @vite-ignore */ file.href);
    return printed;
  } finally {
    log.mockRestore();
    rmSync(file, { force: true });
  }
}
