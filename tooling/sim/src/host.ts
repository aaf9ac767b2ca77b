import { Alarm, type Sleeper, type TimerOptions } from "./alarm.ts";
import { Clock } from "./clock.ts";
import type { Disk } from "./disk.ts";
import type { Network } from "./network.ts";
import type { Probes } from "./probes.ts";
import { payloadOf, type PacketInput, type Program, type StreamEvent } from "./program.ts";
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
  readonly makeDisk: ((host: Host) => Disk) | undefined;
  readonly wallMs: number;
  readonly uptimeMs: number;
  readonly timers: TimerOptions;
}

/** How a process ends: alone, or with its machine. */
export type Death = "crash" | "power-cut";

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
  readonly #alarm: Alarm;
  readonly #disk: Disk | undefined;
  #program: Program | undefined;
  #state: "off" | "down" | "running" | "dying" = "down";
  #isPaused = false;
  #packetsWaiting = 0;
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
    const { timeline, timers } = parts;
    const { clock } = this;
    this.#alarm = new Alarm(this.#sleeper(), {
      timeline,
      clock,
      random: parts.random.fork("timers"),
      timers,
    });
    this.#disk = parts.makeDisk?.(this);
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
    if (this.#state === "running" || this.#state === "dying") return;
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
    this.#alarm.arm();
  }

  /** Changes the rate of the machine's clocks: 1.0005 is 500 ppm fast. */
  drift(rate: number): void {
    this.clock.drift(rate);
    this.#alarm.arm();
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
    this.#parts.trace.record(event.type, this, undefined, payloadOf(event));
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
    this.#alarm.disturb();
    this.#alarm.arm();
  }

  #sleeper(): Sleeper {
    const deadline = () => {
      const isAwake = this.#state === "running" && !this.#isPaused;
      return isAwake ? this.#program?.deadline : undefined;
    };
    return {
      get deadline() {
        return deadline();
      },
      wake: () => {
        this.#parts.trace.record("timeout", this);
        this.#program?.handleTimeout(this.now);
        this.#settle();
      },
    };
  }

  #die(death: Death): void {
    this.#state = death === "crash" ? "down" : "off";
    this.#isPaused = false;
    this.clock.resume();
    this.#parts.trace.record(death, this);
    this.#program = undefined;
    this.#dieAt = undefined;
    this.#alarm.reset();
    this.#waiting.length = 0;
    this.#packetsWaiting = 0;
    for (const stream of this.streams) stream.abandon(death === "crash");
    this.#disk?.lose(death);
  }
}
