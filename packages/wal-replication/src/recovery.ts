import type { Crc32 } from "./crc32.ts";
import { corrupt, type Damage } from "./errors.ts";
import { decodeFooter, decodeTrailer, TRAILER_BYTES } from "./footer.ts";
import {
  decodeFrameHeader,
  decodeSegmentHeader,
  frameSeed,
  HEADER_BYTES,
  parseSegmentFile,
  type SegmentName,
} from "./frame.ts";
import { type Io, list, read } from "./io.ts";
import { type Frame, frameAt, Window } from "./scan.ts";
import { ActiveSegment, type Segment } from "./segment.ts";
import { judgeMiddle, judgeTail, type Point } from "./verdict.ts";

/**
 * What opening the log found and repaired.
 *
 * @public
 */
export interface Recovery {
  /** Lowest lsn that can be read, `lastLsn + 1` in an empty log. */
  readonly firstLsn: number;
  /** Highest durable lsn, 0 in a log that never held a record. */
  readonly lastLsn: number;
  /** Segment files found. */
  readonly segments: number;
  /** A write that a crash cut short, and that has been cut off: nothing in it was acknowledged. */
  readonly torn: TornWrite | undefined;
  /** Names of half-made files that were removed. */
  readonly unfinished: readonly string[];
  /** Durable data that is gone. Empty unless the log was told to open all the same. */
  readonly damage: readonly Damage[];
}

/**
 * The remains of a write that a crash cut short.
 *
 * @public
 */
export interface TornWrite {
  /** The segment file. */
  readonly file: string;
  /** Where the write began, and the file now ends. */
  readonly offset: number;
  /** Bytes cut off. */
  readonly bytes: number;
}

export interface RecoveryOptions {
  readonly checkpoint: number;
  readonly corruption: "refuse" | "report";
  readonly crc32: Crc32;
}

export interface Recovered {
  readonly recovery: Recovery;
  readonly sealed: Segment[];
  /** The segment to go on with, if the last one is neither sealed nor damaged. */
  readonly active: ActiveSegment | undefined;
  readonly nextLsn: number;
  /** What the next segment's header must name. */
  readonly link: number;
}

export const UNFINISHED_SUFFIX = ".tmp";
const CHUNK_BYTES = 1024 * 1024;

interface Found extends SegmentName {
  readonly seed: number;
  readonly bytes: number;
}

/** Looks at everything first; only if all of it is sound, or damage is to be reported, repairs. */
export function* recover(options: RecoveryOptions): Io<Recovered> {
  const entries = yield* list();
  const found = entries.flatMap(({ file, bytes }): Found[] => {
    const name = parseSegmentFile(file);
    return name === undefined ? [] : [{ ...name, bytes, seed: frameSeed(name.id, options.crc32) }];
  });
  found.sort((a, b) => a.baseLsn - b.baseLsn || (a.id < b.id ? -1 : 1));
  const scan = new Scan(options);
  for (const [index, segment] of found.entries())
    yield* scan.add(segment, found[index + 1]?.baseLsn);
  scan.finish();
  const [first] = scan.damage;
  if (first !== undefined && options.corruption === "refuse") throw corrupt(first);
  const unfinished = entries
    .map(({ file }) => file)
    .filter((file) => file.endsWith(`.wal${UNFINISHED_SUFFIX}`));
  yield* repair(scan, unfinished);
  const { active, damage, link, nextLsn, sealed, torn } = scan;
  const recovery: Recovery = {
    firstLsn: found[0]?.baseLsn ?? nextLsn,
    lastLsn: nextLsn - 1,
    segments: found.length,
    torn,
    unfinished,
    damage,
  };
  return { recovery, sealed, active, nextLsn, link };
}

function* repair(scan: Scan, unfinished: readonly string[]): Io<void> {
  for (const file of unfinished) yield { type: "unlink", file };
  if (scan.torn !== undefined) {
    const { file, offset } = scan.torn;
    yield { type: "truncate", file, length: offset };
    yield { type: "sync", file };
  } else if (scan.lastFrame !== undefined) {
    // Whoever wrote it may have seen its sync fail, which leaves it readable but not on the disk, and
    // no later sync brings it there. Written again, it is dirty again.
    const { file, offset, length } = scan.lastFrame;
    yield { type: "write", file, offset, bytes: yield* read(file, offset, length) };
    yield { type: "sync", file };
  }
  if (scan.active === undefined && scan.lastFrame !== undefined)
    yield { type: "release", file: scan.lastFrame.file };
  yield { type: "syncDirectory" };
}

/** What the segments say, taken in ascending order. */
class Scan {
  readonly sealed: Segment[] = [];
  readonly damage: Damage[] = [];
  active: ActiveSegment | undefined;
  torn: TornWrite | undefined;
  /** The frame that was written last: the only one that may not be on the disk. */
  lastFrame:
    | { readonly file: string; readonly offset: number; readonly length: number }
    | undefined;
  nextLsn: number;
  link = 0;
  readonly #options: RecoveryOptions;
  #file = "";
  /** Whether `link` is known: the segment before was sealed and is intact. */
  #isLinked = false;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.nextLsn = 1;
  }

  *add(found: Found, nextBaseLsn: number | undefined): Io<void> {
    const { crc32 } = this.#options;
    if (this.#file !== "" && found.baseLsn !== this.nextLsn) {
      this.#report(found.file, 0, "missing", { from: this.nextLsn, to: found.baseLsn - 1 });
      this.#isLinked = false;
    }
    this.#file = found.file;
    this.nextLsn = found.baseLsn;
    const head = yield* read(found.file, 0, HEADER_BYTES);
    const header = decodeSegmentHeader(head, found, crc32);
    if (header === undefined || (this.#isLinked && header.link !== this.link))
      this.#report(found.file, 0, "header", { from: found.baseLsn, to: found.baseLsn - 1 });
    const isSealed = yield* this.#addSealed(found);
    if (!isSealed) yield* this.#addOpen(found, header?.crc, nextBaseLsn);
  }

  /** To be called after the last segment: whether the log reaches as far as it must. */
  finish(): void {
    const { checkpoint } = this.#options;
    if (this.nextLsn > checkpoint) return;
    this.#report(this.#file, this.active?.end ?? 0, "end", { from: this.nextLsn, to: checkpoint });
    if (this.active !== undefined) this.#retire(this.active);
    this.nextLsn = checkpoint + 1;
  }

  /** Takes in a segment whose footer is intact; its frames are checked when they are read. */
  *#addSealed(found: Found): Io<boolean> {
    const { crc32 } = this.#options;
    const { baseLsn, bytes, file, seed } = found;
    const trailer = yield* read(file, Math.max(0, bytes - TRAILER_BYTES), TRAILER_BYTES);
    const offset = trailer.length < TRAILER_BYTES ? 0 : decodeTrailer(trailer);
    if (offset < HEADER_BYTES || offset > bytes - HEADER_BYTES) return false;
    const frame = yield* read(file, offset, bytes - offset);
    const header = decodeFrameHeader(frame, 0, seed, crc32);
    const payload = frame.subarray(HEADER_BYTES);
    if (header?.kind !== "footer" || payload.length !== header.payloadBytes) return false;
    if (crc32(payload) !== header.payloadCrc) return false;
    if (decodeFooter(payload, baseLsn) === undefined) return false;
    const lastLsn = header.firstLsn - 1;
    this.sealed.push({ file, seed, baseLsn, lastLsn, end: offset, marks: undefined, bytes });
    this.lastFrame = { file, offset, length: frame.length };
    this.nextLsn = header.firstLsn;
    this.link = header.crc;
    this.#isLinked = true;
    return true;
  }

  /** Takes in a segment without a sound footer: the last one, or one that is damaged. */
  *#addOpen(found: Found, link: number | undefined, nextBaseLsn: number | undefined): Io<void> {
    const { checkpoint, crc32 } = this.#options;
    const { baseLsn, bytes, file, seed } = found;
    const window = new Window(file, bytes, CHUNK_BYTES);
    const segment = new ActiveSegment(file, seed, baseLsn, link ?? 0);
    let at: Point = { offset: HEADER_BYTES, place: { seed, lsn: baseLsn, link } };
    this.lastFrame = undefined;
    at = yield* this.#walk(window, at, (frame, offset) => {
      segment.add(frame);
      this.lastFrame = { file, offset, length: HEADER_BYTES + frame.payload.length };
    });
    let isIntact = link !== undefined;
    for (;;) {
      const verdict =
        nextBaseLsn === undefined
          ? yield* judgeTail(window, at, { bytes, checkpoint, crc32 })
          : yield* judgeMiddle(window, at, nextBaseLsn, crc32);
      if (verdict === undefined) break;
      isIntact = false;
      this.#report(file, at.offset, verdict.kind, { from: at.place.lsn, to: verdict.to });
      const place = { seed, lsn: verdict.to + 1, link: undefined };
      at = { offset: verdict.resume ?? bytes, place };
      if (verdict.resume === undefined) break;
      at = yield* this.#walk(window, at);
    }
    if (isIntact) this.#keep(segment, bytes);
    else
      this.#retire({
        file,
        seed,
        baseLsn,
        lastLsn: at.place.lsn - 1,
        end: bytes,
        marks: undefined,
        bytes,
      });
  }

  /** Goes on with the last segment, less what a torn write left of it. */
  #keep(segment: ActiveSegment, bytes: number): void {
    const { end, file, lastLsn } = segment;
    if (end < bytes) this.torn = { file, offset: end, bytes: bytes - end };
    this.active = segment;
    this.nextLsn = lastLsn + 1;
  }

  /** Leaves a damaged segment as it is, and goes on behind it: what linked the log is lost. */
  #retire(segment: Segment): void {
    this.sealed.push(segment);
    this.active = undefined;
    this.lastFrame = undefined;
    this.nextLsn = segment.lastLsn + 1;
    this.link = 0;
    this.#isLinked = false;
  }

  /** Steps over intact batches, as far as they go. */
  *#walk(window: Window, from: Point, visit?: (frame: Frame, offset: number) => void): Io<Point> {
    for (let at = from; ;) {
      const frame = yield* frameAt(window, at.offset, at.place, this.#options.crc32);
      if (frame?.header.kind !== "batch") return at;
      visit?.(frame, at.offset);
      const { count, crc, firstLsn, payloadBytes } = frame.header;
      at = {
        offset: at.offset + HEADER_BYTES + payloadBytes,
        place: { seed: at.place.seed, lsn: firstLsn + count, link: crc },
      };
    }
  }

  #report(
    file: string,
    offset: number,
    kind: Damage["kind"],
    { from, to }: { readonly from: number; readonly to: number },
  ): void {
    this.damage.push({ file, offset, from, to, kind });
  }
}
