import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { run } from "../src/node/commands.ts";
import { configWith, resolveConfig, type ConfigSources } from "../src/node/config.ts";
import { NodeFailure } from "../src/node/failure.ts";
import { namedSettings } from "../src/node/settings.ts";

const scratch = mkdtempSync(join(tmpdir(), "engram-config-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function file(content: string): string {
  const path = join(scratch, "config.toml");
  writeFileSync(path, content);
  return path;
}

const sources = (given: Partial<ConfigSources>): ConfigSources => ({
  flags: {},
  file: undefined,
  ...given,
  environment: { XDG_CONFIG_HOME: scratch, ...given.environment },
});

const resolved = (given: Partial<ConfigSources>) => resolveConfig(sources(given));

describe("settings", () => {
  test("the last of default, file, environment and flag has its way, and is named", () => {
    const environment = { ENGRAM__HTTP__PORT: "2", ENGRAM__LOG__LEVEL: "error" };
    const { config, values } = resolved({
      file: file('[http]\nport = 1\nhost = "127.0.0.2"\n[log]\nlevel = "warn"\n'),
      environment,
      flags: { "log.level": "debug" },
    });
    expect([config.http.host, config.http.port, config.log.level]).toEqual([
      "127.0.0.2",
      2,
      "debug",
    ]);
    const origin = Object.fromEntries(values.map(({ setting, source }) => [setting.name, source]));
    expect(origin).toMatchObject({
      "http.host": "file",
      "http.port": "environment",
      "log.level": "flag",
      "shutdown.grace_ms": "default",
    });
  });

  test("every setting can be given each way, under its own name", () => {
    for (const setting of namedSettings) {
      const text = setting.type === "boolean" ? "false" : String(setting.fallback);
      const byVariable = resolved({ environment: { [setting.variable]: text } });
      const byFlag = resolved({ flags: { [setting.name]: text } });
      for (const [{ values }, source] of [
        [byVariable, "environment"],
        [byFlag, "flag"],
      ] as const) {
        const found = values.find((value) => value.setting.name === setting.name);
        expect([setting.name, found?.source]).toEqual([setting.name, source]);
      }
    }
  });

  test("ENGRAM_DATA_DIR is data.dir, below its full name", () => {
    const environment = { ENGRAM_DATA_DIR: "/a" };
    expect(resolved({ environment }).config.data.dir).toBe("/a");
    const both = { ...environment, ENGRAM__DATA__DIR: "/b" };
    expect(resolved({ environment: both }).config.data.dir).toBe("/b");
  });

  test.each<[RegExp, Partial<ConfigSources>]>([
    [
      /http\.port \(ENGRAM__HTTP__PORT\) must be an integer/,
      { environment: { ENGRAM__HTTP__PORT: "1.5" } },
    ],
    [/allow_remote/, { flags: { "http.host": "::" } }],
    [/must be true or false/, { flags: { "cluster.enabled": "yes" } }],
    [/cluster\.enabled/, { flags: { "cluster.enabled": "true" } }],
    [/one of trace, debug/, { flags: { "log.level": "loud" } }],
    [/did you mean http\.port/, { environment: { ENGRAM__HPPT__PORT: "1" } }],
  ])("%s", (message, given) => {
    expect(() => resolved(given)).toThrow(message);
    expect(() => resolved(given)).toThrow(NodeFailure);
  });

  test("a network of one's own can be opened to", () => {
    const flags = { "http.host": "0.0.0.0", "http.allow_remote": "true" };
    expect(configWith(flags).http.host).toBe("0.0.0.0");
    expect(() => configWith({ "http.prot": "1" })).toThrow(/unknown setting http\.prot/);
  });
});

test("a command line is run to its exit code", async () => {
  const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const err = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    expect(await run(["node", "engram", "config", "print", "--http-port", "1234"])).toBe(0);
    expect(out.mock.calls.join("")).toContain("port = 1234 # flag");
    expect(await run(["node", "engram", "start", "--http-port", "x"])).toBe(78);
    expect(await run(["node", "engram", "nonsense"])).toBe(64);
    expect(err.mock.calls.join("")).toMatch(/^engram: .*\nengram: .*\n$/);
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
});
