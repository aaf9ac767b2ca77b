import { compareBytes } from "./bytes.ts";
import { fieldsFromWire, fieldsToWire, isRecord, isTime } from "./fields.ts";
import type { Memory, MemoryFields, MemoryState, MemoryVersion, Space } from "./memory.ts";
import { pack, unpack } from "./msgpack.ts";

/**
 * The state of a space is the join of what its records say. Each join here is commutative,
 * associative and idempotent, so that copies which saw the same records in any order, any number
 * of times, hold the same bytes.
 */
export function joinMemory(left: MemoryState | undefined, right: MemoryState): MemoryState {
  if (left === undefined) return right;
  if (left.type === "forgotten" && right.type === "forgotten") {
    return left.forgottenAt <= right.forgottenAt ? left : right;
  }
  if (left.type === "forgotten") return left;
  if (right.type === "forgotten") return right;
  return right.versions.reduce(joinVersion, left);
}

/** The id's lowest uid wins; the memories of both spaces are one space's. */
export function joinSpace(left: Space | undefined, right: Space): Space {
  if (left === undefined) return right;
  const order = compareBytes(left.uid, right.uid) || left.createdAt - right.createdAt;
  return order <= 0 ? left : right;
}

export const remembered = (version: MemoryVersion): MemoryState & { type: "remembered" } => ({
  type: "remembered",
  versions: [version],
});

function joinVersion(
  state: MemoryState & { type: "remembered" },
  version: MemoryVersion,
): MemoryState & { type: "remembered" } {
  const twin = state.versions.find((other) => sameFields(other.fields, version.fields));
  const others = state.versions.filter((other) => other !== twin);
  const joined = twin === undefined ? version : joinTwins(twin, version);
  const [first, ...rest] = [...others, joined].sort(compareVersions);
  return { type: "remembered", versions: [first ?? joined, ...rest] };
}

function joinTwins(twin: MemoryVersion, version: MemoryVersion): MemoryVersion {
  const hasEarlierTime = twin.recordedAt <= version.recordedAt;
  const hasLowerUid = compareBytes(twin.uid, version.uid) <= 0;
  if (hasEarlierTime && hasLowerUid) return twin;
  return {
    fields: twin.fields,
    recordedAt: Math.min(twin.recordedAt, version.recordedAt),
    uid: hasLowerUid ? twin.uid : version.uid,
  };
}

/** First recorded wins, as it would have if the writers had seen each other; then lowest bytes. */
const compareVersions = (left: MemoryVersion, right: MemoryVersion): number =>
  left.recordedAt - right.recordedAt ||
  compareBytes(pack(fieldsToWire(left.fields)), pack(fieldsToWire(right.fields)));

export const sameFields = (left: MemoryFields, right: MemoryFields): boolean =>
  left === right ||
  (left.content === right.content &&
    compareBytes(pack(fieldsToWire(left)), pack(fieldsToWire(right))) === 0);

export function viewOf(id: string, state: MemoryState & { type: "remembered" }): Memory {
  const [{ fields, recordedAt }, ...siblings] = state.versions;
  return {
    ...fields,
    id,
    recordedAt,
    observedAt: fields.observedAt ?? recordedAt,
    siblings: siblings.length,
  };
}

/** How a state lies in the store: `{d: forgotten at}` or `{v: [[recorded at, uid, fields], ...]}`. */
export const encodeMemory = (state: MemoryState): Uint8Array =>
  state.type === "forgotten"
    ? pack({ d: state.forgottenAt })
    : pack({ v: state.versions.map((v) => [v.recordedAt, v.uid, fieldsToWire(v.fields)]) });

/** Throws on bytes this program did not write: then the store is damaged, and must not be served. */
export function decodeMemory(bytes: Uint8Array): MemoryState {
  const { value } = mustUnpack(bytes);
  if (isRecord(value)) {
    if (isTime(value["d"])) return { type: "forgotten", forgottenAt: value["d"] };
    const wire: unknown[] = Array.isArray(value["v"]) ? value["v"] : [];
    const [first, ...rest] = wire.map(decodeVersion);
    if (first !== undefined) return { type: "remembered", versions: [first, ...rest] };
  }
  throw new TypeError("the store holds a memory that cannot be decoded");
}

function decodeVersion(wire: unknown): MemoryVersion {
  const [recordedAt, uid, wireFields]: unknown[] = Array.isArray(wire) ? wire : [];
  const fields = fieldsFromWire(wireFields);
  if (typeof fields === "string" || !isTime(recordedAt) || !(uid instanceof Uint8Array)) {
    throw new TypeError("the store holds a version that cannot be decoded");
  }
  return { recordedAt, uid: new Uint8Array(uid), fields };
}

export const encodeSpace = (space: Space): Uint8Array => pack({ u: space.uid, a: space.createdAt });

export function decodeSpace(name: string, bytes: Uint8Array): Space {
  const { value } = mustUnpack(bytes);
  if (!isRecord(value) || !(value["u"] instanceof Uint8Array) || !isTime(value["a"])) {
    throw new TypeError("the store holds a space that cannot be decoded");
  }
  return { name, uid: new Uint8Array(value["u"]), createdAt: value["a"] };
}

function mustUnpack(bytes: Uint8Array): { readonly value: unknown } {
  const unpacked = unpack(bytes);
  if (!unpacked.ok) throw new TypeError(`the store holds undecodable bytes: ${unpacked.reason}`);
  return unpacked;
}
