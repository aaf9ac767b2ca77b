import { xxh32 } from "@engram/hashring";

const slotBits = 14;

/** A node's data is cut into this many fixed partitions; a space lies in one. */
export const slotCount: number = 2 ** slotBits;

/**
 * The slot of a space: the upper bits of XXH32 of its name, which is the slot that a ring of as many
 * slots gives the name. It is written into every log record, so it never changes.
 */
export const slotOf = (space: string): number => xxh32(space) >>> (32 - slotBits);
