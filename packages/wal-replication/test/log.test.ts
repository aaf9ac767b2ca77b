import { describe, expect, test } from "vitest";
import { Log, type LogDependencies, type LogOptions } from "@engram/wal-replication";
import { DiskLog, FaultyDisk, seededRandom } from "@engram/wal-replication/testing";
import { numberedEnvelope } from "./records.ts";

function open(disk: FaultyDisk, options: LogOptions & Partial<LogDependencies> = {}): DiskLog {
  const random = seededRandom(disk.operations + 1);
  return new DiskLog(disk, { segmentBytes: 2048, bufferBytes: 4096, random, ...options }).run();
}

function appendAll(log: DiskLog, from: number, to: number): void {
  for (let number = from; number <= to; number += 1) {
    log.append(numberedEnvelope(number, 100));
    log.run();
  }
}

function lsns(log: DiskLog, from?: number, to?: number): number[] {
  return log.read(from, to).map(({ lsn }) => lsn);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

describe("group commit", () => {
  test("everything appended between two polls shares one write and one sync", () => {
    const log = open(new FaultyDisk());
    const { syncs } = log.log.stats;
    for (let number = 1; number <= 20; number += 1) log.append(numberedEnvelope(number));
    expect(log.acknowledged).toBe(0);
    log.run();
    expect(log.acknowledged).toBe(20);
    expect(log.log.stats).toMatchObject({ records: 20, batches: 1, syncs: syncs + 1 });
  });

  test("one write or sync is in flight, whatever is appended meanwhile", () => {
    const log = new Log({ random: () => 0.5 });
    const disk = new FaultyDisk();
    for (let turn = 0; turn < 200; turn += 1) {
      if (log.state === "open") log.append(numberedEnvelope(turn + 1), turn);
      const operations = [];
      for (let output = log.poll(); output !== undefined; output = log.poll())
        if ("id" in output) operations.push(output);
      expect(operations.length).toBeLessThanOrEqual(1);
      for (const operation of operations) log.handleResult(operation.id, disk.execute(operation));
    }
    expect(log.durableLsn).toBeGreaterThan(90);
  });

  test("the wall clock of a batch is that of its last append", () => {
    const log = open(new FaultyDisk());
    log.append(numberedEnvelope(1), 1000);
    log.append(numberedEnvelope(2), 2000);
    log.run();
    expect(log.read().map(({ wallMs }) => wallMs)).toEqual([2000, 2000]);
  });
});

describe("W14: memory is bounded", () => {
  test("an append beyond bufferBytes is refused and the rest goes on", () => {
    const log = open(new FaultyDisk());
    let accepted = 0;
    expect(() => {
      for (;;) {
        log.append(numberedEnvelope(accepted + 1, 100));
        accepted += 1;
        expect(log.log.waitingBytes).toBeLessThanOrEqual(4096);
      }
    }).toThrow(expect.objectContaining({ code: "WAL_BUSY" }));
    expect(accepted).toBeGreaterThan(25);
    log.run();
    expect(log.acknowledged).toBe(accepted);
    expect(log.append(numberedEnvelope(1))).toBe(accepted + 1);
  });

  test("an envelope larger than bufferBytes never fits", () => {
    expect(() => open(new FaultyDisk()).append(numberedEnvelope(1, 5000))).toThrow(RangeError);
  });
});

describe("W6: a failed sync poisons", () => {
  test("for good: nothing is acknowledged any more, and the sync is not tried again", () => {
    const disk = new FaultyDisk();
    const log = open(disk);
    appendAll(log, 1, 3);
    let failures = 0;
    disk.plan = ({ type }) => {
      if (type !== "sync") return undefined;
      failures += 1;
      return failures === 1 ? { code: "EIO" } : undefined;
    };
    log.append(numberedEnvelope(4));
    log.run();
    expect(log.acknowledged).toBe(3);
    expect(log.log.state).toBe("poisoned");
    expect(log.error).toMatchObject({ code: "WAL_POISONED", cause: { code: "EIO" } });
    expect(() => log.append(numberedEnvelope(5))).toThrow(
      expect.objectContaining({ code: "WAL_POISONED" }),
    );
    log.run();
    expect(failures).toBe(1);
    expect(lsns(log)).toEqual([1, 2, 3]);
    log.log.close();
    log.run();
    expect(log.log.state).toBe("closed");
  });

  test("so does a write that fails for any reason but space, and a failed sync of the directory", () => {
    for (const type of ["write", "syncDirectory"] as const) {
      const disk = new FaultyDisk();
      const log = open(disk, { segmentBytes: 1024 });
      disk.plan = (request) => (request.type === type ? { code: "EIO" } : undefined);
      for (let number = 1; number < 40 && log.log.state === "open"; number += 1) {
        log.append(numberedEnvelope(number, 100));
        log.run();
      }
      expect(log.log.state).toBe("poisoned");
      disk.plan = undefined;
      expect(open(disk).log.durableLsn).toBeGreaterThanOrEqual(log.acknowledged);
    }
  });
});

describe("a full disk", () => {
  test("rejects what waits, stores none of it, and goes on when there is room", () => {
    const disk = new FaultyDisk();
    const log = open(disk);
    appendAll(log, 1, 4);
    const used = disk.files.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const spare of [0, 1, 39, 40, 41, 100, 190]) {
      disk.capacityBytes = used + spare;
      log.append(numberedEnvelope(5, 100));
      log.append(numberedEnvelope(6, 100));
      log.run();
      expect(log.error?.code).toBe("WAL_FULL");
      expect(log.log.state).toBe("open");
      expect(disk.files.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(used);
      expect(lsns(open(disk.crash(() => 1)))).toEqual([1, 2, 3, 4]);
    }
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    appendAll(log, 5, 6);
    expect(lsns(log)).toEqual(range(1, 6));
  });

  test("at any byte, between and within segments", () => {
    for (let capacity = 40; capacity < 9000; capacity += 61) {
      const disk = new FaultyDisk();
      const log = open(disk, { segmentBytes: 1024 });
      disk.capacityBytes = capacity;
      for (let number = 1; number < 50 && log.error === undefined; number += 1)
        appendAll(log, number, number);
      const { acknowledged } = log;
      expect(lsns(open(disk.crash(() => 0)))).toEqual(range(1, acknowledged));
      disk.capacityBytes = Number.POSITIVE_INFINITY;
      appendAll(log, acknowledged + 1, acknowledged + 20);
      expect(log.acknowledged).toBe(acknowledged + 20);
      expect(lsns(open(disk.crash(() => 0)))).toEqual(range(1, acknowledged + 20));
    }
  });
});

describe("reading", () => {
  test("W7: any slice, across segments, from wherever", () => {
    const log = open(new FaultyDisk());
    appendAll(log, 1, 60);
    expect(log.log.stats.segments).toBeGreaterThan(3);
    for (let from = 1; from <= 60; from += 7)
      for (let to = from; to <= 60; to += 5) expect(lsns(log, from, to)).toEqual(range(from, to));
    expect(lsns(log, 61)).toEqual([]);
    expect(lsns(log, 50, 900)).toEqual(range(50, 60));
  });

  test("does not see what is not durable", () => {
    const log = open(new FaultyDisk());
    appendAll(log, 1, 2);
    log.append(numberedEnvelope(3));
    const outputs = [];
    log.log.read({ lsn: 1 });
    for (let output = log.log.poll(); output !== undefined; output = log.log.poll())
      outputs.push(output);
    expect(outputs.map(({ type }) => type)).toEqual(["read", "write"]);
    expect(log.log.durableLsn).toBe(2);
  });

  test("an unreadable sector is an error, not a hole", () => {
    const disk = new FaultyDisk();
    const log = open(disk);
    appendAll(log, 1, 5);
    disk.plan = ({ type }) => (type === "read" ? { code: "EIO" } : undefined);
    expect(() => log.read()).toThrow(expect.objectContaining({ code: "WAL_IO" }));
    disk.plan = undefined;
    expect(lsns(log)).toEqual(range(1, 5));
  });
});

describe("W8: the checkpoint", () => {
  test("keeps the last segment, so that the lsns go on after a crash", () => {
    const disk = new FaultyDisk();
    const log = open(disk, { retainBytes: 0, segmentBytes: 1024 });
    appendAll(log, 1, 1);
    while (log.log.stats.segments === 1 && log.acknowledged < 100) {
      appendAll(log, log.acknowledged + 1, log.acknowledged + 1);
      log.log.checkpoint(log.acknowledged);
      log.run();
      const again = open(disk.clone(), { checkpoint: log.acknowledged });
      expect(again.log.durableLsn).toBe(log.acknowledged);
    }
    expect(log.acknowledged).toBe(100);
  });

  test("frees whole segments below it, oldest first, but for retainBytes", () => {
    const disk = new FaultyDisk();
    const log = open(disk, { retainBytes: 4500 });
    appendAll(log, 1, 100);
    const before = log.log.stats;
    log.log.checkpoint(40);
    log.run();
    expect(log.log.firstLsn).toBeGreaterThan(1);
    expect(log.log.firstLsn).toBeLessThanOrEqual(41);
    expect(lsns(log)).toEqual(range(log.log.firstLsn, 100));
    expect(() => log.read(1)).toThrow(expect.objectContaining({ code: "WAL_TRIMMED" }));
    log.log.checkpoint(100);
    log.run();
    expect(log.log.stats.segments).toBeLessThan(before.segments);
    expect(log.log.stats.segmentBytes).toBeGreaterThanOrEqual(4500);
    expect(disk.files.map(({ file }) => file).toSorted()).toHaveLength(log.log.stats.segments);
  });

  test("cannot be above what is durable", () => {
    expect(() => open(new FaultyDisk()).log.checkpoint(1)).toThrow(RangeError);
  });

  test("given at opening, it shows that the end of a log is missing", () => {
    const disk = new FaultyDisk();
    appendAll(open(disk), 1, 20);
    expect(open(disk, { checkpoint: 20 }).log.state).toBe("open");
    const last = disk.files
      .map(({ file }) => file)
      .toSorted()
      .at(-1)!;
    disk.execute({ type: "unlink", file: last });
    expect(open(disk.clone()).log.state).toBe("open");
    expect(open(disk.clone(), { checkpoint: 20 }).error?.damage).toMatchObject({
      kind: "end",
      to: 20,
    });
    const log = open(disk, { checkpoint: 20, corruption: "report" });
    appendAll(log, 21, 22);
    expect(log.acknowledged).toBe(22);
    expect(lsns(log, 21)).toEqual([21, 22]);
    expect(() => log.read(19)).toThrow(expect.objectContaining({ code: "WAL_CORRUPT" }));
    expect(open(new FaultyDisk(), { checkpoint: 1 }).error?.damage).toMatchObject({
      from: 1,
      to: 1,
    });
  });

  test("and that a whole torn-looking batch was durable", () => {
    const disk = new FaultyDisk();
    appendAll(open(disk), 1, 3);
    const [{ file, bytes }] = disk.files as [{ file: string; bytes: number }];
    for (const bit of [bytes * 8 - 400, bytes * 8 - 700]) disk.flipBit(file, bit);
    expect(open(disk.clone(), { checkpoint: 3 }).error?.damage).toMatchObject({ from: 3, to: 3 });
    expect(open(disk.clone()).recovery?.torn).toMatchObject({ file });
  });
});

describe("opening", () => {
  test("a missing segment is damage, and what is around it can be read", () => {
    const disk = new FaultyDisk();
    appendAll(open(disk), 1, 40);
    const files = disk.files.map(({ file }) => file).toSorted();
    disk.execute({ type: "unlink", file: files[1]! });
    const missing = open(disk.clone()).error?.damage;
    expect(missing).toMatchObject({ kind: "missing", file: files[2] });
    const log = open(disk, { corruption: "report" });
    expect(log.recovery?.damage).toEqual([missing]);
    expect(lsns(log, 1, missing!.from - 1)).toEqual(range(1, missing!.from - 1));
    expect(lsns(log, missing!.to + 1)).toEqual(range(missing!.to + 1, 40));
  });

  test("files of others are left alone", () => {
    const disk = new FaultyDisk();
    disk.execute({ type: "write", file: "notes.txt", offset: 0, bytes: new Uint8Array(9) });
    appendAll(open(disk), 1, 2);
    expect(disk.files.map(({ file }) => file)).toContain("notes.txt");
  });

  test("an error of the disk is not damage", () => {
    const disk = new FaultyDisk();
    appendAll(open(disk), 1, 9);
    disk.plan = ({ type }) => (type === "read" ? { code: "EIO" } : undefined);
    const log = open(disk);
    expect(log.error).toMatchObject({ code: "WAL_IO", cause: { code: "EIO" } });
    expect(log.log.state).toBe("closed");
  });

  test("a full disk does not keep a log closed", () => {
    const disk = new FaultyDisk();
    disk.capacityBytes = 20;
    const log = open(disk);
    expect(log.log.state).toBe("open");
    log.append(numberedEnvelope(1));
    log.run();
    expect(log.error?.code).toBe("WAL_FULL");
    disk.capacityBytes = 1000;
    appendAll(log, 1, 2);
    expect(log.acknowledged).toBe(2);
  });

  test("options out of range are refused", () => {
    for (const options of [
      { segmentBytes: 1 },
      { bufferBytes: 2 ** 30 },
      { retainBytes: -1 },
      { checkpoint: 0.5 },
    ])
      expect(() => new Log({ random: () => 0, ...options })).toThrow(RangeError);
  });
});

test("an envelope that is none is refused", () => {
  const log = open(new FaultyDisk());
  const envelope = numberedEnvelope(1);
  for (const bad of [new Uint8Array(0), envelope.subarray(1), envelope.subarray(0, -1)])
    expect(() => log.append(bad)).toThrow(expect.objectContaining({ code: "WAL_MALFORMED" }));
  envelope[20]! ^= 1;
  expect(() => log.append(envelope)).toThrow(/checksum/);
});

test("closing waits for what was appended, and takes no more", () => {
  const disk = new FaultyDisk();
  const log = open(disk);
  log.append(numberedEnvelope(1));
  log.log.close();
  expect(() => log.append(numberedEnvelope(2))).toThrow(
    expect.objectContaining({ code: "WAL_CLOSED" }),
  );
  log.run();
  expect(log.acknowledged).toBe(1);
  expect(log.log.state).toBe("closed");
  expect(lsns(open(disk.crash(() => 0)))).toEqual([1]);
});

test("a completion that nobody asked for is a mistake of the driver", () => {
  expect(() => new Log({ random: () => 0 }).handleResult(99, undefined)).toThrow(RangeError);
});
