// Canonical bytes of vectors, contexts and versioned values; the layout is drawn in the README.

import { contextHas, type DottedContext, type DotRange } from "./context.ts";
import { compareDots } from "./dot.ts";
import type { Order } from "./order.ts";
import type { OriginTable } from "./origin-table.ts";
import type { Origin } from "./origin.ts";
import { refillContext, stripContext } from "./stability.ts";
import { decodeState, type Malformed, type StateReader } from "./state-reader.ts";
import { encodeState, type StateWriter } from "./state-writer.ts";
import { emptyVector, sequenceOf, type VersionVector } from "./vector.ts";
import { compareSiblings, type Sibling, type Versioned } from "./versioned.ts";

/**
 * How values of type `T` become bytes and back.
 *
 * @public
 */
export interface ValueCodec<T> {
  /** Equal bytes exactly for values that {@link ValueCodec.order} calls equal. */
  readonly encode: (value: T) => Uint8Array;
  /** The value of bytes that `encode` can return, undefined for all others; must not throw. */
  readonly decode: (bytes: Uint8Array) => T | undefined;
  /** The order that merges use. */
  readonly order: Order<T>;
}

/**
 * What writer and reader of a state have in common and do not repeat in it.
 *
 * @public
 */
export interface SharedState {
  /** Positions stand for origins; without it the state brings its own table. */
  readonly table?: OriginTable;
  /** Dots of the copy's base are not written, and are in the context again after reading. */
  readonly base?: VersionVector;
}

/**
 * Canonical bytes: equal for equal vectors only.
 *
 * @throws VclockError `UNKNOWN_ORIGIN` when `table` lacks one
 * @public
 */
export function encodeVector(vector: VersionVector, table?: OriginTable): Uint8Array {
  return encodeState(vector.origins, table, (writer) => writeVector(writer, vector));
}

/**
 * The vector that {@link encodeVector} wrote with the same table, or why there is none.
 *
 * @public
 */
export function decodeVector(bytes: Uint8Array, table?: OriginTable): VersionVector | Malformed {
  return decodeState(bytes, table, readVector);
}

export function writeVector(writer: StateWriter, { origins, sequences }: VersionVector): void {
  writer.varint(origins.length);
  for (let i = 0; i < origins.length; i++) {
    writer.origin(origins[i] as Origin);
    writer.varint(sequences[i] as number);
  }
}

export function readVector(reader: StateReader): VersionVector {
  const count = reader.count(2);
  const origins: Origin[] = [];
  const sequences: number[] = [];
  for (let i = 0; i < count && !reader.hasFailed(); i++) {
    const { origin, sequence } = reader.dot();
    if (i > 0 && origin <= (origins[i - 1] as Origin)) reader.fail("unsorted");
    origins.push(origin);
    sequences.push(sequence);
  }
  return { origins, sequences };
}

/**
 * Canonical bytes: equal for equal sets of dots only.
 *
 * @throws VclockError `UNKNOWN_ORIGIN` when `table` lacks one
 * @public
 */
export function encodeContext(context: DottedContext, table?: OriginTable): Uint8Array {
  return encodeState(contextOrigins(context), table, (writer) => writeContext(writer, context));
}

/**
 * The context that {@link encodeContext} wrote with the same table, or why there is none.
 *
 * @public
 */
export function decodeContext(bytes: Uint8Array, table?: OriginTable): DottedContext | Malformed {
  return decodeState(bytes, table, (reader) => readContext(reader, emptyVector));
}

function contextOrigins({ vector, ranges }: DottedContext): Origin[] {
  return [...vector.origins, ...ranges.map(({ origin }) => origin)];
}

/** Ranges are written as distances: from the end of the last stretch plus 2, and to their own end. */
function writeContext(writer: StateWriter, { vector, ranges }: DottedContext): void {
  writeVector(writer, vector);
  writer.varint(ranges.length);
  let previous: DotRange | undefined;
  for (const range of ranges) {
    const { origin, first, last } = range;
    writer.origin(origin);
    writer.varint(first - stretchEnd(vector, previous, origin) - 2);
    writer.varint(last - first);
    previous = range;
  }
}

/** `base` is what the vector was stripped of: its ranges must not touch that either. */
function readContext(reader: StateReader, base: VersionVector): DottedContext {
  const vector = readVector(reader);
  const { origins, sequences } = vector;
  if (origins.some((origin, i) => (sequences[i] as number) <= sequenceOf(base, origin))) {
    reader.fail("not-normal");
  }
  const count = reader.count(3);
  const ranges: DotRange[] = [];
  for (let i = 0; i < count && !reader.hasFailed(); i++) {
    const origin = reader.origin();
    const previous = ranges.at(-1);
    if (previous !== undefined && origin < previous.origin) reader.fail("unsorted");
    const first = stretchEnd(vector, previous, origin) + 2 + reader.varint();
    const last = first + reader.varint();
    if (last > Number.MAX_SAFE_INTEGER) reader.fail("overflow");
    if (first <= sequenceOf(base, origin) + 1) reader.fail("not-normal");
    ranges.push({ origin, first, last });
  }
  return { vector, ranges };
}

function stretchEnd(vector: VersionVector, previous: DotRange | undefined, origin: Origin): number {
  return previous?.origin === origin ? previous.last : sequenceOf(vector, origin);
}

/**
 * Canonical bytes: equal for equal states only, given equal `shared`.
 *
 * @throws VclockError `UNKNOWN_ORIGIN` when the table lacks one
 * @public
 */
export function encodeVersioned<T>(
  state: Versioned<T>,
  values: ValueCodec<T>,
  shared: SharedState = {},
): Uint8Array {
  const context =
    shared.base === undefined ? state.context : stripContext(state.context, shared.base);
  const origins = [...contextOrigins(context), ...state.siblings.map(({ dot }) => dot.origin)];
  return encodeState(origins, shared.table, (writer) => {
    writeContext(writer, context);
    writer.varint(state.siblings.length);
    const encoded = state.siblings.map(({ dot, value }) => ({ dot, value: values.encode(value) }));
    for (const { dot, value } of encoded.sort((a, b) => compareSiblings(a, b, compareBytes))) {
      writer.origin(dot.origin);
      writer.varint(dot.sequence);
      writer.sized(value);
    }
  });
}

/**
 * The state that {@link encodeVersioned} wrote with equal `shared`, its context joined with the base,
 * or why there is none.
 *
 * @public
 */
export function decodeVersioned<T>(
  bytes: Uint8Array,
  values: ValueCodec<T>,
  shared: SharedState = {},
): Versioned<T> | Malformed {
  const base = shared.base ?? emptyVector;
  return decodeState(bytes, shared.table, (reader): Versioned<T> => {
    const stored = readContext(reader, base);
    const context = reader.hasFailed() ? stored : refillContext(stored, base);
    const siblings = readSiblings(reader, values, context);
    return { siblings, context };
  });
}

function readSiblings<T>(
  reader: StateReader,
  values: ValueCodec<T>,
  context: DottedContext,
): Sibling<T>[] {
  const count = reader.count(3);
  const siblings: Sibling<T>[] = [];
  let previous: Sibling<Uint8Array> | undefined;
  for (let i = 0; i < count && !reader.hasFailed(); i++) {
    const sibling = { dot: reader.dot(), value: reader.sized() };
    if (reader.hasFailed()) break;
    if (previous !== undefined && compareSiblings(previous, sibling, compareBytes) >= 0) {
      reader.fail("unsorted");
    }
    if (!contextHas(context, sibling.dot)) reader.fail("uncovered");
    previous = sibling;
    const value = values.decode(sibling.value);
    if (value === undefined) reader.fail("bad-value");
    else siblings.push({ dot: sibling.dot, value });
  }
  return siblings.sort((a, b) => compareDots(a.dot, b.dot) || values.order(a.value, b.value));
}

/** Orders bytes lexicographically. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    const difference = (left[i] as number) - (right[i] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
