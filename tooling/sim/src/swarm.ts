// Swarm testing (Groce et al., ISSTA 2012): a run with every fault at its usual rate explores less
// than many runs that each lack half of the faults and have the others at rates of their own.

import type { Fault } from "./faults.ts";
import type { Random } from "./random.ts";
import type { WorldConditions } from "./world.ts";

/** What a fault is drawn from. */
interface Draw {
  readonly random: Random;
  readonly hosts: readonly string[];
  readonly protocols: readonly string[];
  readonly atMs: number;
  readonly forMs: number;
  /** One host, and two different ones where there are two. */
  readonly host: string;
  readonly source: string;
  readonly target: string;
}

/** Names of the fault classes, by what they need their victim to withstand. */
export const faultClasses = {
  network: [
    "halves",
    "isolated",
    "one-way",
    "bridge",
    "ring",
    "flapping",
    "one-protocol",
    "clog",
    "slow",
  ],
  process: ["crash", "pause", "suspend", "drift", "step"],
  disk: [
    "power-cut",
    "power-cut-all",
    "slow-disk",
    "hang",
    "read-error",
    "write-error",
    "sync-error",
    "full",
  ],
  /** After these, data may be gone from a disk that said it was safe. */
  loss: ["wiped", "rolled-back", "lying-sync", "rot"],
} as const;

/** A class of faults by name. */
export type FaultClass = (typeof faultClasses)[keyof typeof faultClasses][number];

const makers: Record<FaultClass, (draw: Draw) => Fault> = {
  halves: (draw) => ({ kind: "partition", ...time(draw), groups: halves(draw) }),
  isolated: (draw) => ({ kind: "partition", ...time(draw), groups: [[draw.host], rest(draw)] }),
  "one-way": (draw) => ({
    kind: "partition",
    ...time(draw),
    groups: [[draw.host], rest(draw)],
    isOneWay: true,
  }),
  bridge: (draw) => ({ kind: "partition", ...time(draw), groups: bridge(draw) }),
  ring: (draw) => ({ kind: "partition", ...time(draw), groups: ring(draw) }),
  flapping: (draw) => ({
    kind: "partition",
    ...time(draw),
    groups: halves(draw),
    flapMs: Math.ceil(draw.random.magnitude(50, 10_000)),
  }),
  "one-protocol": (draw) => ({
    kind: "partition",
    ...time(draw),
    groups: halves(draw),
    protocol: draw.random.pick(draw.protocols),
  }),
  clog: (draw) => ({ kind: "clog", ...time(draw), ...link(draw) }),
  slow: (draw) => ({
    kind: "slow",
    ...time(draw),
    ...link(draw),
    factor: draw.random.between(2, 100),
  }),
  crash: (draw) => ({
    kind: "crash",
    ...time(draw),
    hosts: [draw.host],
    death: "crash",
    disk: "same",
  }),
  pause: (draw) => ({ kind: "pause", ...time(draw), host: draw.host, suspends: false }),
  suspend: (draw) => ({ kind: "pause", ...time(draw), host: draw.host, suspends: true }),
  drift: (draw) => ({
    kind: "drift",
    ...time(draw),
    host: draw.host,
    rate: draw.random.pick([0.5, 0.9995, 1.0005, 2]),
  }),
  step: (draw) => ({
    kind: "step",
    atMs: draw.atMs,
    host: draw.host,
    ms: draw.random.pick([-1, 1]) * Math.ceil(draw.random.magnitude(100, 315_576_000_000)),
  }),
  "power-cut": (draw) => ({
    kind: "crash",
    ...time(draw),
    hosts: [draw.host],
    death: "power-cut",
    disk: "same",
  }),
  "power-cut-all": (draw) => ({
    kind: "crash",
    ...time(draw),
    hosts: draw.hosts,
    death: "power-cut",
    disk: "same",
  }),
  "slow-disk": (draw) => ({
    kind: "disk",
    ...time(draw),
    host: draw.host,
    options: { latencyMeanMs: 5, syncMeanMs: Math.ceil(draw.random.magnitude(10, 5000)) },
  }),
  hang: (draw) => ({ kind: "hang", ...time(draw), host: draw.host }),
  "read-error": (draw) => onDisk(draw, { readError: chance(draw) }),
  "write-error": (draw) => onDisk(draw, { writeError: chance(draw) }),
  "sync-error": (draw) => onDisk(draw, { syncError: chance(draw) }),
  full: (draw) => onDisk(draw, { capacityBytes: draw.random.below(65_536) }),
  wiped: (draw) => ({
    kind: "crash",
    ...time(draw),
    hosts: [draw.host],
    death: "power-cut",
    disk: "wiped",
  }),
  "rolled-back": (draw) => ({
    kind: "crash",
    ...time(draw),
    hosts: [draw.host],
    death: "power-cut",
    disk: "rolled-back",
    backupAtMs: draw.random.below(draw.atMs + 1),
  }),
  "lying-sync": (draw) => onDisk(draw, { lyingSync: chance(draw) }),
  rot: (draw) => ({ kind: "rot", atMs: draw.atMs, host: draw.host }),
};

/** The faults of one run: at least one, of half of the classes, in proportions of their own. */
export function drawFaults(
  random: Random,
  of: {
    readonly classes: readonly FaultClass[];
    readonly hosts: readonly string[];
    readonly untilMs: number;
    readonly countMax: number;
    /** Names that packets and streams go by; for the class `one-protocol`. */
    readonly protocols?: readonly string[];
  },
): Fault[] {
  const half = of.classes.filter(() => random.chance(0.5));
  const chosen = half.length > 0 ? half : [random.pick(of.classes)];
  const weights = chosen.map(() => Math.ceil(random.magnitude(1, 100)));
  const sum = weights.reduce((left, right) => left + right, 0);
  return Array.from({ length: random.between(1, of.countMax) }, () => {
    let left = random.below(sum);
    const index = weights.findIndex((weight) => (left -= weight) < 0);
    const [source, target] = random.shuffle(of.hosts);
    const draw: Draw = {
      random,
      hosts: of.hosts,
      protocols: of.protocols ?? ["packet", "stream"],
      atMs: random.below(of.untilMs),
      forMs: Math.ceil(random.magnitude(10, Math.max(20, of.untilMs / 2))),
      host: source as string,
      source: source as string,
      target: target ?? (source as string),
    };
    return makers[chosen[index] as FaultClass](draw);
  });
}

/** The conditions of one run: each kind of trouble absent in half of them. */
export function drawConditions(random: Random): Required<Omit<WorldConditions, "wallMs">> {
  const maybe = (low: number, high: number) =>
    random.chance(0.5) ? random.magnitude(low, high) : 0;
  const latencyMinMs = random.magnitude(0.05, 10);
  return {
    network: {
      latencyMinMs,
      latencyMeanMs: latencyMinMs + random.magnitude(0.05, 50),
      loss: maybe(0.001, 0.3),
      duplication: maybe(0.001, 0.1),
      reordering: maybe(0.001, 0.1),
      corruption: maybe(0.0001, 0.01),
      bandwidth: random.magnitude(100_000, 125_000_000),
    },
    streams: {
      windowBytes: random.pick([1024, 65_536, 1_048_576]),
      segmentBytesMax: random.pick([7, 100, 1460, 65_536]),
    },
    disk: {
      latencyMeanMs: random.magnitude(0.01, 1),
      syncMeanMs: random.magnitude(0.1, 20),
    },
    timers: { lateMsMax: maybe(1, 100), spurious: maybe(0.001, 0.1) },
    ties: random.pick(["seeded", "seeded", "first-come"] as const),
    wallSkewMsMax: maybe(1, 3_600_000),
    uptimeMsMax: maybe(1000, 10_000_000_000),
    buggify: random.chance(0.5),
  };
}

function time({ atMs, forMs }: Draw): { atMs: number; forMs: number } {
  return { atMs, forMs };
}

function link({ source, target }: Draw): { source: string; target: string } {
  return { source, target };
}

function onDisk(draw: Draw, options: Extract<Fault, { kind: "disk" }>["options"]): Fault {
  return { kind: "disk", ...time(draw), host: draw.host, options };
}

function chance({ random }: Draw): number {
  return random.magnitude(0.01, 1);
}

function rest({ hosts, host }: Draw): string[] {
  return hosts.filter((name) => name !== host);
}

function halves({ random, hosts }: Draw): string[][] {
  const order = random.shuffle(hosts);
  const middle = random.between(1, Math.max(1, hosts.length - 1));
  return [order.slice(0, middle), order.slice(middle)];
}

/** Two sides, and one host that both can reach. */
function bridge(draw: Draw): string[][] {
  return halves({ ...draw, hosts: rest(draw) }).map((side) => [...side, draw.host]);
}

/** Everyone reaches its two neighbours. */
function ring({ random, hosts }: Draw): string[][] {
  const order = random.shuffle(hosts);
  return order.map((name, index) => [name, order[(index + 1) % order.length] as string]);
}
