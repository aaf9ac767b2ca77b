import type { FileEntry, FileRequest, FileResult } from "../io.ts";
import { type Choose, DiskFile } from "./disk-file.ts";

/**
 * Whatever executes file operations at once: `FaultyDisk`, or a disk of yours around one.
 *
 * @public
 */
export interface Disk {
  /** Executes `request` and returns its result, or throws an error with a `code`. */
  execute(request: FileRequest): FileResult;
}

/**
 * What to do to one operation: fail it with a system code (a write may first accept `bytes`), or, to a
 * `sync` or `syncDirectory`, `lie`: report success and bring nothing to the disk.
 *
 * @public
 */
export type Fault = { readonly code: string; readonly bytes?: number } | { readonly lie: true };

/**
 * Decides what happens to the operation with this number, counted from 0; undefined: nothing.
 *
 * @public
 */
export type FaultPlan = (request: FileRequest, index: number) => Fault | undefined;

/**
 * An error of a `FaultyDisk`.
 *
 * @public
 */
export class DiskError extends Error {
  /** `"DiskError"` */
  override name = "DiskError";
  /** As of Node: `"EIO"`, `"ENOSPC"`, `"ENOENT"`, or whatever the fault said. */
  readonly code: string;

  /** @param code - the system's code */
  constructor(code: string) {
    super(`${code}: injected by FaultyDisk`);
    this.code = code;
  }
}

/** Names that changed together: a file, or undefined for a name that is gone. */
type NameChange = readonly (readonly [name: string, file: DiskFile | undefined])[];

/**
 * One directory of files in memory that behaves as badly as a disk may: content that was not synced, and
 * names whose directory was not synced, may or may not survive a power cut, sector by sector and name by
 * name; a sync that fails forgets what it should have written; space runs out; bits flip.
 *
 * @public
 */
export class FaultyDisk implements Disk {
  /** Decides on faults; may be replaced at any time. */
  plan: FaultPlan | undefined;
  /** Bytes that all files together may have; beyond it a write fails with `ENOSPC`. */
  capacityBytes: number = Number.POSITIVE_INFINITY;
  #operations = 0;
  #names = new Map<string, DiskFile>();
  #durableNames = new Map<string, DiskFile>();
  #pendingNames: NameChange[] = [];

  /** Operations executed so far, failed ones included. */
  get operations(): number {
    return this.#operations;
  }

  /** The files as a program sees them. */
  get files(): readonly FileEntry[] {
    return [...this.#names].map(([file, { current }]) => ({ file, bytes: current.length }));
  }

  /** Executes `request` at once, or throws a `DiskError`. */
  execute(request: FileRequest): FileResult {
    const fault = this.plan?.(request, this.#operations);
    this.#operations += 1;
    if (fault === undefined) return this.#run(request);
    if ("lie" in fault) return undefined;
    if (request.type === "sync") this.#file(request.file).failSync();
    if (request.type === "write" && fault.bytes !== undefined)
      this.#run({ ...request, bytes: request.bytes.subarray(0, fault.bytes) });
    throw new DiskError(fault.code);
  }

  /**
   * The disk after a power cut at this moment; this one is unchanged.
   *
   * @param choose - decides for each unsynced sector, size and name whether it survives (1) or not (0)
   * @param fill - called with each lost sector inside a file that grew around it; leaves zeros by default
   */
  crash(choose: Choose, fill: (sector: Uint8Array) => void = () => undefined): FaultyDisk {
    const image = new FaultyDisk();
    const names = new Map(this.#durableNames);
    for (const change of this.#pendingNames) if (choose(2) === 1) rename(names, change);
    const survivors = new Map<DiskFile, DiskFile>();
    for (const [name, file] of names) {
      const survivor = survivors.get(file) ?? file.crash(choose, fill);
      survivors.set(file, survivor);
      image.#names.set(name, survivor);
    }
    image.#durableNames = new Map(image.#names);
    return image;
  }

  /** An independent copy in the same state, without its plan. */
  clone(): FaultyDisk {
    const copy = new FaultyDisk();
    const copies = new Map<DiskFile, DiskFile>();
    const cloned = (file: DiskFile): DiskFile => {
      const known = copies.get(file) ?? file.clone();
      copies.set(file, known);
      return known;
    };
    for (const [name, file] of this.#names) copy.#names.set(name, cloned(file));
    for (const [name, file] of this.#durableNames) copy.#durableNames.set(name, cloned(file));
    copy.#pendingNames = this.#pendingNames.map((change) =>
      change.map(([name, file]) => [name, file === undefined ? undefined : cloned(file)]),
    );
    copy.capacityBytes = this.capacityBytes;
    return copy;
  }

  /** Inverts bit `bit & 7` of byte `bit >> 3` of `file`, on the disk and for readers. */
  flipBit(file: string, bit: number): void {
    this.#file(file).flipBit(bit);
  }

  #run(request: FileRequest): FileResult {
    switch (request.type) {
      case "list":
        return this.files;
      case "read":
        return this.#file(request.file).current.slice(
          request.offset,
          request.offset + request.length,
        );
      case "write":
        this.#write(request.file, request.offset, request.bytes);
        break;
      case "truncate":
        this.#file(request.file).truncate(request.length);
        break;
      case "sync":
        this.#file(request.file).sync();
        break;
      case "syncDirectory":
        for (const change of this.#pendingNames) rename(this.#durableNames, change);
        this.#pendingNames = [];
        break;
      case "rename":
        this.#rename([
          [request.source, undefined],
          [request.target, this.#file(request.source)],
        ]);
        break;
      case "unlink":
        this.#file(request.file);
        this.#rename([[request.file, undefined]]);
        break;
      case "release":
        break;
    }
    return undefined;
  }

  #write(name: string, offset: number, bytes: Uint8Array): void {
    let file = this.#names.get(name);
    if (file === undefined) {
      file = new DiskFile();
      this.#rename([[name, file]]);
    }
    const used = this.files.reduce((sum, entry) => sum + entry.bytes, 0);
    const grows = Math.max(0, offset + bytes.length - file.current.length);
    const lacking = Math.max(0, used + grows - this.capacityBytes);
    const accepted = bytes.subarray(0, Math.max(0, bytes.length - lacking));
    if (accepted.length > 0) file.write(offset, accepted);
    if (lacking > 0) throw new DiskError("ENOSPC");
  }

  #rename(change: NameChange): void {
    rename(this.#names, change);
    this.#pendingNames.push(change);
  }

  #file(name: string): DiskFile {
    const file = this.#names.get(name);
    if (file === undefined) throw new DiskError("ENOENT");
    return file;
  }
}

function rename(names: Map<string, DiskFile>, change: NameChange): void {
  for (const [name, file] of change)
    if (file === undefined) names.delete(name);
    else names.set(name, file);
}
