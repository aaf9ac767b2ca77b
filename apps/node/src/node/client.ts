import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { isRecord } from "../engine/fields.ts";
import { resolveConfig } from "./config.ts";
import { messageOf, NodeFailure } from "./failure.ts";

interface ClientOptions {
  readonly url?: string;
  readonly space?: string;
  readonly json?: boolean;
}

interface Call {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

/** Commands that ask a running node over HTTP: what they print is what it answered. */
export function addClientCommands(program: Command): void {
  const command = (parent: Command, usage: string, description: string): Command =>
    parent
      .command(usage)
      .description(description)
      .option("--url <url>", "base address of the node")
      .option("--space <name>", "memory space (default: ENGRAM_MEMORY_SPACE, then default)")
      .option("--json", "print the answer as JSON on one line");

  command(program, "status", "what a node says about itself").action((options: ClientOptions) =>
    show(options, { path: "/health" }),
  );
  const memory = program.command("memory").description("memories of a space");
  command(memory, "create <content>", "remember; - reads the content from stdin")
    .option("--id <id>", "id of the memory")
    .option("--tag <tag...>", "tags")
    .action((content: string, options: ClientOptions & { id?: string; tag?: string[] }) =>
      show(options, {
        method: "POST",
        path: "/api/v1/memories/remember",
        body: {
          content: content === "-" ? readFileSync(0, "utf8") : content,
          ...(options.id === undefined ? {} : { id: options.id }),
          ...(options.tag === undefined ? {} : { tags: options.tag }),
        },
      }),
    );
  command(memory, "get <id>", "one memory").action((id: string, options: ClientOptions) =>
    show(options, { path: memoryPath(id) }),
  );
  command(memory, "delete <id>", "forget, for good").action((id: string, options: ClientOptions) =>
    show(options, { method: "DELETE", path: memoryPath(id) }),
  );
  command(memory, "search <query>", "recall by text")
    .option("--limit <count>", "at most this many", "10")
    .action((query: string, options: ClientOptions & { limit: string }) =>
      show(options, { path: "/api/v1/memories/search", query: { query, limit: options.limit } }),
    );
  command(memory, "list", "memories in id order")
    .option("--limit <count>", "at most this many", "100")
    .option("--cursor <cursor>", "next_cursor of the page before")
    .action((options: ClientOptions & { limit: string; cursor?: string }) =>
      show(options, {
        path: "/api/v1/memories",
        query: { limit: options.limit, cursor: options.cursor },
      }),
    );
  const space = program.command("space").description("memory spaces");
  command(space, "list", "every space").action((options: ClientOptions) =>
    show(options, { path: "/api/v1/spaces" }),
  );
  command(space, "create <name>", "a new space").action((id: string, options: ClientOptions) =>
    show(options, { method: "POST", path: "/api/v1/spaces", body: { id } }),
  );
}

const memoryPath = (id: string): string => `/api/v1/memories/${encodeURIComponent(id)}`;

async function show(options: ClientOptions, call: Call): Promise<void> {
  const answer = await ask(options, call);
  const text = options.json === true ? JSON.stringify(answer) : JSON.stringify(answer, null, 2);
  process.stdout.write(`${text}\n`);
}

async function ask(options: ClientOptions, call: Call): Promise<unknown> {
  const url = new URL(call.path, options.url ?? configuredUrl());
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const space = options.space ?? process.env["ENGRAM_MEMORY_SPACE"];
  let response: Response;
  try {
    response = await fetch(url, {
      method: call.method ?? "GET",
      headers: {
        ...(space === undefined ? {} : { "x-memory-space": space }),
        ...(call.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
  } catch (error) {
    throw new NodeFailure(
      "UNREACHABLE",
      `no node answers at ${url.origin}: start one with engram start, or name it with --url`,
      error,
    );
  }
  const answer: unknown = await response.json();
  if (response.ok) return answer;
  throw new NodeFailure("REFUSED", refusalOf(answer, response.status));
}

function refusalOf(answer: unknown, status: number): string {
  if (!isRecord(answer)) return `the node answered ${status}`;
  const parts = [answer["detail"], answer["hint"]].filter((part) => typeof part === "string");
  return `${parts.join(". ")} (${String(answer["code"])}, ${status})`;
}

function configuredUrl(): string {
  const { config } = resolveConfig({ environment: process.env, flags: {}, file: undefined });
  const { host, port } = config.http;
  try {
    return new URL(`http://${host}:${port}`).href;
  } catch (error) {
    throw new NodeFailure("BAD_CONFIG", `http.host ${host} is no address: ${messageOf(error)}`);
  }
}
