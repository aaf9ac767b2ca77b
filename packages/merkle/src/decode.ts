import { ITEM_WORDS } from "./blocks.ts";
import { Reader } from "./bytes.ts";
import { emptyCounters } from "./counters.ts";
import {
  CELL_BYTES,
  type Frame,
  type FrameContext,
  type FrameKind,
  HEADER_BYTES,
  ITEM_BYTES,
  kinds,
  KEY_BYTES,
} from "./frame.ts";
import type { Hash64 } from "./hash64.ts";
import { isCanonical, isLevel, type Range } from "./range.ts";
import { CELL_WORDS, CELLS_MAX } from "./sketch.ts";
import { Sum } from "./sum.ts";

/** A frame's header. */
export interface Envelope {
  readonly kind: FrameKind;
  readonly request: number;
  readonly isBound: boolean;
}

/** Reads the header, or a reason why it is none. */
export function decodeEnvelope(bytes: Uint8Array, binding: Hash64): Envelope | string {
  if (bytes.length < HEADER_BYTES) return "shorter than a header";
  const input = new Reader(bytes);
  const kind = kinds[input.u8() - 1];
  if (kind === undefined) return "unknown kind of frame";
  const request = input.u32();
  const { hi, lo } = readHash(input);
  return { kind, request, isBound: hi === binding.hi && lo === binding.lo };
}

/** Reads a frame whose header is read. Allocates no more than a small multiple of its length. */
export function decodeFrame(
  bytes: Uint8Array,
  kind: FrameKind,
  context: FrameContext,
): Frame | string {
  const input = new Reader(bytes.subarray(HEADER_BYTES));
  const frame = readers[kind](input, context);
  if (typeof frame === "string") return frame;
  if (input.failed) return `${kind}: cut short`;
  if (input.rest > 0) return `${kind}: longer than its content`;
  return frame;
}

type ReadBody = (input: Reader, context: FrameContext) => Frame | string;

const readers: Readonly<Record<FrameKind, ReadBody>> = {
  ask: readAsk,
  more: readMore,
  check: (input) => ({ kind: "check", keys: readHashes(input) }),
  state: (input, context) => ({ kind: "state", sum: readSum(input, context) }),
  sketch: readSketch,
  list: readList,
  children: readChildren,
  versions: readVersions,
  refused: () => ({ kind: "refused" }),
};

function readAsk(input: Reader, context: FrameContext): Frame | string {
  const exact = input.u8();
  const range = readRange(input, context);
  if (range === undefined) return "ask: no such range";
  const sum = readSum(input, context);
  if (exact !== 0) return { kind: "ask", range, sum, counters: undefined };
  const counters = emptyCounters();
  for (let index = 0; index < counters.length; index += 1) counters[index] = input.zigzag();
  return { kind: "ask", range, sum, counters };
}

function readMore(input: Reader, context: FrameContext): Frame | string {
  const range = readRange(input, context);
  if (range === undefined) return "more: no such range";
  const total = input.varint();
  const from = input.varint();
  const to = input.varint();
  if (from >= to || to > total || total > CELLS_MAX) return "more: no such cells";
  return { kind: "more", range, total, from, to };
}

function readSketch(input: Reader, context: FrameContext): Frame | string {
  const sum = readSum(input, context);
  const total = input.varint();
  const from = input.varint();
  const count = Math.floor(input.rest / CELL_BYTES);
  if (count === 0 || from + count > total || total > CELLS_MAX) return "sketch: no such cells";
  const cells = new Int32Array(count * CELL_WORDS);
  for (let at = 0; at < cells.length; at += CELL_WORDS) {
    const { hi, lo } = readHash(input);
    cells[at] = hi;
    cells[at + 1] = lo;
    cells[at + 2] = input.u24();
    cells[at + 3] = input.u24();
  }
  return { kind: "sketch", sum, total, from, cells };
}

function readList(input: Reader, context: FrameContext): Frame | string {
  const sum = readSum(input, context);
  const items = new Uint32Array(Math.floor(input.rest / ITEM_BYTES) * ITEM_WORDS);
  for (let at = 0; at < items.length; at += 1) items[at] = input.u32();
  if (items.length !== sum.count * ITEM_WORDS) return "list: another count than it says";
  for (let at = ITEM_WORDS; at < items.length; at += ITEM_WORDS) {
    const previous = items[at - ITEM_WORDS] as number;
    const isAscending =
      (items[at] as number) > previous ||
      (items[at] === previous && (items[at + 1] as number) > (items[at - 3] as number));
    if (!isAscending) return "list: keys out of order";
  }
  return { kind: "list", sum, items };
}

function readChildren(input: Reader, context: FrameContext): Frame | string {
  const sum = readSum(input, context);
  const bits = input.u8();
  if (!isLevel(bits, context.slotBits)) return "children: no such level";
  const low = input.u8();
  const present = low | (input.u8() << 8);
  const children = Array.from({ length: 16 }, (_, index) =>
    (present & (1 << index)) === 0 ? undefined : readSum(input, context),
  );
  return { kind: "children", sum, bits, children };
}

function readVersions(input: Reader, context: FrameContext): Frame | string {
  const sum = readSum(input, context);
  const count = input.varint();
  if (Math.ceil(count / 8) > input.rest) return "versions: cut short";
  const bits: number[] = [];
  for (let at = 0; at < count; at += 8) bits.push(input.u8());
  const versions = Array.from({ length: count }, (_, index) =>
    ((bits[index >> 3] as number) & (1 << (index & 7))) === 0 ? undefined : readHash(input),
  );
  return { kind: "versions", sum, versions };
}

function readSum(input: Reader, { lanes }: FrameContext): Sum {
  const sum = new Sum(lanes);
  sum.count = input.varint();
  for (let lane = 0; lane < lanes; lane += 1) sum.lanes[lane] = input.u32();
  return sum;
}

function readRange(input: Reader, { slotBits }: FrameContext): Range | undefined {
  const bits = input.u8();
  if (!isLevel(bits, slotBits)) return undefined;
  let hi = 0;
  let lo = 0;
  for (let at = 0; at < bits; at += 8) {
    if (at < 32) hi = (hi | (input.u8() << (24 - at))) >>> 0;
    else lo = (lo | (input.u8() << (56 - at))) >>> 0;
  }
  const range = { hi, lo, bits };
  return isCanonical(range) ? range : undefined;
}

function readHash(input: Reader): Hash64 {
  const hi = input.u32();
  return { hi, lo: input.u32() };
}

function readHashes(input: Reader): Hash64[] {
  return Array.from({ length: Math.floor(input.rest / KEY_BYTES) }, () => readHash(input));
}
