/** What one memory may hold. A client that goes past a limit is told so; nothing is cut silently. */
export const limits = {
  contentCharacters: 100_000,
  idCharacters: 128,
  tags: 64,
  tagCharacters: 128,
  participants: 64,
  detailCharacters: 4_096,
  queryCharacters: 4_096,
  resultsMax: 1_000,
  pageMax: 1_000,
} as const;

/** A space name: also part of a store key, so it holds neither `/` nor anything outside ASCII. */
export const spaceNamePattern = "^[a-z0-9_-]{3,64}$";

/** A memory id: visible ASCII without `/`, so that every store orders ids as JavaScript does. */
export const memoryIdPattern = "^[!-.0-~]{1,128}$";

const spaceName = new RegExp(spaceNamePattern);
const memoryId = new RegExp(memoryIdPattern);

export const isSpaceName = (name: string): boolean => spaceName.test(name);
export const isMemoryId = (id: string): boolean => memoryId.test(id);
