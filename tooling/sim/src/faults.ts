import type { DiskOptions } from "./disk.ts";
import type { Death, Host } from "./host.ts";
import type { Heal, Link } from "./network.ts";
import type { PartitionShape } from "./partition.ts";
import type { Platter } from "./platter.ts";
import type { World } from "./world.ts";

/**
 * One fault of a plan: what strikes, when, and for how long, as data. Times are virtual milliseconds
 * from the beginning of the run.
 */
export type Fault =
  | (Lasting & PartitionShape & { readonly kind: "partition" })
  | (Lasting & Link & { readonly kind: "clog" })
  | (Lasting & Link & { readonly kind: "slow"; readonly factor: number })
  | (Lasting & OnHost & { readonly kind: "pause"; readonly suspends: boolean })
  | (Lasting & Crash & { readonly kind: "crash" })
  | (Lasting & OnHost & { readonly kind: "disk"; readonly options: DiskOptions })
  | (Lasting & OnHost & { readonly kind: "hang" })
  | (Lasting & OnHost & { readonly kind: "drift"; readonly rate: number })
  | (Momentary & OnHost & { readonly kind: "step"; readonly ms: number })
  | (Momentary & OnHost & { readonly kind: "rot" });

interface Momentary {
  readonly atMs: number;
}

interface Lasting extends Momentary {
  readonly forMs: number;
}

interface OnHost {
  readonly host: string;
}

/** Hosts that go down in the same instant, and what they find on their disks when they come back. */
interface Crash {
  readonly hosts: readonly string[];
  readonly death: Death;
  /** `rolled-back`: as it was at `backupAtMs`, as after the restore of a virtual machine. */
  readonly disk: "same" | "wiped" | "rolled-back";
  readonly backupAtMs?: number;
}

/** Has a fault strike at its time and, if it lasts, end at its own. */
export function inject(world: World, fault: Fault): void {
  const backups: Backups = new Map();
  if (fault.kind === "crash" && fault.disk === "rolled-back") {
    world.at(fault.backupAtMs ?? 0, () => {
      for (const name of fault.hosts) backups.set(name, world.host(name).disk.backup());
    });
  }
  world.at(fault.atMs, () => {
    world.trace.record(`fault ${fault.kind}`, undefined, undefined, JSON.stringify(fault));
    const end = strike(world, fault, backups);
    if (end === undefined || !("forMs" in fault)) return;
    const heal = () => {
      if (!world.heals.delete(heal)) return;
      world.trace.record(`end of ${fault.kind}`);
      end();
    };
    world.heals.add(heal);
    world.at(world.now + fault.forMs, heal);
  });
}

type Backups = Map<string, Platter>;

/** @returns what ends it, where it lasts */
function strike(world: World, fault: Fault, backups: Backups): Heal | undefined {
  switch (fault.kind) {
    case "partition":
      return world.network.partition(fault);
    case "clog":
      return world.network.clog(fault);
    case "slow":
      return world.network.slow(fault, fault.factor);
    case "crash":
      return crash(world, fault, backups);
    case "pause":
      return pause(world.host(fault.host), fault.suspends);
    case "disk":
      return world.host(fault.host).disk.disturb(fault.options);
    case "hang":
      return world.host(fault.host).disk.hang();
    case "drift":
      return drift(world.host(fault.host), fault.rate);
    case "step":
      world.host(fault.host).clock.step(fault.ms);
      return undefined;
    case "rot":
      break;
  }
  rot(world.host(fault.host));
  return undefined;
}

function pause(host: Host, suspends: boolean): Heal {
  host.pause(suspends);
  return () => host.resume();
}

function drift(host: Host, rate: number): Heal {
  host.drift(rate);
  return () => host.drift(1);
}

function crash(world: World, { hosts: names, death, disk }: Crash, backups: Backups): Heal {
  const hosts = names.map((name) => world.host(name));
  for (const host of hosts) {
    if (death === "crash") host.crash();
    else host.cutPower();
    if (disk !== "same") host.disk.restore(backups.get(host.name));
  }
  return () => {
    for (const host of hosts) host.start();
  };
}

function rot(host: Host): void {
  const place = host.disk.rot();
  if (place !== undefined) host.note(`rot in ${place.file} at bit ${place.bit}`);
}
