import { Command, CommanderError, Option } from "commander";
import { addClientCommands } from "./client.ts";
import { resolveConfig, type Sourced } from "./config.ts";
import { exitCodes, messageOf, NodeFailure } from "./failure.ts";
import { closeOnSignal } from "./lifecycle.ts";
import type { RunningNode } from "./node.ts";
import { namedSettings, type Config } from "./settings.ts";
import { version } from "./version.ts";

/** Runs a command line to its end and returns the exit code. A server goes on after it. */
export async function run(argv: readonly string[]): Promise<number> {
  const program = createProgram();
  try {
    await program.parseAsync([...argv]);
    return 0;
  } catch (error) {
    return report(error);
  }
}

/** One line on stderr that says what to do; the exit code says which kind of failure it was. */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Help and version come this way too, and commander has already written what there is to say.
    return error.exitCode === 0 ? 0 : exitCodes.usage;
  }
  if (error instanceof NodeFailure) {
    process.stderr.write(`engram: ${error.message}\n`);
    return error.exitCode;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  process.stderr.write(`engram: an error of its own, please report it: ${detail}\n`);
  return exitCodes.software;
}

function createProgram(): Command {
  const program = new Command("engram")
    .description("A memory database: remember durably, recall by meaning with a confidence.")
    .version(version, "--version")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) });
  withSettings(program.command("start").description("run a node in the foreground")).action(
    async (_options, command: Command) => {
      const { config } = configOf(command);
      // The other commands need none of it, and answer sooner without.
      const { serve } = await import("./node.ts");
      const node = await serve(config);
      closeOnSignal(node, report);
      process.stdout.write(welcome(node, config));
    },
  );
  const config = program.command("config").description("look at settings");
  withSettings(
    config.command("print").description("every setting, its value and its source"),
  ).action((_options, command: Command) => {
    process.stdout.write(printedConfig(configOf(command).values));
  });
  addClientCommands(program);
  return program;
}

/** Commander puts its suggestion on a second line. */
const oneLine = (text: string): string =>
  `${text
    .trim()
    .replace(/^error: /, "engram: ")
    .replaceAll("\n", " ")}\n`;

function withSettings(command: Command): Command {
  command.option("--config <file>", "read settings from this TOML file");
  for (const setting of namedSettings) {
    const value = setting.type === "boolean" ? "[boolean]" : `<${setting.type}>`;
    const shown = `${setting.meaning} (default: ${String(setting.fallback)})`;
    command.addOption(new Option(`${setting.flag} ${value}`, shown));
  }
  return command;
}

function configOf(command: Command): { config: Config; values: Sourced[] } {
  const options: Record<string, unknown> = command.opts();
  const flags: Record<string, string> = {};
  for (const setting of namedSettings) {
    const given = options[camelCase(setting.flag)];
    // A flag without a value is `true`.
    if (typeof given === "string" || given === true) flags[setting.name] = String(given);
  }
  const { config: file } = options;
  return resolveConfig({
    environment: process.env,
    flags,
    file: typeof file === "string" ? file : undefined,
  });
}

const camelCase = (flag: string): string =>
  flag.slice(2).replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());

/** TOML that could be used as the config file, each value with where it came from. */
function printedConfig(values: readonly Sourced[]): string {
  const lines: string[] = [];
  let section = "";
  for (const { setting, value, source } of values) {
    if (setting.section !== section)
      lines.push(...(section === "" ? [] : [""]), `[${setting.section}]`);
    section = setting.section;
    lines.push(`${setting.key} = ${JSON.stringify(value)} # ${source}`);
  }
  return `${lines.join("\n")}\n`;
}

function welcome(node: RunningNode, config: Config): string {
  const { records, spaces } = node.recovered;
  return `Engram ${version} is serving on ${node.url}
  data      ${config.data.dir} (${spaces} ${spaces === 1 ? "space" : "spaces"}, ${records} records replayed)
  remember  curl -X POST ${node.url}/api/v1/memories/remember -H 'content-type: application/json' -d '{"content": "Ada keeps her bees behind the mill"}'
  recall    curl '${node.url}/api/v1/memories/recall?query=where+are+the+bees'
  stop      Ctrl-C
`;
}
