/** What stands where the intact frames of a segment end: nothing, a torn write, or corruption. */
import type { Crc32 } from "./crc32.ts";
import type { FrameHeader } from "./frame.ts";
import type { Io } from "./io.ts";
import { frameAt, laterFrame, oneBitOff, type Place, type Window } from "./scan.ts";

/** A place in the frames of a segment. */
export interface Point {
  readonly offset: number;
  readonly place: Place;
}

/** What is wrong at a point, up to which lsn, and where intact frames start again. */
export interface Verdict {
  readonly kind: "frame" | "footer";
  readonly to: number;
  readonly resume: number | undefined;
}

interface Evidence {
  /** Size of the file. */
  readonly bytes: number;
  /** Known to be durable. */
  readonly checkpoint: number;
  readonly crc32: Crc32;
}

/**
 * What is wrong at the end of the intact frames of the last segment: nothing if the file ends there or
 * goes on with a torn write. The rest is *not* a torn write if a later frame exists, if one flipped
 * bit explains it, if it was known to be durable, or if it is an intact frame in the wrong place.
 */
export function* judgeTail(
  window: Window,
  { offset, place }: Point,
  { bytes, checkpoint, crc32 }: Evidence,
): Io<Verdict | undefined> {
  if (offset >= bytes) return undefined;
  const later = yield* laterFrame(window, offset, place, crc32);
  if (later !== undefined) return { kind: "frame", to: later.lsn - 1, resume: later.offset };
  const header =
    (yield* oneBitOff(window, offset, place, crc32)) ??
    (yield* frameAt(window, offset, { ...place, link: undefined }, crc32))?.header;
  if (header !== undefined)
    return { kind: kindOf(header), to: place.lsn + header.count - 1, resume: undefined };
  return place.lsn > checkpoint ? undefined : { kind: "frame", to: checkpoint, resume: undefined };
}

/** What is wrong with a segment that has a successor, and so must end in a footer. */
export function* judgeMiddle(
  window: Window,
  { offset, place }: Point,
  nextBaseLsn: number,
  crc32: Crc32,
): Io<Verdict> {
  const later = yield* laterFrame(window, offset, place, crc32);
  if (later !== undefined && later.lsn < nextBaseLsn)
    return { kind: "frame", to: later.lsn - 1, resume: later.offset };
  const kind = place.lsn === nextBaseLsn ? "footer" : "frame";
  return { kind, to: nextBaseLsn - 1, resume: undefined };
}

function kindOf(header: FrameHeader): "frame" | "footer" {
  return header.kind === "batch" ? "frame" : "footer";
}
