import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import * as rules from "../src/rules.ts";
import { readTree, type SourceFile } from "../src/tree.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const tree = readTree(root);

/** For each rule, a file that breaks it. */
const offenders: Record<keyof typeof rules, SourceFile> = {
  noDrawers: { path: "packages/a/src/utils.ts", text: "" },
  noCrossImports: { path: "packages/a/src/a.ts", text: 'import { b } from "@engram/b";\n' },
  sourceSize: { path: "packages/a/src/a.ts", text: "a;\n".repeat(301) },
  oneIndex: { path: "packages/a/src/node/index.ts", text: "" },
  noStarExports: { path: "packages/a/src/a.ts", text: 'export * from "./b.ts";\n' },
  noCeremony: { path: "packages/a/src/a.ts", text: "class RingManager {}\n" },
  noLeftovers: { path: "packages/a/src/a.ts", text: "// TODO later\n" },
  noSilencedTests: { path: "packages/a/test/a.test.ts", text: "test.only('a', f);\n" },
  reasonedDisables: { path: "packages/a/src/a.ts", text: "// oxlint-disable-next-line no-empty\n" },
  commentsSayWhy: { path: "packages/a/src/a.ts", text: "// This function adds.\n" },
  plainWords: { path: "packages/a/README.md", text: "A robust log.\n" },
  noForeignPaths: { path: "packages/a/src/a.ts", text: 'open("/home/ann/a");\n' },
  cleanText: { path: "packages/a/src/a.ts", text: "a; \n" },
  readmeSections: { path: "packages/a/package.json", text: "{}\n" },
  manifests: { path: "packages/a/package.json", text: "{}\n" },
  benchHeaders: { path: "packages/a/bench/results.md", text: "1000 ops/s\n" },
};

describe.each(Object.entries(rules))("%s", (name, rule) => {
  test("catches its offender", () => {
    expect(rule([offenders[name as keyof typeof rules]])).not.toEqual([]);
  });
  test("holds for the tree", () => {
    expect(rule(tree)).toEqual([]);
  });
});

test("the tree was read", () => {
  expect(tree.map(({ path }) => path)).toContain("tooling/tidy/test/tidy.test.ts");
});
