import type { Hash64 } from "./hash64.ts";
import type { Item, MerkleTree } from "./tree.ts";

/**
 * A key on which a store and its tree disagree.
 *
 * @public
 */
export interface Discrepancy {
  /** Hash of the key. */
  readonly key: Hash64;
  /** The version in the tree, if it has the key. */
  readonly tree: Hash64 | undefined;
  /** The version in the store, if it has the key. */
  readonly store: Hash64 | undefined;
}

/**
 * Compares a slot of a tree with what the store holds of it: damage in the store changes no digest,
 * and so is found only by reading. Returns the keys that disagree. O(items of the slot).
 *
 * @param items - every item of the store in that slot, with versions hashed from what is stored
 * @throws RangeError if there is no such slot
 * @public
 */
export function verifySlot(tree: MerkleTree, slot: number, items: Iterable<Item>): Discrepancy[] {
  const unseen = new Map<string, Item>();
  for (const item of tree.items(slot)) unseen.set(`${item.key.hi}:${item.key.lo}`, item);
  const found: Discrepancy[] = [];
  for (const { key, version } of items) {
    const name = `${key.hi}:${key.lo}`;
    const held = unseen.get(name)?.version;
    unseen.delete(name);
    if (held?.hi !== version.hi || held.lo !== version.lo) {
      found.push({ key, tree: held, store: version });
    }
  }
  for (const { key, version } of unseen.values()) {
    found.push({ key, tree: version, store: undefined });
  }
  return found;
}

/**
 * Up to `count` distinct slots that hold items, drawn evenly, to pass to {@link verifySlot}.
 *
 * @param random - source of numbers in [0, 1)
 * @public
 */
export function sampleSlots(tree: MerkleTree, count: number, random: () => number): number[] {
  const slots: number[] = [];
  for (let slot = 0; slot < tree.slots; slot += 1) if (tree.sizeOf(slot) > 0) slots.push(slot);
  const size = Math.min(count, slots.length);
  for (let at = 0; at < size; at += 1) {
    const other = at + Math.floor(random() * (slots.length - at));
    [slots[at], slots[other]] = [slots[other] as number, slots[at] as number];
  }
  return slots.slice(0, size);
}
