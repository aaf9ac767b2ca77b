/** Appends for ever and tells of each acknowledgement on standard output, until it is killed. */
import { writeSync } from "node:fs";
import { openLog } from "@engram/wal-replication/fs";
import { numberedEnvelope } from "../records.ts";

const [directory = "", writers = "8"] = process.argv.slice(2);
const log = await openLog({ directory, segmentBytes: 64 * 1024, retainBytes: 128 * 1024 });
let number = log.durableLsn;
writeSync(1, `open ${log.durableLsn}\n`);

async function write(): Promise<never> {
  for (;;) {
    number += 1;
    const { lsn } = await log.append(numberedEnvelope(number, (number * 37) % 500));
    writeSync(1, `${lsn}\n`);
    if (lsn % 500 === 0) log.checkpoint(lsn - 300);
  }
}

await Promise.all(Array.from({ length: Number(writers) }, write));
