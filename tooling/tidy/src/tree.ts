import { execFileSync } from "node:child_process";
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface SourceFile {
  /** Path from the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const binary = /\.(png|ico|woff2|bin)$/;

/** Every text file git tracks or would track. */
export function readTree(root: string): SourceFile[] {
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: root,
    encoding: "utf8",
  });
  return [...new Set(listed.split("\0"))]
    .filter((path) => path !== "" && !binary.test(path))
    .filter((path) => lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile() ?? false)
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}
