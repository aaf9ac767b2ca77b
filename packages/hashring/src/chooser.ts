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
  readonly #isStrict: boolean;
  readonly #limit: number;
  /** Chosen so far, pinned ones first, then by score, then by index. One place to spare. */
  readonly #chosen: Uint16Array;
  readonly #scores: Float64Array;
  readonly #isRanked: boolean;
  #size = 0;
  #pinned = 0;
  #slotSeed = 0;
  #hasExtra = false;
  /** No score from here up can be chosen any more. */
  #bar = Infinity;

  /** @param limit - how many owners a slot gets: there must be as many members (zones, if strict) */
  constructor(roster: Roster, rule: ZoneRule, limit: number) {
    this.#roster = roster;
    this.#zones = rule === "ignore" ? Uint16Array.from(roster.ids.keys()) : roster.zones;
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
    this.#hasExtra = false;
    this.#bar = Infinity;
  }

  /** Chooses `member` whatever its score; passes over what does not fit. Call before any offer. */
  pin(member: number): void {
    if (this.#size === this.#limit) return;
    if (this.#isStrict && this.#holdsZone(this.#zones[member] as number)) return;
    this.#chosen[this.#size] = member;
    this.#scores[this.#size] = -1;
    this.#size += 1;
    this.#pinned = this.#size;
    if (this.#size === this.#limit) this.#bar = 0;
  }

  /** Offers the first `count` of `members`, none of them twice. */
  offer(members: Uint16Array, count: number): void {
    const { factors, offsets, weights } = this.#roster;
    const seed = this.#slotSeed;
    for (let i = 0; i < count; i++) {
      const member = members[i] as number;
      const drawn = draw(seed, factors[member] as number, offsets[member] as number);
      const weight = weights[member] as number;
      if (drawn * COST_FLOOR > this.#bar * weight) continue;
      this.#consider(member, cost(drawn) / weight);
    }
  }

  #consider(member: number, score: number): void {
    const worst = this.#size - 1;
    if (worst + 1 === this.#limit && this.#precedes(worst, member, score)) {
      if (!this.#hasExtra || this.#holdsZone(this.#zones[member] as number)) return;
    }
    if (this.#pinned > 0 && this.#isPinned(member)) return;
    this.#insert(member, score);
    const extra = this.#worstExtra();
    if (this.#size > this.#limit || (this.#isStrict && extra >= 0)) {
      this.#removeAt(extra >= 0 ? extra : this.#size - 1);
    }
    this.#hasExtra = this.#worstExtra() >= 0;
    const isFull = this.#size === this.#limit;
    this.#bar = isFull && !this.#hasExtra ? (this.#scores[this.#size - 1] as number) : Infinity;
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
    this.#chosen.copyWithin(place, place + 1, this.#size);
    this.#scores.copyWithin(place, place + 1, this.#size);
    this.#size -= 1;
  }

  /** Place of the last unpinned member whose zone is also that of an earlier one, or -1. */
  #worstExtra(): number {
    for (let place = this.#size - 1; place >= this.#pinned; place--) {
      const zone = this.#zones[this.#chosen[place] as number];
      for (let earlier = 0; earlier < place; earlier++) {
        if (this.#zones[this.#chosen[earlier] as number] === zone) return place;
      }
    }
    return -1;
  }

  #holdsZone(zone: number): boolean {
    for (let place = 0; place < this.#size; place++) {
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
