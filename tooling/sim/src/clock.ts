import type { Timeline } from "./timeline.ts";

/**
 * The two clocks of one machine, over the world's time. The monotonic one may run fast or slow, may
 * stand still while the machine is suspended, and starts anew at a power cut; it never goes back.
 * The wall clock is the monotonic one plus an offset that faults may step either way.
 */
export class Clock {
  readonly #timeline: Timeline;
  #sinceUs = 0;
  #baseUs = 0;
  #rate = 1;
  #rateBefore: number | undefined;
  #wallOffsetUs: number;

  constructor(timeline: Timeline, wallMs: number, uptimeMs: number) {
    this.#timeline = timeline;
    this.#sinceUs = timeline.now;
    this.#baseUs = uptimeMs * 1000;
    this.#wallOffsetUs = (wallMs - uptimeMs) * 1000;
  }

  /** Monotonic milliseconds: the `now` of every core. */
  get now(): number {
    return this.#us / 1000;
  }

  /** Milliseconds since 1970 as this machine believes. */
  get wall(): number {
    return (this.#us + this.#wallOffsetUs) / 1000;
  }

  /** Whole world microseconds at which this clock shows `ms`, at its present rate. */
  worldTime(ms: number): number {
    if (this.#rate === 0) return Infinity;
    return this.#timeline.now + Math.max(0, Math.ceil((ms * 1000 - this.#us) / this.#rate));
  }

  /** Seconds of this machine per second of the world: 1.0005 is 500 ppm fast. */
  drift(rate: number): void {
    if (!(rate > 0)) throw new RangeError("a clock runs at a positive rate");
    if (this.#rateBefore === undefined) this.#setRate(rate);
    else this.#rateBefore = rate;
  }

  /** Moves the wall clock, as an operator or a time daemon does. */
  step(ms: number): void {
    this.#wallOffsetUs += ms * 1000;
  }

  /** Stands still, as a suspended machine; the wall clock jumps forward on {@link resume}. */
  suspend(): void {
    this.#rateBefore ??= this.#rate;
    this.#setRate(0);
  }

  resume(): void {
    if (this.#rateBefore === undefined) return;
    this.#wallOffsetUs += this.#timeline.now - this.#sinceUs;
    this.#setRate(this.#rateBefore);
    this.#rateBefore = undefined;
  }

  /** A machine that boots counts from nothing; its battery kept the wall clock. */
  restart(): void {
    this.resume();
    const wallUs = this.#us + this.#wallOffsetUs;
    this.#baseUs = 0;
    this.#sinceUs = this.#timeline.now;
    this.#wallOffsetUs = wallUs;
  }

  /** Whole microseconds; `rate` is exact enough that products round the same everywhere. */
  get #us(): number {
    return this.#baseUs + Math.floor((this.#timeline.now - this.#sinceUs) * this.#rate);
  }

  #setRate(rate: number): void {
    this.#baseUs = this.#us;
    this.#sinceUs = this.#timeline.now;
    this.#rate = rate;
  }
}
