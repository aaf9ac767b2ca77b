import { crc32, type Crc32, WalError } from "@engram/wal-replication";
import { DiskLog, FaultyDisk, seededRandom } from "@engram/wal-replication/testing";
import { Violation } from "./crash-check.ts";
import { numberedEnvelope } from "./records.ts";

const OPTIONS = { segmentBytes: 1024, bufferBytes: 4096 };

/** A log on a disk: several sealed segments and an open one, all of it acknowledged. */
export interface Written {
  readonly disk: FaultyDisk;
  readonly envelopes: readonly Uint8Array[];
}

/** Batches of one to three records; some bodies hold whole sectors of zeros. */
export function writeLog(seed: number, batches: number, checksum: Crc32 = crc32): Written {
  const random = seededRandom(seed);
  const disk = new FaultyDisk();
  const log = new DiskLog(disk, { ...OPTIONS, random, crc32: checksum }).run();
  const envelopes: Uint8Array[] = [];
  for (let batch = 0; batch < batches; batch += 1) {
    for (let count = Math.floor(random() * 3); count >= 0; count -= 1) {
      const number = envelopes.length + 1;
      const envelope =
        number % 5 === 0
          ? numberedEnvelope(256, 600)
          : numberedEnvelope(number, Math.floor(random() * 60));
      envelopes.push(envelope);
      log.append(envelope, 1_700_000_000_000 + batch);
    }
    log.run();
  }
  return { disk, envelopes };
}

export type Open = (disk: FaultyDisk) => DiskLog;

export const openSound: Open = (disk) =>
  new DiskLog(disk, { ...OPTIONS, random: seededRandom(9) }).run();

export const openReporting: Open = (disk) =>
  new DiskLog(disk, { ...OPTIONS, corruption: "report", random: seededRandom(9) }).run();

/**
 * W9 for one flipped bit of durable data: whoever opens the log and reads all of it either learns of the
 * damage or gets every record unchanged.
 */
export function checkFlip(
  { disk, envelopes }: Written,
  file: string,
  bit: number,
  open: Open,
): void {
  const image = disk.clone();
  image.flipBit(file, bit);
  const where = `bit ${bit & 7} of byte ${bit >> 3} of ${file}`;
  const log = open(image);
  let isReported = log.error?.code === "WAL_CORRUPT" || (log.recovery?.damage.length ?? 0) > 0;
  if (log.recovery === undefined) {
    if (!isReported) throw new Violation(`W9: ${where} does not open: ${log.error?.message}`);
    return;
  }
  const seen = new Set<number>();
  let from = 1;
  while (from <= log.log.durableLsn) {
    try {
      for (const { lsn, envelope } of log.read(from, log.log.durableLsn))
        expectRecord(lsn, envelope);
      break;
    } catch (error) {
      if (!(error instanceof WalError) || error.damage === undefined) throw error;
      isReported = true;
      for (const { lsn, envelope } of log.read(from, error.damage.from - 1))
        expectRecord(lsn, envelope);
      if (error.damage.to < from)
        throw new Violation(`W9: reading makes no progress at ${where}`, { cause: error });
      from = error.damage.to + 1;
    }
  }
  if (!isReported) throw new Violation(`W9: ${where} goes unnoticed, ${seen.size} records read`);

  function expectRecord(lsn: number, envelope: Uint8Array): void {
    const original = envelopes[lsn - 1];
    if (original === undefined || !Buffer.from(original).equals(envelope))
      throw new Violation(`W9: ${where} is returned as data`);
    seen.add(lsn);
  }
}
