import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "./arbitrary.ts";
import type { Answer } from "./client.ts";
import { suiteNode } from "./suite-node.ts";

const { client, node } = suiteNode();

/** A 2xx or a problem of the client's making, never one of ours. */
function expectAnswered(answer: Answer): void {
  if (answer.status < 300 || answer.status === 501) return;
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(answer.body).toMatchObject({ status: answer.status, code: expect.any(String) });
}

const names = ["id", "content", "tags", "confidence", "timestamp", "memory_type", "when", "what"];
const nearly = fc.oneof(
  fc.dictionary(fc.constantFrom(...names, "who", "embedding", "__proto__"), fc.jsonValue()),
  fc.record(
    { content: fc.string({ unit: "binary" }), id: fc.string(), tags: fc.array(fc.string()) },
    { requiredKeys: [] },
  ),
  fc.jsonValue(),
);
const paths = fc.constantFrom(
  "/api/v1/memories/remember",
  "/api/v1/memories",
  "/api/v1/episodes/remember",
  "/api/v1/spaces",
);

test("any JSON to any path is stored or refused", async () => {
  await fc.assert(
    fc.asyncProperty(paths, nearly, async (path, json) => {
      expectAnswered(await client({ method: "POST", path, json }));
    }),
    runs(300),
  );
});

test("any bytes are refused", async () => {
  await fc.assert(
    fc.asyncProperty(paths, fc.uint8Array({ maxLength: 300 }), async (path, bytes) => {
      const raw = new Uint8Array(bytes);
      expectAnswered(await client({ method: "POST", path, raw }));
    }),
    runs(150),
  );
});

test("any query and any path are answered or refused", async () => {
  const parameter = fc.constantFrom(
    "query",
    "max_results",
    "threshold",
    "from_time",
    "cursor",
    "limit",
  );
  const text = fc.oneof(fc.string({ unit: "binary" }).map(encodeLoosely), fc.constant("%ff"));
  const target = fc.constantFrom("/recall", "/search", "", "/x");
  await fc.assert(
    fc.asyncProperty(target, fc.array(fc.tuple(parameter, text)), text, async (end, query, id) => {
      const asked = query.map(([name, value]) => `${name}=${value}`).join("&");
      expectAnswered(await client({ path: `/api/v1/memories${end}?${asked}` }));
      expectAnswered(await client({ path: `/api/v1/memories/${id}`, method: "DELETE" }));
    }),
    runs(150),
  );
});

test("and the node is well after all that, with nothing logged as its own error", async () => {
  const health = await client({ path: "/health" });
  expect(health.body.status).toBe("healthy");
  expect(node().stderr()).toBe("");
});

/** Percent-encodes what a URL cannot hold; half a surrogate pair has no encoding and is dropped. */
const encodeLoosely = (text: string): string => encodeURIComponent(text.replaceAll(/\p{Cs}/gu, ""));
