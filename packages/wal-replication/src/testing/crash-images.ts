import type { FaultyDisk } from "./faulty-disk.ts";

/**
 * Numbers in [0, 1) that depend on `seed` alone.
 *
 * @public
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * What the disk may hold after a power cut at this moment: once with nothing that was not synced, once
 * with all of it, then `samples` times with a random part, in every second of which the lost sectors of
 * grown files hold garbage instead of zeros.
 *
 * @public
 */
export function* crashImages(
  disk: FaultyDisk,
  samples: number,
  random: () => number,
): Generator<FaultyDisk, void, void> {
  yield disk.crash(() => 0);
  yield disk.crash(() => 1);
  for (let sample = 0; sample < samples; sample += 1) {
    // Lopsided odds reach the images in which nearly all or nearly nothing survived.
    const odds = random();
    const choose = (count: number): number =>
      random() < odds ? count - 1 : Math.floor(random() * (count - 1));
    const garbage = (sector: Uint8Array): void => {
      for (let at = 0; at < sector.length; at += 1) sector[at] = Math.floor(random() * 256);
    };
    yield disk.crash(choose, sample % 2 === 0 ? garbage : undefined);
  }
}
