import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { problemKinds } from "../src/node/http/problem.ts";
import { namedSettings } from "../src/node/settings.ts";

// Tables that repeat the program are rendered from it. `README_UPDATE=1` writes them anew.
const file = new URL("../README.md", import.meta.url);

const settingsTable = [
  "| setting | type | default | meaning |",
  "|---|---|---|---|",
  ...namedSettings.map(({ name, type, fallback, choices, least, most, meaning }) => {
    const range = choices?.join(", ") ?? (most === undefined ? type : `${least} to ${most}`);
    const shown = name === "data.dir" ? "~/.local/share/engram" : JSON.stringify(fallback);
    return `| \`${name}\` | ${range} | \`${shown}\` | ${meaning} |`;
  }),
].join("\n");

const codesTable = [
  "| status | `code` | when |",
  "|---:|---|---|",
  ...Object.entries(problemKinds).map(
    ([code, [status, title]]) => `| ${status} | \`${code}\` | ${title} |`,
  ),
].join("\n");

test.each([
  ["settings", settingsTable],
  ["codes", codesTable],
])("the table of %s is the program's", (name, table) => {
  const text = readFileSync(file, "utf8");
  const section = new RegExp(`<!-- ${name} -->\\n([\\s\\S]*?)<!-- /${name} -->`);
  if (process.env["README_UPDATE"] === "1") {
    const fresh = `<!-- ${name} -->\n${table}\n<!-- /${name} -->`;
    writeFileSync(
      file,
      text.replace(section, () => fresh),
    );
    return;
  }
  expect(section.exec(text)?.[1]?.trim()).toBe(table);
});
