import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clientOf } from "./client.ts";
import { scratchDirectory, spawnNode, type SpawnedNode } from "./spawned-node.ts";

const scratch = scratchDirectory();
let node: SpawnedNode;
beforeAll(async () => {
  node = await spawnNode({ directory: scratch.path, flags: ["--http-request-timeout-ms", "300"] });
});
afterAll(async () => {
  await node.stop();
  scratch.remove();
});

/** Sends bytes as they are and returns all that comes back until the node hangs up. */
async function exchange(sent: string): Promise<string> {
  const socket = connect(Number(new URL(node.url).port), "127.0.0.1");
  let received = "";
  socket.setEncoding("utf8").on("data", (text: string) => (received += text));
  socket.on("error", () => undefined);
  socket.write(sent);
  await once(socket, "close");
  return received;
}

test.each([
  [
    "a request that never ends",
    "POST /api/v1/memories HTTP/1.1\r\nhost: x\r\ncontent-",
    408,
    "REQUEST_TIMEOUT",
  ],
  [
    "a body that never comes",
    "POST /api/v1/memories HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{",
    408,
    "REQUEST_TIMEOUT",
  ],
  [
    "headers without end",
    `GET / HTTP/1.1\r\nx: ${"y".repeat(100_000)}\r\n`,
    431,
    "HEADERS_TOO_LARGE",
  ],
  ["another protocol", "\u0016\u0003\u0001 hello\r\n\r\n", 400, "BAD_REQUEST"],
])("%s is refused", async (_name, sent, status, code) => {
  const received = await exchange(sent);
  expect(received).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(received).toContain("content-type: application/problem+json");
  expect(received).toContain(`"code":"${code}"`);
  const alive = await clientOf(node.url)({ path: "/health/ready" });
  expect(alive.status).toBe(200);
});
