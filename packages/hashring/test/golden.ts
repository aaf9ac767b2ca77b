import { xxh32 } from "../src/hash.ts";
import { Ring } from "../src/ring.ts";
import type { RingOptions } from "../src/config.ts";
import { cost, draw, scramble } from "../src/score.ts";

// What golden.json freezes. Runs in Node and, as it is, in another JavaScript engine.

const five = ["ant", "bee", "cat", "dog", "eel"];
const hundred = Array.from({ length: 100 }, (_, i) => `member-${i}`);

const rings: Record<string, RingOptions> = {
  plain: { members: five.map((id) => ({ id })) },
  weighted: { members: five.map((id, i) => ({ id, weight: 3 ** (2 * i) })), slots: 1024 },
  zones: {
    members: hundred.map((id, i) => ({ id, zone: `zone-${i % 5}`, weight: 1 + (i % 7) })),
    slots: 1024,
  },
  strict: {
    members: five.map((id, i) => ({ id, zone: `${i % 2}` })),
    zones: "strict",
    slots: 2048,
  },
  everything: {
    members: [
      { id: "ünï", zone: "東", weight: 16_384 },
      { id: "\u{ffff}", state: "draining" },
      { id: "\u{10000}", state: "down", zone: "東" },
      { id: "z", state: "joining" },
      ...hundred.slice(0, 9).map((id) => ({ id, weight: 5000 })),
    ],
    replicas: 4,
    slots: 1024,
    classes: {
      pair: { replicas: 2, zones: "ignore", pinnedTo: ["z", "member-1", "member-2", "gone"] },
    },
    overrides: [
      { slot: 1023, owners: ["member-8", "absent", "\u{ffff}"] },
      { slot: 7, owners: ["member-2"], class: "pair" },
    ],
  },
};

function describeRing(ring: Ring): Record<string, unknown> {
  let digest = 0;
  for (let slot = 0; slot < ring.slots; slot++) digest = xxh32(ring.owners(slot).join(" "), digest);
  return {
    fingerprint: ring.fingerprint,
    encoding: xxh32(ring.encode()),
    table: digest,
    slot0: ring.owners(0),
    hello: ring.owners("hello"),
    primaries: ring
      .loads()
      .slice(0, 5)
      .map(({ primaries }) => primaries),
  };
}

export function compute(): Record<string, unknown> {
  const keys = ["", "a", "hello", "user:42", "käse", "🦊", "x".repeat(100), "é".repeat(100)];
  const draws = [0, 1, 2, 1000, 2 ** 20, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 2, 2 ** 32 - 1];
  return {
    hashes: Object.fromEntries(keys.map((key) => [key, xxh32(key)])),
    costs: Object.fromEntries(draws.map((drawn) => [drawn, cost(drawn)])),
    draws: Object.fromEntries(
      five.map((id, slot) => [id, draw(scramble(slot), xxh32(id, 1) | 1, xxh32(id, 2))]),
    ),
    smallest: [...Ring.of({ members: five.slice(0, 1).map((id) => ({ id })) }).encode()]
      .map((byte) => byte.toString(16).padStart(2, "0"))
      .join(""),
    rings: Object.fromEntries(
      Object.entries(rings).map(([name, options]) => {
        const ring = Ring.of(options);
        const next = ring.with({
          set: [{ id: "newcomer", weight: 2 }],
          remove: [ring.members[0]?.id ?? ""],
        });
        const views = { now: ring, next, ...(options.classes && { pair: ring.class("pair") }) };
        return [
          name,
          Object.fromEntries(Object.entries(views).map(([view, one]) => [view, describeRing(one)])),
        ];
      }),
    ),
  };
}
