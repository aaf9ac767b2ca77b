/**
 * A seeded random source (sfc32) that forks by label. A fork depends on the seed and the labels that
 * lead to it, never on what was drawn before: one more draw in the disk does not move the network.
 *
 * Only integer arithmetic and exact floating-point products are used, so every engine draws the same.
 */
export class Random {
  readonly #key: number;
  readonly #tally: { draws: number };
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, tally: { draws: number } = { draws: 0 }) {
    if (!Number.isSafeInteger(seed)) throw new RangeError("a seed is a safe integer");
    this.#key = mix(seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0);
    this.#a = mix(this.#key, 1);
    this.#b = mix(this.#key, 2);
    this.#c = mix(this.#key, 3);
    this.#tally = tally;
    for (let i = 0; i < 12; i++) this.#next();
  }

  /** An independent source for the part of the world named `label`. */
  fork(label: string): Random {
    return new Random(mix(this.#key, hashText(label)), this.#tally);
  }

  /** Numbers drawn so far from this source and everything it shares a root with. */
  get draws(): number {
    return this.#tally.draws;
  }

  /** An integer in [0, 2^32). */
  u32(): number {
    this.#tally.draws++;
    return this.#next();
  }

  /** A number in [0, 1) with 53 random bits: what cores take as `random`. */
  number(): number {
    return (this.u32() * 2 ** 21 + (this.u32() >>> 11)) / 2 ** 53;
  }

  /** True with the given probability. Draws nothing where the answer is certain. */
  chance(probability: number): boolean {
    if (probability <= 0) return false;
    return probability >= 1 || this.u32() < probability * 2 ** 32;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    return Math.floor((limit <= 2 ** 20 ? this.u32() / 2 ** 32 : this.number()) * limit);
  }

  /** An integer in [low, high], both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /**
   * A number in [low, high) whose decades are equally likely: small and large magnitudes alike.
   * Linear within a decade.
   */
  magnitude(low: number, high: number): number {
    let decades = 0;
    for (let edge = low * 10; edge < high; edge *= 10) decades++;
    let edge = low;
    for (let skip = this.below(decades + 1); skip > 0; skip--) edge *= 10;
    return edge + this.number() * (Math.min(edge * 10, high) - edge);
  }

  /**
   * Exponentially distributed with the given mean, to within 9 %: -log2 of a uniform draw, whose
   * integer part is its leading zeros and whose fraction is taken as linear. `Math.log` may differ
   * between engines; this cannot.
   */
  exponential(mean: number): number {
    const draw = this.u32();
    const zeros = Math.clz32(draw);
    const fraction = zeros === 32 ? 0 : (draw * 2 ** (zeros + 1)) / 2 ** 32 - 1;
    return mean * Math.LN2 * (zeros + 1 - fraction);
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (items.length === 0) throw new RangeError("nothing to pick from");
    return item as T;
  }

  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[] {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
    }
    return copy;
  }

  bytes(size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i++) bytes[i] = this.u32();
    return bytes;
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

/** FNV-1a over UTF-16 code units. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Two words to one, every input bit reaching every output bit (murmur3's finaliser). */
function mix(left: number, right: number): number {
  let hash = Math.imul(left ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(right ^ 0x165667b1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
