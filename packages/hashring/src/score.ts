// Weighted rendezvous hashing: in each slot every member draws u, uniform in (0, 1], and the lowest
// -log2(u) / weight wins. Of exponential variables with rates w the smallest belongs to x with
// probability w(x) / sum(w), so shares follow weights; and a draw depends on its member and slot alone,
// so no other member's coming, going or weight can change it.
//
// All of it is exact: 32-bit integers, a logarithm that is an integer by definition, and one division.
// Engines (and languages) need not agree on Math.log, nor on fused multiply-adds, to agree here.

/** Cells of the logarithm table. */
const CELLS = 4096;
const UNIT = 2 ** 32;
const LOG2 = logTable();

/** `LOG2[i]` = 2^32 log2(1 + i / 4096), rounded to the nearest integer. */
function logTable(): Float64Array {
  const table = new Float64Array(CELLS + 1);
  const perLn2 = 2.8853900817779268; // 2 / ln 2
  let sum = 0;
  let lost = 0;
  for (let i = 0; i < CELLS; i++) {
    table[i] = Math.round(sum * UNIT);
    // log2((n + 1) / n) = 2 atanh(1 / (2n + 1)) / ln 2, added with Kahan's compensation. The error, under
    // 2^-20 of a unit, is far from moving any rounding: a test computes every entry with big integers.
    const z = 1 / (2 * (CELLS + i) + 1);
    const term = z * (1 + z * z * (1 / 3 + (z * z) / 5)) * perLn2 - lost;
    const next = sum + term;
    lost = next - sum - term;
    sum = next;
  }
  table[CELLS] = UNIT;
  return table;
}

/** Scrambles 32 bits (the finalizer of MurmurHash3): every input bit reaches every output bit. */
export function scramble(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * What a member draws in a slot, an unsigned 32-bit integer.
 *
 * @param slotSeed - `scramble(slot)`
 * @param factor - the member's first seed, odd
 * @param offset - the member's second seed
 */
export function draw(slotSeed: number, factor: number, offset: number): number {
  return scramble((Math.imul(slotSeed, factor) + offset) | 0) >>> 0;
}

/**
 * -log2(1 - drawn / 2^32) in units of 2^-32: an integer in [0, 2^37], strictly increasing in `drawn`.
 * Between two table cells the logarithm is a chord, at most 1 part in 8000 above the true value.
 */
export function cost(drawn: number): number {
  if (drawn === 0) return 0;
  const rest = -drawn >>> 0; // 2^32 - drawn
  const zeros = Math.clz32(rest);
  const fraction = ((rest << zeros) << 1) >>> 0; // rest = 2^(31 - zeros) (1 + fraction / 2^32)
  const cell = fraction >>> 20;
  const low = LOG2[cell] as number;
  const rise = (LOG2[cell + 1] as number) - low;
  return (1 + zeros) * UNIT - low - Math.floor((rise * (fraction & 0xfffff)) / 0x100000);
}

/**
 * `cost(drawn) >= COST_FLOOR * drawn`: lets a search dismiss a draw without its logarithm. The slope
 * of the cost grows with the draw; it starts at log2(e) = 1.44269...
 */
export const COST_FLOOR = 1.44;

/**
 * The largest weight. With costs up to 2^37 and weights up to 2^14, two different quotients
 * cost / weight differ by more than two neighboring doubles do, so the rounded quotients order
 * exactly as the rational numbers.
 */
export const WEIGHT_MAX: number = 2 ** 14;
