import { close, constants, fdatasync, fsync, ftruncate, open, read, write } from "node:fs";
import { readdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { FileEntry, FileRequest, FileResult } from "../io.ts";

const closeFile = promisify(close);
const openFile = promisify(open);
const syncFile = promisify(fsync);
const syncData = promisify(fdatasync);
const truncateFile = promisify(ftruncate);

/**
 * On Linux a file is opened so that every write of ours is a write and an fdatasync in one system call,
 * which saves a trip through the thread pool. Elsewhere the flag promises less than a sync does.
 */
const WRITES_ARE_SYNCED = process.platform === "linux";

interface Handle {
  readonly fd: number;
  /**
   * Whether the next sync must cover what the writes since opening do not: metadata that `fdatasync`
   * may leave out, and pages that an earlier process wrote and did not live to sync.
   */
  needsFullSync: boolean;
}

/**
 * Executes the log's file operations in one directory. A file that is written stays open until it is
 * released, since a sync must go through the descriptor that saw the writes to learn of their failure.
 */
export class Directory {
  readonly #path: string;
  readonly #handles = new Map<string, Handle>();

  constructor(path: string) {
    this.#path = path;
  }

  /** Executes one operation. Those in flight together may be executed in any order. */
  execute(request: FileRequest): Promise<FileResult> {
    if (request.type === "write") return this.#write(request.file, request.offset, request.bytes);
    if (request.type === "sync") return this.#sync(request.file);
    if (request.type === "read") return this.#read(request.file, request.offset, request.length);
    if (request.type === "list") return this.#list();
    if (request.type === "truncate") return this.#truncate(request.file, request.length);
    if (request.type === "rename") return this.#rename(request.source, request.target);
    if (request.type === "unlink") return this.#unlink(request.file);
    if (request.type === "release") return this.#release(request.file);
    return syncDirectory(this.#path);
  }

  /** Closes every file. */
  async close(): Promise<void> {
    const handles = [...this.#handles.values()];
    this.#handles.clear();
    await Promise.all(handles.map(({ fd }) => closeFile(fd)));
  }

  async #list(): Promise<FileEntry[]> {
    const entries = await readdir(this.#path, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    return Promise.all(
      files.map(async (file) => ({ file, bytes: (await stat(join(this.#path, file))).size })),
    );
  }

  async #read(file: string, offset: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafeSlow(length);
    const known = this.#handles.get(file);
    const fd = known?.fd ?? (await openFile(join(this.#path, file), "r"));
    try {
      let filled = 0;
      while (filled < length) {
        const count = await readOnce(fd, buffer, filled, offset + filled);
        if (count === 0) break;
        filled += count;
      }
      return buffer.subarray(0, filled);
    } finally {
      if (known === undefined) await closeFile(fd);
    }
  }

  async #write(file: string, offset: number, bytes: Uint8Array): Promise<undefined> {
    const { fd } = this.#handles.get(file) ?? (await this.#open(file));
    for (let from = 0; from < bytes.length;)
      from += await writeOnce(fd, bytes, { from, position: offset + from });
  }

  async #truncate(file: string, length: number): Promise<undefined> {
    const handle = this.#handles.get(file) ?? (await this.#open(file));
    handle.needsFullSync = true;
    await truncateFile(handle.fd, length);
  }

  async #sync(file: string): Promise<undefined> {
    const handle = this.#handles.get(file) ?? (await this.#open(file));
    if (handle.needsFullSync) await syncFile(handle.fd);
    else if (!WRITES_ARE_SYNCED) await syncData(handle.fd);
    handle.needsFullSync = false;
  }

  async #open(file: string): Promise<Handle> {
    const synced = WRITES_ARE_SYNCED ? constants.O_DSYNC : 0;
    const flags = constants.O_RDWR | constants.O_CREAT | synced;
    const fd = await openFile(join(this.#path, file), flags, 0o644);
    const handle = { fd, needsFullSync: true };
    this.#handles.set(file, handle);
    return handle;
  }

  async #rename(source: string, target: string): Promise<undefined> {
    await rename(join(this.#path, source), join(this.#path, target));
    const handle = this.#handles.get(source);
    if (handle === undefined) return;
    this.#handles.delete(source);
    this.#handles.set(target, handle);
  }

  async #unlink(file: string): Promise<undefined> {
    await this.#release(file);
    await unlink(join(this.#path, file));
  }

  async #release(file: string): Promise<undefined> {
    const handle = this.#handles.get(file);
    if (handle === undefined) return;
    this.#handles.delete(file);
    await closeFile(handle.fd);
  }
}

/** Makes the names in the directory at `path` durable. */
export async function syncDirectory(path: string): Promise<undefined> {
  const fd = await openFile(path, "r");
  try {
    await syncFile(fd);
  } finally {
    await closeFile(fd);
  }
}

function writeOnce(
  fd: number,
  bytes: Uint8Array,
  at: { readonly from: number; readonly position: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, at.from, bytes.length - at.from, at.position, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}

function readOnce(fd: number, buffer: Buffer, at: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, at, buffer.length - at, position, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}
