import type { Override } from "./config.ts";
import { fairShares } from "./fair.ts";
import type { Ring } from "./ring.ts";

/**
 * Overrides under which no member owns more than `ratio` times its fair share: what
 * `ring.with({ overrides: balance(ring) })` takes.
 *
 * Rendezvous leaves loads a few percent apart. This evens them out with as few overrides as it can
 * find, starting from those the ring has, so that balancing again after a change moves little. The
 * result is data: settle on it once, spread it, and every ring made with it is the same. Overrides of
 * other placement classes are kept. A fair share is in proportion to weight, as far as one copy a
 * member and the zone rule allow; a member may exceed it by a fraction of a slot.
 *
 * @param ratio - at least 1; default 1.02
 * @public
 */
export function balance(ring: Ring, ratio = 1.02): Override[] {
  if (!(ratio >= 1)) throw new RangeError(`ratio must be at least 1, not ${ratio}`);
  // Overrides name owners in the order they have when all is well.
  const active = ring.members.filter(({ state }) => state === "draining" || state === "down");
  const whole = ring.with({ set: active.map(({ id }) => ({ id, state: "active" as const })) });
  const changed = new Balancer(whole, ratio).run();
  const name = ring.className;
  const others = ring.overrides.filter((override) => (override.class ?? "") !== name);
  const own = ring.overrides.filter((override) => (override.class ?? "") === name);
  const natural = whole.with({ overrides: others });
  const overrides = new Map(own.map((override) => [override.slot, override]));
  for (const [slot, owners] of changed) {
    const isNatural = natural.owners(slot).every((id) => owners.includes(id));
    if (isNatural) overrides.delete(slot);
    else overrides.set(slot, { slot, owners, ...(name !== "" && { class: name }) });
  }
  return [...others, ...overrides.values()];
}

/** Takes slots from those above their cap and gives them to those below their share. */
class Balancer {
  readonly #ids: readonly string[];
  readonly #zones: readonly string[];
  readonly #owners: number[][];
  readonly #shares: Float64Array;
  readonly #caps: Float64Array;
  readonly #loads: Float64Array;
  /** Zones a slot must keep spread over. */
  readonly #spread: number;

  constructor(ring: Ring, ratio: number) {
    const indexes = new Map(ring.members.map(({ id }, index) => [id, index]));
    const loads = ring.loads();
    this.#ids = ring.members.map(({ id }) => id);
    this.#zones = ring.members.map(({ zone }) => zone);
    this.#owners = Array.from({ length: ring.slots }, (_, slot) =>
      ring.owners(slot).map((id) => indexes.get(id) as number),
    );
    this.#loads = Float64Array.from(loads, ({ slots }) => slots);
    const placed = ring.members.filter((_, member) => this.#loads[member] !== 0);
    this.#spread =
      ring.zones === "ignore"
        ? 0
        : Math.min(ring.copies, new Set(placed.map(({ zone }) => zone)).size);
    this.#shares = fairShares(ring);
    this.#caps = this.#shares.map((share) => Math.max(Math.ceil(share), Math.floor(share * ratio)));
  }

  /** The owners of the slots it changed. */
  run(): Map<number, string[]> {
    const changed = new Map<number, string[]>();
    for (const member of this.#fullestFirst()) {
      for (let slot = 0; slot < this.#owners.length && this.#isOver(member); slot++) {
        if (!this.#give(slot, member)) continue;
        const owners = this.#owners[slot] as number[];
        changed.set(
          slot,
          owners.map((owner) => this.#ids[owner] as string),
        );
      }
    }
    return changed;
  }

  #fullestFirst(): number[] {
    const members = [...this.#ids.keys()].filter((member) => this.#isOver(member));
    return members.sort((a, b) => this.#fullness(b) - this.#fullness(a));
  }

  #isOver(member: number): boolean {
    return (this.#loads[member] as number) > (this.#caps[member] as number);
  }

  #fullness(member: number): number {
    return (this.#loads[member] as number) / (this.#shares[member] as number);
  }

  /** Gives the slot from `giver` to the emptiest member that may have it and has room. */
  #give(slot: number, giver: number): boolean {
    const owners = this.#owners[slot] as number[];
    const place = owners.indexOf(giver);
    if (place < 0) return false;
    let taker = -1;
    for (let member = 0; member < this.#ids.length; member++) {
      const hasRoom = (this.#loads[member] as number) < (this.#caps[member] as number);
      if (!hasRoom || owners.includes(member)) continue;
      if (taker >= 0 && this.#fullness(member) >= this.#fullness(taker)) continue;
      if (this.#keepsSpread(owners, place, member)) taker = member;
    }
    if (taker < 0) return false;
    owners[place] = taker;
    this.#loads[giver] = (this.#loads[giver] as number) - 1;
    this.#loads[taker] = (this.#loads[taker] as number) + 1;
    return true;
  }

  #keepsSpread(owners: readonly number[], place: number, taker: number): boolean {
    if (this.#zones[taker] === this.#zones[owners[place] as number]) return true;
    const zones = new Set(owners.map((owner, i) => this.#zones[i === place ? taker : owner]));
    return zones.size >= this.#spread;
  }
}
