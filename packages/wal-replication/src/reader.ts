import type { Crc32 } from "./crc32.ts";
import { corrupt, WalError } from "./errors.ts";
import { decodeFooter, type Mark } from "./footer.ts";
import { decodeFrameHeader, HEADER_BYTES } from "./frame.ts";
import { type Io, read } from "./io.ts";
import { type Frame, forEachEnvelope, frameAt, laterFrame, Window } from "./scan.ts";
import type { Segment } from "./segment.ts";

/**
 * A record as it lies in the log.
 *
 * @public
 */
export interface StoredRecord {
  /** Its position in this log. */
  readonly lsn: number;
  /** The envelope as it was appended, a view of a larger buffer: copy what you keep. */
  readonly envelope: Uint8Array;
  /** Wall-clock milliseconds at which its batch was written, as the driver told. Information only. */
  readonly wallMs: number;
}

/**
 * Where reading goes on.
 *
 * @public
 */
export interface Position {
  /** Lsn of the next record. */
  readonly lsn: number;
  /** Where its frame is, if known: saves looking it up. */
  readonly at?: { readonly file: string; readonly mark: Mark };
}

export interface Piece {
  readonly records: readonly StoredRecord[];
  readonly next: Position;
}

export interface Segments {
  /** Ascending. */
  readonly segments: readonly Segment[];
  readonly crc32: Crc32;
}

const CHUNK_BYTES = 256 * 1024;

/** The records from `position` to at most `to`, as many as come cheaply and at least one. */
export function* readPiece(log: Segments, position: Position, to: number): Io<Piece> {
  const segment = findSegment(log.segments, position.lsn);
  const { crc32 } = log;
  let { lsn, offset } =
    position.at?.file === segment.file
      ? position.at.mark
      : yield* findMark(segment, position.lsn, crc32);
  let link: number | undefined;
  const window = new Window(segment.file, segment.end, CHUNK_BYTES);
  const records: StoredRecord[] = [];
  const last = Math.min(to, segment.lastLsn);
  while (lsn <= last && (records.length === 0 || window.holds(offset))) {
    const place = { seed: segment.seed, lsn, link };
    const frame = yield* frameAt(window, offset, place, crc32);
    if (frame?.header.kind === "batch") {
      collect(records, frame, { from: position.lsn, to });
      lsn += frame.header.count;
      offset += HEADER_BYTES + frame.payload.length;
      link = frame.header.crc;
      continue;
    }
    if (records.length > 0) break;
    const later = yield* laterFrame(window, offset, place, crc32);
    const damage = {
      kind: "frame",
      from: lsn,
      to: (later?.lsn ?? segment.lastLsn + 1) - 1,
    } as const;
    if (later === undefined || damage.to >= position.lsn)
      throw corrupt({ file: segment.file, offset, ...damage });
    ({ lsn, offset } = later);
    link = undefined;
  }
  const at = { file: segment.file, mark: { lsn, offset } };
  return { records, next: lsn > segment.lastLsn ? { lsn } : { lsn, at } };
}

/** Adds what `frame` holds of the records from `from` to `to`. */
function collect(
  records: StoredRecord[],
  frame: Frame,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  const { wallMs } = frame.header;
  forEachEnvelope(frame, (start, end, lsn) => {
    if (lsn >= from && lsn <= to)
      records.push({ lsn, envelope: frame.payload.subarray(start, end), wallMs });
  });
}

/** The segment that holds `lsn`, which is not above the last of all. */
function findSegment(segments: readonly Segment[], lsn: number): Segment {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((segments[middle]?.baseLsn ?? 0) <= lsn) low = middle + 1;
    else high = middle;
  }
  const segment = segments[low - 1];
  if (segment === undefined)
    throw new WalError("WAL_TRIMMED", `the log starts at lsn ${segments[0]?.baseLsn ?? 1}`);
  const next = segments[low];
  if (lsn > segment.lastLsn && next !== undefined)
    throw corrupt({
      kind: "missing",
      file: next.file,
      offset: 0,
      from: segment.lastLsn + 1,
      to: next.baseLsn - 1,
    });
  return segment;
}

/** A place in `segment` from which reading comes to `lsn` soon. */
function* findMark(segment: Segment, lsn: number, crc32: Crc32): Io<Mark> {
  const marks = segment.marks ?? (yield* readMarks(segment, crc32));
  let best: Mark = { lsn: segment.baseLsn, offset: HEADER_BYTES };
  for (const mark of marks) {
    if (mark.lsn > lsn) break;
    best = mark;
  }
  return best;
}

/** The marks of a sealed segment; none if its footer has rotted, in which case all of it is scanned. */
function* readMarks(segment: Segment, crc32: Crc32): Io<readonly Mark[]> {
  const frame = yield* read(segment.file, segment.end, segment.bytes - segment.end);
  const header = decodeFrameHeader(frame, 0, segment.seed, crc32);
  const payload = frame.subarray(HEADER_BYTES);
  if (header === undefined || crc32(payload) !== header.payloadCrc) return [];
  return decodeFooter(payload, segment.baseLsn)?.marks ?? [];
}
