import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { spawnNode, type SpawnedNode } from "./spawned-node.ts";
import type { Subject } from "./crash-loop.ts";

/** A real node that checkpoints all the time, so that kills land in the middle of checkpoints too. */
export function realNode(directory: string): Subject {
  let node: SpawnedNode | undefined;
  const flags = ["--store-checkpoint-interval-ms", "10", "--store-checkpoint-bytes", "4096"];
  return {
    start: async () => {
      node = await spawnNode({ directory, flags });
      return node.url;
    },
    kill: async () => {
      await node?.stop("SIGKILL");
    },
  };
}

export type Lie = "none" | "acknowledges early" | "forgets forgetting";

/**
 * A small stand-in for a node that keeps its memories in memory and its promises or not: the checker
 * has to tell the difference. "Durable" is what survives `kill`.
 */
export function fakeNode(lie: Lie): Subject {
  let durable = new Map<string, string | null>();
  let volatile = new Map(durable);
  let server: Server | undefined;
  const save = () => {
    durable = new Map(volatile);
    if (lie !== "forgets forgetting") return;
    for (const [id, content] of volatile) if (content === null) durable.delete(id);
  };
  return {
    start: async () => {
      volatile = new Map(durable);
      server = createServer((request, response) => {
        let raw = "";
        request.on("data", (chunk: Buffer) => (raw += chunk.toString()));
        request.on("end", () => {
          const url = new URL(request.url ?? "", "http://fake");
          const answer = answerOf(volatile, { method: request.method ?? "", url, raw });
          // Early: whatever came since the last read is still only in memory.
          if (lie !== "acknowledges early" || request.method === "GET") save();
          response.writeHead(answer.status, { "content-type": "application/json" });
          response.end(JSON.stringify(answer.body));
        });
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    },
    kill: async () => {
      server?.closeAllConnections();
      await new Promise((resolve) => server?.close(resolve));
    },
  };
}

function answerOf(
  memories: Map<string, string | null>,
  asked: { method: string; url: URL; raw: string },
): { status: number; body: unknown } {
  const id = asked.url.pathname.split("/").at(-1) ?? "";
  if (asked.method === "POST") {
    const said = JSON.parse(asked.raw) as { id: string; content: string };
    memories.set(said.id, said.content);
    return { status: 201, body: {} };
  }
  if (asked.method === "DELETE") {
    memories.set(id, null);
    return { status: 200, body: {} };
  }
  const live = [...memories].filter(([, content]) => content !== null);
  if (id === "memories") {
    return { status: 200, body: { memories: live.map(([id]) => ({ id })), pagination: {} } };
  }
  if (id === "search") {
    const wanted = `${asked.url.searchParams.get("query")} said`;
    const found = live.filter(([, content]) => content === wanted);
    return { status: 200, body: { memories: found.map(([, content]) => ({ content })) } };
  }
  const content = memories.get(id);
  if (content === undefined) return { status: 404, body: {} };
  return content === null ? { status: 410, body: {} } : { status: 200, body: { content } };
}
