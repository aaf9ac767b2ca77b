// How many items differ between two sets, from 128 numbers of each (Thorup, Zhang: "Tabulation
// based 4-universal hashing with applications to second moment estimation", SODA 2004). Each item
// adds +1 or -1 to one counter. Common items cancel, so that the squared differences of the
// counters sum to d, with a standard deviation of d / 8.

const COUNTERS = 128;

/** Adds (sign 1) or takes away (sign -1) an item; `lane` is a lane of its digest. */
export function addToCounters(counters: Int32Array, lane: number, sign: number): void {
  const index = lane & (COUNTERS - 1);
  counters[index] = (counters[index] as number) + ((lane & COUNTERS) === 0 ? sign : -sign);
}

export function emptyCounters(): Int32Array<ArrayBuffer> {
  return new Int32Array(COUNTERS);
}

/** An estimate of the number of items in one set but not in both. */
export function estimateDifferences(mine: Int32Array, theirs: Int32Array): number {
  let total = 0;
  for (let index = 0; index < COUNTERS; index += 1) {
    total += ((mine[index] as number) - (theirs[index] as number)) ** 2;
  }
  return total;
}
