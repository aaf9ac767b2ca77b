// Rehearses a release in a scratch clone of HEAD: version from the changesets, build, pack every
// published package, and a dry run of publishing. Leaves the checkout as it was.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "engram-release-"));
const clone = join(scratch, "clone");
const packed = join(scratch, "packed");
try {
  run("git", ["clone", "--quiet", root, clone], root);
  run("pnpm", ["install", "--frozen-lockfile", "--prefer-offline", "--silent"], clone);
  run("pnpm", ["exec", "changeset", "version"], clone);
  run("pnpm", ["install", "--no-frozen-lockfile", "--prefer-offline", "--silent"], clone);
  run("pnpm", ["exec", "turbo", "run", "build", "--output-logs=errors-only"], clone);
  const released = published(clone);
  for (const { directory, manifest } of released) {
    if (manifest.version === "0.0.0") throw new Error(`${manifest.name} has no changeset`);
    if (!existsSync(join(directory, "CHANGELOG.md")))
      throw new Error(`${manifest.name} has no changelog`);
    run("pnpm", ["pack", "--silent", "--pack-destination", packed], directory);
    // Provenance can only be made by the release job; everything else of a publish is rehearsed.
    run(
      "pnpm",
      ["publish", "--dry-run", "--no-git-checks", "--access", "public", "--silent"],
      directory,
      {
        npm_config_provenance: "false",
      },
    );
  }
  const tarballs = readdirSync(packed);
  if (tarballs.length !== released.length)
    throw new Error(`packed ${tarballs.length} of ${released.length}`);
  for (const { manifest } of released)
    console.log(`${manifest.name}@${manifest.version} is ready to publish`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function published(tree) {
  return ["apps", "packages"]
    .filter((folder) => existsSync(join(tree, folder)))
    .flatMap((folder) => readdirSync(join(tree, folder)).map((name) => join(tree, folder, name)))
    .map((directory) => ({
      directory,
      manifest: JSON.parse(readFileSync(join(directory, "package.json"), "utf8")),
    }))
    .filter(({ manifest }) => manifest.private !== true);
}

function run(program, args, cwd, env = {}) {
  execFileSync(program, args, {
    cwd,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...env },
  });
}
