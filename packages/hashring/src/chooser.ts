import type { ZoneRule } from "./config.ts";
import type { Roster } from "./roster.ts";
import { cost, COST_FLOOR, draw, scramble } from "./score.ts";

/**
 * Chooses the owners of one slot out of the members offered to it.
 *
 * The choice is greedy: the best member of each zone, best first, then the best of the rest. Members
 * can be offered one at a time, in any order, because one newcomer displaces at most one of those
 * chosen so far: the worst *extra* (one whose zone has a better member among them), or, when all zones
 * differ, the worst. So owners after a join are a choice among the old owners and the newcomer.
 */
export class Chooser {
  readonly #roster: Roster;
  /** Zone of each member; under `ignore` every member is its own. */
  readonly #zones: Uint16Array;
  readonly #zoneCount: number;
  readonly #isStrict: boolean;
  readonly #limit: number;
  /** Chosen so far, pinned ones first, then by score, then by index. One place to spare. */
  readonly #chosen: Uint16Array;
  readonly #scores: Float64Array;
  readonly #isRanked: boolean;
  #size = 0;
  #pinned = 0;
  #slotSeed = 0;
  #extras = 0;
  #worstExtra = 0;
  #zonesHeld = 0;
  /** The worst score chosen, once there are enough. */
  #bar = Infinity;
  /** Whether an extra would yield to a member of an unused zone, however bad its score. */
  #canYield = false;

  /** @param limit - how many owners a slot gets: there must be as many members (zones, if strict) */
  constructor(roster: Roster, rule: ZoneRule, limit: number) {
    this.#roster = roster;
    this.#zones = rule === "ignore" ? Uint16Array.from(roster.ids.keys()) : roster.zones;
    this.#zoneCount = new Set(this.#zones).size;
    this.#isStrict = rule === "strict";
    this.#limit = limit;
    this.#chosen = new Uint16Array(limit + 1);
    this.#scores = new Float64Array(limit + 1);
    this.#isRanked = roster.ranks.some((rank) => rank > 0);
  }

  begin(slot: number): void {
    this.#slotSeed = scramble(slot);
    this.#size = 0;
    this.#pinned = 0;
    this.#extras = 0;
    this.#bar = Infinity;
    this.#canYield = false;
  }

  /** Chooses `member` whatever its score; passes over what does not fit. Call before any offer. */
  pin(member: number): void {
    if (this.#size === this.#limit) return;
    if (this.#isStrict && this.#holdsZone(this.#zones[member] as number)) return;
    this.#chosen[this.#size] = member;
    this.#scores[this.#size] = -1;
    this.#size += 1;
    this.#pinned = this.#size;
    if (this.#size === this.#limit) this.#bar = -1;
  }

  /** Starts from the first `count` of `members`, which are part of one earlier choice, in any order. */
  keep(members: Uint16Array, count: number): void {
    const { factors, offsets, weights } = this.#roster;
    for (let i = 0; i < count; i++) {
      const member = members[i] as number;
      const drawn = draw(this.#slotSeed, factors[member] as number, offsets[member] as number);
      this.#insert(member, cost(drawn) / (weights[member] as number));
    }
    this.#countZones();
    this.#setBar();
  }

  /** Offers the first `count` of `members`, none of them twice. */
  offer(members: Uint16Array, count: number): void {
    const { factors, offsets, weights } = this.#roster;
    const seed = this.#slotSeed;
    let bar = this.#bar;
    for (let i = 0; i < count; i++) {
      const member = members[i] as number;
      const drawn = draw(seed, factors[member] as number, offsets[member] as number);
      const weight = weights[member] as number;
      if (drawn * COST_FLOOR > bar * weight && this.#isUseless(member)) continue;
      this.#consider(member, cost(drawn) / weight);
      bar = this.#bar;
    }
  }

  #consider(member: number, score: number): void {
    if (score > this.#bar && this.#isUseless(member)) return;
    if (this.#pinned > 0 && this.#isPinned(member)) return;
    this.#insert(member, score);
    this.#countZones();
    if (this.#size > this.#limit || (this.#isStrict && this.#extras > 0)) {
      this.#removeAt(this.#extras > 0 ? this.#worstExtra : this.#size - 1);
      if (this.#extras > 0) this.#countZones();
    }
    this.#setBar();
  }

  #setBar(): void {
    if (this.#size < this.#limit) return;
    this.#bar = this.#scores[this.#size - 1] as number;
    this.#canYield = this.#extras > 0 && this.#zonesHeld < this.#zoneCount;
  }

  /** Whether a member beyond the bar cannot be chosen either for its zone. */
  #isUseless(member: number): boolean {
    return !this.#canYield || this.#holdsZone(this.#zones[member] as number);
  }

  #precedes(place: number, member: number, score: number): boolean {
    const other = this.#scores[place] as number;
    return other < score || (other === score && (this.#chosen[place] as number) < member);
  }

  #insert(member: number, score: number): void {
    let place = this.#size;
    for (; place > this.#pinned && !this.#precedes(place - 1, member, score); place--) {
      this.#chosen[place] = this.#chosen[place - 1] as number;
      this.#scores[place] = this.#scores[place - 1] as number;
    }
    this.#chosen[place] = member;
    this.#scores[place] = score;
    this.#size += 1;
  }

  #removeAt(place: number): void {
    this.#size -= 1;
    for (let i = place; i < this.#size; i++) {
      this.#chosen[i] = this.#chosen[i + 1] as number;
      this.#scores[i] = this.#scores[i + 1] as number;
    }
  }

  /** Counts zones, and extras: unpinned members with an earlier one in their zone. */
  #countZones(): void {
    this.#extras = 0;
    this.#zonesHeld = 0;
    for (let place = 0; place < this.#size; place++) {
      if (!this.#holdsZone(this.#zones[this.#chosen[place] as number] as number, place)) {
        this.#zonesHeld += 1;
      } else if (place >= this.#pinned) {
        this.#extras += 1;
        this.#worstExtra = place;
      }
    }
  }

  #holdsZone(zone: number, places: number = this.#size): boolean {
    for (let place = 0; place < places; place++) {
      if (this.#zones[this.#chosen[place] as number] === zone) return true;
    }
    return false;
  }

  #isPinned(member: number): boolean {
    for (let place = 0; place < this.#pinned; place++) {
      if (this.#chosen[place] === member) return true;
    }
    return false;
  }

  /** Writes the owners from `start` on, in order of preference: active, then draining, then down. */
  emit(target: Uint16Array, start: number): void {
    if (!this.#isRanked) {
      for (let i = 0; i < this.#size; i++) target[start + i] = this.#chosen[i] as number;
      return;
    }
    let at = start;
    for (let rank = 0; rank < 3; rank++) {
      for (let i = 0; i < this.#size; i++) {
        const member = this.#chosen[i] as number;
        if (this.#roster.ranks[member] === rank) target[at++] = member;
      }
    }
  }
}
