/**
 * Keys of the store.
 *
 *     m/<space>/<id>          the fold of one memory
 *     s/<space>               a space that was created
 *     v/<slot>/<origin>       in hex: highest sequence applied of that origin's records in that slot
 */
export const memoryKey = (space: string, id: string): string => `m/${space}/${id}`;
export const spaceKey = (space: string): string => `s/${space}`;
export const vectorKey = (slot: number, origin: string): string => `${vectorPrefix(slot)}${origin}`;

export const vectorPrefix = (slot: number): string => `v/${slot.toString(16).padStart(4, "0")}/`;
export const memoryPrefix = (space: string): string => `m/${space}/`;
export const spacePrefix = "s/";

/** The first key after every key that starts with `prefix`: `/` is followed by `0` in ASCII. */
export const afterPrefix = (prefix: string): string => `${prefix.slice(0, -1)}0`;
