/** Opens and reads a log of one unsealed segment, which is the most that opening ever has to scan. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { openLog } from "@engram/wal-replication/fs";
import { envelopeOf } from "./contenders.ts";

export interface Recovered {
  readonly mebibytes: number;
  readonly records: number;
  /** Milliseconds to read the file and compute one checksum: the least that recovery can do. */
  readonly boundMs: number;
  readonly openMs: number;
  /** Milliseconds to iterate over every record after opening. */
  readonly readMs: number;
}

const [mebibytes, directory = ""] = process.argv.slice(2);
const options = { directory, segmentBytes: 2 ** 31 };
const log = await openLog(options);
while (log.stats.bytes < Number(mebibytes) * 2 ** 20)
  await Promise.all(Array.from({ length: 4096 }, (_, index) => log.append(envelopeOf(index))));
await log.close();

const [name = ""] = readdirSync(directory);
const file = join(directory, name);
let start = performance.now();
crc32(readFileSync(file));
const boundMs = performance.now() - start;

start = performance.now();
const again = await openLog(options);
const openMs = performance.now() - start;

start = performance.now();
let records = 0;
for await (const { lsn } of again.read()) records = lsn;
const readMs = performance.now() - start;
if (records !== again.durableLsn) throw new Error("not everything was read");
await again.close();
const size = statSync(file).size / 2 ** 20;
console.log(JSON.stringify({ mebibytes: size, records, boundMs, openMs, readMs }));
