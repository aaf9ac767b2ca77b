import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse, TomlError } from "smol-toml";
import { messageOf, NodeFailure, systemCode } from "./failure.ts";
import { namedSettings, type Config, type NamedSetting } from "./settings.ts";

/** A value and where it came from: `default`, `file`, `environment` or `flag`. */
export interface Sourced {
  readonly setting: NamedSetting;
  readonly value: unknown;
  readonly source: "default" | "file" | "environment" | "flag";
}

export interface ConfigSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Settings given as flags, by `section.key`, as text. */
  readonly flags: Readonly<Record<string, string>>;
  /** The file named with `--config`. */
  readonly file: string | undefined;
}

/**
 * Defaults, then the file, then the environment, then flags; the last word wins. The file is
 * `--config`, else `ENGRAM_CONFIG`, else the user's config.toml if there is one.
 */
export function resolveConfig(sources: ConfigSources): { config: Config; values: Sourced[] } {
  const { environment, flags } = sources;
  const fromFile = readFile(sources);
  rejectUnknownVariables(environment);
  const values = namedSettings.map((setting): Sourced => {
    const flag = flags[setting.name];
    if (flag !== undefined) return sourced(setting, flag, "flag");
    const variable = environment[setting.variable] ?? aliasOf(setting, environment);
    if (variable !== undefined) return sourced(setting, variable, "environment");
    const entry = fromFile.get(setting.name);
    if (entry !== undefined) return sourced(setting, entry, "file");
    return { setting, value: setting.fallback, source: "default" };
  });
  const config = assemble(values);
  checkTogether(config);
  return { config, values };
}

/** The defaults with some settings replaced, for programs that start a node of their own. */
export function configWith(flags: Readonly<Record<string, string>>): Config {
  const unknown = Object.keys(flags).find(
    (name) => !namedSettings.some((setting) => setting.name === name),
  );
  if (unknown !== undefined) throw badConfig(`unknown setting ${unknown}${nearest(unknown)}`);
  const values = namedSettings.map((setting): Sourced => {
    const flag = flags[setting.name];
    if (flag === undefined) return { setting, value: setting.fallback, source: "default" };
    return sourced(setting, flag, "flag");
  });
  const config = assemble(values);
  checkTogether(config);
  return config;
}

const aliasOf = (
  setting: NamedSetting,
  environment: ConfigSources["environment"],
): string | undefined => (setting.name === "data.dir" ? environment["ENGRAM_DATA_DIR"] : undefined);

function assemble(values: readonly Sourced[]): Config {
  const sections: Record<string, Record<string, unknown>> = {};
  for (const { setting, value } of values) {
    (sections[setting.section] ??= {})[setting.key] = value;
  }
  // `values` has one checked value for every setting that `Config` is derived from.
  return sections as unknown as Config;
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;

function checkTogether(config: Config): void {
  if (config.cluster.enabled) {
    throw badConfig("cluster.enabled = true is not available in this version: leave it false");
  }
  if (!loopback.test(config.http.host) && !config.http.allow_remote) {
    throw badConfig(
      `http.host ${config.http.host} can be reached by other machines and there is no authentication yet: use 127.0.0.1, or set http.allow_remote = true if the network is yours`,
    );
  }
}

function readFile(sources: ConfigSources): Map<string, unknown> {
  const named = sources.file ?? sources.environment["ENGRAM_CONFIG"];
  const home = sources.environment["XDG_CONFIG_HOME"] ?? join(homedir(), ".config");
  const file = named ?? join(home, "engram", "config.toml");
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (error) {
    if (named === undefined && systemCode(error) === "ENOENT") return new Map();
    throw badConfig(`cannot read the config file ${file}: ${messageOf(error)}`);
  }
  return flatten(file, parseToml(file, content));
}

function parseToml(file: string, content: string): Record<string, unknown> {
  try {
    return parse(content);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason = "not TOML"] = error.message.split("\n");
    throw badConfig(`${file}:${error.line}:${error.column}: ${reason}`);
  }
}

function flatten(file: string, sections: Record<string, unknown>): Map<string, unknown> {
  const known = new Set(namedSettings.map((setting) => setting.name));
  const values = new Map<string, unknown>();
  for (const [section, entries] of Object.entries(sections)) {
    if (typeof entries !== "object" || entries === null) {
      throw badConfig(`${file}: unknown key ${section}; settings are written as [section] key`);
    }
    for (const [key, value] of Object.entries(entries)) {
      const name = `${section}.${key}`;
      if (!known.has(name)) throw badConfig(`${file}: unknown key ${name}${nearest(name)}`);
      values.set(name, value);
    }
  }
  return values;
}

function rejectUnknownVariables(environment: ConfigSources["environment"]): void {
  const known = new Set(namedSettings.map((setting) => setting.variable));
  for (const variable of Object.keys(environment)) {
    if (variable.startsWith("ENGRAM__") && !known.has(variable)) {
      const name = variable.slice("ENGRAM__".length).toLowerCase().replaceAll("__", ".");
      throw badConfig(`unknown setting in the environment: ${variable}${nearest(name)}`);
    }
  }
}

function nearest(name: string): string {
  const key = name.slice(name.lastIndexOf(".") + 1);
  const section = name.slice(0, name.lastIndexOf("."));
  const found =
    namedSettings.find((setting) => setting.key === key) ??
    namedSettings.find((setting) => setting.section === section);
  return found === undefined ? "" : `; did you mean ${found.name}?`;
}

function sourced(
  setting: NamedSetting,
  given: unknown,
  source: "file" | "environment" | "flag",
): Sourced {
  const value = source === "file" ? given : fromText(setting, String(given));
  const problem = problemOf(setting, value);
  if (problem !== undefined) {
    const place = { file: "in the config file", environment: `(${setting.variable})`, flag: "" };
    throw badConfig(`${setting.name} ${place[source]}`.trim() + ` ${problem}`);
  }
  return { setting, value, source };
}

function fromText(setting: NamedSetting, given: string): unknown {
  if (setting.type === "integer") return /^-?\d+$/.test(given) ? Number(given) : given;
  if (setting.type !== "boolean") return given;
  return given === "true" ? true : given === "false" ? false : given;
}

function problemOf(setting: NamedSetting, value: unknown): string | undefined {
  const shown = JSON.stringify(value);
  if (setting.type === "boolean") {
    return typeof value === "boolean" ? undefined : `must be true or false, not ${shown}`;
  }
  if (setting.type === "integer") {
    const { least = 0, most = 0 } = setting;
    const isFine = Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
    return isFine ? undefined : `must be an integer from ${least} to ${most}, not ${shown}`;
  }
  if (typeof value !== "string" || value === "") return `must be a text, not ${shown}`;
  const { choices } = setting;
  if (choices === undefined || choices.includes(value)) return undefined;
  return `must be one of ${choices.join(", ")}, not ${shown}`;
}

const badConfig = (message: string): NodeFailure => new NodeFailure("BAD_CONFIG", message);
