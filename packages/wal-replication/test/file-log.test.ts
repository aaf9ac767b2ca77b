/** The driver over a disk that fails, one operation a turn of the event loop. */
import { describe, expect, test } from "vitest";
import { Log, type LogOptions } from "@engram/wal-replication";
import { FaultyDisk, seededRandom } from "@engram/wal-replication/testing";
import type { FileRequest, FileResult } from "../src/io.ts";
import { complete, createFileLog, type FileLog } from "../src/node/file-log.ts";
import { decoded, numberedEnvelope } from "./records.ts";

async function openOn(
  disk: FaultyDisk,
  options: LogOptions & { readonly onOperation?: (request: FileRequest) => void } = {},
): Promise<FileLog> {
  const files = {
    execute: async (request: FileRequest): Promise<FileResult> => {
      await new Promise((resolve) => setImmediate(resolve));
      options.onOperation?.(request);
      return disk.execute(request);
    },
    close: async () => undefined,
  };
  const log = new Log({ segmentBytes: 4096, bufferBytes: 8192, random: Math.random, ...options });
  for (let output = log.poll(); output !== undefined; output = log.poll())
    if ("id" in output) await complete(log, files, output);
    else if (output.type === "opened") {
      const lock = { release: async () => undefined };
      return createFileLog(log, { files, lock, recovery: output.recovery });
    }
  throw new Error("the log does not open");
}

async function numbers(log: FileLog): Promise<number[]> {
  const found = [];
  for await (const { envelope } of log.read()) found.push(decoded(envelope).sequence);
  return found;
}

describe("every promise tells the truth", () => {
  test("while space runs out and comes back, and callers try again at once", async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const random = seededRandom(seed);
      const disk = new FaultyDisk();
      const log = await openOn(disk);
      const stored: number[] = [];
      const rejected = new Set<string>();
      let number = 0;
      disk.plan = ({ type }) =>
        type === "write" && random() < 0.3
          ? { code: "ENOSPC", bytes: Math.floor(random() * 40) }
          : undefined;
      const write = async (): Promise<void> => {
        for (let turn = 0; turn < 30; turn += 1) {
          number += 1;
          const own = number;
          try {
            const { lsn } = await log.append(numberedEnvelope(own, Math.floor(random() * 200)));
            stored[lsn - 1] = own;
          } catch (error) {
            rejected.add((error as { code: string }).code);
          }
        }
      };
      await Promise.all(Array.from({ length: 8 }, write));
      disk.plan = undefined;
      expect(rejected).toContain("WAL_FULL");
      expect(stored.length).toBeGreaterThan(20);
      expect(await numbers(log)).toEqual(stored);
      await log.close();
      expect(await numbers(await openOn(disk.crash(() => 0)))).toEqual(stored);
    }
  });

  test("to those who append between a failure and the news of it", async () => {
    const disk = new FaultyDisk();
    const outcomes: Promise<[number, boolean]>[] = [];
    let number = 0;
    const append = (): void => {
      number += 1;
      const own = number;
      const appended = log.append(numberedEnvelope(own));
      outcomes.push(
        appended.then(
          () => [own, true],
          () => [own, false],
        ),
      );
    };
    // The operation that ends a failed write; the driver hears of it a few microtasks later.
    const onOperation = async ({ type }: FileRequest): Promise<void> => {
      if (type !== "truncate") return;
      for (let tick = 0; tick < 8; tick += 1) {
        append();
        await Promise.resolve();
      }
    };
    const log = await openOn(disk, { onOperation: (request) => void onOperation(request) });
    let writes = 0;
    disk.plan = ({ type }) => {
      writes += type === "write" ? 1 : 0;
      return type === "write" && writes === 1 ? { code: "ENOSPC", bytes: 10 } : undefined;
    };
    append();
    await outcomes[0];
    await new Promise((resolve) => setImmediate(resolve));
    const settled = await Promise.all(outcomes);
    await log.close();
    const stored = settled.filter(([, isStored]) => isStored).map(([own]) => own);
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.length).toBeLessThan(number);
    expect(await numbers(await openOn(disk))).toEqual(stored);
  });

  test("when a sync fails: none that waited resolves, and what had resolved is there", async () => {
    const disk = new FaultyDisk();
    const log = await openOn(disk);
    await log.append(numberedEnvelope(1));
    disk.plan = ({ type }) => (type === "sync" ? { code: "EIO" } : undefined);
    const results = await Promise.allSettled(
      [2, 3, 4].map((number) => log.append(numberedEnvelope(number))),
    );
    for (const result of results)
      expect(result).toMatchObject({ status: "rejected", reason: { code: "WAL_POISONED" } });
    await expect(log.append(numberedEnvelope(5))).rejects.toMatchObject({ code: "WAL_POISONED" });
    expect(log.state).toBe("poisoned");
    expect(await numbers(log)).toEqual([1]);
    await log.drained();
    await log.close();
    expect(log.state).toBe("closed");
    expect((await numbers(await openOn(disk.crash(() => 0))))[0]).toBe(1);
  });
});
