// The answering side of an exchange keeps nothing between requests: it answers each from the state
// of its tree at that moment. So a lost, repeated or late request does no harm.

import { estimateDifferences } from "./counters.ts";
import { CELL_BYTES, type Frame, HEADER_BYTES, ITEM_BYTES, KEY_BYTES } from "./frame.ts";
import type { Hash64 } from "./hash64.ts";
import { bitsBelow, childOf, type Range } from "./range.ts";
import type { Scope } from "./scope.ts";
import { CELL_WORDS, CELLS_MAX, cellsFor } from "./sketch.ts";
import type { Sum } from "./sum.ts";
import { ITEM_WORDS } from "./blocks.ts";

/** Most items read for one answer, to bound the time it takes to some tens of milliseconds. */
export const SCAN_ITEMS_MAX = 131_072;

/** A range with no more items is listed when asked exactly, and split otherwise. */
const EXACT_ITEMS = 64;

/** Room for a digest, positions and counts beside the cells or items of a frame. */
const SLACK_BYTES = 96;

export interface Answer {
  readonly frame: Frame;
  /** Items read to make it, for the limit on work done for the peer. */
  readonly scanned: number;
}

/** Cells or items of `size` bytes that fit a frame. */
function fitting(frameBytesMax: number, size: number): number {
  return Math.floor((frameBytesMax - HEADER_BYTES - SLACK_BYTES) / size);
}

/** Keys to ask for in one frame, so that the answer with their versions fits one too. */
export function keysFitting(frameBytesMax: number): number {
  return fitting(frameBytesMax, KEY_BYTES + 1);
}

/** Answers a question on a range in the way that costs least. */
export function answerAsk(
  scope: Scope,
  ask: Extract<Frame, { kind: "ask" }>,
  frameBytesMax: number,
): Answer {
  const { range, counters } = ask;
  const sum = scope.sumOf(range);
  if (sum.equals(ask.sum)) return { frame: { kind: "state", sum }, scanned: 0 };
  const list = (): Answer => ({ frame: listFrame(scope, range, sum), scanned: sum.count });
  const children = (): Answer => ({ frame: childrenFrame(scope, range, sum), scanned: 0 });
  if (counters === undefined) return sum.count <= EXACT_ITEMS ? list() : children();
  const isListable = sum.count <= fitting(frameBytesMax, ITEM_BYTES);
  if (sum.count === 0 || ask.sum.count === 0) return isListable ? list() : children();
  // The counters of everything are kept; those of a part are made from its items.
  const counted = range.bits === 0 ? 0 : sum.count;
  if (counted > SCAN_ITEMS_MAX) return children();
  const also = ({ frame, scanned }: Answer): Answer => ({ frame, scanned: scanned + counted });
  const estimate = estimateDifferences(scope.countersOf(range), counters);
  const cells = cellsFor(Math.max(estimate, Math.abs(sum.count - ask.sum.count), 1));
  // A sketch costs by the difference, a list by the item.
  if (isListable && sum.count * ITEM_BYTES <= cells * CELL_BYTES) return also(list());
  if (cells > CELLS_MAX || isTooLarge(scope, range, cells)) return also(children());
  const to = Math.min(cells, fitting(frameBytesMax, CELL_BYTES));
  return also(sketchAnswer(scope, range, { total: cells, from: 0, to }));
}

/** Answers a request for cells `from` to `to` of a range's sketch, or as many as fit a frame. */
export function answerMore(
  scope: Scope,
  { range, total, from, to }: Extract<Frame, { kind: "more" }>,
  frameBytesMax: number,
): Answer {
  if (isTooLarge(scope, range, total)) {
    return { frame: { kind: "state", sum: scope.sumOf(range) }, scanned: 0 };
  }
  const end = Math.min(to, from + fitting(frameBytesMax, CELL_BYTES));
  return sketchAnswer(scope, range, { total, from, to: end });
}

/** Answers with the versions held of the keys, and the digest of everything beside them. */
export function answerCheck(scope: Scope, keys: readonly Hash64[]): Answer {
  const versions = keys.map((key) => scope.get(key));
  return { frame: { kind: "versions", sum: scope.sum, versions }, scanned: keys.length };
}

/** Whether a sketch of this many cells would read more items than one answer may. */
export function isTooLarge(scope: Scope, range: Range, cells: number): boolean {
  return scope.mustScan(range, cells) && scope.sumOf(range).count > SCAN_ITEMS_MAX;
}

function sketchAnswer(
  scope: Scope,
  range: Range,
  { total, from, to }: { total: number; from: number; to: number },
): Answer {
  const sum = scope.sumOf(range);
  const scanned = scope.mustScan(range, total) ? sum.count : 0;
  const { cells } = scope.sketchOf(range, total);
  const part = cells.slice(from * CELL_WORDS, to * CELL_WORDS);
  return { frame: { kind: "sketch", sum, total, from, cells: part }, scanned };
}

function listFrame(scope: Scope, range: Range, sum: Sum): Frame {
  const items = new Uint32Array(sum.count * ITEM_WORDS);
  let end = 0;
  scope.visit(range, (words, at) => {
    for (let word = 0; word < ITEM_WORDS; word += 1) items[end++] = words[at + word] as number;
  });
  return { kind: "list", sum, items };
}

function childrenFrame(scope: Scope, range: Range, sum: Sum): Frame {
  const bits = bitsBelow(range.bits, scope.trie.slotBits);
  const children: (Sum | undefined)[] = [];
  for (let index = 0; index < 1 << (bits - range.bits); index += 1) {
    const child = scope.sumOf(childOf(range, index, bits));
    children.push(child.count === 0 ? undefined : child);
  }
  return { kind: "children", sum, bits, children };
}
