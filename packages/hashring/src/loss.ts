import type { Ring } from "./ring.ts";
import { scramble } from "./score.ts";

/**
 * The answer of {@link lossProbability}.
 *
 * @public
 */
export interface LossEstimate {
  /** From 0 to 1. */
  readonly probability: number;
  /** Of the probability; 0 if `isExact`. */
  readonly standardError: number;
  /** Whether every case was counted, not a sample. */
  readonly isExact: boolean;
}

const CASES_MAX = 100_000;

/**
 * The probability that some slot loses all its owners when `failures` members fail at once, any of
 * those that own slots with equal chance. Counts every case if there are at most 100,000; otherwise
 * draws as many cases from a fixed sequence, so that the answer is the same each time.
 *
 * Placing slots independently makes nearly every combination of owners occur once there are many slots,
 * so with many members *some* loss is likely in a large enough simultaneous failure, though each loss is
 * then small. Zones that fail together are what owners should be spread over.
 *
 * @param failures - an integer from 1 to the number of members that own slots
 * @throws RangeError otherwise
 * @public
 */
export function lossProbability(ring: Ring, failures: number): LossEstimate {
  const placed = ring.loads().filter(({ slots }) => slots > 0);
  const count = placed.length;
  if (!Number.isInteger(failures) || failures < 1 || failures > count) {
    throw new RangeError(`failures must be an integer from 1 to ${count}, not ${failures}`);
  }
  const indexes = new Map(placed.map(({ id }, index) => [id, index]));
  const losses = new Losses(ring, indexes);
  if (combinations(count, failures) > CASES_MAX) return sample(losses, count, failures);
  let lost = 0;
  let cases = 0;
  for (const failed of subsets(count, failures)) {
    cases += 1;
    if (losses.occur(failed)) lost += 1;
  }
  return { probability: lost / cases, standardError: 0, isExact: true };
}

/** The distinct sets of owners, filed under the first member of each. */
class Losses {
  readonly #rests: number[][][];
  readonly #hasFailed: Uint8Array;

  constructor(ring: Ring, indexes: ReadonlyMap<string, number>) {
    const sets = new Map<string, number[]>();
    for (let slot = 0; slot < ring.slots; slot++) {
      const owners = ring.owners(slot).map((id) => indexes.get(id) as number);
      owners.sort((a, b) => a - b);
      sets.set(owners.join(), owners);
    }
    this.#rests = Array.from(indexes, () => []);
    this.#hasFailed = new Uint8Array(indexes.size);
    for (const [first, ...rest] of sets.values()) this.#rests[first as number]?.push(rest);
  }

  /** Whether some slot has owners in `failed` only. */
  occur(failed: Iterable<number> & { readonly length: number }): boolean {
    this.#hasFailed.fill(0);
    for (const member of failed) this.#hasFailed[member] = 1;
    for (const member of failed) {
      const rests = this.#rests[member] as number[][];
      if (rests.some((rest) => rest.every((owner) => this.#hasFailed[owner] === 1))) return true;
    }
    return false;
  }
}

function sample(losses: Losses, count: number, failures: number): LossEstimate {
  const members = Uint16Array.from({ length: count }, (_, member) => member);
  let lost = 0;
  let drawn = 0;
  for (let i = 0; i < CASES_MAX; i++) {
    // The first steps of a Fisher-Yates shuffle; the leftover order is as good a start as any.
    for (let place = 0; place < failures; place++) {
      const random = (scramble(drawn) >>> 0) / 2 ** 32;
      const other = place + Math.floor(random * (count - place));
      drawn = (drawn + 0x9e3779b9) | 0;
      const member = members[place] as number;
      members[place] = members[other] as number;
      members[other] = member;
    }
    if (losses.occur(members.subarray(0, failures))) lost += 1;
  }
  const probability = lost / CASES_MAX;
  const standardError = Math.sqrt((probability * (1 - probability)) / CASES_MAX);
  return { probability, standardError, isExact: false };
}

/** n over k, by products that stay integers. */
function combinations(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return result;
}

/** Every choice of `k` numbers below `n`, ascending; the yielded array is reused. */
function* subsets(n: number, k: number): Generator<readonly number[]> {
  const chosen = Array.from({ length: k }, (_, i) => i);
  for (;;) {
    yield chosen;
    let place = k - 1;
    while (place >= 0 && chosen[place] === n - k + place) place -= 1;
    if (place < 0) return;
    let next = (chosen[place] as number) + 1;
    for (; place < k; place++) chosen[place] = next++;
  }
}
