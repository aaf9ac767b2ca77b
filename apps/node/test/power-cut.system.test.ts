import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { scratchDirectory } from "./spawned-node.ts";

const scratch = scratchDirectory();
afterAll(scratch.remove);

const tracer = "strace";
const hasTracer = spawnSync(tracer, ["-o", "/dev/null", "true"]).status === 0;
const child = fileURLToPath(new URL("checkpoint-child.ts", import.meta.url));

interface SystemCall {
  readonly thread: string;
  readonly kind: "pages" | "sync" | "meta" | "ended";
}

/**
 * What the kernel saw of LMDB's file. Pages go through one descriptor; the meta page, which alone makes
 * them the state, through another that was opened with O_DSYNC.
 */
function traceOf(mode: string): SystemCall[] {
  const directory = join(scratch.path, mode);
  const output = join(scratch.path, `${mode}.strace`);
  const calls = "trace=openat,pwrite64,pwritev,writev,write,fdatasync,fsync,msync";
  const node = [process.execPath, "--conditions=@engram/source", child, mode, directory];
  execFileSync(tracer, ["-f", "-y", "-e", calls, "-o", output, ...node], { stdio: "pipe" });
  const trace: SystemCall[] = [];
  let metaDescriptor = "none";
  for (const line of readFileSync(output, "utf8").split("\n")) {
    const [, thread = "", call = "", rest = ""] = /^(\d+) +(\w+)\((.*)$/.exec(line) ?? [];
    if (rest.includes("CHECKPOINT")) trace.push({ thread, kind: "ended" });
    if (!rest.includes("data.mdb")) continue;
    const descriptor = /^(\d+)</.exec(rest)?.[1] ?? "";
    if (call === "openat" && rest.includes("O_DSYNC"))
      metaDescriptor = /= (\d+)</.exec(rest)?.[1] ?? "";
    else if (call.endsWith("sync")) trace.push({ thread, kind: "sync" });
    else if (call.includes("write")) {
      trace.push({ thread, kind: descriptor === metaDescriptor ? "meta" : "pages" });
    }
  }
  // The first pages are the empty database, written as the file is made.
  return trace.slice(1);
}

/** Between one `ended` and the next. */
function rounds(trace: readonly SystemCall[]): string[] {
  const kinds = trace.map(({ kind }) => kind).join(" ");
  return kinds
    .split("ended")
    .slice(0, -1)
    .map((round) => round.trim());
}

const ordered = /^(pages )+sync meta$/;

describe.skipIf(!hasTracer)("a checkpoint, as the kernel sees it", () => {
  test("writes pages, syncs them, and only then points at them, before it says that it is over", () => {
    const trace = traceOf("chosen");
    const seen = rounds(trace);
    expect(seen).toHaveLength(3);
    for (const round of seen) expect(round).toMatch(ordered);
    const main = trace.find(({ kind }) => kind === "ended")?.thread;
    const elsewhere = trace.filter(({ kind }) => kind === "sync" || kind === "meta");
    expect(elsewhere.every(({ thread }) => thread !== main)).toBe(true);
  });

  test("would be seen not to, if LMDB were told not to sync", () => {
    const seen = rounds(traceOf("unsynced"));
    expect(seen.some((round) => !ordered.test(round))).toBe(true);
  });
});
