import type { Crc32 } from "./crc32.ts";
import { type Damage, WalError } from "./errors.ts";
import { decodeFooter, decodeTrailer, TRAILER_BYTES } from "./footer.ts";
import {
  decodeFrameHeader,
  decodeSegmentHeader,
  type FrameHeader,
  frameSeed,
  HEADER_BYTES,
  parseSegmentFile,
  type SegmentName,
} from "./frame.ts";
import { type Io, list, read } from "./io.ts";
import { type Frame, frameAt, laterFrame, oneBitOff, type Place, Window } from "./scan.ts";
import { ActiveSegment, type Segment } from "./segment.ts";

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

/** A place in the frames of a segment. */
interface Point {
  readonly offset: number;
  readonly place: Place;
}

/** What is wrong at a point, up to which lsn, and where intact frames start again. */
interface Verdict {
  readonly kind: "frame" | "footer";
  readonly to: number;
  readonly resume: number | undefined;
}

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

/** The error that says what is damaged. */
export function corrupt(damage: Damage): WalError {
  const { file, from, kind, offset, to } = damage;
  const lost =
    to < from ? "no record" : from === to ? `record ${from}` : `records ${from} to ${to}`;
  return new WalError("WAL_CORRUPT", `bad ${kind} in ${file} at byte ${offset}: ${lost} lost`, {
    damage,
  });
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
          ? yield* this.#judgeTail(window, at, bytes)
          : yield* this.#judgeMiddle(window, at, nextBaseLsn);
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

  /**
   * What is wrong at the end of the intact frames of the last segment: nothing if the file ends there or
   * goes on with a torn write. The rest is *not* a torn write if a later frame exists, if one flipped
   * bit explains it, if it was known to be durable, or if it is an intact frame in the wrong place.
   */
  *#judgeTail(window: Window, { offset, place }: Point, bytes: number): Io<Verdict | undefined> {
    const { checkpoint, crc32 } = this.#options;
    if (offset >= bytes) return undefined;
    const later = yield* laterFrame(window, offset, place, crc32);
    if (later !== undefined) return { kind: "frame", to: later.lsn - 1, resume: later.offset };
    const header =
      (yield* oneBitOff(window, offset, place, crc32)) ??
      (yield* frameAt(window, offset, { ...place, link: undefined }, crc32))?.header;
    if (header !== undefined)
      return { kind: kindOf(header), to: place.lsn + header.count - 1, resume: undefined };
    return place.lsn > checkpoint
      ? undefined
      : { kind: "frame", to: checkpoint, resume: undefined };
  }

  /** What is wrong with a segment that has a successor, and so must end in a footer. */
  *#judgeMiddle(window: Window, { offset, place }: Point, nextBaseLsn: number): Io<Verdict> {
    const later = yield* laterFrame(window, offset, place, this.#options.crc32);
    if (later !== undefined && later.lsn < nextBaseLsn)
      return { kind: "frame", to: later.lsn - 1, resume: later.offset };
    const kind = place.lsn === nextBaseLsn ? "footer" : "frame";
    return { kind, to: nextBaseLsn - 1, resume: undefined };
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

function kindOf(header: FrameHeader): "frame" | "footer" {
  return header.kind === "batch" ? "frame" : "footer";
}
