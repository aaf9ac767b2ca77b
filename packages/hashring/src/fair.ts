import type { Ring } from "./ring.ts";

/**
 * How many slots each member would own if loads followed weights, as far as the placement allows: a
 * member owns a slot at most once; and a zone, unless zones are ignored, at most once while there are
 * zones enough, and at least once while there are not.
 */
export function fairShares(ring: Ring): Float64Array {
  const { slots, copies, zones } = ring;
  const shares = new Float64Array(ring.members.length);
  const placed = ring.loads().flatMap(({ slots: load }, member) => (load > 0 ? [member] : []));
  const weightOf = (member: number): number => ring.members[member]?.weight ?? 0;
  const groups = new Map<string, number[]>();
  for (const member of placed) {
    const zone = zones === "ignore" ? "" : (ring.members[member]?.zone ?? "");
    const group = groups.get(zone);
    if (group === undefined) groups.set(zone, [member]);
    else group.push(member);
  }
  const isWide = groups.size >= copies && zones !== "ignore";
  const zoneShares = divide(
    slots * copies,
    [...groups.values()].map((members) => ({
      weight: members.reduce((sum, member) => sum + weightOf(member), 0),
      least: isWide || zones === "ignore" ? 0 : slots,
      most: isWide ? slots : slots * members.length,
    })),
  );
  for (const [i, members] of [...groups.values()].entries()) {
    const parts = members.map((member) => ({ weight: weightOf(member), least: 0, most: slots }));
    const divided = divide(zoneShares[i] as number, parts);
    for (const [j, member] of members.entries()) shares[member] = divided[j] as number;
  }
  return shares;
}

interface Part {
  readonly weight: number;
  readonly least: number;
  readonly most: number;
}

/** Divides `total` in proportion to weight within the bounds of each part. */
function divide(total: number, parts: readonly Part[]): number[] {
  const at = (level: number): number[] =>
    parts.map(({ weight, least, most }) => Math.min(most, Math.max(least, level * weight)));
  let low = 0;
  let high = total;
  for (let i = 0; i < 100; i++) {
    const level = (low + high) / 2;
    if (at(level).reduce((sum, part) => sum + part, 0) < total) low = level;
    else high = level;
  }
  return at(high);
}
