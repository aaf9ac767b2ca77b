import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";

const readme = new URL("../README.md", import.meta.url);

/** The value below which `share` of `values` lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Where and with what figures were made; a load above the core count means that others were served, too. */
export function provenance(command: string): string {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const load = loadavg()[0]?.toFixed(1);
  const machine = `${availableParallelism()} cores, ${cpus()[0]?.model ?? "unknown"}, load ${load}`;
  return `\`${command}\`, Node ${process.versions.node}, ${machine}, commit ${commit}.`;
}

/** Puts generated figures between the README's `<!-- name -->` and `<!-- /name -->`. */
export function writeSection(name: string, command: string, content: string): void {
  const before = readFileSync(readme, "utf8");
  const open = `<!-- ${name} -->`;
  const close = `<!-- /${name} -->`;
  const start = before.indexOf(open);
  const end = before.indexOf(close);
  if (start < 0 || end < start) throw new Error(`README.md has no section ${open} ... ${close}`);
  const section = `${open}\n${provenance(command)}\n\n${content}\n${close}`;
  writeFileSync(readme, before.slice(0, start) + section + before.slice(end + close.length));
}
