import { Clock } from "./clock.ts";
import { Disk, type DiskOptions } from "./disk.ts";
import type { Network } from "./network.ts";
import type { Platter } from "./platter.ts";
import type { Probes } from "./probes.ts";
import type { PacketInput, Program, StreamEvent } from "./program.ts";
import type { Random } from "./random.ts";
import { Stream, type StreamParts } from "./stream.ts";
import type { Timeline } from "./timeline.ts";
import type { Actor, Trace } from "./trace.ts";

/** Makes the process of a host; called at each of its starts, with its disk as the last one left it. */
export type Boot = (host: Host) => Program;

/** The world, as far as hosts see it. */
export interface HostParts {
  readonly timeline: Timeline;
  readonly network: Network;
  readonly trace: Trace;
  readonly probes: Probes;
  readonly streams: StreamParts;
  readonly random: Random;
  readonly disk?: DiskOptions;
  readonly platter?: Platter;
  readonly wallMs: number;
  readonly uptimeMs: number;
  readonly timers: Required<TimerOptions>;
}

/** How well the machine keeps a program's deadlines. */
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

/** How a process ends: alone, or with its machine. */
export type Death = "crash" | "power-cut";

/** Wakes in a row that find the deadline still due; more is a core that never settles. */
const spinsMax = 1000;

/**
 * One machine: an address, two clocks, a disk, and the process that runs on it, if one does.
 * Programs use the first half of it, tests and faults the second.
 */
export class Host implements Actor {
  readonly index: number;
  readonly name: string;
  readonly clock: Clock;
  readonly probes: Probes;
  /** How often a process started here. */
  life = 0;
  /** Until when what was sent before occupies this host's bandwidth; the network's. */
  sendingUntilUs = 0;
  /** The luck of what this host sends: what others send does not change it. */
  readonly luck: Random;
  /** Open ends of streams; the streams' own. */
  readonly streams: Set<Stream> = new Set();
  readonly #parts: HostParts;
  readonly #boot: Boot;
  readonly #waiting: (() => void)[] = [];
  readonly #timerRandom: Random;
  readonly #disk: Disk | undefined;
  #program: Program | undefined;
  #state: "off" | "down" | "running" | "dying" = "down";
  #isPaused = false;
  #packetsWaiting = 0;
  #wakeUs = Infinity;
  #notBeforeUs = 0;
  #spins = 0;
  #effects = 0;
  #dieAt: { effect: number; death: Death } | undefined;
  #lifeRandom: Random;

  constructor({ index, name }: Actor, boot: Boot, parts: HostParts) {
    this.index = index;
    this.name = name;
    this.clock = new Clock(parts.timeline, parts.wallMs, parts.uptimeMs);
    this.probes = parts.probes;
    this.#parts = parts;
    this.#boot = boot;
    this.#lifeRandom = parts.random;
    this.luck = parts.random.fork("luck");
    this.#timerRandom = parts.random.fork("timers");
    if (parts.platter === undefined) return;
    const { timeline, trace, disk: options } = parts;
    const random = parts.random.fork("disk");
    this.#disk = new Disk(this, parts.platter, {
      ...(options && { options }),
      timeline,
      trace,
      random,
    });
  }

  // What a program uses.

  /** The monotonic milliseconds that inputs carry. */
  get now(): number {
    return this.clock.now;
  }

  /** A source of numbers in [0, 1) that belongs to this life of this host. */
  readonly random = (): number => this.#lifeRandom.number();

  /** @throws RangeError if the world was given no files for this host */
  get disk(): Disk {
    if (this.#disk === undefined) throw new RangeError(`${this.name} has no disk`);
    return this.#disk;
  }

  /** Sends one packet to the host of that name. */
  send(to: string, bytes: Uint8Array, protocol = "packet"): void {
    if (this.effect()) this.#parts.network.send(this, to, bytes, protocol);
  }

  /** Opens a stream; `open` or `close` follows. */
  connect(to: string, protocol = "stream"): Stream {
    const stream = new Stream(this, { peer: to, protocol }, this.#parts.streams);
    if (this.effect()) stream.connect();
    return stream;
  }

  /** A line in the transcript; part of the hash. */
  note(text: string): void {
    this.#parts.trace.record("note", this, undefined, text);
  }

  // What tests and faults use.

  get isRunning(): boolean {
    return this.#state === "running";
  }

  get isPowered(): boolean {
    return this.#state !== "off";
  }

  /** Whether the process takes connections. */
  get isListening(): boolean {
    return this.isRunning && this.#program?.handleStream !== undefined;
  }

  /** Effects (packets, stream calls, disk requests) of all processes of this host so far. */
  get effects(): number {
    return this.#effects;
  }

  /** Starts a process, and the machine if it has no power; harmless if one runs. */
  start(): void {
    if (this.#state === "running") return;
    if (this.#state === "off") this.clock.restart();
    this.#state = "running";
    this.life++;
    this.#lifeRandom = this.#parts.random.fork(`life ${this.life}`);
    this.#parts.trace.record("start", this);
    this.#program = this.#boot(this);
    this.#settle();
  }

  /** The process dies; what it wrote stays in the page cache and its kernel resets its streams. */
  crash(): void {
    if (this.#state === "running") this.#die("crash");
  }

  /** The machine loses power, and with it whatever was not synced. */
  cutPower(): void {
    if (this.#state !== "off") this.#die("power-cut");
  }

  /** Dies right after the effect of that number, so that every crash point of a script can be tried. */
  dieAtEffect(effect: number, death: Death): void {
    this.#dieAt = { effect, death };
  }

  /** Stops the process as SIGSTOP does; inputs wait. With `suspends` the machine's time stops too. */
  pause(suspends = false): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#parts.trace.record("pause", this);
    if (suspends) this.clock.suspend();
  }

  /** All that came due meanwhile happens now, timers and the rest in seeded order. */
  resume(): void {
    if (!this.#isPaused) return;
    const { timeline, trace } = this.#parts;
    trace.record("resume", this);
    this.#isPaused = false;
    this.#packetsWaiting = 0;
    this.clock.resume();
    const waiting = this.#waiting.splice(0);
    timeline.at(timeline.now, () => {
      for (const action of waiting) action();
    });
    this.#arm();
  }

  /** Changes the rate of the machine's clocks: 1.0005 is 500 ppm fast. */
  drift(rate: number): void {
    this.clock.drift(rate);
    this.#arm();
  }

  /**
   * An input from outside, say a client's request, which waits while the process is paused.
   * @returns false if there is no process to take it
   */
  input(action: (now: number) => void): boolean {
    this.inputOf(this.life, action);
    return this.#state === "running";
  }

  /** No more trouble of its own: it runs, its timers are only late, its disk works. */
  calm(): void {
    this.#disk?.calm();
    this.resume();
    this.start();
  }

  // The rest is the world's own.

  /** As {@link input}, for what the process of one life asked for and no other may get. */
  inputOf(life: number, action: (now: number) => void): void {
    this.whenRunning(life, () => {
      action(this.now);
      this.#settle();
    });
  }

  /** Runs `action` once this life's process is not paused; never, if it is dead by then. */
  whenRunning(life: number, action: () => void): void {
    if (life !== this.life || this.#state !== "running") return;
    if (this.#isPaused) this.#waiting.push(() => this.whenRunning(life, action));
    else action();
  }

  /** Counts an effect of the process. @returns whether it takes place: the dead have none */
  effect(): boolean {
    if (this.#state !== "running") return false;
    this.#effects++;
    const { timeline } = this.#parts;
    if (this.#effects === this.#dieAt?.effect) {
      const { death } = this.#dieAt;
      this.#state = "dying";
      timeline.at(timeline.now, () => this.#die(death));
    }
    return true;
  }

  receive(source: Host, bytes: Uint8Array, protocol: string): void {
    const { trace, network } = this.#parts;
    if (this.#state !== "running") return trace.record("unheard", this, source);
    const packet = { from: source.name, bytes, protocol };
    if (!this.#isPaused) return this.#handlePacket(source, packet);
    if (this.#packetsWaiting >= network.options.queuePacketsMax)
      return trace.record("overflow", source, this);
    this.#packetsWaiting++;
    this.whenRunning(this.life, () => this.#handlePacket(source, packet));
  }

  /** @returns whether the process lives on and can take another */
  handleStream(life: number, event: StreamEvent): boolean {
    if (life !== this.life || this.#state !== "running") return false;
    this.#parts.trace.record(event.type, this, undefined, eventPayload(event));
    this.#program?.handleStream?.(event, this.now);
    this.#settle();
    return this.isRunning;
  }

  #handlePacket(source: Host, packet: PacketInput): void {
    this.#parts.trace.record("receive", this, source);
    this.#program?.handlePacket?.(packet, this.now);
    this.#settle();
  }

  #settle(): void {
    this.#program?.drain?.();
    const { timers, timeline } = this.#parts;
    if (this.#timerRandom.chance(timers.spurious)) {
      const life = this.life;
      const wake = () => this.whenRunning(life, () => this.#timeout());
      timeline.at(timeline.now + this.#timerRandom.below(1_000_000), wake);
    }
    this.#arm();
  }

  /** Sees to it that a wake is scheduled no later than the program's deadline. */
  #arm(): void {
    const deadline = this.#program?.deadline;
    if (deadline === undefined || this.#state !== "running" || this.#isPaused) return;
    if (Number.isNaN(deadline)) throw new TypeError(`${this.name}: the deadline is NaN`);
    const dueUs = Math.max(this.clock.worldTime(deadline), this.#notBeforeUs);
    if (dueUs >= this.#wakeUs) return;
    this.#wakeUs = dueUs;
    const { timeline, timers } = this.#parts;
    const lateUs = timers.lateMsMax > 0 ? this.#timerRandom.below(timers.lateMsMax * 1000) : 0;
    timeline.at(dueUs + lateUs, () => this.#wake(dueUs));
  }

  /** Wakes are never taken back: one that comes too early, or for nothing, arms the next. */
  #wake(dueUs: number): void {
    if (dueUs !== this.#wakeUs) return;
    this.#wakeUs = Infinity;
    const deadline = this.#program?.deadline;
    if (this.#state !== "running" || this.#isPaused || deadline === undefined) return;
    if (deadline > this.now) return this.#arm();
    this.#notBeforeUs = this.#parts.timeline.now + 1;
    this.#timeout();
    const isStuck = (this.#program?.deadline ?? Infinity) <= this.now;
    this.#spins = isStuck ? this.#spins + 1 : 0;
    if (this.#spins > spinsMax)
      throw new Error(`${this.name}: ${spinsMax} wakes, and the deadline is still due`);
  }

  #timeout(): void {
    this.#parts.trace.record("timeout", this);
    this.#program?.handleTimeout(this.now);
    this.#settle();
  }

  #die(death: Death): void {
    this.#state = death === "crash" ? "down" : "off";
    this.#isPaused = false;
    this.clock.resume();
    this.#parts.trace.record(death, this);
    this.#program = undefined;
    this.#dieAt = undefined;
    this.#wakeUs = Infinity;
    this.#spins = 0;
    this.#waiting.length = 0;
    this.#packetsWaiting = 0;
    for (const stream of this.streams) stream.abandon(death === "crash");
    this.#disk?.lose(death);
  }
}

function eventPayload(event: StreamEvent): Uint8Array | string {
  if (event.type === "data") return event.bytes;
  return event.type === "close" ? event.reason : event.stream.peer;
}
