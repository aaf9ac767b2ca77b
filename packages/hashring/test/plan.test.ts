import { describe, expect, test } from "vitest";
import { type Move, plan, Ring, Schedule } from "@engram/hashring";

const members = Array.from({ length: 9 }, (_, i) => ({ id: `m${i}`, zone: `z${i % 3}` }));
const ring = Ring.of({ members, slots: 1024 });
const zoneOf = new Map([...members, { id: "new", zone: "z0" }].map(({ id, zone }) => [id, zone]));

describe("a plan", () => {
  test("says why each copy is made", () => {
    const reasonsFor = (to: Ring, from = ring): string[] => [
      ...new Set(plan(from, to).moves.map((move) => move.reason)),
    ];
    expect(reasonsFor(ring.with({ set: [{ id: "new", zone: "z0" }] }))).toEqual(["join"]);
    expect(reasonsFor(ring.with({ remove: ["m1"] }))).toEqual(["leave"]);
    expect(reasonsFor(ring.with({ set: [{ id: "m1", weight: 2 }] }))).toEqual(["weight"]);
    expect(reasonsFor(ring, ring.with({ set: [{ id: "m1", weight: 2 }] }))).toEqual(["weight"]);
    expect(reasonsFor(ring.with({ set: [{ id: "m1", zone: "z2" }] }))).toEqual(["zone"]);
    expect(reasonsFor(ring.with({ replicas: 4 }))).toEqual(["rule"]);
    const stranger = members.find(({ id }) => !ring.owners(3).includes(id))?.id ?? "";
    const pinned = ring.with({ overrides: [{ slot: 3, owners: [stranger] }] });
    expect(reasonsFor(pinned)).toEqual(["override"]);
    expect(reasonsFor(ring)).toEqual([]);
  });

  test("shows what activating a joining member would move, before it moves", () => {
    const joining = ring.with({ set: [{ id: "new", zone: "z0", state: "joining" }] });
    expect(plan(ring, joining).moves).toEqual([]);
    const active = joining.with({ set: [{ id: "new", state: "active" }] });
    const { moves, drops, needless, lowerBound } = plan(joining, active);
    expect(new Set(moves.map((move) => move.target))).toEqual(new Set(["new"]));
    expect([moves.length, drops.length, needless]).toEqual([lowerBound, lowerBound, 0]);
    expect(lowerBound).toBe(active.slotsOf("new").length);
  });

  test("keeps role swaps apart: a drain swaps and copies nothing", () => {
    const draining = ring.with({ set: [{ id: "m4", state: "draining" }] });
    const { moves, swaps, drops, bytes } = plan(ring, draining);
    expect([moves, drops, bytes]).toEqual([[], [], 0]);
    const own = [...ring.slotsOf("m4")].filter((slot) => ring.primary(slot) === "m4");
    expect(swaps.map(({ slot, from, to }) => [slot, from, to])).toEqual(
      own.map((slot) => [slot, "m4", ring.owners(slot)[1]]),
    );
  });

  test("copies from ready holders, in the target's zone if one is there, evenly", () => {
    const left = ring.with({ remove: ["m0"] });
    const { moves } = plan(ring, left);
    const given = new Map<string, number>();
    for (const { slot, source = "", target, isCrossZone, holders } of moves) {
      expect(ring.owners(slot)).toContain(source);
      expect(holders).toBe(3);
      const isNear = ring.owners(slot).some((id) => zoneOf.get(id) === zoneOf.get(target));
      expect(isCrossZone).toBe(!isNear);
      expect(zoneOf.get(source) === zoneOf.get(target)).toBe(isNear);
      given.set(source, (given.get(source) ?? 0) + 1);
    }
    // The leaver is still there to copy from, and is the only owner in the targets' zone.
    expect([...given.keys()]).toEqual(["m0"]);

    const dead = plan(ring, left, { isReady: (id) => id !== "m0" });
    const counts = members.map(({ id }) => dead.moves.filter(({ source }) => source === id).length);
    expect(counts[0]).toBe(0);
    const busy = counts.filter((count) => count > 0);
    expect(Math.max(...busy) - Math.min(...busy)).toBeLessThan(dead.moves.length * 0.1);
    expect(dead.moves.every(({ holders, isCrossZone }) => holders === 2 && isCrossZone)).toBe(true);
  });

  test("never copies from a member that is down", () => {
    const down = ring.with({ set: [{ id: "m0", state: "down" }] });
    const { moves } = plan(down, down.with({ remove: ["m0"] }));
    expect(moves.length).toBeGreaterThan(0);
    expect(moves.some(({ source }) => source === "m0")).toBe(false);
  });

  test("adds up the sizes of slots", () => {
    const next = ring.with({ set: [{ id: "new" }] });
    const { moves, bytes } = plan(ring, next, { slotBytes: (slot) => slot + 1 });
    expect(bytes).toBe(moves.reduce((sum, { slot }) => sum + slot + 1, 0));
  });

  test("is for one class", () => {
    const both = ring.with({ classes: { pair: { replicas: 2, pinnedTo: ["m1", "m2", "m3"] } } });
    const next = both.with({ remove: ["m1"] });
    const { moves } = plan(both.class("pair"), next.class("pair"));
    expect(new Set(moves.map(({ target }) => target))).toEqual(new Set(["m2", "m3"]));
  });

  test("is refused between rings that cut keys differently", () => {
    expect(() => plan(ring, Ring.of({ members, slots: 2048 }))).toThrow(RangeError);
  });
});

describe("a schedule", () => {
  const target = ring.with({ remove: ["m0"], set: [{ id: "new", zone: "z0" }] });
  const planned = plan(ring, target, {
    isReady: (id, slot) => (slot + id.length) % 5 > 0 || id > "m4",
  });

  /** Runs a schedule to its end, `finish` deciding what becomes of each move. */
  function drain(schedule: Schedule, check: (running: Move[]) => void): Move[] {
    const order: Move[] = [];
    const running: Move[] = [];
    for (;;) {
      for (let move = schedule.next(); move !== undefined; move = schedule.next()) {
        running.push(move);
        order.push(move);
      }
      check(running);
      const done = running.shift();
      if (done === undefined) return order;
      schedule.finish(done);
    }
  }

  test("runs every move once, within its limits", () => {
    const limits = { perTarget: 3, perSource: 2, crossZone: 4, total: 10 };
    const schedule = new Schedule(planned, limits);
    const most = (running: Move[], key: (move: Move) => string): number =>
      Math.max(
        ...running.map((move) => running.filter((other) => key(other) === key(move)).length),
        0,
      );
    let peak = 0;
    const order = drain(schedule, (running) => {
      peak = Math.max(peak, running.length);
      expect(running.length).toBeLessThanOrEqual(limits.total);
      expect(most(running, ({ target }) => target)).toBeLessThanOrEqual(limits.perTarget);
      expect(most(running, ({ source = "" }) => source)).toBeLessThanOrEqual(limits.perSource);
      expect(running.filter(({ isCrossZone }) => isCrossZone).length).toBeLessThanOrEqual(
        limits.crossZone,
      );
      expect(schedule.running).toBe(running.length);
    });
    expect(peak).toBeGreaterThan(4);
    expect(new Set(order).size).toBe(order.length);
    expect(order.length + schedule.blocked.length).toBe(planned.moves.length);
    expect([schedule.running, schedule.waiting]).toEqual([0, 0]);
  });

  test("starts with the slots that have the fewest holders", () => {
    const order = drain(new Schedule(planned, { total: 1 }), () => {}).map(
      ({ holders }) => holders,
    );
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(new Set(order).size).toBeGreaterThan(1);
  });

  test("resumes from readiness alone", () => {
    const first = new Schedule(planned, { total: 4 });
    const done = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const move = first.next();
      if (move === undefined) break;
      done.add(`${move.target}/${move.slot}`);
      first.finish(move);
    }
    const isReady = (id: string, slot: number): boolean => done.has(`${id}/${slot}`);
    const rest = drain(new Schedule(planned, {}, isReady), () => {});
    expect(rest.some(({ target, slot }) => isReady(target, slot))).toBe(false);
    expect(rest.length + done.size + first.blocked.length).toBe(planned.moves.length);
  });

  test("sets moves without a holder apart", () => {
    const lost = plan(ring, target, { isReady: () => false });
    const schedule = new Schedule(lost);
    expect(schedule.blocked).toEqual(lost.moves);
    expect(schedule.next()).toBeUndefined();
  });

  test("hands out a failed move again, after the others", () => {
    const schedule = new Schedule(planned, { perTarget: 1000, perSource: 1000 });
    const failed = schedule.next();
    if (failed === undefined) throw new Error("no move");
    schedule.retry(failed);
    const order = drain(schedule, () => {});
    expect(order.at(-1)).toBe(failed);
    expect(() => schedule.finish(failed)).toThrow(RangeError);
  });

  test("refuses limits that make no sense", () => {
    for (const total of [0, -1, 1.5, Number.NaN, Infinity]) {
      expect(() => new Schedule(planned, { total })).toThrow(RangeError);
    }
  });
});
