import { homedir } from "node:os";
import { join } from "node:path";

/** One setting: what it is called everywhere, what it takes and what it means. */
interface Setting<Value> {
  readonly type: "string" | "integer" | "boolean";
  readonly fallback: Value;
  readonly choices?: readonly string[];
  readonly least?: number;
  readonly most?: number;
  readonly meaning: string;
}

const text = (fallback: string, meaning: string, choices?: readonly string[]): Setting<string> =>
  choices === undefined
    ? { type: "string", fallback, meaning }
    : { type: "string", fallback, meaning, choices };

const integer = (
  fallback: number,
  range: readonly [number, number],
  meaning: string,
): Setting<number> => ({
  type: "integer",
  fallback,
  least: range[0],
  most: range[1],
  meaning,
});

const flag = (fallback: boolean, meaning: string): Setting<boolean> => ({
  type: "boolean",
  fallback,
  meaning,
});

const dataHome = process.env["XDG_DATA_HOME"] ?? join(homedir(), ".local", "share");

/**
 * Every setting there is, by section and key. The file, the environment, the flags, `engram config
 * print` and the README's table all come from here.
 */
const settings = {
  data: {
    dir: text(join(dataHome, "engram"), "Where the log, the store and the identity lie."),
  },
  http: {
    host: text("127.0.0.1", "Address to listen on."),
    port: integer(7432, [0, 65_535], "Port to listen on; 0 takes a free one."),
    allow_remote: flag(
      false,
      "Listen on an address other machines can reach. There is no authentication yet.",
    ),
    body_limit_bytes: integer(1_048_576, [1_024, 16_777_216], "Largest request body."),
    request_timeout_ms: integer(
      30_000,
      [100, 600_000],
      "A request that has not fully arrived by then is refused.",
    ),
  },
  store: {
    checkpoint_interval_ms: integer(
      5_000,
      [10, 600_000],
      "At most this long between a write and its place in the store; bounds replay after a crash.",
    ),
    checkpoint_bytes: integer(
      33_554_432,
      [4_096, 1_073_741_824],
      "Checkpoint early when this much waits in memory; at four times as much, writes wait.",
    ),
  },
  shutdown: {
    grace_ms: integer(
      20_000,
      [0, 600_000],
      "How long requests in flight may take to finish after SIGTERM.",
    ),
  },
  log: {
    level: text("info", "Least level that is logged, as JSON lines on stderr.", [
      "trace",
      "debug",
      "info",
      "warn",
      "error",
      "fatal",
      "silent",
    ]),
  },
  cluster: {
    enabled: flag(false, "Only false is served yet: this version is a single node."),
  },
} as const satisfies Record<string, Record<string, Setting<unknown>>>;

type Widen<Value> = Value extends string
  ? string
  : Value extends number
    ? number
    : Value extends boolean
      ? boolean
      : never;

/** Resolved settings, by section and key as in the file. */
export type Config = {
  readonly [Section in keyof typeof settings]: {
    readonly [
      Key in keyof (typeof settings)[Section]
    ]: (typeof settings)[Section][Key] extends Setting<infer Value> ? Widen<Value> : never;
  };
};

export interface NamedSetting extends Setting<unknown> {
  readonly section: string;
  readonly key: string;
  /** As in `http.port`. */
  readonly name: string;
  /** As in `ENGRAM__HTTP__PORT`. */
  readonly variable: string;
  /** As in `--http-port`. */
  readonly flag: string;
}

export const namedSettings: readonly NamedSetting[] = Object.entries(settings).flatMap(
  ([section, entries]) =>
    Object.entries(entries).map(([key, setting]: [string, Setting<unknown>]) => ({
      ...setting,
      section,
      key,
      name: `${section}.${key}`,
      variable: `ENGRAM__${section}__${key}`.toUpperCase(),
      flag: `--${section}-${key}`.replaceAll("_", "-"),
    })),
);
