import * as fc from "fast-check";
import { describe, expect } from "vitest";
import { Ring } from "@engram/hashring";
import {
  before,
  changesOf,
  eligible,
  firstDifference,
  firstStray,
  id,
  law,
  optionsOf,
  options,
  plainOptions,
  single,
  step,
  table,
} from "./arbitraries.ts";

// The laws of placement. Each property runs FC_NUM_RUNS times: 10^3 by default, 10^6 by `pnpm run laws`.

describe("placement", () => {
  law(
    "R1: only the final members count, not how they came about",
    fc.record({
      options,
      steps: fc.array(step, { maxLength: 4 }),
      order: fc.infiniteStream(fc.nat()),
    }),
    ({ options, steps, order }) => {
      let ring = Ring.of(options);
      expect(ring.copies).toBeLessThanOrEqual(ring.replicas);
      for (const step of steps) ring = ring.with(changesOf(ring, step));
      const shuffled = [...ring.members]
        .map((member) => ({ member, key: order.next().value ?? 0 }))
        .sort((a, b) => a.key - b.key)
        .map(({ member }) => member);
      const other = Ring.of({ ...optionsOf(ring), members: shuffled });
      expect(other.fingerprint).toBe(ring.fingerprint);
      expect(other.encode()).toEqual(ring.encode());
    },
  );

  law("R2: every slot has min(replicas, members) distinct owners", options, (options) => {
    const ring = Ring.of(options);
    const possible = eligible(ring);
    const places =
      ring.zones === "strict" ? new Set(possible.map(({ zone }) => zone)).size : possible.length;
    expect(ring.copies).toBe(Math.min(ring.replicas, places));
    const odd = table(ring).filter(
      (owners) => owners.length !== ring.copies || new Set(owners).size !== ring.copies,
    );
    expect(odd).toEqual([]);
  });

  law("R3: a join gives slots to the newcomer only", single, (input) => {
    const { ring, rows, joiner } = before(input);
    const next = ring.with({ set: [joiner] });
    expect(firstStray(rows, table(next), joiner.id)).toBeUndefined();
  });

  law("R4: a leave changes no slot that the leaver did not own", single, (input) => {
    const { ring, joiner } = before(input);
    const full = ring.with({ set: [joiner] });
    const left = table(full.with({ remove: [joiner.id] }));
    const rows = table(full).map((owners, slot) =>
      owners.includes(joiner.id) ? (left[slot] ?? []) : owners,
    );
    expect(firstDifference(left, rows)).toBeUndefined();
  });

  law(
    "R5: a heavier member only gains, a lighter one only loses",
    fc.record({ single, factor: fc.integer({ min: 2, max: 9 }) }),
    ({ single, factor }) => {
      const { ring, joiner } = before(single);
      const weight = Math.min(joiner.weight, 16_384 / factor);
      const light = ring.with({ set: [{ ...joiner, weight: Math.floor(weight) }] });
      const heavy = light.with({ set: [{ id: joiner.id, weight: Math.floor(weight) * factor }] });
      const [rows, rowsHeavy] = [table(light), table(heavy)];
      expect(firstStray(rows, rowsHeavy, joiner.id)).toBeUndefined();
      const lost = rows.filter(
        (owners, slot) => owners.includes(joiner.id) && !rowsHeavy[slot]?.includes(joiner.id),
      );
      expect(lost).toEqual([]);
      const back = heavy.with({ set: [{ id: joiner.id, weight: Math.floor(weight) }] });
      expect(firstDifference(table(back), rows)).toBeUndefined();
    },
  );

  law(
    "R6: any sequence of changes gives what a rebuild gives",
    fc.record({ options, steps: fc.array(step, { minLength: 1, maxLength: 5 }) }),
    ({ options, steps }) => {
      let ring = Ring.of(options);
      expect(ring.copies).toBeGreaterThanOrEqual(0);
      for (const step of steps) ring = ring.with(changesOf(ring, step));
      expect(firstDifference(table(ring), table(Ring.of(optionsOf(ring))))).toBeUndefined();
    },
  );

  law("R7: a member that joins and leaves again leaves no trace", single, (input) => {
    const { ring, rows, joiner } = before(input);
    const back = ring.with({ set: [joiner] }).with({ remove: [joiner.id] });
    expect(back.fingerprint).toBe(ring.fingerprint);
    expect(firstDifference(table(back), rows)).toBeUndefined();
  });

  law("R8: owners are in min(owners, zones) different zones", plainOptions, (options) => {
    const ring = Ring.of(options);
    if (ring.zones === "ignore") return;
    const zoneOf = new Map(ring.members.map(({ id, zone }) => [id, zone]));
    const zones = new Set(eligible(ring).map(({ zone }) => zone)).size;
    const spread = table(ring).map((owners) => new Set(owners.map((id) => zoneOf.get(id))).size);
    expect(spread.filter((size) => size !== Math.min(ring.copies, zones))).toEqual([]);
  });

  law(
    "R9: loads of equal members stay within 7 sigma of the binomial",
    fc.record({
      ids: fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 14 }),
      replicas: fc.integer({ min: 1, max: 5 }),
    }),
    ({ ids, replicas }) => {
      const ring = Ring.of({ members: ids.map((id) => ({ id })), slots: 1024, replicas });
      for (const [copies, load] of [
        [1, "primaries"],
        [ring.copies, "slots"],
      ] as const) {
        const share = copies / ids.length;
        const sigma = Math.sqrt(ring.slots * share * (1 - share));
        for (const member of ring.loads()) {
          const deviation = Math.abs(member[load] - ring.slots * share);
          expect(deviation).toBeLessThanOrEqual(7 * sigma);
        }
      }
    },
  );

  law(
    "marking members draining or down moves nothing and puts them last",
    fc.record({
      options,
      marked: fc.uniqueArray(id, { maxLength: 4 }),
      state: fc.constantFrom("draining", "down"),
    }),
    ({ options, marked, state }) => {
      const active = Ring.of({
        ...options,
        members: options.members.map((member) => ({ ...member, state: "active" as const })),
      });
      const present = marked.filter((id) => active.members.some((member) => member.id === id));
      const expected = table(active).map((owners) => [
        ...owners.filter((id) => !present.includes(id)),
        ...owners.filter((id) => present.includes(id)),
      ]);
      const next = active.with({ set: present.map((id) => ({ id, state })) });
      expect(firstDifference(table(next), expected)).toBeUndefined();
    },
  );

  law(
    "weights count only relative to each other",
    fc.record({ options: plainOptions, factor: fc.integer({ min: 1, max: 100 }) }),
    ({ options, factor }) => {
      const light = options.members.map((member) => ({
        ...member,
        weight: ((member.weight ?? 1) % 100) + 1,
      }));
      const heavy = light.map((member) => ({ ...member, weight: member.weight * factor }));
      const [a, b] = [light, heavy].map((members) => table(Ring.of({ ...options, members })));
      expect(firstDifference(a ?? [], b ?? [])).toBeUndefined();
    },
  );
});
