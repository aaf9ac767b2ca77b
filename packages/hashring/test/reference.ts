import { type Member, type Override, xxh32 } from "@engram/hashring";

// The placement, written a second time to be obvious instead of fast: big integers, no incremental step,
// every member scored in every slot, two plain passes for zones. It shares only the key hash.

const WORD = 2n ** 32n;

function scramble(word: bigint): bigint {
  let h = word % WORD;
  h = ((h ^ (h >> 16n)) * 0x85ebca6bn) % WORD;
  h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) % WORD;
  return h ^ (h >> 16n);
}

export function draw(id: string, slot: number): bigint {
  const factor = BigInt(xxh32(id, 1)) | 1n;
  const offset = BigInt(xxh32(id, 2));
  return scramble(scramble(BigInt(slot)) * factor + offset);
}

const logarithms = new Map<bigint, bigint>();

/** 2^32 log2(1 + cell / 4096), rounded, by squaring: each squaring yields one binary digit. */
export function logarithm(cell: bigint): bigint {
  const known = logarithms.get(cell);
  if (known !== undefined) return known;
  const precision = 160n;
  let power = ((4096n + cell) << precision) / 4096n;
  let digits = power >> (precision + 1n);
  if (digits === 1n) return WORD;
  for (let i = 0; i < 56; i++) {
    power = (power * power) >> precision;
    const digit = power >> (precision + 1n);
    if (digit === 1n) power >>= 1n;
    digits = digits * 2n + digit;
  }
  const rounded = (digits + (1n << 23n)) >> 24n;
  logarithms.set(cell, rounded);
  return rounded;
}

export function cost(drawn: bigint): bigint {
  if (drawn === 0n) return 0n;
  const rest = WORD - drawn;
  const exponent = BigInt(rest.toString(2).length - 1);
  const fraction = (rest << (32n - exponent)) - WORD;
  const [cell, within] = [fraction >> 20n, fraction % 2n ** 20n];
  const low = logarithm(cell);
  const rise = logarithm(cell + 1n) - low;
  return (32n - exponent) * WORD - low - ((rise * within) >> 20n);
}

export interface Placing {
  readonly members: readonly Member[];
  readonly replicas: number;
  readonly zones: "ignore" | "prefer" | "strict";
  readonly pinnedTo?: readonly string[] | undefined;
  readonly overrides?: readonly Override[];
}

const utf8 = new TextEncoder();
const byBytes = (a: string, b: string): number => Buffer.compare(utf8.encode(a), utf8.encode(b));

export function referenceOwners(placing: Placing, slot: number): string[] {
  const eligible = placing.members.filter(
    ({ id, state }) => state !== "joining" && (placing.pinnedTo?.includes(id) ?? true),
  );
  const scored = eligible.map((member) => ({ member, cost: cost(draw(member.id, slot)) }));
  scored.sort((a, b) => {
    const difference = a.cost * BigInt(b.member.weight) - b.cost * BigInt(a.member.weight);
    return difference < 0n ? -1 : difference > 0n ? 1 : byBytes(a.member.id, b.member.id);
  });
  const ranked = scored.map(({ member }) => member);
  const chosen = new Set<Member>();
  const offer = (member: Member | undefined, mayShareZone: boolean): void => {
    if (member === undefined || chosen.size === placing.replicas) return;
    const isShared = [...chosen].some(({ zone }) => zone === member.zone);
    if (mayShareZone || !isShared) chosen.add(member);
  };
  const pins = placing.overrides?.find((override) => override.slot === slot)?.owners ?? [];
  for (const pin of pins) {
    offer(
      eligible.find(({ id }) => id === pin),
      placing.zones !== "strict",
    );
  }
  const pinned = [...chosen];
  for (const member of ranked) offer(member, placing.zones === "ignore");
  if (placing.zones === "prefer") for (const member of ranked) offer(member, true);
  const filled = ranked.filter((member) => chosen.has(member) && !pinned.includes(member));
  const owners = [...pinned, ...filled];
  return ["active", "draining", "down"].flatMap((state) =>
    owners.filter((member) => member.state === state).map(({ id }) => id),
  );
}
