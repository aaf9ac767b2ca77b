import {
  type Override,
  type PlacementRule,
  resolveOptions,
  type RingConfig,
  ZONE_RULES,
} from "./config.ts";
import { type Hash, xxh32 } from "./hash.ts";
import { compareText, type MemberInput, STATES } from "./member.ts";

// The canonical bytes of a ring. Integers are LEB128 varints unless a width is given; a text is its
// length in bytes (u8) and its UTF-8. "By id" and "by name" mean in the order of the UTF-8 bytes.
//
//   "EHR", 1        4 bytes; the version covers this layout and the placement algorithm
//   slot bits       u8, 10 to 18
//   hash probe      u32 little-endian, the key hash of "@engram/hashring"
//   members         count, then by id: id text, weight, state u8 (place in STATES), zone text
//   absentees       count, then by id: texts, the ids that rules name and that are not members
//   rules           count, then by name, "" first:
//                     name text, replicas u8, zone rule u8 (place in ZONE_RULES),
//                     pinned: 0, or 1 + count and by id that many references,
//                     overrides: count, then by slot: slot minus the slot before it (minus 0 at
//                     first), owner count u8, that many references
//   checksum        u32 little-endian, XXH32 of all bytes before it
//
// A reference is an index into the members followed by the absentees.

/**
 * Why bytes are not a ring. `version`: another version, or something else altogether. `checksum`: they
 * are damaged or cut off. `hash`: the ring was made with another hash function. `invalid`: they are
 * not what any ring encodes to.
 *
 * @public
 */
export type DecodeFailure = "version" | "checksum" | "hash" | "invalid";

const MAGIC = [0x45, 0x48, 0x52, 1];
const CHECKSUM_SIZE = 4;
const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function encodeConfig(config: RingConfig): Uint8Array {
  const { members, rules } = config;
  const out: number[] = [...MAGIC, config.slotBits];
  putWord(out, config.hashProbe);
  putVarint(out, members.length);
  for (const { id, weight, state, zone } of members) {
    putText(out, id);
    putVarint(out, weight);
    out.push(STATES.indexOf(state));
    putText(out, zone);
  }
  const references = new Map(members.map(({ id }, index) => [id, index]));
  const absentees = namedIds(config).filter((id) => !references.has(id));
  putVarint(out, absentees.length);
  for (const id of absentees) {
    references.set(id, references.size);
    putText(out, id);
  }
  const putReferences = (ids: readonly string[]): void => {
    for (const id of ids) putVarint(out, references.get(id) as number);
  };
  putVarint(out, rules.size);
  for (const [name, { replicas, zones, pinnedTo, overrides }] of rules) {
    putText(out, name);
    out.push(replicas, ZONE_RULES.indexOf(zones));
    putVarint(out, pinnedTo === undefined ? 0 : 1 + pinnedTo.length);
    putReferences(pinnedTo ?? []);
    putVarint(out, overrides.size);
    let before = 0;
    for (const [slot, owners] of overrides) {
      putVarint(out, slot - before);
      before = slot;
      out.push(owners.length);
      putReferences(owners);
    }
  }
  putWord(out, xxh32(Uint8Array.from(out)));
  return Uint8Array.from(out);
}

/** Every id that a rule names, once each, in order. */
function namedIds({ rules }: RingConfig): string[] {
  const ids = new Set<string>();
  for (const { pinnedTo, overrides } of rules.values()) {
    for (const id of pinnedTo ?? []) ids.add(id);
    for (const owners of overrides.values()) for (const id of owners) ids.add(id);
  }
  return [...ids].sort(compareText);
}

function putWord(out: number[], word: number): void {
  out.push(word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24);
}

function putVarint(out: number[], value: number): void {
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) out.push((rest & 0x7f) | 0x80);
  out.push(rest);
}

function putText(out: number[], text: string): void {
  const bytes = utf8Encoder.encode(text);
  out.push(bytes.length, ...bytes);
}

export function decodeConfig(bytes: Uint8Array, hash: Hash): RingConfig | DecodeFailure {
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) return "version";
  const end = bytes.length - CHECKSUM_SIZE;
  if (end < MAGIC.length) return "checksum";
  if (new Reader(bytes.subarray(end)).word() !== xxh32(bytes.subarray(0, end))) return "checksum";
  try {
    const config = readConfig(new Reader(bytes.subarray(MAGIC.length, end)), hash);
    return config === "hash" || isEncoding(bytes, config) ? config : "invalid";
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return "invalid";
    throw error;
  }
}

function isEncoding(bytes: Uint8Array, config: RingConfig): boolean {
  const encoded = encodeConfig(config);
  return encoded.length === bytes.length && encoded.every((byte, i) => byte === bytes[i]);
}

function readConfig(reader: Reader, hash: Hash): RingConfig | "hash" {
  const slots = 2 ** reader.byte();
  const hashProbe = reader.word();
  const members = reader.list(reader.varint(), (): MemberInput => {
    const [id, weight] = [reader.text(), reader.varint()];
    const state = reader.choice(STATES);
    return { id, weight, state, zone: reader.text() };
  });
  const ids = members.map(({ id }) => id);
  ids.push(...reader.list(reader.varint(), () => reader.text()));
  const rules = reader.list(reader.varint(), () => readRule(reader, ids));
  const standard = rules.shift();
  if (standard?.name !== "" || reader.rest > 0) throw new RangeError("no default rule, or more");
  const { replicas, zones } = standard.rule;
  const overrides = [standard, ...rules].flatMap((rule) => rule.overrides);
  const classes = Object.fromEntries(rules.map(({ name, rule }) => [name, rule]));
  const config = resolveOptions({ slots, members, replicas, zones, classes, overrides, hash });
  return config.hashProbe === hashProbe ? config : "hash";
}

interface NamedRule {
  readonly name: string;
  readonly rule: Required<Pick<PlacementRule, "replicas" | "zones">> & PlacementRule;
  readonly overrides: readonly Override[];
}

function readRule(reader: Reader, ids: readonly string[]): NamedRule {
  const [name, replicas, zones] = [reader.text(), reader.byte(), reader.choice(ZONE_RULES)];
  const pinned = reader.varint();
  const pinnedTo = reader.list(pinned - 1, () => reader.choice(ids));
  let slot = 0;
  const overrides = reader.list(reader.varint(), (): Override => {
    slot += reader.varint();
    const owners = reader.list(reader.byte(), () => reader.choice(ids));
    return { slot, owners, ...(name !== "" && { class: name }) };
  });
  return { name, rule: { replicas, zones, ...(pinned > 0 && { pinnedTo }) }, overrides };
}

/** Reads from bytes that nobody vouches for: throws a RangeError or TypeError where they do not fit. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get rest(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new RangeError("out of bytes");
    this.#at += 1;
    return byte;
  }

  word(): number {
    return (this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)) >>> 0;
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("varint of more than 28 bits");
  }

  text(): string {
    const size = this.byte();
    if (size > this.rest) throw new RangeError("out of bytes");
    this.#at += size;
    return utf8Decoder.decode(this.#bytes.subarray(this.#at - size, this.#at));
  }

  /** The element of `options` that a varint names. */
  choice<T>(options: readonly T[]): T {
    const index = this.varint();
    if (index >= options.length) throw new RangeError("reference to nothing");
    return options[index] as T;
  }

  /** `count` items; since each takes a byte or more, no count makes it outgrow the input. */
  list<T>(count: number, read: () => T): T[] {
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read());
    return items;
  }
}
