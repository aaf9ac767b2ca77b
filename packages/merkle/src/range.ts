/** The keys whose first `bits` bits are those of (`hi`, `lo`); further bits of the two are zero. */
export interface Range {
  readonly hi: number;
  readonly lo: number;
  readonly bits: number;
}

/** Branches have at most 2^4 children. */
const FAN_BITS = 4;

/** All keys. */
export const everything: Range = { hi: 0, lo: 0, bits: 0 };

/** Length of the prefixes one level below `bits`: first to the slots, then four bits a level. */
export function bitsBelow(bits: number, slotBits: number): number {
  return bits < slotBits ? Math.min(bits + FAN_BITS, slotBits) : bits + FAN_BITS;
}

/** Whether ranges of this prefix length exist in a tree of 2^slotBits slots. */
export function isLevel(bits: number, slotBits: number): boolean {
  if (bits <= slotBits) return bits === slotBits || bits % FAN_BITS === 0;
  return bits <= 64 && (bits - slotBits) % FAN_BITS === 0;
}

/** The `count` bits of the key after its first `bits` ones. Needs bits + count <= 64. */
export function bitsAt(hi: number, lo: number, bits: number, count: number): number {
  const mask = (1 << count) - 1;
  if (bits + count <= 32) return (hi >>> (32 - bits - count)) & mask;
  const low = lo >>> (64 - bits - count);
  // A shift by 32 or more would wrap around, so the high half joins only where it reaches in.
  return bits >= 32 ? low & mask : (low | (hi << (bits + count - 32))) & mask;
}

/** The `index`-th child of the range, whose prefix is `bits` long. */
export function childOf(range: Range, index: number, bits: number): Range {
  if (bits <= 32) return { hi: (range.hi | (index << (32 - bits))) >>> 0, lo: 0, bits };
  const hi = bits - FAN_BITS < 32 ? (range.hi | (index >>> (bits - 32))) >>> 0 : range.hi;
  return { hi, lo: (range.lo | (index << (64 - bits))) >>> 0, bits };
}

/** Whether the key is in the range. */
export function contains(range: Range, hi: number, lo: number): boolean {
  const { bits } = range;
  if (bits === 0) return true;
  if (bits <= 32) return (hi ^ range.hi) >>> (32 - bits) === 0;
  return hi === range.hi && (bits === 64 ? lo === range.lo : (lo ^ range.lo) >>> (64 - bits) === 0);
}

/** Whether the bits after the prefix are zero, as they must be. */
export function isCanonical({ hi, lo, bits }: Range): boolean {
  if (bits < 32) return lo === 0 && (bits === 0 ? hi === 0 : (hi << bits) >>> 0 === 0);
  return bits === 64 || (lo << (bits - 32)) >>> 0 === 0;
}
