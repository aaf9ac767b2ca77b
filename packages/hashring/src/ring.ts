import {
  applyChanges,
  describeRules,
  type Override,
  resolveOptions,
  type ResolvedRule,
  type RingChanges,
  type RingConfig,
  type RingOptions,
  type ZoneRule,
} from "./config.ts";
import { decodeConfig, type DecodeFailure, encodeConfig } from "./codec.ts";
import { type Hash, xxh32 } from "./hash.ts";
import type { Member } from "./member.ts";
import { type Placement, place } from "./placement.ts";
import type { Holders, KeyOrSlot, Load, Readiness } from "./answers.ts";
import { createRoster, type Roster } from "./roster.ts";

/** What all views of one ring share. Placements are computed on first use and then kept. */
interface Core {
  readonly config: RingConfig;
  readonly roster: Roster;
  readonly placements: Map<string, Placement>;
  fingerprint: string | undefined;
}

/**
 * Which members should hold a key: an immutable function from slots to owners.
 *
 * Equal members, rules, overrides and slot counts give equal rings on every machine, whatever the
 * history. A ring says who *should* hold a slot; whether they do already is the {@link Readiness}
 * that serving takes.
 *
 * @public
 */
export class Ring {
  /** Number of slots. */
  readonly slots: number;
  readonly #core: Core;
  readonly #class: string;
  readonly #hash: Hash;
  readonly #shift: number;
  readonly #ids: readonly string[];
  #placement: Placement | undefined;

  private constructor(core: Core, name: string) {
    this.#core = core;
    this.#class = name;
    this.slots = 2 ** core.config.slotBits;
    this.#hash = core.config.hash;
    this.#shift = 32 - core.config.slotBits;
    this.#ids = core.roster.ids;
  }

  /**
   * Makes a ring.
   *
   * @throws RangeError or TypeError if an option breaks its rule
   */
  static of(options: RingOptions): Ring {
    return new Ring(createCore(resolveOptions(options)), "");
  }

  /**
   * Reads what {@link Ring.encode} wrote. Never throws on bytes, and gives a ring only for exactly the
   * bytes that ring encodes to.
   *
   * @param hash - the hash the ring was made with; default {@link xxh32}
   * @returns the ring, or why there is none
   */
  static decode(bytes: Uint8Array, hash: Hash = xxh32): Ring | DecodeFailure {
    const config = decodeConfig(bytes, hash);
    return typeof config === "string" ? config : new Ring(createCore(config), "");
  }

  /** All members, sorted by id. */
  get members(): readonly Member[] {
    return this.#core.config.members;
  }

  /** Owners each slot should have. */
  get replicas(): number {
    return this.#rule.replicas;
  }

  /** Owners each slot has: fewer than {@link Ring.replicas} if members or zones do not suffice. */
  get copies(): number {
    return this.#placed().copies;
  }

  /** The zone rule of this placement. */
  get zones(): ZoneRule {
    return this.#rule.zones;
  }

  /** Ids this placement is restricted to, sorted, or undefined. */
  get pinnedTo(): readonly string[] | undefined {
    return this.#rule.pinnedTo;
  }

  /** Name of this placement class; `""` for the default placement. */
  get className(): string {
    return this.#class;
  }

  /** Names of the placement classes, sorted. */
  get classNames(): string[] {
    return [...this.#core.config.rules.keys()].filter((name) => name !== "");
  }

  /** All overrides, of all classes, sorted by class and slot. */
  get overrides(): readonly Override[] {
    return describeRules(this.#core.config.rules).overrides;
  }

  /**
   * 16 hexadecimal digits that identify members, rules, overrides, slot count, hash and the version of
   * the algorithm. Send it along with requests: members with unequal fingerprints see unequal rings.
   */
  get fingerprint(): string {
    const core = this.#core;
    if (core.fingerprint === undefined) {
      const bytes = encodeConfig(core.config);
      const digits = [xxh32(bytes, 3), xxh32(bytes, 4)].map((half) => half.toString(16));
      core.fingerprint = digits.map((half) => half.padStart(8, "0")).join("");
    }
    return core.fingerprint;
  }

  /**
   * The same ring, seen through a placement class: all methods answer for that class.
   *
   * @throws RangeError if there is no such class
   */
  class(name: string): Ring {
    if (!this.#core.config.rules.has(name)) throw new RangeError(`no placement class ${name}`);
    return new Ring(this.#core, name);
  }

  /**
   * The ring after a change; this one stays as it is. Placements computed so far are carried over by
   * looking only at what the change can affect.
   *
   * @throws RangeError or TypeError if the change breaks a rule
   */
  with(changes: RingChanges): Ring {
    const next = createCore(applyChanges(this.#core.config, changes));
    const { rules } = next.config;
    if (!rules.has(this.#class)) throw new RangeError(`no placement class ${this.#class}`);
    for (const [name, placement] of this.#core.placements) {
      const rule = rules.get(name);
      if (rule === undefined) continue;
      next.placements.set(name, place(next.roster, rule, this.slots, placement));
    }
    return new Ring(next, this.#class);
  }

  /** The slot of a key: the upper bits of its hash, so that a slot is a contiguous range of hashes. */
  slot(key: string | Uint8Array): number {
    return this.#hash(key) >>> this.#shift;
  }

  /** Ids of the owners in order of preference, the primary first: {@link Ring.copies} of them. */
  owners(at: KeyOrSlot): string[] {
    const { copies, owners } = this.#placed();
    const start = this.#slotOf(at) * copies;
    // oxlint-disable-next-line unicorn/no-new-array -- half the time of growing one by push
    const ids = new Array<string>(copies);
    for (let i = 0; i < copies; i++) ids[i] = this.#ids[owners[start + i] as number] as string;
    return ids;
  }

  /**
   * The member to send to first: the first of {@link Ring.serving}. Without `isReady`, the first owner.
   * Undefined if there is no eligible member.
   */
  primary(at: KeyOrSlot, isReady?: Readiness, previous: readonly Ring[] = []): string | undefined {
    if (isReady !== undefined) return this.serving(at, isReady, previous)[0];
    const { copies, owners } = this.#placed();
    return this.#ids[owners[this.#slotOf(at) * copies] as number];
  }

  /**
   * Who serves a key, best first: ready owners in order of preference, then previous owners that are
   * ready, then pending ones. A pending owner often holds nothing yet and is never promoted over a
   * holder, even where it comes first in preference.
   *
   * @param previous - earlier rings whose owners may still hold data, newest first
   */
  serving(at: KeyOrSlot, isReady: Readiness, previous: readonly Ring[] = []): string[] {
    const { ready, previous: former, pending } = this.holders(at, isReady, previous);
    return [...ready, ...former, ...pending];
  }

  /**
   * The owners of a slot during a transition, split by what they hold. No coordinator decides any of
   * it: whoever has the same ring and has heard the same readiness gets the same answer.
   *
   * @param previous - earlier rings whose owners may still hold data, newest first
   */
  holders(at: KeyOrSlot, isReady: Readiness, previous: readonly Ring[] = []): Holders {
    const slot = this.#slotOf(at);
    const owners = this.owners(slot);
    const isServing = (id: string): boolean => !this.#isDown(id) && isReady(id, slot);
    const former = new Set<string>();
    for (const ring of previous) {
      if (!ring.sharesSlots(this)) throw new RangeError("a previous ring has other slots");
      for (const id of ring.owners(slot)) if (!owners.includes(id)) former.add(id);
    }
    const ready = owners.filter(isServing);
    return {
      ready,
      previous: [...former].filter(isServing),
      pending: owners.filter((id) => !ready.includes(id)),
    };
  }

  /** Whether every key has the same slot in both rings: equal slot counts and hashes. */
  sharesSlots(other: Ring): boolean {
    const { slotBits, hashProbe } = other.#core.config;
    return this.#core.config.slotBits === slotBits && this.#core.config.hashProbe === hashProbe;
  }

  /** The slots a member owns, ascending. Empty for an unknown id. */
  slotsOf(id: string): Uint32Array {
    const { copies, owners } = this.#placed();
    const member = this.#core.roster.indexes.get(id);
    const slots: number[] = [];
    if (member === undefined) return new Uint32Array(0);
    for (let i = 0; i < owners.length; i++) {
      if (owners[i] === member) slots.push(Math.floor(i / copies));
    }
    return Uint32Array.from(slots);
  }

  /** How much each member owns, in the order of {@link Ring.members}. */
  loads(): Load[] {
    const { copies, owners } = this.#placed();
    const primaries = new Uint32Array(this.#ids.length);
    const slots = new Uint32Array(this.#ids.length);
    for (let i = 0; i < owners.length; i++) {
      const member = owners[i] as number;
      slots[member] = (slots[member] as number) + 1;
      if (i % copies === 0) primaries[member] = (primaries[member] as number) + 1;
    }
    return this.#ids.map((id, member) => ({
      id,
      primaries: primaries[member] as number,
      slots: slots[member] as number,
    }));
  }

  /** The canonical bytes of the whole ring; equal rings give equal bytes. */
  encode(): Uint8Array {
    return encodeConfig(this.#core.config);
  }

  #placed(): Placement {
    if (this.#placement !== undefined) return this.#placement;
    const { placements, roster } = this.#core;
    const placement = placements.get(this.#class) ?? place(roster, this.#rule, this.slots);
    placements.set(this.#class, placement);
    this.#placement = placement;
    return placement;
  }

  #slotOf(at: KeyOrSlot): number {
    if (typeof at !== "number") return this.#hash(at) >>> this.#shift;
    if (at >>> 0 !== at || at >= this.slots) {
      throw new RangeError(`slots go from 0 to ${this.slots - 1}, not ${at}`);
    }
    return at;
  }

  #isDown(id: string): boolean {
    const member = this.#core.roster.indexes.get(id);
    return member !== undefined && this.#core.config.members[member]?.state === "down";
  }

  get #rule(): ResolvedRule {
    return this.#core.config.rules.get(this.#class) as ResolvedRule;
  }
}

function createCore(config: RingConfig): Core {
  const roster = createRoster(config.members);
  return { config, roster, placements: new Map(), fingerprint: undefined };
}
