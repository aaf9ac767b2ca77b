// What a disk remembers. Every file and the directory exist twice: as programs see them (the page
// cache) and as stable storage has them. Changes wait in between until they are synced; a power cut
// decides for each waiting change alone whether it is kept, lost or torn, in any order: nothing but
// a sync orders anything. A name becomes durable by `syncDirectory` only. Bytes that were synced
// before are never harmed by a torn write beside them (power-safe overwrite).

import { Content } from "./content.ts";
import type { Random } from "./random.ts";

/** One operation on the files of a disk, which are a single directory. */
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

export interface FileEntry {
  readonly file: string;
  readonly bytes: number;
}

/** Entries for `list`, bytes for `read`, otherwise nothing. */
export type FileResult = readonly FileEntry[] | Uint8Array | undefined;

/** A failed operation, with the system's code. */
export class DiskError extends Error {
  override name = "DiskError";
  readonly code: "EIO" | "ENOENT" | "ENOSPC";

  constructor(code: "EIO" | "ENOENT" | "ENOSPC", message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

interface Inode {
  live: Content;
  readonly durable: Content;
  readonly pending: Change[];
}

type Change = { readonly offset: number; readonly bytes: Uint8Array } | { readonly length: number };

/** A change of names: all of it happens, or none. */
type Naming = readonly (readonly [name: string, inode: Inode | undefined])[];

export class Platter {
  #live = new Map<string, Inode>();
  #durable = new Map<string, Inode>();
  #namings: Naming[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Bytes of all files as programs see them. */
  get usedBytes(): number {
    let sum = 0;
    for (const { live } of this.#live.values()) sum += live.size;
    return sum;
  }

  /** Bytes by which a write makes its file larger. */
  growth({ file, offset, bytes }: Extract<FileRequest, { type: "write" }>): number {
    return Math.max(0, offset + bytes.length - (this.#live.get(file)?.live.size ?? 0));
  }

  /** Carries out one request. @throws {@link DiskError} where there is no such file */
  execute(request: FileRequest): FileResult {
    switch (request.type) {
      case "list":
        return this.#list();
      case "read":
        return this.#find(request.file).live.read(request.offset, request.length);
      case "write":
        return this.#change(this.#make(request.file), {
          offset: request.offset,
          bytes: request.bytes.slice(),
        });
      case "truncate":
        return this.#change(this.#find(request.file), { length: request.length });
      case "sync":
        return settle(this.#find(request.file));
      case "syncDirectory":
        for (const naming of this.#namings.splice(0)) name(this.#durable, naming);
        return undefined;
      case "rename":
        return this.#name([
          [request.source, undefined],
          [request.target, this.#find(request.source)],
        ]);
      case "unlink":
        this.#find(request.file);
        return this.#name([[request.file, undefined]]);
      case "release":
        break;
    }
    return undefined;
  }

  /**
   * What a failed sync leaves: some of the waiting changes are on the disk, and none of them waits
   * any longer. A second sync has nothing to do and succeeds; the cache still shows what was lost.
   */
  failSync(file: string): void {
    const inode = this.#find(file);
    for (const change of inode.pending.splice(0)) {
      if (this.#random.chance(0.5)) apply(inode.durable, change);
    }
  }

  /** Programs see what stable storage had and what of the waiting changes luck has kept. */
  cutPower(): void {
    const isInOrder = this.#random.chance(0.5);
    for (const naming of this.#namings.splice(0)) {
      const isKept = this.#random.chance(0.5);
      if (isKept) name(this.#durable, naming);
      else if (isInOrder) break;
    }
    const inodes = new Set([...this.#durable.values(), ...this.#live.values()]);
    for (const inode of inodes) {
      for (const change of inode.pending.splice(0)) this.#tear(inode, change);
      inode.live = inode.durable.clone();
    }
    this.#live = new Map(this.#durable);
  }

  /** Harms one synced byte of one file for good. @returns where, or undefined on an empty disk */
  rot(): { readonly file: string; readonly offset: number } | undefined {
    const files = [...this.#durable].filter(([, { durable }]) => durable.size > 0);
    if (files.length === 0) return undefined;
    const [file, { live, durable }] = this.#random.pick(files);
    const offset = this.#random.below(durable.size);
    const before = durable.read(offset, 1);
    const after = before.map((byte) => byte ^ (1 << this.#random.below(8)));
    durable.write(offset, after);
    if (live.read(offset, 1)[0] === before[0]) live.write(offset, after);
    return { file, offset };
  }

  /** What is on stable storage for certain: what a power cut now would leave at the least. */
  durableFiles(): Map<string, Uint8Array> {
    return contents(this.#durable, "durable");
  }

  /** The whole disk as programs see it, to be put back later: a backup of a virtual machine. */
  snapshot(): ReadonlyMap<string, Uint8Array> {
    return contents(this.#live, "live");
  }

  /** The disk holds exactly these files, durably. */
  restore(files: ReadonlyMap<string, Uint8Array>): void {
    this.#namings = [];
    this.#durable = new Map();
    for (const [file, bytes] of files) {
      const durable = new Content(bytes);
      this.#durable.set(file, { live: durable.clone(), durable, pending: [] });
    }
    this.#live = new Map(this.#durable);
  }

  /** In seeded order: a program that relies on the order of a directory is wrong. */
  #list(): FileEntry[] {
    const entries = [...this.#live].map(([file, { live }]) => ({ file, bytes: live.size }));
    return this.#random.shuffle(entries);
  }

  #find(file: string): Inode {
    const inode = this.#live.get(file);
    if (inode === undefined) throw new DiskError("ENOENT", file);
    return inode;
  }

  #make(file: string): Inode {
    const found = this.#live.get(file);
    if (found !== undefined) return found;
    const inode: Inode = { live: new Content(), durable: new Content(), pending: [] };
    this.#name([[file, inode]]);
    return inode;
  }

  #name(naming: Naming): undefined {
    this.#namings.push(naming);
    name(this.#live, naming);
    return undefined;
  }

  #change(inode: Inode, change: Change): undefined {
    inode.pending.push(change);
    apply(inode.live, change);
    return undefined;
  }

  /** The fate of one unsynced change at a power cut. */
  #tear({ durable }: Inode, change: Change): void {
    const fate = this.#random.pick(["lost", "kept", "kept", "short", "zeros", "garbage"] as const);
    if (fate === "lost") return;
    if (fate === "kept" || "length" in change) return apply(durable, change);
    const { offset, bytes } = change;
    if (fate === "short")
      return durable.write(offset, bytes.subarray(0, this.#random.below(bytes.length + 1)));
    // Sectors reach the disk in any order; where one did not, there are old bytes, or what is found
    // in space that was just given to the file.
    const torn = new Uint8Array(bytes.length);
    if (fate === "garbage") torn.set(this.#random.bytes(bytes.length));
    torn.set(durable.read(offset, bytes.length));
    const sector = this.#random.pick([1, 512, 4096]);
    for (let start = 0; start < bytes.length; start += sector) {
      if (this.#random.chance(0.5)) torn.set(bytes.subarray(start, start + sector), start);
    }
    durable.write(offset, torn);
  }
}

/** Everything that waits is on stable storage. */
function settle({ durable, pending }: Inode): undefined {
  for (const change of pending.splice(0)) apply(durable, change);
  return undefined;
}

function name(directory: Map<string, Inode>, naming: Naming): void {
  for (const [file, inode] of naming) {
    if (inode === undefined) directory.delete(file);
    else directory.set(file, inode);
  }
}

function apply(content: Content, change: Change): void {
  if ("length" in change) content.truncate(change.length);
  else content.write(change.offset, change.bytes);
}

function contents(directory: Map<string, Inode>, side: "live" | "durable") {
  return new Map([...directory].map(([file, inode]) => [file, inode[side].read(0, Infinity)]));
}
