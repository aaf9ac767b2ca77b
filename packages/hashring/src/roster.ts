import { xxh32 } from "./hash.ts";
import { type Member, STATES } from "./member.ts";

/** The members of a ring as columns. A member is its index, which is its rank by id. */
export interface Roster {
  readonly members: readonly Member[];
  readonly ids: readonly string[];
  readonly indexes: ReadonlyMap<string, number>;
  /** Two seeds of 32 bits a member, so that not even two of 65535 ids are likely to draw alike. */
  readonly factors: Int32Array;
  readonly offsets: Int32Array;
  readonly weights: Uint16Array;
  /** One number for each zone. */
  readonly zones: Uint16Array;
  /** Place of the member's state in {@link STATES}. */
  readonly ranks: Uint8Array;
}

export function createRoster(members: readonly Member[]): Roster {
  const ids = members.map((member) => member.id);
  const zones = new Map<string, number>();
  for (const { zone } of members) if (!zones.has(zone)) zones.set(zone, zones.size);
  return {
    members,
    ids,
    indexes: new Map(ids.map((id, index) => [id, index])),
    factors: Int32Array.from(ids, (id) => xxh32(id, 1) | 1),
    offsets: Int32Array.from(ids, (id) => xxh32(id, 2)),
    weights: Uint16Array.from(members, (member) => member.weight),
    zones: Uint16Array.from(members, (member) => zones.get(member.zone) as number),
    ranks: Uint8Array.from(members, (member) => STATES.indexOf(member.state)),
  };
}
