// Frames. Each is
//
//   kind u8 | request u32 | binding u64 | body
//
// and a reply repeats the request's number. The binding is a hash of everything on which both ends
// must agree: the caller's fingerprint of the ring, the slots, the digest and its key. `digest` is
// `count varint | lanes u32 each`; `range` is `bits u8 | prefix, as many whole bytes as hold it`.
//
//   ask       exact u8 | range | digest | counters 128 zigzag, unless exact
//   more      range | total varint | from varint | to varint
//   check     keys u64 each
//   state     digest                                    the digests are equal, or too many to say
//   sketch    digest | total varint | from varint | cells: key u64, print u24, check u24
//   list      digest | items: key u64, version u64
//   children  digest | bits u8 | present u16 | digest of each child that is present
//   versions  digest of all | count varint | present bits | versions u64 of those that are
//   refused

import { Writer } from "./bytes.ts";
import type { ItemDigest } from "./digest.ts";
import type { Hash64 } from "./hash64.ts";
import type { Range } from "./range.ts";
import { CELL_WORDS } from "./sketch.ts";
import type { Sum } from "./sum.ts";

/** Version of the frames. */
const PROTOCOL = 1;
export const HEADER_BYTES = 13;
export const CELL_BYTES = 14;
export const ITEM_BYTES = 16;
export const KEY_BYTES = 8;

/** How a receiver finds out which of two like ranges differ. */
export type Frame =
  | { kind: "ask"; range: Range; sum: Sum; counters: Int32Array | undefined }
  | { kind: "more"; range: Range; total: number; from: number; to: number }
  | { kind: "check"; keys: readonly Hash64[] }
  | { kind: "state"; sum: Sum }
  | { kind: "sketch"; sum: Sum; total: number; from: number; cells: Int32Array }
  | { kind: "list"; sum: Sum; items: Uint32Array }
  | { kind: "children"; sum: Sum; bits: number; children: readonly (Sum | undefined)[] }
  | { kind: "versions"; sum: Sum; versions: readonly (Hash64 | undefined)[] }
  | { kind: "refused" };

export type FrameKind = Frame["kind"];

/** A kind is written as its place here, from 1. */
export const kinds: readonly FrameKind[] = [
  "ask",
  "more",
  "check",
  "state",
  "sketch",
  "list",
  "children",
  "versions",
  "refused",
];

/** What both ends must know to read a frame. */
export interface FrameContext {
  readonly binding: Hash64;
  readonly lanes: number;
  readonly slotBits: number;
}

/** A hash of all that must agree for two ends to understand each other. */
export function bindingOf(digest: ItemDigest, slots: number, { hi, lo }: Hash64): Hash64 {
  const out = new Uint32Array(digest.lanes);
  digest.write(Uint32Array.of(hi, lo, slots, (digest.lanes << 8) | PROTOCOL), 0, out);
  return { hi: out[0] as number, lo: out[1] as number };
}

export function encodeFrame(frame: Frame, request: number, context: FrameContext): Uint8Array {
  const out = new Writer();
  out.u8(kinds.indexOf(frame.kind) + 1);
  out.u32(request);
  writeHash(out, context.binding);
  switch (frame.kind) {
    case "ask":
      out.u8(frame.counters === undefined ? 1 : 0);
      writeRange(out, frame.range);
      writeSum(out, frame.sum);
      for (const counter of frame.counters ?? []) out.zigzag(counter);
      break;
    case "more":
      writeRange(out, frame.range);
      out.varint(frame.total);
      out.varint(frame.from);
      out.varint(frame.to);
      break;
    case "check":
      for (const key of frame.keys) writeHash(out, key);
      break;
    case "state":
      writeSum(out, frame.sum);
      break;
    case "sketch":
      writeSum(out, frame.sum);
      out.varint(frame.total);
      out.varint(frame.from);
      writeCells(out, frame.cells);
      break;
    case "list":
      writeSum(out, frame.sum);
      for (const word of frame.items) out.u32(word);
      break;
    case "children":
      writeChildren(out, frame);
      break;
    case "versions":
      writeSum(out, frame.sum);
      writeVersions(out, frame.versions);
      break;
    case "refused":
      break;
  }
  return out.finish();
}

function writeChildren(
  out: Writer,
  { sum, bits, children }: Extract<Frame, { kind: "children" }>,
): void {
  writeSum(out, sum);
  out.u8(bits);
  let present = 0;
  for (const [index, child] of children.entries()) if (child !== undefined) present |= 1 << index;
  out.u8(present & 0xff);
  out.u8(present >> 8);
  for (const child of children) if (child !== undefined) writeSum(out, child);
}

function writeVersions(out: Writer, versions: readonly (Hash64 | undefined)[]): void {
  out.varint(versions.length);
  for (let at = 0; at < versions.length; at += 8) {
    let bits = 0;
    for (let bit = 0; bit < 8; bit += 1) if (versions[at + bit] !== undefined) bits |= 1 << bit;
    out.u8(bits);
  }
  for (const version of versions) if (version !== undefined) writeHash(out, version);
}

function writeCells(out: Writer, cells: Int32Array): void {
  for (let at = 0; at < cells.length; at += CELL_WORDS) {
    out.u32(cells[at] as number);
    out.u32(cells[at + 1] as number);
    out.u24(cells[at + 2] as number);
    out.u24(cells[at + 3] as number);
  }
}

function writeSum(out: Writer, sum: Sum): void {
  out.varint(sum.count);
  for (const lane of sum.lanes) out.u32(lane);
}

function writeRange(out: Writer, { hi, lo, bits }: Range): void {
  out.u8(bits);
  for (let at = 0; at < bits; at += 8)
    out.u8((at < 32 ? hi >>> (24 - at) : lo >>> (56 - at)) & 0xff);
}

function writeHash(out: Writer, { hi, lo }: Hash64): void {
  out.u32(hi);
  out.u32(lo);
}
