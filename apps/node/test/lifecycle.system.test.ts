import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { clientOf, remember } from "./client.ts";
import { runCli, scratchDirectory, spawnNode } from "./spawned-node.ts";

const scratch = scratchDirectory();
afterAll(scratch.remove);
let made = 0;
const directory = () => join(scratch.path, `data-${(made += 1)}`);

/** Asks until it holds; the test's own timeout is the deadline. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Ends with this code and one line on stderr, no stack. */
async function expectFailure(
  running: ReturnType<typeof runCli>,
  code: number,
  line: RegExp,
): Promise<void> {
  expect(await running.exited).toBe(code);
  const lines = running.stderr().trimEnd().split("\n");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^engram: /);
  expect(lines[0]).toMatch(line);
}

describe("a signal", () => {
  test("SIGTERM finishes what is in flight, checkpoints and exits with 0", async () => {
    const data = directory();
    const node = await spawnNode({ directory: data });
    const client = clientOf(node.url);
    const writes = Array.from({ length: 200 }, (_, index) =>
      remember(client, { id: `m${index}`, content: `memory ${index}` }),
    );
    await writes[0];
    const [exit, outcomes] = await Promise.all([node.stop(), Promise.allSettled(writes)]);
    expect(exit).toBe(0);
    const kept = outcomes.filter(
      (outcome) => outcome.status === "fulfilled" && outcome.value.status === 201,
    ).length;
    expect(kept).toBeGreaterThan(0);

    const again = await spawnNode({ directory: data });
    // The checkpoint held everything: nothing was left to replay.
    expect(again.stdout()).toContain("0 records replayed");
    const listed = await clientOf(again.url)({ path: "/api/v1/memories" });
    expect(listed.body.count).toBeGreaterThanOrEqual(kept);
    expect(await again.stop("SIGINT")).toBe(0);
  });

  test("a request that has begun is answered, new ones are not, readiness turns false", async () => {
    const node = await spawnNode({ directory: directory() });
    const { port } = new URL(node.url);
    const open = async () => {
      const socket = connect(Number(port), "127.0.0.1");
      await once(socket, "connect");
      let received = "";
      socket.setEncoding("utf8").on("data", (text: string) => (received += text));
      return { socket, received: () => received };
    };
    const body = JSON.stringify({ id: "slow", content: "sent in two parts" });
    const head = `POST /api/v1/memories HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    const slow = await open();
    slow.socket.write(head + body.slice(0, 10));
    // The other connection has a request under way as well, so that draining does not close it.
    const probe = await open();
    probe.socket.write(
      "GET /health/ready HTTP/1.1\r\nhost: x\r\n\r\nGET /health/ready HTTP/1.1\r\n",
    );
    await until(() => probe.received().includes('"ready"'));
    node.child.kill("SIGTERM");
    node.child.kill("SIGTERM");
    await until(async () => {
      const late = connect(Number(port), "127.0.0.1");
      const isTaken = await once(late, "connect").then(
        () => true,
        () => false,
      );
      late.destroy();
      return !isTaken;
    });
    probe.socket.write("host: x\r\n\r\n");
    await until(() => probe.received().includes("503"));
    expect(probe.received()).toContain("not_ready");
    slow.socket.write(body.slice(10));
    await until(() => slow.received().includes("201 Created"));
    expect(await node.exited).toBe(0);
  });

  test("a later second one exits at once, though a request hangs", async () => {
    const node = await spawnNode({ directory: directory() });
    const { port } = new URL(node.url);
    const socket = connect(Number(port), "127.0.0.1");
    await once(socket, "connect");
    socket.on("error", () => undefined);
    socket.write("POST /api/v1/memories HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n");
    await clientOf(node.url)({ path: "/health/alive" });
    node.child.kill("SIGTERM");
    let code: number | string | undefined;
    void node.exited.then((ended) => (code = ended));
    await until(() => {
      if (code === undefined) node.child.kill("SIGTERM");
      return code !== undefined;
    });
    expect(code).toBe(143);
  });

  test("the grace period bounds how long a request may hang", async () => {
    const node = await spawnNode({
      directory: directory(),
      flags: ["--shutdown-grace-ms", "200"],
    });
    const socket = connect(Number(new URL(node.url).port), "127.0.0.1");
    await once(socket, "connect");
    socket.on("error", () => undefined);
    socket.write("POST /api/v1/memories HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n");
    await clientOf(node.url)({ path: "/health/alive" });
    expect(await node.stop()).toBe(0);
  });
});

describe("a failure is one line and a code of its own", () => {
  test("the port is taken: 75", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = String(typeof address === "object" ? address?.port : 0);
    const running = runCli([
      "start",
      "--data-dir",
      directory(),
      "--http-port",
      port,
      "--log-level",
      "silent",
    ]);
    await expectFailure(running, 75, new RegExp(`port ${port} is in use`));
    server.close();
  });

  test("another node has the data: 75, and the first is unharmed", async () => {
    const data = directory();
    const node = await spawnNode({ directory: data });
    const second = runCli(["start", "--data-dir", data, "--http-port", "0"]);
    await expectFailure(second, 75, /another node uses/);
    expect((await remember(clientOf(node.url), { content: "still here" })).status).toBe(201);
    await node.stop();
  });

  test("the data directory cannot be used: 74", async () => {
    const file = join(scratch.path, "a-file");
    writeFileSync(file, "");
    const running = runCli(["start", "--data-dir", join(file, "data"), "--http-port", "0"]);
    await expectFailure(running, 74, /data directory/);
  });

  test("the log was lost: 74, not an empty node", async () => {
    const data = directory();
    const node = await spawnNode({ directory: data });
    await remember(clientOf(node.url), { content: "kept" });
    await node.stop();
    const other = directory();
    mkdirSync(other, { recursive: true });
    cpSync(join(data, "store"), join(other, "store"), { recursive: true });
    const running = runCli(["start", "--data-dir", other, "--http-port", "0"]);
    await expectFailure(running, 74, /log/);
  });

  test.each<[number, string[], RegExp, Record<string, string>?]>([
    [64, ["start", "--prot", "1"], /unknown option/],
    [64, ["stat"], /unknown command/],
    [78, ["start", "--http-port", "many"], /http\.port .*integer/],
    [78, ["start", "--http-port", "65536"], /0 to 65535/],
    [78, ["start"], /ENGRAM__HTTP__PORT/, { ENGRAM__HTTP__PORT: "x" }],
    [78, ["start"], /did you mean http\.port/, { ENGRAM__HTP__PORT: "1" }],
    [78, ["start", "--config", "/nonexistent.toml"], /cannot read/],
    [78, ["start", "--cluster-enabled", "true"], /cluster\.enabled/],
    [78, ["start", "--http-host", "0.0.0.0"], /allow_remote/],
    [69, ["status", "--url", "http://127.0.0.1:1"], /engram start/],
  ])("%i: %j", async (code, args, line, environment = {}) => {
    await expectFailure(runCli(args, { ENGRAM_DATA_DIR: directory(), ...environment }), code, line);
  });

  test("a config file that is wrong says where", async () => {
    const file = join(scratch.path, "bad.toml");
    for (const [content, line] of [
      ["[http]\nport = ", /bad\.toml:2:8/],
      ["[http]\nprot = 1", /unknown key http\.prot/],
      ["port = 1", /\[section\]/],
      ['[http]\nport = "7432"', /http\.port in the config file must be an integer/],
    ] as const) {
      writeFileSync(file, content);
      await expectFailure(runCli(["start", "--config", file]), 78, line);
    }
  });
});

describe("the command line", () => {
  test("--version and --help", async () => {
    const version = runCli(["--version"]);
    expect(await version.exited).toBe(0);
    const manifest: unknown = JSON.parse(
      readFileSync(new URL("../package.json", import.meta.url), "utf8"),
    );
    expect(manifest).toMatchObject({ version: version.stdout().trim() });
    const help = runCli(["start", "--help"]);
    expect(await help.exited).toBe(0);
    expect(help.stdout()).toContain("--http-port");
  });

  test("config print says where each value comes from, and can be read back", async () => {
    const file = join(scratch.path, "good.toml");
    writeFileSync(file, '[http]\nport = 1\n[log]\nlevel = "warn"\n');
    const environment = { ENGRAM__HTTP__PORT: "2", ENGRAM_DATA_DIR: "/tmp/x" };
    const args = ["config", "print", "--config", file, "--store-checkpoint-bytes", "5000"];
    const printed = runCli(args, environment);
    expect(await printed.exited).toBe(0);
    for (const line of [
      "port = 2 # environment",
      'dir = "/tmp/x" # environment',
      'level = "warn" # file',
      "checkpoint_bytes = 5000 # flag",
      "grace_ms = 20000 # default",
    ]) {
      expect(printed.stdout()).toContain(line);
    }
    const copy = join(scratch.path, "copy.toml");
    writeFileSync(copy, printed.stdout());
    const again = runCli(["config", "print", "--config", copy]);
    expect(await again.exited).toBe(0);
    expect(again.stdout().replaceAll(/ # .*/g, "")).toBe(printed.stdout().replaceAll(/ # .*/g, ""));
  });

  test("remembers, searches, lists and forgets on a running node", async () => {
    const node = await spawnNode({ directory: directory() });
    const engram = async (...args: string[]) => {
      const running = runCli([...args, "--json", "--url", node.url]);
      expect([await running.exited, running.stderr()]).toEqual([0, ""]);
      return JSON.parse(running.stdout()) as unknown;
    };
    await engram("space", "create", "cli-space");
    const inSpace = ["--space", "cli-space"];
    await engram(
      "memory",
      "create",
      "bees behind the mill",
      "--id",
      "b1",
      "--tag",
      "mill",
      ...inSpace,
    );
    expect(await engram("memory", "search", "bee", ...inSpace)).toMatchObject({ total: 1 });
    expect(await engram("memory", "get", "b1", ...inSpace)).toMatchObject({ tags: ["mill"] });
    expect(await engram("memory", "list", ...inSpace)).toMatchObject({ count: 1 });
    expect(await engram("memory", "delete", "b1", ...inSpace)).toMatchObject({
      status: "forgotten",
    });
    expect(await engram("space", "list")).toMatchObject({ count: 2 });
    expect(await engram("status")).toMatchObject({ status: "healthy" });
    const gone = runCli(["memory", "get", "b1", ...inSpace, "--url", node.url]);
    await expectFailure(gone, 1, /MEMORY_FORGOTTEN/);
    await node.stop();
  });
});

describe("each life has an origin of its own", () => {
  test("minted before the first append, under the node's lasting part", async () => {
    const data = directory();
    const origins: string[] = [];
    for (let life = 0; life < 3; life += 1) {
      const node = await spawnNode({ directory: data });
      const identity = JSON.parse(readFileSync(join(data, "identity.json"), "utf8")) as {
        node: string;
        origin: string;
      };
      expect(identity.origin.slice(0, 16)).toBe(identity.node);
      origins.push(identity.origin);
      expect(existsSync(join(data, "identity.json.partial"))).toBe(false);
      await node.stop(life === 1 ? "SIGKILL" : "SIGTERM");
    }
    expect(new Set(origins).size).toBe(3);
    expect(new Set(origins.map((origin) => origin.slice(0, 16))).size).toBe(1);
  });
});
