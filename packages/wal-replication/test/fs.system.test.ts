import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { mkdir, mkdtemp, open, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FileLog, openLog } from "@engram/wal-replication/fs";
import { decoded, numbered, numberedEnvelope } from "./records.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "engram-wal-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function lsns(log: FileLog, from?: number, to?: number): Promise<number[]> {
  const found = [];
  for await (const { lsn } of log.read({
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }))
    found.push(lsn);
  return found;
}

function appendMany(log: FileLog, from: number, to: number): Promise<{ lsn: number }[]> {
  const numbers = Array.from({ length: to - from + 1 }, (_, at) => from + at);
  return Promise.all(numbers.map((number) => log.append(numberedEnvelope(number, 200))));
}

describe("a log in a directory", () => {
  test("keeps what was appended, in order, from one opening to the next", async () => {
    const options = { directory: join(directory, "made", "on the way"), segmentBytes: 10_000 };
    for (let life = 0; life < 4; life += 1) {
      await using log = await openLog(options);
      expect(log.recovery).toMatchObject({ lastLsn: life * 100, torn: undefined, damage: [] });
      const receipts = await appendMany(log, life * 100 + 1, life * 100 + 100);
      expect(receipts.map(({ lsn }) => lsn - life * 100)).toEqual(
        Array.from({ length: 100 }, (_, at) => at + 1),
      );
    }
    await using log = await openLog(options);
    for await (const { lsn, envelope, wallMs } of log.read()) {
      expect(decoded(envelope)).toMatchObject({ sequence: lsn, stream: numbered(lsn).stream });
      expect(Math.abs(Date.now() - wallMs)).toBeLessThan(60_000);
    }
    expect(await lsns(log)).toHaveLength(400);
    expect(await lsns(log, 390, 394)).toEqual([390, 391, 392, 393, 394]);
  });

  test.runIf(process.platform === "linux")(
    "writes through descriptors that sync each write",
    async () => {
      await using log = await openLog({ directory });
      await log.append(numberedEnvelope(1));
      const flags: number[] = [];
      for (const fd of await readdir("/proc/self/fd")) {
        const target = await readlink(`/proc/self/fd/${fd}`).catch(() => "");
        if (!target.startsWith(`${directory}/`) || target.endsWith(".lock")) continue;
        const info = await readFile(`/proc/self/fdinfo/${fd}`, "utf8");
        flags.push(Number.parseInt(/flags:\s+(\d+)/.exec(info)?.[1] ?? "0", 8));
      }
      expect(flags).toHaveLength(1);
      expect((flags[0] ?? 0) & constants.O_DSYNC).toBe(constants.O_DSYNC);
    },
  );

  test("shares a sync among all who append at the same time", async () => {
    await using log = await openLog({ directory });
    const { batches } = log.stats;
    await appendMany(log, 1, 1000);
    expect(log.stats.batches - batches).toBeLessThan(5);
    expect(log.stats.records).toBe(1000);
  });

  test("can be read while it is appended to and trimmed", async () => {
    await using log = await openLog({ directory, segmentBytes: 5000, retainBytes: 0 });
    await appendMany(log, 1, 200);
    const appending = (async () => {
      for (let number = 201; number <= 400; number += 1)
        await log.append(numberedEnvelope(number, 200));
    })();
    for (let round = 0; round < 10; round += 1) {
      const found = await lsns(log);
      expect(found).toEqual(found.map((_, at) => (found[0] ?? 0) + at));
    }
    await appending;
    log.checkpoint(390);
    await log.close();
    expect(log.firstLsn).toBeGreaterThan(300);
    expect((await readdir(directory)).length).toBeLessThan(5);
  });

  test("refuses more than it may hold, and says when there is room", async () => {
    await using log = await openLog({ directory, bufferBytes: 4096 });
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, (_, at) => log.append(numberedEnvelope(at + 1, 200))),
    );
    const busy = results.filter(({ status }) => status === "rejected");
    expect(busy.length).toBeGreaterThan(50);
    for (const result of busy) expect(result).toMatchObject({ reason: { code: "WAL_BUSY" } });
    await log.drained();
    await expect(log.append(numberedEnvelope(1))).resolves.toEqual({ lsn: 101 - busy.length });
  });

  test("takes no more once closed", async () => {
    const log = await openLog({ directory });
    const last = log.append(numberedEnvelope(1));
    const closed = log.close();
    await expect(last).resolves.toEqual({ lsn: 1 });
    await closed;
    await log.close();
    await expect(log.append(numberedEnvelope(2))).rejects.toMatchObject({ code: "WAL_CLOSED" });
  });

  test("cuts off a torn write and says so", async () => {
    const log = await openLog({ directory });
    await appendMany(log, 1, 3);
    await log.close();
    const [file = ""] = await readdir(directory);
    const handle = await open(join(directory, file), "a");
    await handle.write(Buffer.from("455742010001", "hex"));
    await handle.close();
    await using again = await openLog({ directory });
    expect(again.recovery).toMatchObject({ lastLsn: 3, torn: { file, bytes: 6 } });
  });

  test("refuses damaged data, or opens and tells", async () => {
    const log = await openLog({ directory, segmentBytes: 2000 });
    for (let number = 1; number <= 30; number += 1) await log.append(numberedEnvelope(number, 200));
    await log.close();
    const files = (await readdir(directory)).toSorted();
    const handle = await open(join(directory, files[1]!), "r+");
    await handle.write(Buffer.from([0xff, 0xff]), 0, 2, 100);
    await handle.close();
    await using again = await openLog({ directory });
    const error = await lsns(again).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ code: "WAL_CORRUPT", damage: { file: files[1], kind: "frame" } });
    const { damage } = error as { damage: { to: number } };
    expect((await lsns(again, damage.to + 1)).at(-1)).toBe(30);
    await again.close();
    await writeFile(join(directory, files[1]!), "");
    await expect(openLog({ directory })).rejects.toMatchObject({ code: "WAL_CORRUPT" });
    await using reporting = await openLog({ directory, corruption: "report" });
    expect(reporting.recovery.damage.length).toBeGreaterThan(0);
    await expect(reporting.append(numberedEnvelope(31))).resolves.toEqual({ lsn: 31 });
  });

  test("that cannot be made is an error with a code", async () => {
    await writeFile(join(directory, "file"), "");
    const impossible = openLog({ directory: join(directory, "file", "log") });
    await expect(impossible).rejects.toMatchObject({ code: "WAL_IO", cause: { code: "ENOTDIR" } });
  });
});

describe("the lock", () => {
  test("keeps a second opener out, also in this process, until the first closes", async () => {
    const log = await openLog({ directory });
    await expect(openLog({ directory })).rejects.toMatchObject({ code: "WAL_LOCKED" });
    await log.close();
    await (await openLog({ directory })).close();
    expect((await readdir(directory)).filter((file) => file.startsWith("LOCK"))).toEqual([]);
  });

  test("holds against a living process, and not against a killed one", async () => {
    const writer = fileURLToPath(new URL("crash-loop/writer.ts", import.meta.url));
    const args = ["--conditions=@engram/source", writer, directory];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.stdout.resume();
    await expect(openLog({ directory })).rejects.toMatchObject({ code: "WAL_LOCKED" });
    child.kill("SIGSTOP");
    await expect(openLog({ directory })).rejects.toMatchObject({ code: "WAL_LOCKED" });
    child.kill("SIGKILL");
    await once(child, "close");
    expect((await readdir(directory)).some((file) => file.startsWith("LOCK"))).toBe(true);
    await (await openLog({ directory })).close();
  });

  test("works where paths are longer than the name of a socket may be", async () => {
    const deep = join(directory, "a".repeat(100), "b".repeat(100));
    await mkdir(deep, { recursive: true });
    await using log = await openLog({ directory: deep });
    await expect(openLog({ directory: deep })).rejects.toMatchObject({ code: "WAL_LOCKED" });
    expect(log.state).toBe("open");
  });

  test("of many who open at once, at most one gets in", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => openLog({ directory })),
    );
    const opened = results.filter((result) => result.status === "fulfilled");
    expect(opened.length).toBeLessThanOrEqual(1);
    for (const { value } of opened) await value.close();
    await (await openLog({ directory })).close();
  });
});
