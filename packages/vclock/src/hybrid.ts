// Hybrid logical clock (Kulkarni et al. 2014): wall time for people to read, made monotone along
// causality. Nothing else in this package reads one: clocks lie, and dots do not.

/**
 * Wall time and a counter for events of one millisecond.
 *
 * @public
 */
export interface HybridTime {
  /** Milliseconds since 1970, integer in 0 .. 2^48-1. */
  readonly wallMs: number;
  /** Integer in 0 .. 2^16-1. */
  readonly logical: number;
}

/**
 * A remote time too far ahead of the local clock to be taken over.
 *
 * @public
 */
export interface HybridDrift {
  /** How far the remote is ahead of the local clock, in milliseconds. */
  readonly aheadMs: number;
}

/** Bytes of an encoded {@link HybridTime}. */
const HYBRID_SIZE = 8;
const WALL_MAX = 2 ** 48 - 1;
const LOGICAL_MAX = 2 ** 16 - 1;

/**
 * The time of a local event: later than `last`, and the wall clock's when that has moved on.
 *
 * @throws RangeError when `wallMs` is not an integer in 0 .. 2^48-1, or time has run out
 * @public
 */
export function tickHybrid(last: HybridTime, wallMs: number): HybridTime {
  if (!Number.isInteger(wallMs) || wallMs < 0 || wallMs > WALL_MAX) {
    throw new RangeError(`wall time is an integer in 0 .. 2^48-1 milliseconds, not ${wallMs}`);
  }
  if (wallMs > last.wallMs) return { wallMs, logical: 0 };
  if (last.logical < LOGICAL_MAX) return { wallMs: last.wallMs, logical: last.logical + 1 };
  if (last.wallMs === WALL_MAX) throw new RangeError("no time is left after 2^48-1 milliseconds");
  return { wallMs: last.wallMs + 1, logical: 0 };
}

/**
 * What a receiver knows of time.
 *
 * @public
 */
export interface LocalClock {
  /** Wall time, milliseconds since 1970, integer in 0 .. 2^48-1. */
  readonly wallMs: number;
  /** How far ahead of it a remote time may be, in milliseconds. */
  readonly driftMaxMs: number;
}

/**
 * The time of receiving `remote`: later than it and than `last`. A remote too far ahead of the
 * wall clock is not taken over; the answer then says how far it is ahead.
 *
 * @public
 */
export function receiveHybrid(
  last: HybridTime,
  remote: HybridTime,
  { wallMs, driftMaxMs }: LocalClock,
): HybridTime | HybridDrift {
  const aheadMs = remote.wallMs - wallMs;
  if (aheadMs > driftMaxMs) return { aheadMs };
  return tickHybrid(compareHybrid(last, remote) < 0 ? remote : last, wallMs);
}

/**
 * Orders hybrid times: negative, zero or positive. Later does not mean caused by.
 *
 * @public
 */
export function compareHybrid(left: HybridTime, right: HybridTime): number {
  return left.wallMs - right.wallMs || left.logical - right.logical;
}

/**
 * 8 bytes, big-endian, so that bytes sort as times: 48 bits of milliseconds, 16 of counter.
 *
 * @public
 */
export function encodeHybrid({ wallMs, logical }: HybridTime): Uint8Array {
  const bytes = new Uint8Array(HYBRID_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(wallMs / 2 ** 16));
  view.setUint16(4, wallMs % 2 ** 16);
  view.setUint16(6, logical);
  return bytes;
}

/**
 * The time in 8 bytes; undefined for any other length. Every 8 bytes are a time.
 *
 * @public
 */
export function decodeHybrid(bytes: Uint8Array): HybridTime | undefined {
  if (bytes.length !== HYBRID_SIZE) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    wallMs: view.getUint32(0) * 2 ** 16 + view.getUint16(4),
    logical: view.getUint16(6),
  };
}
