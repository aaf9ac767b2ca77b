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
  for (const path of cores) expect(lint(path, code), path).toMatch(/no-restricted-/);
});

test("pure code passes, and adapters may do IO", () => {
  for (const path of cores) expect(lint(path, "export const a = 1;\n"), path).toBe("");
  expect(lint("packages/x/src/node/x.ts", impurities["a file"])).toBe("");
});

function lint(path: string, code: string): string {
  const file = join(scratch, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
  try {
    execFileSync(join(root, "node_modules", ".bin", "oxlint"), ["--deny-warnings", path], {
      cwd: scratch,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
