import type { Random } from "./random.ts";

/**
 * The events of one world in order of virtual time, in whole microseconds. Events of the same
 * instant run in a seeded random order, so that no order among them can be relied on, or first come
 * first served, when `ties` is absent.
 *
 * A binary heap in flat arrays: a world of a thousand members moves some millions of events.
 */
export class Timeline {
  /** Virtual microseconds since the world began. */
  now = 0;
  readonly #ties: Random | undefined;
  readonly #times: number[] = [];
  readonly #ranks: number[] = [];
  readonly #runs: (() => void)[] = [];
  #scheduled = 0;

  constructor(ties?: Random) {
    this.#ties = ties;
  }

  get size(): number {
    return this.#times.length;
  }

  /** Runs `event` at `time`; a time already past means as soon as possible. */
  at(time: number, event: () => void): void {
    if (!Number.isFinite(time)) throw new RangeError(`an event at ${time}`);
    const rank = this.#ties?.u32() ?? this.#scheduled++;
    this.#rise(this.size, Math.max(this.now, Math.ceil(time)), rank, event);
  }

  /** Runs the next event if it is due by `until`. @returns whether there was one */
  step(until: number): boolean {
    const time = this.#times[0];
    if (time === undefined || time > until) return false;
    const run = this.#runs[0] as () => void;
    const last = this.size - 1;
    const lastTime = this.#times[last] as number;
    const lastRank = this.#ranks[last] as number;
    const lastRun = this.#runs[last] as () => void;
    this.#times.pop();
    this.#ranks.pop();
    this.#runs.pop();
    if (last > 0) this.#sink(lastTime, lastRank, lastRun);
    this.now = time;
    run();
    return true;
  }

  #rise(start: number, time: number, rank: number, run: () => void): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const parentTime = this.#times[parent] as number;
      if (parentTime < time || (parentTime === time && (this.#ranks[parent] as number) <= rank))
        break;
      this.#move(parent, index);
      index = parent;
    }
    this.#place(index, time, rank, run);
  }

  #sink(time: number, rank: number, run: () => void): void {
    const size = this.size;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(child + 1, child)) child++;
      const childTime = this.#times[child] as number;
      if (childTime > time || (childTime === time && (this.#ranks[child] as number) >= rank)) break;
      this.#move(child, index);
      index = child;
    }
    this.#place(index, time, rank, run);
  }

  #isBefore(left: number, right: number): boolean {
    const leftTime = this.#times[left] as number;
    const rightTime = this.#times[right] as number;
    if (leftTime !== rightTime) return leftTime < rightTime;
    return (this.#ranks[left] as number) < (this.#ranks[right] as number);
  }

  #move(source: number, target: number): void {
    this.#place(
      target,
      this.#times[source] as number,
      this.#ranks[source] as number,
      this.#runs[source] as () => void,
    );
  }

  #place(index: number, time: number, rank: number, run: () => void): void {
    this.#times[index] = time;
    this.#ranks[index] = rank;
    this.#runs[index] = run;
  }
}
