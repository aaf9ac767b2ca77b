/**
 * Retrieval on LoCoMo, through the public HTTP interface of a node started for the purpose: one space
 * per conversation, one memory per turn, the questions as they stand, public defaults plus
 * `max_results`. `node eval/locomo.ts FILE [--readme]`; the last line printed is one JSON object.
 */
import { readFileSync } from "node:fs";
import { scratchDirectory, spawnNode } from "../test/spawned-node.ts";
import { percentile, writeSection } from "../bench/report.ts";
import { answerableQuestions, parseConversations, type Conversation } from "./locomo-file.ts";

const resultsMax = 20;
const writers = 64;

interface Asked {
  readonly conversation: string;
  /** Place of the first evidence turn among the answers, from 0; -1 if it is not there. */
  readonly rank: number;
  readonly recallAt10: number;
  readonly isSessionHit: boolean;
  readonly milliseconds: number;
}

async function load(url: string, conversation: Conversation): Promise<void> {
  await post(`${url}/api/v1/spaces`, { id: conversation.space });
  const waiting = [...conversation.turns];
  const write = async () => {
    for (let turn = waiting.pop(); turn !== undefined; turn = waiting.pop()) {
      const { id, content, timestamp } = turn;
      await post(`${url}/api/v1/memories/remember?space=${conversation.space}`, {
        id,
        content,
        timestamp,
      });
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
}

async function post(url: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

async function ask(
  url: string,
  conversation: Conversation,
  question: { text: string; evidence: readonly string[] },
): Promise<Asked> {
  const parameters = new URLSearchParams({
    query: question.text,
    space: conversation.space,
    max_results: String(resultsMax),
  });
  const started = performance.now();
  const response = await fetch(`${url}/api/v1/memories/recall?${parameters.toString()}`);
  const answer = (await response.json()) as {
    memories: { vivid: { id: string }[]; associated: { id: string }[] };
  };
  const milliseconds = performance.now() - started;
  if (!response.ok) throw new Error(JSON.stringify(answer));
  const ids = [...answer.memories.vivid, ...answer.memories.associated].map(({ id }) => id);
  const evidence = new Set(question.evidence);
  const found = ids.slice(0, 10).filter((id) => evidence.has(id)).length;
  const sessions = new Set(question.evidence.map(sessionOf));
  return {
    conversation: conversation.name,
    rank: ids.findIndex((id) => evidence.has(id)),
    recallAt10: found / evidence.size,
    isSessionHit: ids[0] !== undefined && sessions.has(sessionOf(ids[0])),
    milliseconds,
  };
}

const sessionOf = (turn: string): string => turn.slice(0, turn.indexOf(":"));

const share = (asked: readonly Asked[], holds: (one: Asked) => boolean): number =>
  asked.filter(holds).length / asked.length;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const hitAt = (asked: readonly Asked[], k: number): number =>
  share(asked, ({ rank }) => rank >= 0 && rank < k);

function measures(asked: readonly Asked[]): Record<string, number | null> {
  const times = asked.map(({ milliseconds }) => milliseconds);
  const rounded = (value: number) => Math.round(value * 10_000) / 10_000;
  return {
    questions: asked.length,
    hit_at_1: rounded(hitAt(asked, 1)),
    hit_at_5: rounded(hitAt(asked, 5)),
    hit_at_10: rounded(hitAt(asked, 10)),
    recall_at_10: rounded(mean(asked.map(({ recallAt10 }) => recallAt10))),
    mrr: rounded(mean(asked.map(({ rank }) => (rank < 0 ? 0 : 1 / (rank + 1))))),
    session_hit_at_1: rounded(share(asked, ({ isSessionHit }) => isSessionHit)),
    hit_at_10_without_spreading: null,
    ms_per_query_p50: rounded(percentile(times, 0.5)),
    ms_per_query_p99: rounded(percentile(times, 0.99)),
  };
}

function table(asked: readonly Asked[], total: Record<string, number | null>): string {
  const columns = ["questions", "hit_at_1", "hit_at_5", "hit_at_10", "recall_at_10", "mrr"];
  columns.push("session_hit_at_1", "ms_per_query_p50", "ms_per_query_p99");
  const names = [...new Set(asked.map(({ conversation }) => conversation))];
  const row = (name: string, values: Record<string, number | null>) =>
    `| ${name} | ${columns.map((column) => values[column]).join(" | ")} |`;
  return [
    `| conversation | ${columns.join(" | ")} |`,
    `|---|${columns.map(() => "---:|").join("")}`,
    ...names.map((name) =>
      row(name, measures(asked.filter(({ conversation }) => conversation === name))),
    ),
    row("**all**", total),
  ].join("\n");
}

async function main(file: string, isForReadme: boolean): Promise<void> {
  const conversations = parseConversations(JSON.parse(readFileSync(file, "utf8")));
  const scratch = scratchDirectory();
  const asked: Asked[] = [];
  try {
    const node = await spawnNode({ directory: scratch.path });
    try {
      for (const conversation of conversations) await load(node.url, conversation);
      for (const conversation of conversations) {
        for (const question of answerableQuestions(conversation)) {
          asked.push(await ask(node.url, conversation, question));
        }
      }
    } finally {
      await node.stop();
    }
  } finally {
    scratch.remove();
  }
  const total = measures(asked);
  const rendered = table(asked, total);
  if (isForReadme) writeSection("eval", "pnpm --filter @engram/node eval:locomo FILE", rendered);
  process.stdout.write(`${rendered}\n\n${JSON.stringify(total)}\n`);
}

const [file, option] = process.argv.slice(2);
if (file === undefined || (option !== undefined && option !== "--readme")) {
  process.stderr.write("usage: eval:locomo FILE [--readme]\n");
  process.exitCode = 64;
} else {
  await main(file, option !== undefined);
}
