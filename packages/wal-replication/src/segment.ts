import type { Footer, Mark } from "./footer.ts";
import { HEADER_BYTES } from "./frame.ts";
import { forEachEnvelope, type Frame } from "./scan.ts";
import { StreamIndex } from "./stream-index.ts";

/** Distance between marks, in bytes: what a reader that starts anywhere scans at most in vain. */
const MARK_INTERVAL_BYTES = 64 * 1024;

/** A segment as readers see it. */
export interface Segment {
  readonly file: string;
  /** What checksums of its frame headers start from. */
  readonly seed: number;
  readonly baseLsn: number;
  /** Last lsn in it, `baseLsn - 1` when empty. */
  readonly lastLsn: number;
  /** Where its records end. */
  readonly end: number;
  /** Where to start reading for an lsn; undefined while on disk only. */
  readonly marks: readonly Mark[] | undefined;
  /** Size of the file. */
  readonly bytes: number;
}

/** The segment that is appended to. Everything it says of itself is durable. */
export class ActiveSegment implements Segment {
  readonly file: string;
  readonly seed: number;
  readonly baseLsn: number;
  readonly marks: Mark[] = [];
  readonly #streams = new StreamIndex();
  #lastLsn: number;
  #end = HEADER_BYTES;
  #link: number;

  constructor(file: string, seed: number, baseLsn: number, link: number) {
    this.file = file;
    this.seed = seed;
    this.baseLsn = baseLsn;
    this.#lastLsn = baseLsn - 1;
    this.#link = link;
  }

  get lastLsn(): number {
    return this.#lastLsn;
  }

  get end(): number {
    return this.#end;
  }

  get bytes(): number {
    return this.#end;
  }

  /** What the next frame's link must be. */
  get link(): number {
    return this.#link;
  }

  /** Number of distinct (stream, origin) pairs. */
  get rangeCount(): number {
    return this.#streams.count;
  }

  /** Takes in the frame at `end`, now durable. */
  add(frame: Frame): void {
    const { header, payload } = frame;
    const last = this.marks.at(-1);
    if (last === undefined || this.#end - last.offset >= MARK_INTERVAL_BYTES)
      this.marks.push({ lsn: header.firstLsn, offset: this.#end });
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    forEachEnvelope(frame, (start, _end, lsn) => {
      this.#streams.note(payload, view, start, lsn);
    });
    this.#lastLsn = header.firstLsn + header.count - 1;
    this.#end += HEADER_BYTES + header.payloadBytes;
    this.#link = header.crc;
  }

  footer(): Footer {
    return { marks: this.marks, ranges: this.#streams.ranges() };
  }
}
