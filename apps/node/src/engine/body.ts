import { compareBytes } from "./bytes.ts";
import { fieldsFromWire, fieldsToWire, isRecord, isTime } from "./fields.ts";
import { isMemoryId, isSpaceName } from "./limits.ts";
import type { Effect } from "./memory.ts";
import { pack, unpack } from "./msgpack.ts";

/**
 * The body of a log record: one version byte, then one MessagePack map.
 *
 *     k  kind: 0 remember, 1 forget, 2 create-space
 *     s  space name
 *     u  uid of the space, 16 bytes
 *     a  recorded at, wall-clock milliseconds of the writer
 *     i  memory id                                       (remember, forget)
 *     f  fields {c content, t tags, y type index, p confidence,
 *                r? reasoning, o? observed at, e? episode {w, l?, y?, h?, v?}}   (remember)
 *
 * There is one encoding of an effect (keys in this order, shortest forms, no extension types), and
 * a body in another is refused, so that equal effects are equal bytes on every copy.
 */
const bodyVersion = 1;

export type DecodedBody =
  | { readonly ok: true; readonly effect: Effect }
  | { readonly ok: false; readonly reason: string };

const kinds = ["remember", "forget", "create-space"] as const;

export function encodeBody(effect: Effect): Uint8Array {
  const wire: Record<string, unknown> = {
    k: kinds.indexOf(effect.type),
    s: effect.space,
    u: effect.uid,
    a: effect.recordedAt,
  };
  if (effect.type !== "create-space") wire["i"] = effect.id;
  if (effect.type === "remember") wire["f"] = fieldsToWire(effect.fields);
  const packed = pack(wire);
  const body = new Uint8Array(packed.length + 1);
  body[0] = bodyVersion;
  body.set(packed, 1);
  return body;
}

export function decodeBody(body: Uint8Array): DecodedBody {
  if (body.length === 0) return { ok: false, reason: "empty" };
  if (body[0] !== bodyVersion) return { ok: false, reason: `unknown version ${body[0]}` };
  const unpacked = unpack(body.subarray(1));
  if (!unpacked.ok) return unpacked;
  const effect = effectFromWire(unpacked.value);
  if (typeof effect === "string") return { ok: false, reason: `bad ${effect}` };
  if (compareBytes(encodeBody(effect), body) !== 0) return { ok: false, reason: "not canonical" };
  return { ok: true, effect };
}

function effectFromWire(value: unknown): Effect | string {
  if (!isRecord(value)) return "body";
  const { k: kindIndex, s: space, a: recordedAt, i: id, u: uid, f: wireFields } = value;
  const type = typeof kindIndex === "number" ? kinds[kindIndex] : undefined;
  if (type === undefined) return "kind";
  if (typeof space !== "string" || !isSpaceName(space)) return "space";
  if (!(uid instanceof Uint8Array) || uid.length !== 16) return "uid";
  if (!isTime(recordedAt)) return "time";
  const base = { space, uid: new Uint8Array(uid), recordedAt };
  if (type === "create-space") return { ...base, type };
  if (typeof id !== "string" || !isMemoryId(id)) return "id";
  if (type === "forget") return { ...base, type, id };
  const fields = fieldsFromWire(wireFields);
  return typeof fields === "string" ? fields : { ...base, type, id, fields };
}
