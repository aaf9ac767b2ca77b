// The files a disk holds are not modelled here: the log publishes the disk it is tested on
// (`FaultyDisk` of `@engram/wal-replication/testing`), and the world takes anything of its shape. The
// types are the log's, structurally, because nothing here may depend on a package.

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

/** To fail with a system code, a write perhaps after some bytes; or to do nothing and say it is done. */
export type FileFault = { readonly code: string; readonly bytes?: number } | { readonly lie: true };

/** Files that execute requests at once, and know what of them is on stable storage. */
export interface Platter {
  /** Asked before each request. */
  plan: ((request: FileRequest, index: number) => FileFault | undefined) | undefined;
  /** Bytes of all files together, beyond which a write fails with `ENOSPC`. */
  capacityBytes: number;
  readonly files: readonly FileEntry[];
  /** @throws an error with a `code` */
  execute(request: FileRequest): FileResult;
  /**
   * What a power cut leaves. `choose` gives an integer below its argument for each thing that may
   * survive (1) or not (0), `fill` the content of sectors that were given to a file and not written.
   */
  crash(choose: (count: number) => number, fill?: (sector: Uint8Array) => void): Platter;
  clone(): Platter;
  flipBit(file: string, bit: number): void;
}
