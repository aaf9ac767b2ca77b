import * as fc from "fast-check";
import { expect, test } from "vitest";
import { plan, Ring } from "@engram/hashring";
import { parameters, table, timeout } from "./arbitraries.ts";

// One random change to one random ring, 100,000 times by `pnpm run movement`. Owners are compared here
// slot by slot; what the plan says of itself is checked against that.

const cases = fc.record({
  weights: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 24 }),
  zoneCount: fc.integer({ min: 1, max: 6 }),
  replicas: fc.integer({ min: 1, max: 5 }),
  zones: fc.constantFrom("ignore", "prefer", "strict"),
  salt: fc.nat(),
  chosen: fc.nat(),
  change: fc.oneof(
    fc.constantFrom("join", "leave"),
    fc.integer({ min: 1, max: 8 }).map((weight) => ({ weight })),
  ),
});

test(
  "no change to one member moves a copy between two others",
  () => {
    fc.assert(
      fc.property(cases, ({ weights, zoneCount, replicas, zones, salt, chosen, change }) => {
        const members = weights.map((weight, i) => ({
          id: `${salt}-${i}`,
          weight,
          zone: `z${(i * 7) % zoneCount}`,
        }));
        const subject = members[chosen % members.length] ?? { id: "", weight: 1, zone: "" };
        const others = members.filter((member) => member !== subject);
        const rule = { replicas, zones, slots: 1024 } as const;
        const from = Ring.of({ members: change === "join" ? others : members, ...rule });
        const apply = (): Ring => {
          if (change === "join") return from.with({ set: [subject] });
          if (change === "leave") return from.with({ remove: [subject.id] });
          return from.with({ set: [{ id: subject.id, weight: change.weight }] });
        };
        // Before `from` has been asked for owners there is nothing to carry over: this one is built anew.
        const rebuilt = apply();
        const before = table(from);
        const after = table(apply());
        let copies = 0;
        let needless = 0;
        for (const [slot, owners] of after.entries()) {
          const held = before[slot] ?? [];
          const gained = owners.filter((id) => !held.includes(id));
          const lost = held.filter((id) => !owners.includes(id));
          copies += gained.length;
          // Others may gain only what the subject gave up.
          const strays = gained.filter((id) => id !== subject.id).length;
          needless += Math.max(0, strays - (lost.includes(subject.id) ? 1 : 0));
        }
        expect(needless).toBe(0);
        const planned = plan(from, rebuilt);
        expect([planned.moves.length, planned.lowerBound, planned.needless]).toEqual([
          copies,
          copies,
          0,
        ]);
      }),
      parameters,
    );
  },
  timeout,
);
