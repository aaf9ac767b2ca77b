import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** How well a machine keeps a program's deadlines. */
export interface TimerOptions {
  /**
   * Milliseconds by which a wake may be late, uniformly.
   * @defaultValue 0
   */
  readonly lateMsMax?: number;
  /**
   * Chance, per input, that the program is also woken with nothing due: such calls must be no-ops.
   * @defaultValue 0
   */
  readonly spurious?: number;
}

/** Who is woken. */
export interface Sleeper {
  /** Undefined also while nothing can be woken. */
  readonly deadline: number | undefined;
  wake(): void;
}

/** Wakes in a row that find the deadline still due; more is a core that never settles. */
const spinsMax = 1000;

/**
 * Calls a process at its deadline. A wake is never taken back: one that finds nothing due arms the
 * next, so that a deadline that moves with every input costs one event each time it is reached.
 */
export class Alarm {
  readonly #timeline: Timeline;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #options: Required<TimerOptions>;
  readonly #sleeper: Sleeper;
  #dueUs = Infinity;
  #notBeforeUs = 0;
  #spins = 0;

  constructor(
    sleeper: Sleeper,
    parts: { timeline: Timeline; clock: Clock; random: Random; timers: TimerOptions },
  ) {
    this.#sleeper = sleeper;
    this.#timeline = parts.timeline;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#options = { lateMsMax: 0, spurious: 0, ...parts.timers };
  }

  /** To be called whenever the deadline, or the clock's rate, may have changed. */
  arm(): void {
    const { deadline } = this.#sleeper;
    if (deadline === undefined) return;
    if (Number.isNaN(deadline)) throw new TypeError("a deadline is NaN");
    const dueUs = Math.max(this.#clock.worldTime(deadline), this.#notBeforeUs);
    if (dueUs >= this.#dueUs) return;
    this.#dueUs = dueUs;
    const { lateMsMax } = this.#options;
    const lateUs = lateMsMax > 0 ? this.#random.below(lateMsMax * 1000) : 0;
    this.#timeline.at(dueUs + lateUs, () => this.#ring(dueUs));
  }

  /** Within the next second, perhaps, a wake for nothing. */
  disturb(): void {
    if (!this.#random.chance(this.#options.spurious)) return;
    this.#timeline.at(this.#timeline.now + this.#random.below(1_000_000), () => {
      if (this.#sleeper.deadline !== undefined) this.#sleeper.wake();
    });
  }

  /** Forgets the process that died. */
  reset(): void {
    this.#dueUs = Infinity;
    this.#spins = 0;
  }

  #ring(dueUs: number): void {
    if (dueUs !== this.#dueUs) return;
    this.#dueUs = Infinity;
    const { deadline } = this.#sleeper;
    if (deadline === undefined) return;
    if (deadline > this.#clock.now) return this.arm();
    this.#notBeforeUs = this.#timeline.now + 1;
    this.#sleeper.wake();
    const isStuck = (this.#sleeper.deadline ?? Infinity) <= this.#clock.now;
    this.#spins = isStuck ? this.#spins + 1 : 0;
    if (this.#spins > spinsMax) throw new Error(`${spinsMax} wakes, and the deadline is still due`);
  }
}
