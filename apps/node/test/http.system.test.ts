import { beforeAll, describe, expect, test } from "vitest";
import { remember } from "./client.ts";
import { suiteNode } from "./suite-node.ts";

const { client } = suiteNode();

const post = (path: string, json: unknown, headers = {}) =>
  client({ method: "POST", path, json, headers });

describe("remember, get, forget", () => {
  test("a memory with every field comes back as it was said", async () => {
    const said = {
      id: "full",
      content: "Ada keeps bees 🐝 behind the mill",
      confidence: 0.9,
      confidence_reasoning: "seen",
      tags: ["mill", "bees", "mill"],
      memory_type: "procedural",
      timestamp: "2023-05-08T13:56:00+02:00",
    };
    const made = await remember(client, said);
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      memory_id: "full",
      storage_confidence: { value: 0.9, category: "High", reasoning: "seen" },
      observed_at: "2023-05-08T11:56:00.000Z",
      stored_at: expect.any(String),
    });
    const got = await client({ path: "/api/v1/memories/full" });
    expect(got.status).toBe(200);
    expect(got.body).toEqual({
      id: "full",
      content: said.content,
      confidence: 0.9,
      confidence_reasoning: "seen",
      timestamp: "2023-05-08T11:56:00.000Z",
      observed_at: "2023-05-08T11:56:00.000Z",
      stored_at: made.body.stored_at,
      memory_type: "procedural",
      tags: ["bees", "mill"],
    });
  });

  test("an id is made when none is given, and defaults are upstream's", async () => {
    const made = await post("/api/v1/memories", { content: "no id" });
    expect(made.body.memory_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(made.body.storage_confidence).toEqual({ value: 0.7, category: "Medium" });
    expect(made.body.observed_at).toBe(made.body.stored_at);
  });

  test("an episode keeps its circumstances and is found by them", async () => {
    const made = await post("/api/v1/episodes/remember", {
      id: "ep",
      when: "2024-01-02T03:04:05Z",
      what: "The dam broke",
      where_location: "Upper Valley",
      who: ["Grace", "Alan"],
      why: "rain",
      how: "slowly",
      emotional_valence: -0.5,
    });
    expect([made.status, made.body.storage_confidence.value]).toEqual([201, 0.5]);
    const got = await client({ path: "/api/v1/memories/ep" });
    expect(got.body).toMatchObject({
      memory_type: "episodic",
      observed_at: "2024-01-02T03:04:05.000Z",
      episode: {
        where_location: "Upper Valley",
        who: ["Grace", "Alan"],
        why: "rain",
        how: "slowly",
        emotional_valence: -0.5,
      },
    });
    const found = await client({ path: "/api/v1/memories/search?query=grace&location=valley" });
    expect(found.body.memories.map(({ id }: { id: string }) => id)).toEqual(["ep"]);
  });

  test("the same again is the same memory; something else under its id is refused", async () => {
    const first = await remember(client, { id: "twice", content: "one" });
    const again = await remember(client, { id: "twice", content: "one" });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    const other = await remember(client, { id: "twice", content: "two" });
    expect([other.status, other.body.code]).toEqual([409, "MEMORY_CONFLICT"]);
    expect((await client({ path: "/api/v1/memories/twice" })).body.content).toBe("one");
  });

  test("of many at once with one id, one is created and the rest find it", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => remember(client, { id: "race", content: "once" })),
    );
    const created = answers.filter(({ status }) => status === 201);
    const known = answers.filter(({ status }) => status === 200);
    expect([created.length, known.length]).toEqual([1, 19]);
    expect(new Set(answers.map(({ body }) => body.stored_at)).size).toBe(1);
  });

  test("an Idempotency-Key stands for an id of its own in each space", async () => {
    await post("/api/v1/spaces", { id: "keyed" });
    const key = { "idempotency-key": "order 66" };
    const first = await remember(client, { content: "keyed" }, key);
    const again = await remember(client, { content: "keyed" }, key);
    const elsewhere = await remember(
      client,
      { content: "keyed" },
      { ...key, "x-memory-space": "keyed" },
    );
    expect([first.status, again.status, elsewhere.status]).toEqual([201, 200, 201]);
    expect(again.body.memory_id).toBe(first.body.memory_id);
    expect(elsewhere.body.memory_id).not.toBe(first.body.memory_id);
    const both = await remember(client, { id: "x", content: "keyed" }, key);
    expect([both.status, both.body.code]).toEqual([400, "INVALID_MEMORY_INPUT"]);
  });

  test("forgetting is final, idempotent, and leaves no trace in recall or the list", async () => {
    await remember(client, { id: "secret", content: "xyzzy plugh" });
    const path = "/api/v1/memories/secret";
    const gone = await client({ method: "DELETE", path });
    expect([gone.status, gone.body.status]).toEqual([200, "forgotten"]);
    expect((await client({ method: "DELETE", path })).body).toEqual(gone.body);
    const got = await client({ path });
    expect([got.status, got.body.code]).toEqual([410, "MEMORY_FORGOTTEN"]);
    const again = await remember(client, { id: "secret", content: "xyzzy plugh" });
    expect([again.status, again.body.code]).toEqual([410, "MEMORY_FORGOTTEN"]);
    const found = await client({ path: "/api/v1/memories/search?query=xyzzy" });
    expect(found.body).toEqual({ memories: [], total: 0 });
    const listed = await client({ path: "/api/v1/memories?limit=1000" });
    expect(JSON.stringify(listed.body)).not.toContain("secret");
    const never = await client({ method: "DELETE", path: "/api/v1/memories/never" });
    expect([never.status, never.body.code]).toEqual([404, "MEMORY_NOT_FOUND"]);
  });
});

describe("recall", () => {
  beforeAll(async () => {
    await post("/api/v1/spaces", { id: "recall" });
    const day = (number: number) => `2024-01-0${number}T00:00:00Z`;
    const said = [
      {
        id: "1",
        content: "The bees swarmed over the orchard today",
        tags: ["garden"],
        timestamp: day(1),
      },
      { id: "2", content: "A bee stung Ada", tags: ["garden", "injury"], timestamp: day(2) },
      { id: "3", content: "Ada planted an orchard of pears and plums", timestamp: day(3) },
      { id: "4", content: "Nothing happened" },
      { id: "5", content: "A bee stung Ada", timestamp: day(5), tags: ["third", "later"] },
    ];
    for (const memory of said) {
      await remember(client, memory, { "x-memory-space": "recall" });
    }
  });
  const ids = (memories: { id: string }[]) => memories.map(({ id }) => id);
  const search = async (parameters: string) =>
    ids(
      (await client({ path: `/api/v1/memories/search?space=recall&${parameters}` })).body.memories,
    );

  test("ranks by the terms shared, stems, ignores grammar, breaks ties by id", async () => {
    expect(await search("query=Who+was+stung+by+a+bee%3F")).toEqual(["2", "5", "1"]);
    expect(await search("query=orchards")).toEqual(["1", "3"]);
    expect(await search("query=zebra")).toEqual([]);
    expect(await search("query=what+was+that")).toEqual([]);
  });

  test("filters by tag, time and number", async () => {
    expect(await search("query=bee&required_tags=garden,injury")).toEqual(["2"]);
    expect(await search("query=bee&excluded_tags=garden")).toEqual(["5"]);
    expect(
      await search("query=bee&from_time=2024-01-02T00:00:00Z&to_time=2024-01-04T00:00:00Z"),
    ).toEqual(["2"]);
    expect(await search("query=bee&limit=1")).toEqual(["1"]);
    expect(await search("query=bee&threshold=1")).toEqual([]);
  });

  test("a threshold cuts on confidence before the number of answers does", async () => {
    const space = { "x-memory-space": "doubt" };
    await post("/api/v1/spaces", { id: "doubt" });
    for (const [id, confidence] of [
      ["a", 0],
      ["b", 0.1],
      ["c", 1],
    ] as const) {
      await remember(client, { id, content: "a doubtful bee", confidence }, space);
    }
    const path = "/api/v1/memories/search?space=doubt&query=bee&limit=1";
    expect(ids((await client({ path })).body.memories)).toEqual(["a"]);
    const sure = await client({ path: `${path}&threshold=0.3` });
    expect([ids(sure.body.memories), sure.body.total]).toEqual([["c"], 1]);
  });

  test("answers with confidence in [0, 1], rank order across its two lists, and reasons", async () => {
    const path = "/api/v1/memories/recall?space=recall&query=bee+stung+Ada&include_metadata=true";
    const { body } = await client({ path });
    const all = [...body.memories.vivid, ...body.memories.associated];
    expect(ids(all)).toEqual(["2", "5", "1", "3"]);
    for (const { confidence, similarity_score } of all) {
      expect(confidence).toBeGreaterThan(0);
      expect(confidence).toBeLessThanOrEqual(1);
      expect(similarity_score).toBeGreaterThanOrEqual(confidence);
    }
    expect(all[0].relevance_explanation).toBe("matches 3 of 3 terms: ada, bee, stung");
    expect(body.recall_confidence.value).toBe(all[0].confidence);
    expect(body.query_analysis).toEqual({
      search_strategy: "lexical",
      terms: ["bee", "stung", "ada"],
    });
    expect(body.metadata).toMatchObject({ total_memories_searched: 5, total_matched: 4 });
    const without = await client({ path: "/api/v1/memories/recall?space=recall&query=bee" });
    expect(without.body.metadata).toBeUndefined();
  });

  test("gives the same bytes for the same question", async () => {
    const path = "/api/v1/memories/recall?space=recall&query=bee+orchard";
    const [first, second] = [await client({ path }), await client({ path })];
    expect(second.body).toEqual(first.body);
  });

  test.each([
    ["no query", "", 400, "BAD_REQUEST"],
    ["an empty query", "query=", 400, "BAD_REQUEST"],
    ["an embedding", "query=a&embedding=[0]", 501, "NOT_IMPLEMENTED"],
    ["spreading", "query=a&mode=spreading", 501, "NOT_IMPLEMENTED"],
    ["an unknown mode", "query=a&mode=magic", 400, "INVALID_MEMORY_INPUT"],
    ["a bad number", "query=a&max_results=many", 400, "INVALID_MEMORY_INPUT"],
    ["too many", "query=a&max_results=1001", 400, "INVALID_MEMORY_INPUT"],
    ["NaN", "query=a&threshold=NaN", 400, "INVALID_MEMORY_INPUT"],
    ["a bad time", "query=a&from_time=yesterday", 400, "INVALID_MEMORY_INPUT"],
    [
      "an impossible time",
      "query=a&from_time=2024-13-01T00:00:00Z",
      422,
      "MEMORY_VALIDATION_ERROR",
    ],
    ["an unknown parameter", "query=a&qurey=b", 400, "INVALID_MEMORY_INPUT"],
    ["a parameter twice", "query=a&query=b", 400, "INVALID_MEMORY_INPUT"],
    ["bad UTF-8", "query=%ff", 400, "BAD_REQUEST"],
    ["an unknown space", "query=a&space=nowhere", 404, "SPACE_NOT_FOUND"],
  ])("refuses %s", async (_name, parameters, status, code) => {
    const answer = await client({ path: `/api/v1/memories/recall?${parameters}` });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
  });
});

describe("spaces", () => {
  test("are isolated, and named by header, then query, then body", async () => {
    for (const id of ["one", "two", "tri"]) await post("/api/v1/spaces", { id });
    const said = { id: "where", memory_space_id: "tri" };
    const put = (content: string, query: string, headers = {}) =>
      post(`/api/v1/memories/remember${query}`, { ...said, content }, headers);
    expect((await put("in one", "?space=two", { "X-Memory-Space": "one" })).status).toBe(201);
    expect((await put("in two", "?space=two")).status).toBe(201);
    expect((await put("in tri", "")).status).toBe(201);
    for (const [space, content] of [
      ["one", "in one"],
      ["two", "in two"],
      ["tri", "in tri"],
    ]) {
      const got = await client({ path: `/api/v1/memories/where?space=${space}` });
      expect(got.body.content).toBe(content);
    }
    for (const alias of ["X-Engram-Memory-Space", "X-Memory-Space-Id"]) {
      const got = await client({ path: "/api/v1/memories/where", headers: { [alias]: "two" } });
      expect(got.body.content).toBe("in two");
    }
    const inDefault = await client({ path: "/api/v1/memories/where" });
    expect(inDefault.status).toBe(404);
    const found = await client({ path: "/api/v1/memories/search?query=one+two+tri&space=one" });
    expect(found.body.total).toBe(0);
  });

  test("are created once and listed", async () => {
    const made = await post("/api/v1/spaces", { id: "new_space-1" });
    const again = await post("/api/v1/spaces", { id: "new_space-1" });
    expect([made.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(made.body);
    const { body } = await client({ path: "/api/v1/spaces" });
    expect(body.spaces).toContainEqual({ ...made.body, memories: 0 });
    expect(body.spaces.some(({ id }: { id: string }) => id === "default")).toBe(true);
    expect(body.count).toBe(body.spaces.length);
    for (const id of ["ab", "UPPER", "a/b", "x".repeat(65), "", 7]) {
      expect((await post("/api/v1/spaces", { id })).status).toBe(400);
    }
  });
});

describe("the list", () => {
  test("pages by cursor and by offset, each memory once, in id order", async () => {
    await post("/api/v1/spaces", { id: "paged" });
    const headers = { "x-memory-space": "paged" };
    const expected = Array.from({ length: 25 }, (_, index) => `m${String(index).padStart(2, "0")}`);
    for (const id of expected) await remember(client, { id, content: id }, headers);
    await remember(client, { id: "m05!", content: "between" }, headers);
    await client({ method: "DELETE", path: "/api/v1/memories/m05!", headers });

    const byCursor: string[] = [];
    let cursor = "";
    do {
      const { body } = await client({ path: `/api/v1/memories?limit=7${cursor}`, headers });
      byCursor.push(...body.memories.map(({ id }: { id: string }) => id));
      expect(body.count).toBe(25);
      cursor =
        body.pagination.next_cursor === undefined ? "" : `&cursor=${body.pagination.next_cursor}`;
    } while (cursor !== "");
    expect(byCursor).toEqual(expected);

    const byOffset = await client({ path: "/api/v1/memories?offset=20&limit=10", headers });
    expect(byOffset.body.memories.map(({ id }: { id: string }) => id)).toEqual(expected.slice(20));
    expect(byOffset.body.pagination).toEqual({ offset: 20, limit: 10, returned: 5 });
    const beyond = await client({ path: "/api/v1/memories?offset=26", headers });
    expect(beyond.body.memories).toEqual([]);
    for (const bad of ["limit=0", "limit=1001", "offset=-1", "cursor=%20", "cursor=eA&offset=1"]) {
      expect((await client({ path: `/api/v1/memories?${bad}`, headers })).status).toBe(400);
    }
  });
});

describe("bad input", () => {
  const bad = (raw: string | Uint8Array<ArrayBuffer>, headers = {}) =>
    client({ method: "POST", path: "/api/v1/memories/remember", raw, headers });

  test.each<[string, unknown, number, string]>([
    ["no content", {}, 400, "INVALID_MEMORY_INPUT"],
    ["empty content", { content: "" }, 400, "INVALID_MEMORY_INPUT"],
    ["content that is no text", { content: 7 }, 400, "INVALID_MEMORY_INPUT"],
    ["too long content", { content: "x".repeat(100_001) }, 400, "INVALID_MEMORY_INPUT"],
    ["half a surrogate", { content: "a\ud800" }, 422, "MEMORY_VALIDATION_ERROR"],
    ["confidence above 1", { content: "x", confidence: 1.1 }, 400, "INVALID_MEMORY_INPUT"],
    ["an id with a slash", { content: "x", id: "a/b" }, 400, "INVALID_MEMORY_INPUT"],
    ["an empty id", { content: "x", id: "" }, 400, "INVALID_MEMORY_INPUT"],
    ["a long id", { content: "x", id: "i".repeat(129) }, 400, "INVALID_MEMORY_INPUT"],
    [
      "too many tags",
      { content: "x", tags: Array.from({ length: 65 }, String) },
      400,
      "INVALID_MEMORY_INPUT",
    ],
    ["an empty tag", { content: "x", tags: [""] }, 400, "INVALID_MEMORY_INPUT"],
    ["a bad time", { content: "x", timestamp: "now" }, 400, "INVALID_MEMORY_INPUT"],
    [
      "a time before 1970",
      { content: "x", timestamp: "1969-12-31T23:59:59Z" },
      422,
      "MEMORY_VALIDATION_ERROR",
    ],
    ["an embedding", { content: "x", embedding: [0.5] }, 501, "NOT_IMPLEMENTED"],
    ["auto_link", { content: "x", auto_link: true }, 501, "NOT_IMPLEMENTED"],
    ["an unknown field", { content: "x", contnet: "y" }, 400, "INVALID_MEMORY_INPUT"],
    ["__proto__", JSON.parse('{"content":"x","__proto__":{"a":1}}'), 400, "INVALID_MEMORY_INPUT"],
    ["a list", [], 400, "INVALID_MEMORY_INPUT"],
    ["an unknown space", { content: "x", memory_space_id: "nowhere" }, 404, "SPACE_NOT_FOUND"],
  ])("%s", async (_name, json, status, code) => {
    const answer = await remember(client, json);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.body).toMatchObject({
      status,
      title: expect.any(String),
      detail: expect.any(String),
    });
  });

  test.each<[string, string | Uint8Array<ArrayBuffer>, string]>([
    ["not JSON", "{", "400 BAD_REQUEST"],
    ["an empty body", "", "400 BAD_REQUEST"],
    ["a number that is none", '{"content":"x","confidence":NaN}', "400 BAD_REQUEST"],
    ["a number without end", '{"content":"x","confidence":1e999}', "400 INVALID_MEMORY_INPUT"],
    ["bad UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "400 BAD_REQUEST"],
    ["deep JSON", "[".repeat(100_000), "400 BAD_REQUEST"],
    ["deep JSON that ends", "[".repeat(100_000) + "]".repeat(100_000), "400 INVALID_MEMORY_INPUT"],
    ["a body over the limit", " ".repeat(1_048_577), "413 PAYLOAD_TOO_LARGE"],
  ])("%s", async (_name, raw, refusal) => {
    const answer = await bad(raw);
    expect(`${answer.status} ${answer.body.code}`).toBe(refusal);
  });

  test("a body that is not said to be JSON", async () => {
    const answer = await bad("content=x", { "content-type": "text/plain" });
    expect([answer.status, answer.body.code]).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
  });

  test("the longest memory is taken and comes back whole", async () => {
    const content = "é".repeat(100_000);
    expect((await remember(client, { id: "long", content })).status).toBe(201);
    expect((await client({ path: "/api/v1/memories/long" })).body.content).toBe(content);
    const astral = await remember(client, { content: "🐝".repeat(50_001) });
    expect([astral.status, astral.body.code]).toEqual([422, "MEMORY_VALIDATION_ERROR"]);
  });

  test("paths and ids that cannot be", async () => {
    for (const [path, status] of [
      ["/api/v1/nothing", 404],
      ["/api/v1/memories/%00", 404],
      ["/api/v1/memories/%ff", 400],
      [`/api/v1/memories/${"i".repeat(500)}`, 404],
      ["/api/v1/memories/..%2f..%2fetc", 404],
    ] as const) {
      const answer = await client({ path });
      expect([path, answer.status, typeof answer.body.code]).toEqual([path, status, "string"]);
    }
  });

  test("a header that names no possible space", async () => {
    const answer = await remember(client, { content: "x" }, { "x-memory-space": "No!" });
    expect([answer.status, answer.body.code]).toEqual([400, "INVALID_MEMORY_INPUT"]);
  });
});

describe("health", () => {
  test("alive, ready with each check, and a summary", async () => {
    expect((await client({ path: "/health/alive" })).body).toEqual({ status: "alive" });
    const ready = await client({ path: "/health/ready" });
    expect([ready.status, ready.body.status]).toEqual([200, "ready"]);
    expect(ready.body.checks.map(({ name }: { name: string }) => name)).toEqual([
      "log",
      "store",
      "serving",
    ]);
    const health = await client({ path: "/health", headers: { "x-request-id": "abc" } });
    expect(health.body).toMatchObject({ status: "healthy", version: expect.any(String) });
    expect(health.headers.get("x-request-id")).toBe("abc");
  });
});
