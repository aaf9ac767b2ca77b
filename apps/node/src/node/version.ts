import { existsSync, readFileSync } from "node:fs";
import { isRecord } from "../engine/fields.ts";

/** Of the package this file is in: `dist/` and `src/node/` are at different depths. */
export const version: string = readVersion();

function readVersion(): string {
  for (const path of ["../package.json", "../../package.json"]) {
    const content = readManifest(new URL(path, import.meta.url));
    if (content !== undefined) return content;
  }
  throw new Error("package.json of @engram/node is missing");
}

function readManifest(file: URL): string | undefined {
  if (!existsSync(file)) return undefined;
  const manifest: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!isRecord(manifest) || manifest["name"] !== "@engram/node") return undefined;
  return String(manifest["version"]);
}
