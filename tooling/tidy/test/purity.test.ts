import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

// Second law: cores do no IO. The rule lives in .oxlintrc.json; here it is seen to fire.
const root = fileURLToPath(new URL("../../..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "purity-"));
copyFileSync(join(root, ".oxlintrc.json"), join(scratch, ".oxlintrc.json"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const impurities = {
  "a file": 'import { readFileSync } from "node:fs";\nexport const a = readFileSync;\n',
  "a socket": 'import { createSocket } from "dgram";\nexport const a = createSocket;\n',
  "the clock": "export const a = Date.now();\n",
  "a new Date": "export const a = new Date();\n",
  "a timer": "export const a = setTimeout(() => a, 1);\n",
  randomness: "export const a = Math.random();\n",
  "the environment": "export const a = process.env;\n",
  "the console": "console.log(1);\nexport const a = 1;\n",
};

const cores = ["packages/x/src/x.ts", "apps/node/src/core/x.ts", "apps/node/src/engine/x.ts"];

test.each(Object.entries(impurities))("%s in a core is refused", (_, code) => {
  const refused = lint(code, cores);
  for (const path of cores) expect(refused).toContain(path);
  expect(refused).toMatch(/no-restricted-/);
});

test("pure code passes, and adapters may do IO", () => {
  expect(lint("export const a = 1;\n", cores)).toBe("");
  expect(lint(impurities["a file"], ["packages/x/src/node/x.ts"])).toBe("");
});

/** What oxlint says of `code` when it stands at each of the paths; nothing if it passes. */
function lint(code: string, paths: readonly string[]): string {
  for (const path of paths) {
    mkdirSync(dirname(join(scratch, path)), { recursive: true });
    writeFileSync(join(scratch, path), code);
  }
  try {
    execFileSync(join(root, "node_modules", ".bin", "oxlint"), ["--deny-warnings", ...paths], {
      cwd: scratch,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
