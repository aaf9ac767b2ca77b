/**
 * Segment headers and frames: how envelopes lie in the files of one log. Local to it; nothing here
 * travels. Little-endian, frames aligned to 8 bytes, every byte of a file under a checksum.
 *
 * A segment `<baseLsn, 20 digits>-<segment id, 16 hex digits>.wal` is a header, then batch frames,
 * then, once sealed, one footer frame (footer.ts).
 *
 *     segment header             batch or footer frame header
 *     offset  size               offset  size
 *          0     4  "EWS" 1           0     4  "EWB" 1 or "EWF" 1
 *          4     4  zero              4     4  payload length, padding included
 *          8     8  segment id        8     8  lsn of the first record; footer: of the next segment's
 *         16     8  base lsn         16     8  wall-clock ms, information only
 *         24     8  wall-clock ms    24     4  records; footer: 0
 *         32     4  link             28     4  crc of the payload
 *         36     4  crc of 0..36     32     4  link
 *                                    36     4  crc of 0..36, seeded with the segment id's crc
 *
 * The payload of a batch is envelopes back to back, then zeros to the next multiple of 8. The link is
 * the last field of the header before (of the previous frame; for a first frame, of its segment; for a
 * segment, of the previous segment's footer), so that a frame is valid in one place only, and one that
 * an earlier file left behind on the disk is valid nowhere.
 */
import type { Crc32 } from "./crc32.ts";
export const HEADER_BYTES = 40;
export const FRAME_ALIGNMENT = 8;
/** Every writer keeps payloads below this (batches 16 MiB, footers less than 24 MiB). */
const PAYLOAD_BYTES_MAX = 32 * 1024 * 1024;

const MAGIC_SEGMENT = 0x01535745;
const MAGIC_BATCH = 0x01425745;
const MAGIC_FOOTER = 0x01465745;
const CHECKED_BYTES = 36;

export interface SegmentName {
  readonly file: string;
  readonly baseLsn: number;
  /** 16 hexadecimal digits. */
  readonly id: string;
}

export interface SegmentHeader {
  readonly baseLsn: number;
  readonly wallMs: number;
  /** The checksum that ends the footer of the segment before; 0 in the first segment of a log. */
  readonly link: number;
  /** This header's own checksum: the link of the first frame. */
  readonly crc: number;
}

export interface FrameHeader {
  readonly kind: "batch" | "footer";
  readonly payloadBytes: number;
  readonly firstLsn: number;
  readonly wallMs: number;
  readonly count: number;
  readonly payloadCrc: number;
  readonly link: number;
  /** This header's own checksum: the link of the next frame. */
  readonly crc: number;
}

export function segmentFile(baseLsn: number, id: string): string {
  return `${String(baseLsn).padStart(20, "0")}-${id}.wal`;
}

export function parseSegmentFile(file: string): SegmentName | undefined {
  const match = /^(\d{20})-([\da-f]{16})\.wal$/.exec(file);
  const [, base = "", id = ""] = match ?? [];
  const baseLsn = Number(base);
  return match !== null && Number.isSafeInteger(baseLsn) && baseLsn > 0
    ? { file, baseLsn, id }
    : undefined;
}

/** What checksums of frame headers in this segment start from. */
export function frameSeed(id: string, crc32: Crc32): number {
  return crc32(idBytes(id));
}

function idBytes(id: string): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, at) =>
    Number.parseInt(id.slice(at * 2, at * 2 + 2), 16),
  );
}

export function encodeSegmentHeader(
  id: string,
  fields: Omit<SegmentHeader, "crc">,
  crc32: Crc32,
): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC_SEGMENT, true);
  bytes.set(idBytes(id), 8);
  writeUint64(view, 16, fields.baseLsn);
  writeUint64(view, 24, fields.wallMs);
  view.setUint32(32, fields.link, true);
  view.setUint32(36, crc32(bytes.subarray(0, CHECKED_BYTES)), true);
  return bytes;
}

/** The header of the segment `name`, or undefined if these bytes are not exactly that. */
export function decodeSegmentHeader(
  bytes: Uint8Array,
  name: SegmentName,
  crc32: Crc32,
): SegmentHeader | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const crc = view.getUint32(36, true);
  if (view.getUint32(0, true) !== MAGIC_SEGMENT) return undefined;
  if (crc32(bytes.subarray(0, CHECKED_BYTES)) !== crc) return undefined;
  if (idBytes(name.id).some((byte, at) => bytes[8 + at] !== byte)) return undefined;
  const baseLsn = readUint64(view, 16);
  if (baseLsn !== name.baseLsn) return undefined;
  return { baseLsn, wallMs: readUint64(view, 24), link: view.getUint32(32, true), crc };
}

/** Fills in the first `HEADER_BYTES` of `frame`, whose payload is in place, and returns its crc. */
export function sealFrame(
  frame: Uint8Array,
  fields: Omit<FrameHeader, "crc" | "payloadBytes" | "payloadCrc">,
  seed: number,
  crc32: Crc32,
): number {
  const view = new DataView(frame.buffer, frame.byteOffset, HEADER_BYTES);
  view.setUint32(0, fields.kind === "batch" ? MAGIC_BATCH : MAGIC_FOOTER, true);
  view.setUint32(4, frame.length - HEADER_BYTES, true);
  writeUint64(view, 8, fields.firstLsn);
  writeUint64(view, 16, fields.wallMs);
  view.setUint32(24, fields.count, true);
  view.setUint32(28, crc32(frame.subarray(HEADER_BYTES)), true);
  view.setUint32(32, fields.link, true);
  const crc = crc32(frame.subarray(0, CHECKED_BYTES), seed);
  view.setUint32(36, crc, true);
  return crc;
}

/** The frame header at `offset`, or undefined if no writer of this segment made these bytes. */
export function decodeFrameHeader(
  bytes: Uint8Array,
  offset: number,
  seed: number,
  crc32: Crc32,
): FrameHeader | undefined {
  if (bytes.length - offset < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, HEADER_BYTES);
  const magic = view.getUint32(0, true);
  if (magic !== MAGIC_BATCH && magic !== MAGIC_FOOTER) return undefined;
  const crc = view.getUint32(36, true);
  if (crc32(bytes.subarray(offset, offset + CHECKED_BYTES), seed) !== crc) return undefined;
  const payloadBytes = view.getUint32(4, true);
  if (payloadBytes > PAYLOAD_BYTES_MAX || payloadBytes % FRAME_ALIGNMENT !== 0) return undefined;
  return {
    kind: magic === MAGIC_BATCH ? "batch" : "footer",
    payloadBytes,
    firstLsn: readUint64(view, 8),
    wallMs: readUint64(view, 16),
    count: view.getUint32(24, true),
    payloadCrc: view.getUint32(28, true),
    link: view.getUint32(32, true),
    crc,
  };
}

export function padded(length: number): number {
  return Math.ceil(length / FRAME_ALIGNMENT) * FRAME_ALIGNMENT;
}

/** Integers up to 2^53 - 1 as 64 bits; larger ones on disk read as a number that is not safe. */
export function writeUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % 2 ** 32, true);
  view.setUint32(offset + 4, Math.floor(value / 2 ** 32), true);
}

export function readUint64(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
}
