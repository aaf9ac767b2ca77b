/** The file operations that the log asks for, and how its sequential parts wait for them. */

/**
 * A file in the log's directory.
 *
 * @public
 */
export interface FileEntry {
  /** Name within the directory. */
  readonly file: string;
  /** Size in bytes. */
  readonly bytes: number;
}

/**
 * One file operation, asked of the driver. Files are names within the log's directory. Each completes
 * with the value named here, or fails with an error whose `code`, if it has one, is the system's
 * (`"ENOSPC"`, `"ENOENT"`).
 *
 * - `list`: all regular files, as `FileEntry` array
 * - `read`: up to `length` bytes at `offset`; fewer only at the end of the file
 * - `write`: all of `bytes` at `offset`; makes the file if there is none. `bytes` may be read until the
 *   operation completes and not after
 * - `truncate`: the file's size becomes `length`, which is not above it
 * - `sync`: the file's content and size are on stable storage. If it fails, it is never asked again
 * - `syncDirectory`: names made, renamed and removed are on stable storage
 * - `rename`: `source` becomes `target`, atomically
 * - `unlink`: removes the file
 * - `release`: the log will not write this file again; a handle kept for it can be closed
 *
 * @public
 */
export type FileRequest =
  | { readonly type: "list" }
  | {
      readonly type: "read";
      readonly file: string;
      readonly offset: number;
      readonly length: number;
    }
  | {
      readonly type: "write";
      readonly file: string;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  | { readonly type: "truncate"; readonly file: string; readonly length: number }
  | { readonly type: "sync"; readonly file: string }
  | { readonly type: "syncDirectory" }
  | { readonly type: "rename"; readonly source: string; readonly target: string }
  | { readonly type: "unlink"; readonly file: string }
  | { readonly type: "release"; readonly file: string };

/**
 * A `FileRequest` with the number under which its completion is reported.
 *
 * @public
 */
export type FileOperation = FileRequest & { readonly id: number };

/**
 * What a `FileRequest` completes with: entries for `list`, bytes for `read`, otherwise nothing.
 *
 * @public
 */
export type FileResult = readonly FileEntry[] | Uint8Array | undefined;

/** A sequence of file operations that ends in a `T`: it yields each and is resumed with its result. */
export type Io<T> = Generator<FileRequest, T, FileResult>;

export function* list(): Io<readonly FileEntry[]> {
  const result = yield { type: "list" };
  if (!Array.isArray(result)) throw new TypeError("list completes with an array of entries");
  return result as readonly FileEntry[];
}

export function* read(file: string, offset: number, length: number): Io<Uint8Array> {
  const result = yield { type: "read", file, offset, length };
  if (!(result instanceof Uint8Array)) throw new TypeError("read completes with bytes");
  return result;
}

/** The system's code of a failed operation. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Whether a write failed because there is no room, so that not all of it was written. */
export function isFull(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
}
