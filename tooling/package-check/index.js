#!/usr/bin/env node
// Packs the package in the working directory and checks the tarball: publint, are-the-types-wrong,
// an import of every entry from a scratch project that has only its declared dependencies, and the
// API report in etc/. `--update` rewrites the report.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { apiReport } from "./api-report.js";

const directory = process.cwd();
const update = process.argv.includes("--update");
const scratch = mkdtempSync(join(tmpdir(), "package-check-"));
const problems = [];
try {
  execFileSync("pnpm", ["pack", "--pack-destination", scratch], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const tarball = readFileSync(
    join(
      scratch,
      readdirSync(scratch).find((file) => file.endsWith(".tgz")),
    ),
  );
  const installed = join(scratch, "package");
  execFileSync("tar", ["xzf", "-", "-C", scratch], { input: tarball });
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  problems.push(
    ...checkRanges(manifest),
    ...(await checkPublint(tarball)),
    ...(manifest.exports === undefined ? [] : await checkTypes(tarball)),
    ...checkImports(manifest, installed),
    ...checkBins(manifest),
    ...apiReport(directory, manifest, update),
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

function checkRanges(manifest) {
  const ranges = Object.entries({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  });
  return ranges
    .filter(([, range]) => /^(workspace|catalog|file|link):/.test(range))
    .map(([name, range]) => `unpublishable range ${name}@${range}`);
}

async function checkPublint(tarball) {
  const { messages, pkg } = await publint({
    pack: {
      tarball: tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength),
    },
    strict: true,
  });
  return messages
    .filter((message) => message.type !== "suggestion")
    .map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`);
}

/** ESM only: how Node 10 and `require` from CommonJS typings resolve is not our concern. */
async function checkTypes(tarball) {
  const { problems: found } = await checkPackage(
    createPackageFromTarballData(new Uint8Array(tarball)),
  );
  return (found ?? [])
    .filter(
      ({ kind, resolutionKind }) =>
        kind !== "CJSResolvesToESM" &&
        resolutionKind !== "node10" &&
        resolutionKind !== "node16-cjs",
    )
    .map((problem) => `are-the-types-wrong: ${JSON.stringify(problem)}`);
}

/** Imports and requires each entry with nothing beside it but what the packed manifest declares. */
function checkImports(manifest, installed) {
  const modules = join(installed, "node_modules");
  mkdirSync(modules);
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
    mkdirSync(join(modules, name, ".."), { recursive: true });
    symlinkSync(join(directory, "node_modules", name), join(modules, name));
  }
  const entries = Object.entries(manifest.exports ?? {}).filter(
    ([, target]) => typeof target === "object",
  );
  return entries.flatMap(([subpath]) => {
    const specifier = JSON.stringify(join(manifest.name, subpath));
    return [
      `const names = Object.keys(await import(${specifier})); if (names.length === 0) throw new Error("no exports");`,
      `import { createRequire } from "node:module"; createRequire(${JSON.stringify(join(installed, "package.json"))})(${specifier});`,
    ].flatMap((source) =>
      attempt(`import of ${specifier}`, ["--input-type=module", "--eval", source], installed),
    );
  });
}

function checkBins(manifest) {
  return Object.entries(manifest.bin ?? {}).flatMap(([name, file]) =>
    attempt(`${name} --version`, [join(scratch, "package", file), "--version"], scratch),
  );
}

function attempt(what, args, cwd) {
  try {
    execFileSync(process.execPath, args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
    return [];
  } catch (error) {
    return [`${what} from the tarball failed:\n${error.stderr}`];
  }
}
