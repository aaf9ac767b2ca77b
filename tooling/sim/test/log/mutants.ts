import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import type * as Wal from "@engram/wal-replication";

/** A deliberate bug: one replacement in the log's own source. */
export interface Mutant {
  readonly bug: string;
  /** Must match exactly once in all of the source, or the mutant has to be adapted to the log. */
  readonly find: RegExp;
  readonly replace: string;
  /** The oracles of which one must notice. */
  readonly oracles: readonly string[];
}

const lost = "no acknowledged record is lost";
const rot = "only rot is called corruption";
const trimmed = "nothing past the checkpoint is trimmed";
const changed = "records do not change";
const phantom = "every record was appended";

const commitSync = /yield \{ type: "sync", file \};(\s+if \(this\.#cause !== undefined\) return;)/;

export const mutants: readonly Mutant[] = [
  {
    bug: "ack before fsync",
    find: commitSync,
    replace: "$1",
    oracles: [lost, rot],
  },
  {
    bug: "fsync the file but not the directory",
    find: /(source: unfinished, target: file \};)\s+yield \{ type: "syncDirectory" \};/,
    replace: "$1",
    oracles: [lost, rot, trimmed],
  },
  {
    bug: "replay past a bad checksum",
    find: /crc32\(payload\) !== header\.payloadCrc\)(?=\s+return undefined;\s+return header)/,
    replace: "false)",
    oracles: [changed, phantom],
  },
  {
    bug: "corruption taken for a torn tail",
    find: /if \(offset >= bytes\) return undefined;/,
    replace: "if (offset <= bytes) return undefined;",
    oracles: [lost],
  },
  {
    bug: "retry after a failed fsync",
    find: commitSync,
    replace: `try {
      yield { type: "sync", file };
    } catch {
      yield { type: "sync", file };
    }$1`,
    oracles: [lost, rot],
  },
  {
    bug: "the torn tail is not cut off",
    find: /yield \{ type: "truncate", file, length: offset \};(?=\s+yield \{ type: "sync", file \};)/,
    replace: "",
    oracles: [lost, rot],
  },
  {
    bug: "a readable tail is believed to be on the disk",
    find: /yield \{ type: "write", file, offset, bytes: (yield\* read\(file, offset, length\)) \};/,
    replace: "$1;",
    oracles: [lost, rot],
  },
  {
    bug: "trim past the checkpoint",
    find: /oldest\.lastLsn <= this\.#checkpoint &&/,
    replace: "",
    oracles: [trimmed],
  },
  {
    bug: "a full disk is taken for success",
    find: /yield \{ type: "truncate", file, length: offset \};\s+return full\(error\);/,
    replace: "return undefined;",
    oracles: [lost, rot, phantom],
  },
];

const source = fileURLToPath(new URL("../../../../packages/wal-replication/src", import.meta.url));
const scratch = fileURLToPath(new URL("../../.results/mutants", import.meta.url));

/** The log with the bug in it. */
export async function loadMutant({ bug, find, replace }: Mutant): Promise<typeof Wal> {
  const home = `${scratch}/${process.pid}-${bug.replaceAll(" ", "-")}`;
  mkdirSync(scratch, { recursive: true });
  cpSync(source, home, { recursive: true });
  try {
    const files = readdirSync(home).filter((name) => name.endsWith(".ts"));
    const texts = files.map((name) => readFileSync(`${home}/${name}`, "utf8"));
    const hits = texts.flatMap((text) => [...text.matchAll(new RegExp(find, "g"))]);
    if (hits.length !== 1)
      throw new Error(`"${bug}" fits the log ${hits.length} times, not once: adapt it`);
    files.forEach((name, index) => {
      writeFileSync(`${home}/${name}`, (texts[index] ?? "").replace(find, replace));
    });
    return (await import(/* @vite-ignore */ pathToFileURL(`${home}/index.ts`).href)) as typeof Wal;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
