/**
 * The checkers of crash-check.ts and corruption-check.ts against logs that are wrong on purpose. Each bug
 * is one that real logs had; it lives here, in how the log is driven, never in the log.
 */
import { describe, expect, test } from "vitest";
import { crc32, type Crc32, type FileRequest } from "@engram/wal-replication";
import { type Disk, DiskLog, type FaultyDisk, seededRandom } from "@engram/wal-replication/testing";
import { type CheckOptions, checkCrashes, Violation } from "./crash-check.ts";
import { checkFlip, type Open, openSound, writeLog, type Written } from "./corruption-check.ts";

const WORKLOAD = { operations: 120, samples: 4 };
const SEEDS_MAX = 20;

/** Payload checksums are the ones that start from nothing and do not cover a header. */
const blindToPayloads: Crc32 = (bytes, seed) =>
  seed === undefined && bytes.length !== 36 ? 0 : crc32(bytes, seed);

/** The first seed whose run finds a violation, and the violation. */
function hunt(options: Partial<CheckOptions>): {
  readonly seed: number;
  readonly found: Violation;
} {
  for (let seed = 1; seed <= SEEDS_MAX; seed += 1)
    try {
      checkCrashes({ ...WORKLOAD, ...options, seed });
    } catch (error) {
      if (error instanceof Violation) return { seed, found: error };
      throw error;
    }
  throw new Error(`${SEEDS_MAX} seeds found nothing`);
}

/** A disk that only claims to execute some requests. */
function skipping(isSkipped: (request: FileRequest) => boolean) {
  return (disk: FaultyDisk): Disk => ({
    execute: (request) => (isSkipped(request) ? undefined : disk.execute(request)),
  });
}

describe("a power cut exposes", () => {
  test("acknowledging before the sync", () => {
    const wrap = skipping(({ type }) => type === "sync");
    expect(hunt({ wrap }).found.message).toMatch(/^(W1|the log does not open)/);
  });

  test("syncing batches, but not what begins and ends a segment", () => {
    const wrap = skipping((request) => request.type === "sync" && request.file.endsWith(".tmp"));
    expect(hunt({ wrap }).found.message).toMatch(/^(W1|W3|the log does not open)/);
  });

  test("never syncing the directory", () => {
    const wrap = skipping(({ type }) => type === "syncDirectory");
    expect(hunt({ wrap }).found.message).toMatch(/^(W1|W3)/);
  });

  test("a disk that lies about one sync", () => {
    let syncs = 0;
    const wrap = skipping(({ type }) => type === "sync" && (syncs += 1) % 10 === 9);
    expect(hunt({ wrap }).found.message).toMatch(/^(W1|W3|the log does not open)/);
  });

  test("replaying a batch whose checksum is wrong", () => {
    expect(hunt({ log: { crc32: blindToPayloads } }).found.message).toMatch(/^(W2|W5)/);
  });
});

describe("a failed sync exposes", () => {
  test("trying it again and believing the answer", () => {
    const wrap = (disk: FaultyDisk): Disk => ({
      execute: (request) => {
        try {
          return disk.execute(request);
        } catch (error) {
          if (request.type !== "sync") throw error;
          return disk.execute(request);
        }
      },
    });
    const { found } = hunt({ wrap, syncFailures: 0.1 });
    expect(found.message).toMatch(/^(W1|the log does not open)/);
  });

  test("trusting at the next opening what can be read", () => {
    const isRewrite = (): ((request: FileRequest) => boolean) => {
      const seen = new Set<string>();
      return (request) => {
        if (request.type === "read") seen.add(request.file);
        return request.type === "write" && seen.delete(request.file) && request.offset > 0;
      };
    };
    const wrap = (disk: FaultyDisk): Disk => skipping(isRewrite())(disk);
    const { found } = hunt({ wrap, syncFailures: 0.1 });
    expect(found.message).toMatch(/^(W1|W3)/);
  });
});

describe("a flipped bit exposes", () => {
  function firstViolation(written: Written, open: Open): string | undefined {
    try {
      for (const { file, bytes } of written.disk.files)
        for (let bit = 0; bit < bytes * 8; bit += 3) checkFlip(written, file, bit, open);
      return undefined;
    } catch (error) {
      if (error instanceof Violation) return error.message;
      throw error;
    }
  }

  test("taking corruption for a torn write", () => {
    const careless: Open = (disk) => {
      for (;;) {
        const log = openSound(disk);
        const damage = log.error?.damage;
        if (damage === undefined) return log;
        disk.execute({ type: "truncate", file: damage.file, length: damage.offset });
        const later = disk.files.filter(({ file }) => file > damage.file);
        for (const { file } of [...later, ...(damage.offset === 0 ? [damage] : [])])
          disk.execute({ type: "unlink", file });
      }
    };
    expect(firstViolation(writeLog(1, 8), careless)).toMatch(/goes unnoticed/);
  });

  test("replaying a batch whose checksum is wrong", () => {
    const blind: Open = (disk) =>
      new DiskLog(disk, { crc32: blindToPayloads, random: seededRandom(1) }).run();
    expect(firstViolation(writeLog(1, 8, blindToPayloads), blind)).toMatch(/returned as data/);
  });
});
