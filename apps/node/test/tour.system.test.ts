import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scratchDirectory, spawnNode, type SpawnedNode } from "./spawned-node.ts";

// The tour in the root README is what a node really answers. `TOUR_UPDATE=1` writes it anew.
const readme = new URL("../../../README.md", import.meta.url);
const block = /```console\n([\s\S]*?)```/;
const address = "http://127.0.0.1:7432";

const scratch = scratchDirectory();
let node: SpawnedNode;
beforeAll(async () => {
  node = await spawnNode({ directory: scratch.path });
});
afterAll(async () => {
  await node.stop();
  scratch.remove();
});

test("the root README's tour shows real answers", () => {
  const text = readFileSync(readme, "utf8");
  const [, tour = ""] = block.exec(text) ?? [];
  const steps = tour.split(/^\$ /m).slice(1).map(stepOf);
  expect(steps.length).toBeGreaterThan(3);
  const answered = steps.map(({ command }) => `$ ${command}\n${answerTo(command)}\n`).join("");
  if (process.env["TOUR_UPDATE"] === "1") {
    writeFileSync(
      readme,
      text.replace(block, () => `\`\`\`console\n${answered}\`\`\``),
    );
  } else {
    expect(withoutTimes(answered)).toBe(withoutTimes(tour));
  }
});

/** A command goes on where its line ends in a backslash; what follows is its answer. */
function stepOf(step: string): { command: string } {
  const [command = ""] = /^(.*\\\n)*.*$/m.exec(step) ?? [];
  return { command };
}

function answerTo(command: string): string {
  const script = command.replaceAll(address, node.url);
  const answer = execFileSync("sh", ["-c", script], { encoding: "utf8" }).trim();
  return wrapped(JSON.stringify(JSON.parse(answer), undefined, 1).replaceAll(/\n\s*/g, " "));
}

/** Breaks at spaces, so that lines fit a page. */
function wrapped(text: string): string {
  let line = 0;
  return text.replaceAll(/ ?(\S+)/g, (word) => {
    line += word.length;
    if (line <= 98) return word;
    line = word.length + 1;
    return `\n ${word}`;
  });
}

const withoutTimes = (text: string): string =>
  text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>").replaceAll(/\s+/g, " ");
