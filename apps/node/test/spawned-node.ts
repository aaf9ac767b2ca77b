import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

/** A real `engram start` on a free port, in a process of its own. */
export interface SpawnedNode {
  readonly url: string;
  readonly child: ChildProcess;
  /** All it printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exited: Promise<number | string>;
  /** Sends a signal and waits for the end: the exit code, or the signal that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
}

export interface SpawnOptions {
  readonly directory: string;
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs the built command line and collects what it prints. */
export function runCli(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Pick<SpawnedNode, "child" | "stdout" | "stderr" | "exited"> {
  const child = spawn(process.execPath, [cli, ...args], {
    env: { ...withoutSettings(), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const exited = once(child, "close").then(([code, signal]: unknown[]) =>
    typeof code === "number" ? code : String(signal),
  );
  return { child, stdout: () => out, stderr: () => err, exited };
}

/** Settings of whoever runs the tests must not reach the node under test. */
function withoutSettings(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("ENGRAM"));
  return { ...Object.fromEntries(kept), XDG_CONFIG_HOME: "/nonexistent", NO_COLOR: "1" };
}

export async function spawnNode(options: SpawnOptions): Promise<SpawnedNode> {
  const { directory, flags = [], environment } = options;
  const args = ["start", "--http-port", "0", "--data-dir", directory, "--log-level", "warn"];
  const running = runCli([...args, ...flags], environment);
  const url = await addressOf(running);
  return {
    ...running,
    url,
    stop: (signal = "SIGTERM") => {
      running.child.kill(signal);
      return running.exited;
    },
  };
}

/** The address in the first line it prints; if it ends before, what it said instead. */
function addressOf(running: ReturnType<typeof runCli>): Promise<string> {
  return new Promise((resolve, reject) => {
    running.child.stdout?.on("data", () => {
      const found = /serving on (\S+)/.exec(running.stdout());
      if (found?.[1] !== undefined) resolve(found[1]);
    });
    void running.exited.then((code) =>
      reject(new Error(`the node ended with ${code}: ${running.stderr()}`)),
    );
  });
}

export function scratchDirectory(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "engram-node-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
