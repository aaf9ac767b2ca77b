/** Unit in which a disk writes: after a power cut each sector is old or new, never a mixture. */
const SECTOR_BYTES = 512;

/**
 * Makes a choice: an integer from 0 to `count - 1`.
 *
 * @public
 */
export type Choose = (count: number) => number;

/** One write or truncation: the sectors it touched, as they were after it, and the size after it. */
interface Change {
  readonly sectors: readonly (readonly [sector: number, content: Uint8Array])[];
  readonly size: number;
}

/** A file as programs see it, and as the disk holds it. */
export class DiskFile {
  /** What a read returns. */
  current: Uint8Array;
  #durable: Uint8Array;
  /** What a sync will bring to the disk, and a power cut may. */
  #pending: Change[] = [];
  /** What a failed sync left in memory marked as clean: no later sync will bring it to the disk. */
  #forgotten: Change[] = [];

  constructor(content: Uint8Array = new Uint8Array(0)) {
    this.current = content;
    this.#durable = content;
  }

  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    const content = new Uint8Array(Math.max(this.current.length, end));
    content.set(this.current);
    content.set(bytes, offset);
    this.current = content;
    this.#note(offset, end);
  }

  truncate(length: number): void {
    this.current = this.current.slice(0, length);
    this.#note(length, length);
  }

  sync(): void {
    const written = new Set(this.#pending.flatMap(({ sectors }) => sectors.map(([at]) => at)));
    for (const change of this.#pending)
      this.#durable = resize(overlay(this.#durable, change), change.size);
    this.#pending = [];
    const size = this.#durable.length;
    this.#forgotten = this.#forgotten.map(({ sectors }) => ({
      sectors: sectors.filter(([at]) => !written.has(at) && at * SECTOR_BYTES < size),
      size,
    }));
  }

  failSync(): void {
    this.#forgotten.push(...this.#pending);
    this.#pending = [];
  }

  /** What a power cut leaves: each sector and each size that was not synced is old or new. */
  crash(choose: Choose, fill: (bytes: Uint8Array) => void): DiskFile {
    let content = this.#durable;
    for (const change of [...this.#forgotten, ...this.#pending]) {
      const kept = change.sectors.filter(() => choose(2) === 1);
      const isSizeKept = choose(2) === 1;
      const before = content.length;
      content = overlay(content, { sectors: kept, size: change.size });
      if (isSizeKept) content = resize(content, change.size);
      for (const sector of holes(change, kept, before)) {
        const start = sector * SECTOR_BYTES;
        fill(content.subarray(start, Math.min(start + SECTOR_BYTES, content.length)));
      }
    }
    return new DiskFile(content);
  }

  /** An independent copy, whose state is that of this one. */
  clone(): DiskFile {
    const copy = new DiskFile(this.current);
    copy.#durable = this.#durable;
    copy.#pending = [...this.#pending];
    copy.#forgotten = [...this.#forgotten];
    return copy;
  }

  /** Inverts a bit, both on the disk and for readers. */
  flipBit(bit: number): void {
    this.current = flipped(this.current, bit);
    this.#durable = flipped(this.#durable, bit);
  }

  #note(start: number, end: number): void {
    const sectors: [number, Uint8Array][] = [];
    for (let at = Math.floor(start / SECTOR_BYTES); at * SECTOR_BYTES < end; at += 1)
      sectors.push([at, this.current.slice(at * SECTOR_BYTES, (at + 1) * SECTOR_BYTES)]);
    this.#pending.push({ sectors, size: this.current.length });
  }
}

function overlay(content: Uint8Array, { sectors }: Change): Uint8Array {
  const end = sectors.reduce(
    (most, [at, bytes]) => Math.max(most, at * SECTOR_BYTES + bytes.length),
    content.length,
  );
  const result = new Uint8Array(end);
  result.set(content);
  for (const [at, bytes] of sectors) result.set(bytes, at * SECTOR_BYTES);
  return result;
}

function resize(content: Uint8Array, size: number): Uint8Array {
  if (size <= content.length) return content.slice(0, size);
  const result = new Uint8Array(size);
  result.set(content);
  return result;
}

/** Sectors of `change` that were lost although the file now reaches beyond them. */
function holes(change: Change, kept: Change["sectors"], sizeBefore: number): number[] {
  return change.sectors
    .filter((sector) => !kept.includes(sector) && sector[0] * SECTOR_BYTES >= sizeBefore)
    .map(([at]) => at);
}

function flipped(content: Uint8Array, bit: number): Uint8Array {
  const result = content.slice();
  const at = bit >> 3;
  if (at < result.length) result[at] = (result[at] ?? 0) ^ (1 << (bit & 7));
  return result;
}
