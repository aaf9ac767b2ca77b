import type { Actor } from "./trace.ts";

/** Who may talk to whom while it lasts. Names of hosts; those in no group are not concerned. */
export interface PartitionShape {
  /**
   * Two hosts may talk if and only if they share a group. Disjoint groups are a split, a host in two
   * groups is a bridge, and a chain of overlapping pairs is a ring.
   */
  readonly groups: readonly (readonly string[])[];
  /** Only what the first group sends is cut; answers to it pass. */
  readonly isOneWay?: boolean;
  /** Alternates between cut and whole with this half-period in milliseconds. */
  readonly flapMs?: number;
  /** Cuts only this protocol, as a firewall does: a grey failure. */
  readonly protocol?: string;
}

/** A {@link PartitionShape} resolved to hosts, asked once for every packet. */
export class Partition {
  readonly #groupsOf: (readonly number[] | undefined)[] = [];
  readonly #shape: PartitionShape;
  readonly #startUs: number;

  constructor(shape: PartitionShape, startUs: number, resolve: (name: string) => Actor) {
    this.#shape = shape;
    this.#startUs = startUs;
    shape.groups.forEach((group, index) => {
      for (const name of group) {
        const host = resolve(name).index;
        this.#groupsOf[host] = [...(this.#groupsOf[host] ?? []), index];
      }
    });
  }

  cuts(source: Actor, target: Actor, protocol: string, nowUs: number): boolean {
    const { isOneWay, flapMs, protocol: only } = this.#shape;
    if (only !== undefined && only !== protocol) return false;
    const sources = this.#groupsOf[source.index];
    const targets = this.#groupsOf[target.index];
    if (source === target || sources === undefined || targets === undefined) return false;
    if (isOneWay === true && sources[0] !== 0) return false;
    if (flapMs !== undefined && Math.floor((nowUs - this.#startUs) / (flapMs * 1000)) % 2 === 1)
      return false;
    return !sources.some((group) => targets.includes(group));
  }
}
