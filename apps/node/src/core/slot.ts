/** A node's data is cut into this many fixed partitions; a space lies in one. */
export const slotCount: number = 2 ** 14;

/**
 * The slot of a space. It is written into every log record, so it never changes: FNV-1a over the
 * name's bytes (names are ASCII), finished as MurmurHash3 does, because the low bits of FNV mix badly.
 */
export function slotOf(space: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < space.length; index += 1) {
    hash = Math.imul(hash ^ space.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) & (slotCount - 1);
}
