import { expect, test } from "vitest";
import { seededRandom } from "@engram/wal-replication/testing";
import { checkFlip, openReporting, openSound, writeLog } from "./corruption-check.ts";
import { numberedEnvelope } from "./records.ts";

test(
  "W9: every single flipped bit of durable data is reported and none is returned",
  {
    timeout: 120_000,
  },
  () => {
    const written = writeLog(1, 8);
    let flips = 0;
    for (const { file, bytes } of written.disk.files)
      for (let bit = 0; bit < bytes * 8; bit += 1) {
        checkFlip(written, file, bit, openSound);
        flips += 1;
      }
    expect(written.disk.files.length).toBeGreaterThan(2);
    expect(flips).toBeGreaterThan(10_000);
  },
);

test("W9 when told to open all the same: the rest is read, and nothing is overwritten", () => {
  const written = writeLog(2, 14);
  for (const { file, bytes } of written.disk.files)
    for (let bit = 0; bit < bytes * 8; bit += 37) {
      checkFlip(written, file, bit, openReporting);
      const image = written.disk.clone();
      image.flipBit(file, bit);
      const damaged = image.execute({ type: "read", file, offset: 0, length: bytes });
      const log = openReporting(image);
      const lsn = log.append(numberedEnvelope(77));
      log.run();
      expect(log.acknowledged).toBe(lsn);
      expect(lsn).toBeGreaterThan(written.envelopes.length);
      if (log.recovery?.damage.length !== 0)
        expect(image.execute({ type: "read", file, offset: 0, length: bytes })).toEqual(damaged);
      const again = openReporting(image);
      expect(again.read(lsn).map(({ envelope }) => envelope)).toEqual([numberedEnvelope(77)]);
    }
});

test("two flipped bits anywhere but in the last batch are reported too", () => {
  const random = seededRandom(3);
  const written = writeLog(3, 14);
  const files = written.disk.files.slice(0, -1);
  for (let run = 0; run < 500; run += 1) {
    const { file, bytes } = files[Math.floor(random() * files.length)]!;
    const image = { ...written, disk: written.disk.clone() };
    const [first, second] = [random(), random()].map((at) => Math.floor(at * bytes * 8));
    if (first === second) continue;
    image.disk.flipBit(file, first!);
    checkFlip(image, file, second!, openSound);
  }
});
