import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import type * as Wal from "@engram/wal-replication";

/** A deliberate bug: one replacement in the log's own source. */
export interface Mutant {
  readonly bug: string;
  readonly file: string;
  /** Must occur exactly once, or the mutant needs to be brought up to date with the log. */
  readonly find: string;
  readonly replace: string;
  /** The oracles of which one must notice. */
  readonly oracles: readonly string[];
}

const lost = "no acknowledged record is lost";
const rot = "only rot is called corruption";
const trimmed = "nothing past the checkpoint is trimmed";

export const mutants: readonly Mutant[] = [
  {
    bug: "ack before fsync",
    file: "log.ts",
    find: `    if (!isWritten) return;
    yield { type: "sync", file };
    if (this.#cause !== undefined) return;`,
    replace: `    if (!isWritten) return;`,
    oracles: [lost, rot],
  },
  {
    bug: "fsync the file but not the directory",
    file: "log.ts",
    find: `    yield { type: "rename", source: unfinished, target: file };
    yield { type: "syncDirectory" };`,
    replace: `    yield { type: "rename", source: unfinished, target: file };`,
    oracles: [lost, rot, trimmed],
  },
  {
    bug: "replay past a bad checksum",
    file: "scan.ts",
    find: "crc32(payload) !== header.payloadCrc",
    replace: "false",
    oracles: ["records do not change", "every record was appended"],
  },
  {
    bug: "corruption taken for a torn tail",
    file: "recovery.ts",
    find: `    if (offset >= bytes) return undefined;
    const later`,
    replace: `    if (offset <= bytes) return undefined;
    const later`,
    oracles: [lost],
  },
  {
    bug: "retry after a failed fsync",
    file: "log.ts",
    find: `    yield { type: "sync", file };
    if (this.#cause !== undefined) return;`,
    replace: `    try {
      yield { type: "sync", file };
    } catch {
      yield { type: "sync", file };
    }
    if (this.#cause !== undefined) return;`,
    oracles: [lost, rot],
  },
  {
    bug: "the torn tail is not cut off",
    file: "recovery.ts",
    find: `    yield { type: "truncate", file, length: offset };
    yield { type: "sync", file };`,
    replace: `    yield { type: "sync", file };`,
    oracles: [lost, rot],
  },
  {
    bug: "a readable tail is believed to be on the disk",
    file: "recovery.ts",
    find: `    yield { type: "write", file, offset, bytes: yield* read(file, offset, length) };`,
    replace: `    yield* read(file, offset, length);`,
    oracles: [lost, rot],
  },
  {
    bug: "trim past the checkpoint",
    file: "log.ts",
    find: "oldest.lastLsn <= this.#checkpoint &&",
    replace: "",
    oracles: [trimmed],
  },
  {
    bug: "a full disk is taken for success",
    file: "log.ts",
    find: `      yield { type: "truncate", file, length: offset };
      this.#reject(full(error));
      return false;`,
    replace: `      return true;`,
    oracles: [lost, rot, "every record was appended"],
  },
];

const source = fileURLToPath(new URL("../../../../packages/wal-replication/src", import.meta.url));
const scratch = fileURLToPath(new URL("../../.results/mutants", import.meta.url));

/** The log with the bug in it. */
export async function loadMutant({ bug, file, find, replace }: Mutant): Promise<typeof Wal> {
  const home = `${scratch}/${process.pid}-${bug.replaceAll(" ", "-")}`;
  mkdirSync(scratch, { recursive: true });
  cpSync(source, home, { recursive: true });
  try {
    const text = readFileSync(`${home}/${file}`, "utf8");
    const parts = text.split(find);
    if (parts.length !== 2) throw new Error(`"${bug}" does not fit ${file} any more: mend it`);
    writeFileSync(`${home}/${file}`, parts.join(replace));
    return (await import(/* @vite-ignore */ pathToFileURL(`${home}/index.ts`).href)) as typeof Wal;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
