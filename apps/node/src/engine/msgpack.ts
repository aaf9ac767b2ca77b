import { Packr } from "msgpackr";

// Plain MessagePack: no records, maps in their shortest form (msgpackr writes map16 otherwise).
const packr = new Packr({ useRecords: false, variableMapSize: true, moreTypes: false });
const depthMax = 6;

/** Bytes of their own, not a view of a pooled buffer that would keep the whole pool alive. */
export const pack = (value: unknown): Uint8Array => new Uint8Array(packr.pack(value));

/**
 * Decodes bytes of unknown origin, or returns why not. The structure is checked before msgpackr
 * sees it, because five bytes can declare an array of four billion elements.
 */
export function unpack(
  bytes: Uint8Array,
):
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string } {
  const end = skipValue(bytes, 0, 0);
  if (typeof end === "string") return { ok: false, reason: end };
  if (end !== bytes.length) return { ok: false, reason: "trailing bytes" };
  try {
    return { ok: true, value: packr.unpack(bytes) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : "undecodable" };
  }
}

/** Offset after the value at `offset`, or the reason it is refused. Extension types are refused. */
function skipValue(bytes: Uint8Array, offset: number, depth: number): number | string {
  if (depth > depthMax) return "nested too deeply";
  const head = bytes[offset];
  if (head === undefined) return "truncated";
  const next = offset + 1;
  if (head <= 0x7f || head >= 0xe0 || head === 0xc0 || head === 0xc2 || head === 0xc3) return next;
  if (head <= 0x8f) return skipItems(bytes, next, (head & 0x0f) * 2, depth);
  if (head <= 0x9f) return skipItems(bytes, next, head & 0x0f, depth);
  if (head <= 0xbf) return skipBytes(bytes, next, head & 0x1f);
  const width = scalarWidths[head];
  if (width !== undefined) return skipBytes(bytes, next, width);
  const form = sizedForms[head];
  if (form === undefined) return "unknown or extension type";
  const size = readSize(bytes, next, form.width);
  if (size === undefined) return "truncated";
  const start = next + form.width;
  return form.items === 0
    ? skipBytes(bytes, start, size)
    : skipItems(bytes, start, size * form.items, depth);
}

/** Float32 (0xca) is absent: we never write it, so it cannot be canonical. */
const scalarWidths: Readonly<Record<number, number>> = {
  0xcb: 8,
  0xcc: 1,
  0xcd: 2,
  0xce: 4,
  0xcf: 8,
  0xd0: 1,
  0xd1: 2,
  0xd2: 4,
  0xd3: 8,
};

/** Bytes of the size field, and values per element: 0 for byte strings, 1 arrays, 2 maps. */
const sizedForms: Readonly<Record<number, { width: number; items: 0 | 1 | 2 }>> = {
  0xc4: { width: 1, items: 0 },
  0xc5: { width: 2, items: 0 },
  0xc6: { width: 4, items: 0 },
  0xd9: { width: 1, items: 0 },
  0xda: { width: 2, items: 0 },
  0xdb: { width: 4, items: 0 },
  0xdc: { width: 2, items: 1 },
  0xdd: { width: 4, items: 1 },
  0xde: { width: 2, items: 2 },
  0xdf: { width: 4, items: 2 },
};

function readSize(bytes: Uint8Array, offset: number, width: number): number | undefined {
  if (offset + width > bytes.length) return undefined;
  let size = 0;
  for (let index = 0; index < width; index += 1) size = size * 256 + (bytes[offset + index] ?? 0);
  return size;
}

const skipBytes = (bytes: Uint8Array, offset: number, size: number): number | string =>
  offset + size > bytes.length ? "truncated" : offset + size;

function skipItems(
  bytes: Uint8Array,
  offset: number,
  count: number,
  depth: number,
): number | string {
  // Every item takes at least one byte, so a count that lies ends soon.
  let at = offset;
  for (let item = 0; item < count; item += 1) {
    const end = skipValue(bytes, at, depth + 1);
    if (typeof end === "string") return end;
    at = end;
  }
  return at;
}
