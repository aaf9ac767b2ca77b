import type { Host } from "./host.ts";
import { Partition, type PartitionShape } from "./partition.ts";
import type { Timeline } from "./timeline.ts";
import type { Actor, Trace } from "./trace.ts";

/** How the network behaves when nothing is cut. Chances are per packet, in [0, 1]. */
export interface NetworkOptions {
  /**
   * Shortest one-way delay, in milliseconds.
   * @defaultValue 0.2
   */
  readonly latencyMinMs?: number;
  /**
   * Mean one-way delay: the minimum plus an exponential rest.
   * @defaultValue 1
   */
  readonly latencyMeanMs?: number;
  /** @defaultValue 0 */
  readonly loss?: number;
  /** @defaultValue 0 */
  readonly duplication?: number;
  /**
   * Chance that a packet takes up to twenty times as long and is overtaken.
   * @defaultValue 0
   */
  readonly reordering?: number;
  /**
   * Chance that one bit is flipped or the tail is missing. Streams are not corrupted.
   * @defaultValue 0
   */
  readonly corruption?: number;
  /**
   * Larger packets vanish, as where fragments are filtered.
   * @defaultValue 1472
   */
  readonly mtuBytes?: number;
  /**
   * What a host can send, in bytes per second.
   * @defaultValue 125_000_000, a gigabit
   */
  readonly bandwidth?: number;
  /**
   * Bytes that wait for a host's bandwidth before further packets are dropped.
   * @defaultValue 262144
   */
  readonly queueBytesMax?: number;
  /**
   * Packets that wait for a paused process, or on one clogged link, before further ones are dropped.
   * @defaultValue 512
   */
  readonly queuePacketsMax?: number;
}

const defaults: Required<NetworkOptions> = {
  latencyMinMs: 0.2,
  latencyMeanMs: 1,
  loss: 0,
  duplication: 0,
  reordering: 0,
  corruption: 0,
  mtuBytes: 1472,
  bandwidth: 125_000_000,
  queueBytesMax: 262_144,
  queuePacketsMax: 512,
};

/** One ordered pair of hosts under a fault. */
export interface Link {
  readonly source: string;
  readonly target: string;
}

interface Clog extends Link {
  readonly held: (() => void)[];
}

interface Slowness extends Link {
  readonly factor: number;
}

/** Ends a fault; ending it twice is harmless. */
export type Heal = () => void;

/** Carries packets between hosts, and tells streams how long and whether at all. */
export class Network {
  options: Required<NetworkOptions>;
  readonly #timeline: Timeline;
  readonly #trace: Trace;
  readonly #hosts: ReadonlyMap<string, Host>;
  readonly #partitions = new Set<Partition>();
  readonly #clogs = new Set<Clog>();
  readonly #slow = new Set<Slowness>();

  constructor(
    options: NetworkOptions,
    parts: { timeline: Timeline; trace: Trace; hosts: ReadonlyMap<string, Host> },
  ) {
    this.options = { ...defaults, ...options };
    this.#timeline = parts.timeline;
    this.#trace = parts.trace;
    this.#hosts = parts.hosts;
  }

  /** Nothing is lost, bent or slow from here on; cuts are not touched. */
  calm(): void {
    this.options = { ...this.options, loss: 0, duplication: 0, reordering: 0, corruption: 0 };
  }

  partition(shape: PartitionShape): Heal {
    const partition = new Partition(shape, this.#timeline.now, (name) => this.host(name));
    this.#partitions.add(partition);
    return () => void this.#partitions.delete(partition);
  }

  /** Holds what `source` sends to `target` back, and lets it all go at the end. */
  clog(link: Link): Heal {
    const clog = { ...link, held: [] };
    this.#clogs.add(clog);
    return () => {
      if (this.#clogs.delete(clog)) for (const release of clog.held) this.#timeline.at(0, release);
    };
  }

  /** Multiplies the delay from `source` to `target`. */
  slow(link: Link, factor: number): Heal {
    const slowness = { ...link, factor };
    this.#slow.add(slowness);
    return () => void this.#slow.delete(slowness);
  }

  find(name: string): Host | undefined {
    return this.#hosts.get(name);
  }

  host(name: string): Host {
    const host = this.find(name);
    if (host === undefined) throw new RangeError(`no host ${name}`);
    return host;
  }

  /** Sends one packet, which may arrive never, once or twice, late, bent, at a host that is down. */
  send(source: Host, to: string, payload: Uint8Array, protocol: string): void {
    const bytes = payload.slice();
    const target = this.#hosts.get(to);
    this.#trace.record("send", source, target, bytes);
    if (target === undefined) return this.#trace.record("unrouted", source, undefined, to);
    if (bytes.length > this.options.mtuBytes)
      return this.#trace.record("oversized", source, target);
    if (this.isCut(source, target, protocol)) return this.#trace.record("cut", source, target);
    if (source.luck.chance(this.options.loss)) return this.#trace.record("lost", source, target);
    if (this.#queuedBytes(source) + bytes.length > this.options.queueBytesMax)
      return this.#trace.record("overflow", source, target);
    const delayUs = this.delayUs(source, target, bytes.length);
    this.#deliver({ source, target, bytes: this.#bend(source, target, bytes), protocol }, delayUs);
    if (source.luck.chance(this.options.duplication)) {
      this.#trace.record("duplicated", source, target);
      const packet = { source, target, bytes: bytes.slice(), protocol };
      this.#deliver(packet, this.#latencyUs(source, target));
    }
  }

  /** Whether nothing passes from `source` to `target`, a machine without power included. */
  isCut(source: Host, target: Host, protocol: string): boolean {
    if (!target.isPowered) return true;
    for (const partition of this.#partitions) {
      if (partition.cuts(source, target, protocol, this.#timeline.now)) return true;
    }
    return false;
  }

  isClogged(source: Actor, target: Actor): boolean {
    return this.#clogOf(source, target) !== undefined;
  }

  /** Microseconds until `size` bytes sent now are there, waiting for bandwidth included. */
  delayUs(source: Host, target: Host, size: number): number {
    const now = this.#timeline.now;
    const startUs = Math.max(now, source.sendingUntilUs);
    source.sendingUntilUs = Math.ceil(startUs + (size * 1e6) / this.options.bandwidth);
    return source.sendingUntilUs - now + this.#latencyUs(source, target);
  }

  #queuedBytes(source: Host): number {
    const waitUs = Math.max(0, source.sendingUntilUs - this.#timeline.now);
    return (waitUs / 1e6) * this.options.bandwidth;
  }

  #latencyUs(source: Host, target: Host): number {
    const { latencyMinMs, latencyMeanMs, reordering } = this.options;
    const rest = source.luck.exponential((latencyMeanMs - latencyMinMs) * 1000);
    let latency = source === target ? 20 : latencyMinMs * 1000 + rest;
    if (source.luck.chance(reordering)) latency *= source.luck.between(2, 20);
    for (const slow of this.#slow) if (isOn(slow, source, target)) latency *= slow.factor;
    return Math.ceil(latency);
  }

  #deliver(packet: Packet, delayUs: number): void {
    const { source, target, bytes, protocol } = packet;
    const arrive = () => target.receive(source, bytes, protocol);
    const clog = this.#clogOf(source, target);
    if (clog === undefined) return this.#timeline.at(this.#timeline.now + delayUs, arrive);
    if (clog.held.length >= this.options.queuePacketsMax)
      return this.#trace.record("overflow", source, target);
    this.#trace.record("clogged", source, target);
    clog.held.push(arrive);
  }

  #bend(source: Host, target: Host, bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0 || !source.luck.chance(this.options.corruption)) return bytes;
    const at = source.luck.below(bytes.length);
    this.#trace.record("corrupted", source, target, String(at));
    if (source.luck.chance(0.25)) return bytes.slice(0, at);
    bytes[at] = (bytes[at] as number) ^ (1 << source.luck.below(8));
    return bytes;
  }

  #clogOf(source: Actor, target: Actor): Clog | undefined {
    for (const clog of this.#clogs) if (isOn(clog, source, target)) return clog;
    return undefined;
  }
}

interface Packet {
  readonly source: Host;
  readonly target: Host;
  readonly bytes: Uint8Array;
  readonly protocol: string;
}

function isOn(link: Link, source: Actor, target: Actor): boolean {
  return link.source === source.name && link.target === target.name;
}
