import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { crc32 as zlibCrc32 } from "node:zlib";
import { crc32 as portableCrc32, type Crc32 } from "../crc32.ts";
import { WalError } from "../errors.ts";
import { Log } from "../log.ts";
import type { LogOptions } from "../options.ts";
import type { Recovery } from "../recovery.ts";
import { Directory, syncDirectory } from "./directory.ts";
import { complete, createFileLog, type FileLog } from "./file-log.ts";
import { lock } from "./lock.ts";

export type { FileLog, ReadOptions, Receipt } from "./file-log.ts";

/**
 * Options of `openLog`.
 *
 * @public
 */
export interface FileLogOptions extends LogOptions {
  /** Where the log is, made if need be. Holds nothing else. */
  readonly directory: string;
}

/**
 * Opens the log in a directory, after a crash as after a clean close: cuts off what a crash left half
 * written, and refuses if durable data is damaged.
 *
 * @throws WalError `WAL_LOCKED` if it is open already, here or in another process; `WAL_CORRUPT` if durable
 * data is damaged, unless `corruption` is `"report"`; `WAL_IO` if the system refuses
 * @throws RangeError if an option is out of range
 *
 * @public
 */
export async function openLog(options: FileLogOptions): Promise<FileLog> {
  const { directory, ...rest } = options;
  const log = new Log({ ...rest, random, crc32 });
  const path = resolve(directory);
  try {
    await makeDirectory(path);
  } catch (error) {
    throw new WalError("WAL_IO", `${directory} cannot be made`, { cause: error });
  }
  const held = await lock(path);
  const files = new Directory(path);
  try {
    return createFileLog(log, { files, lock: held, recovery: await runOpening(log, files) });
  } catch (error) {
    await files.close();
    await held.release();
    throw error;
  }
}

function random(): number {
  return randomBytes(4).readUInt32LE() / 2 ** 32;
}

/** A call into zlib costs as much as 256 bytes in JavaScript. */
const crc32: Crc32 = (bytes, seed) =>
  bytes.length < 256 ? portableCrc32(bytes, seed) : zlibCrc32(bytes, seed);

/** Makes the directory, and each name on the way to it durable. */
async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made !== dirname(first); made = dirname(made))
    await syncDirectory(dirname(made));
}

/** Opening asks for one operation at a time and ends in `opened` or `closed`. */
async function runOpening(log: Log, files: Directory): Promise<Recovery> {
  for (let output = log.poll(); output !== undefined; output = log.poll()) {
    if (output.type === "opened") return output.recovery;
    if (output.type === "closed" && output.error !== undefined) throw output.error;
    if ("id" in output) await complete(log, files, output);
  }
  throw new Error("opening ended without a verdict");
}
