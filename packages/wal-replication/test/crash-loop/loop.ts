/**
 * Kills a process that appends, again and again, and opens its log after each death: nothing
 * acknowledged may be missing, nothing may be there twice or changed, and the log must open.
 *
 *     pnpm crash:loop [rounds]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openLog } from "@engram/wal-replication/fs";
import { numberedEnvelope } from "../records.ts";

export interface LoopReport {
  readonly rounds: number;
  readonly acknowledged: number;
  readonly torn: number;
  readonly unfinished: number;
}

/** @throws Error at the first law broken */
export async function crashLoop(rounds: number, random: () => number): Promise<LoopReport> {
  const directory = await mkdtemp(join(tmpdir(), "engram-wal-crash-"));
  const report = { rounds, acknowledged: 0, torn: 0, unfinished: 0 };
  try {
    for (let round = 0; round < rounds; round += 1) {
      const delayMs = Math.floor(random() * 120);
      const acknowledged = await runAndKill(directory, 1 + Math.floor(random() * 64), delayMs);
      const log = await openLog({ directory, segmentBytes: 64 * 1024, retainBytes: 128 * 1024 });
      if (log.recovery.torn !== undefined) report.torn += 1;
      report.unfinished += log.recovery.unfinished.length;
      if (log.durableLsn < Math.max(acknowledged, report.acknowledged))
        throw new Error(`acknowledged ${acknowledged}, recovered ${log.durableLsn}`);
      let next = log.firstLsn;
      for await (const { lsn, envelope } of log.read()) {
        if (lsn !== next) throw new Error(`lsn ${lsn} where ${next} must be`);
        if (!Buffer.from(envelope).equals(numberedEnvelope(lsn, (lsn * 37) % 500)))
          throw new Error(`record ${lsn} is not what was appended`);
        next += 1;
      }
      if (next !== log.durableLsn + 1) throw new Error(`reading ended before lsn ${next}`);
      report.acknowledged = log.durableLsn;
      await log.close();
    }
    return report;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The last lsn that a writer has acknowledged when it is killed `delayMs` after it began. */
async function runAndKill(directory: string, writers: number, delayMs: number): Promise<number> {
  const writer = fileURLToPath(new URL("writer.ts", import.meta.url));
  const args = ["--conditions=@engram/source", writer, directory, String(writers)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await Promise.race([once(child.stdout, "data"), closed]);
  await sleep(delayMs);
  child.kill("SIGKILL");
  const [code, signal] = (await closed) as [number | null, string | null];
  if (signal !== "SIGKILL") throw new Error(`the writer ended by itself: ${code}`);
  // The last line may be cut: only whole lines count.
  const lines = output.slice(0, output.lastIndexOf("\n")).split("\n");
  return Math.max(0, ...lines.map((line) => Number(line.replace("open ", ""))));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const report = await crashLoop(Number(process.argv[2] ?? 1000), Math.random);
  console.log(JSON.stringify(report));
}
