// What a ring is asked with, and what it answers.

/**
 * What owners are asked about: a key, as text or bytes, or the number of a slot.
 *
 * @public
 */
export type KeyOrSlot = string | Uint8Array | number;

/**
 * Whether a member holds a slot completely. Only that member knows; publish it (a bitmap a member
 * does) and answer from what was last heard. A member in state `down` is never asked about.
 *
 * @public
 */
export type Readiness = (id: string, slot: number) => boolean;

/**
 * Everyone who may have something of a slot, by id; see {@link Ring.holders}.
 *
 * @public
 */
export interface Holders {
  /** Owners that are ready, in order of preference. */
  readonly ready: string[];
  /** Owners of earlier rings that are no longer owners but ready: they serve until they drop the slot. */
  readonly previous: string[];
  /** Owners that are not ready: write to them too, and read from them only when nobody else is left. */
  readonly pending: string[];
}

/**
 * How much of a ring one member owns.
 *
 * @public
 */
export interface Load {
  /** The member. */
  readonly id: string;
  /** Slots whose first owner it is. */
  readonly primaries: number;
  /** Slots it owns. */
  readonly slots: number;
}
