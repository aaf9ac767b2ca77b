import type { TimerOptions } from "./alarm.ts";
import { Disk, type DiskOptions } from "./disk.ts";
import { Host, type Boot } from "./host.ts";
import { Network, type Heal, type NetworkOptions } from "./network.ts";
import { guard } from "./node/tripwires.ts";
import type { Platter } from "./platter.ts";
import { Probes } from "./probes.ts";
import { Random } from "./random.ts";
import { streamDefaults, type StreamOptions } from "./stream.ts";
import { Timeline } from "./timeline.ts";
import { Trace } from "./trace.ts";

/** Everything about a world that holds from its beginning; plain data but for the seed's meaning. */
export interface WorldConditions {
  readonly network?: NetworkOptions;
  readonly streams?: StreamOptions;
  readonly disk?: DiskOptions;
  readonly timers?: TimerOptions;
  /**
   * Order among events of one instant.
   * @defaultValue "seeded"
   */
  readonly ties?: "seeded" | "first-come";
  /**
   * Wall-clock milliseconds since 1970 at the beginning.
   * @defaultValue 1767225600000, the start of 2026
   */
  readonly wallMs?: number;
  /**
   * How far the wall clocks of hosts may be off, either way, in milliseconds.
   * @defaultValue 0
   */
  readonly wallSkewMsMax?: number;
  /**
   * Each host's monotonic clock begins between 0 and this, in milliseconds: hosts did not boot together.
   * @defaultValue 0
   */
  readonly uptimeMsMax?: number;
  /**
   * Whether {@link Probes.buggify} may say yes.
   * @defaultValue false
   */
  readonly buggify?: boolean;
}

export interface WorldOptions extends WorldConditions {
  /** A safe integer; the same seed, options and calls give the same world. */
  readonly seed: number;
  /**
   * Newest lines of transcript kept.
   * @defaultValue 0
   */
  readonly transcriptLines?: number;
}

/** Hosts on one network, in one virtual time that only {@link World.runFor} moves. */
export class World {
  readonly timeline: Timeline;
  readonly network: Network;
  readonly trace: Trace;
  readonly probes: Probes;
  readonly hosts: Map<string, Host> = new Map();
  /** Ends of the faults under way. */
  readonly heals: Set<Heal> = new Set();
  readonly #random: Random;
  readonly #options: WorldOptions;

  constructor(options: WorldOptions) {
    const random = new Random(options.seed);
    this.#random = random;
    this.#options = options;
    this.timeline = new Timeline(options.ties === "first-come" ? undefined : random.fork("ties"));
    this.trace = new Trace(this.timeline, random, options.transcriptLines);
    this.probes = new Probes(options.buggify === true ? random.fork("buggify") : undefined);
    this.network = new Network(options.network ?? {}, {
      timeline: this.timeline,
      trace: this.trace,
      hosts: this.hosts,
    });
  }

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.timeline.now / 1000;
  }

  /**
   * Adds a host and starts its process.
   *
   * @param platter - its files, say a new `FaultyDisk`; without it the host has no disk
   */
  add(name: string, boot: Boot, platter?: Platter): Host {
    if (this.hosts.has(name)) throw new RangeError(`there is a host ${name} already`);
    const { timeline, trace, network, probes } = this;
    const { streams, disk, timers, ...options } = this.#options;
    const random = this.#random.fork(`host ${name}`);
    const clocks = random.fork("clocks");
    const skewMs = (options.wallSkewMsMax ?? 0) * (2 * clocks.number() - 1);
    const host = new Host({ index: this.hosts.size, name }, boot, {
      timeline,
      network,
      trace,
      probes,
      random,
      streams: {
        timeline,
        network,
        random: random.fork("streams"),
        options: { ...streamDefaults, ...streams },
      },
      makeDisk: platter && ((owner) => new Disk(owner, platter, { timeline, trace, random, disk })),
      timers: timers ?? {},
      wallMs: Math.floor((options.wallMs ?? 1_767_225_600_000) + this.now + skewMs),
      uptimeMs: Math.floor((options.uptimeMsMax ?? 0) * clocks.number()),
    });
    this.hosts.set(name, host);
    guard(() => host.start());
    return host;
  }

  host(name: string): Host {
    return this.network.host(name);
  }

  /** Does something at a moment of the world's time, in milliseconds. */
  at(ms: number, action: () => void): void {
    this.timeline.at(ms * 1000, action);
  }

  /** Lets the world run for that many virtual milliseconds. */
  runFor(ms: number): void {
    this.runUntil(() => false, ms);
  }

  /** Lets the world run until the condition holds. @returns whether it did within `msMax` */
  runUntil(condition: () => boolean, msMax: number): boolean {
    return guard(() => {
      const endUs = this.timeline.now + Math.ceil(msMax * 1000);
      while (!condition()) {
        if (!this.timeline.step(endUs)) {
          this.timeline.now = endUs;
          return condition();
        }
      }
      return true;
    });
  }

  /**
   * No more faults: cuts heal, processes resume or start again, nothing is lost or fails. What a
   * protocol has not mended some time after this, it never will.
   */
  calm(): void {
    this.trace.record("calm");
    this.network.calm();
    for (const heal of this.heals) heal();
    this.heals.clear();
    for (const host of this.hosts.values()) host.calm();
  }
}
