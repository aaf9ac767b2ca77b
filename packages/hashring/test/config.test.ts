import { describe, expect, test } from "vitest";
import { type MemberInput, Ring, type RingOptions } from "@engram/hashring";

const ids = (...names: string[]): MemberInput[] => names.map((id) => ({ id }));
const of = (members: readonly MemberInput[], more: Partial<RingOptions> = {}): Ring =>
  Ring.of({ members, slots: 1024, ...more });

describe("a ring refuses", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["a duplicate id", () => of(ids("a", "b", "a")), /a is named twice/],
    ["an empty id", () => of(ids("")), /must not be empty/],
    ["an id of 256 bytes", () => of(ids("é".repeat(128))), /at most 255 bytes/],
    ["an id with a lone surrogate", () => of(ids("\ud800")), /lone surrogate/],
    ["a zone of 256 bytes", () => of([{ id: "a", zone: "z".repeat(256) }]), /zone must be at most/],
    ["weight 0", () => of([{ id: "a", weight: 0 }]), /weight of a .* not 0/],
    ["a negative weight", () => of([{ id: "a", weight: -1 }]), /not -1/],
    ["a weight that is no number", () => of([{ id: "a", weight: Number.NaN }]), /not NaN/],
    ["a fractional weight", () => of([{ id: "a", weight: 1.5 }]), /not 1.5/],
    ["an infinite weight", () => of([{ id: "a", weight: Infinity }]), /not Infinity/],
    ["a weight over 2^14", () => of([{ id: "a", weight: 16_385 }]), /from 1 to 16384/],
    ["an unknown state", () => of([{ id: "a", state: "dead" as "down" }]), /state of a/],
    [
      "65536 members",
      () => of(ids(...Array.from({ length: 65_536 }, (_, i) => `${i}`))),
      /more than/,
    ],
    ["1000 slots", () => of([], { slots: 1000 }), /power of two/],
    ["512 slots", () => of([], { slots: 512 }), /power of two/],
    ["2^19 slots", () => of([], { slots: 2 ** 19 }), /power of two/],
    ["no slots", () => of([], { slots: 0 }), /power of two/],
    ["a number of slots that is none", () => of([], { slots: Number.NaN }), /power of two/],
    ["no replicas", () => of([], { replicas: 0 }), /replicas must be/],
    ["256 replicas", () => of([], { replicas: 256 }), /replicas must be/],
    ["replicas that are no number", () => of([], { replicas: Number.NaN }), /replicas must be/],
    ["an unknown zone rule", () => of([], { zones: "maybe" as "prefer" }), /zones must be/],
    ["a class without a name", () => of([], { classes: { "": {} } }), /must not be empty/],
    [
      "a class pinned to nobody",
      () => of([], { classes: { c: { pinnedTo: [] } } }),
      /at least one/,
    ],
    [
      "a class pinned twice",
      () => of([], { classes: { c: { pinnedTo: ["a", "a"] } } }),
      /none twice/,
    ],
    [
      "an override without owners",
      () => of([], { overrides: [{ slot: 0, owners: [] }] }),
      /at least one/,
    ],
    [
      "an override past the slots",
      () => of([], { overrides: [{ slot: 1024, owners: ["a"] }] }),
      /0 to 1023/,
    ],
    [
      "an override of slot -1",
      () => of([], { overrides: [{ slot: -1, owners: ["a"] }] }),
      /0 to 1023/,
    ],
    [
      "two overrides of a slot",
      () =>
        of([], {
          overrides: [
            { slot: 1, owners: ["a"] },
            { slot: 1, owners: ["b"] },
          ],
        }),
      /overridden twice/,
    ],
    [
      "an override in an unknown class",
      () => of([], { overrides: [{ slot: 1, owners: ["a"], class: "c" }] }),
      /unknown class c/,
    ],
    ["removing a stranger", () => of(ids("a")).with({ remove: ["b"] }), /b: not a member/],
    [
      "setting and removing one id",
      () => of(ids("a")).with({ set: ids("a"), remove: ["a"] }),
      /twice/,
    ],
    ["an unknown class", () => of(ids("a")).class("c"), /no placement class c/],
    [
      "dropping the class it is seen through",
      () =>
        of([], { classes: { c: {} } })
          .class("c")
          .with({ classes: {} }),
      /no placement class c/,
    ],
    ["slot 1024 of 1024", () => of(ids("a")).owners(1024), /0 to 1023, not 1024/],
    ["slot 1.5", () => of(ids("a")).owners(1.5), /not 1.5/],
    ["slot NaN", () => of(ids("a")).primary(Number.NaN), /not NaN/],
  ])("%s", (_, attempt, message) => {
    expect(attempt).toThrow(RangeError);
    expect(attempt).toThrow(message);
  });

  test("an id that is not text", () => {
    expect(() => of([{ id: 7 as unknown as string }])).toThrow(TypeError);
  });

  test("a hash that gives no unsigned 32-bit integer", () => {
    for (const value of [-1, 0.5, 2 ** 32, Number.NaN, Promise.resolve(1) as unknown as number]) {
      expect(() => of([], { hash: () => value })).toThrow(TypeError);
    }
  });
});

describe("with too little to place on, a ring has fewer owners and says so", () => {
  test("no members", () => {
    const ring = of([]);
    expect([ring.replicas, ring.copies]).toEqual([3, 0]);
    expect(ring.owners("k")).toEqual([]);
    expect(ring.primary("k")).toBeUndefined();
    expect(ring.primary("k", () => true)).toBeUndefined();
    expect(ring.loads()).toEqual([]);
  });

  test("more replicas than members", () => {
    const ring = of(ids("a", "b"), { replicas: 5 });
    expect([ring.replicas, ring.copies]).toEqual([5, 2]);
    expect(ring.owners("k").sort()).toEqual(["a", "b"]);
  });

  test("only joining members", () => {
    const ring = of([{ id: "a", state: "joining" }]);
    expect([ring.copies, ring.owners(0)]).toEqual([0, []]);
    expect(ring.slotsOf("a")).toEqual(new Uint32Array());
  });

  test("fewer zones than replicas", () => {
    const members = [1, 2, 3, 4].map((i) => ({ id: `${i}`, zone: `z${i % 2}` }));
    expect(of(members, { zones: "strict" }).copies).toBe(2);
    expect(of(members, { zones: "prefer" }).copies).toBe(3);
  });

  test("a class pinned to members that have not come", () => {
    const ring = of(ids("a", "b"), { classes: { vault: { pinnedTo: ["x", "y"] } } });
    expect(ring.class("vault").copies).toBe(0);
    expect(
      ring
        .with({ set: ids("x") })
        .class("vault")
        .owners("k"),
    ).toEqual(["x"]);
  });
});

describe("overrides", () => {
  const members = ["a", "b", "c", "d"].map((id) => ({ id, zone: id < "c" ? "east" : "west" }));

  test("come first, in their order, and rendezvous fills the rest", () => {
    const ring = of(members, { replicas: 3, overrides: [{ slot: 5, owners: ["d", "c"] }] });
    const owners = ring.owners(5);
    expect(owners.slice(0, 2)).toEqual(["d", "c"]);
    expect(["a", "b"]).toContain(owners[2]);
    expect(ring.owners(6)).toEqual(of(members).owners(6));
  });

  test("prefer an unused zone for the rest even when the pinned share one", () => {
    for (let slot = 0; slot < 64; slot++) {
      const ring = of(members, { replicas: 3, overrides: [{ slot, owners: ["a", "b"] }] });
      expect(["c", "d"]).toContain(ring.owners(slot)[2]);
    }
  });

  test("do not break strict zones", () => {
    const ring = of(members, { zones: "strict", overrides: [{ slot: 5, owners: ["a", "b"] }] });
    expect(ring.owners(5)[0]).toBe("a");
    expect(["c", "d"]).toContain(ring.owners(5)[1]);
    expect(ring.owners(5)).toHaveLength(2);
  });

  test("wait for a member that is not there, and can be taken back", () => {
    const ring = of(members, { overrides: [{ slot: 5, owners: ["x"] }] });
    expect(ring.owners(5)).toEqual(of(members).owners(5));
    expect(ring.with({ set: ids("x") }).owners(5)[0]).toBe("x");
    expect(ring.with({ set: ids("x"), overrides: [] }).fingerprint).toBe(
      of([...members, { id: "x" }]).fingerprint,
    );
  });
});

test("members are listed by the bytes of their ids, frozen, with their defaults", () => {
  const ring = of(ids("\u{10000}", "\u{ffff}", "b", "a"));
  expect(ring.members.map(({ id }) => id)).toEqual(["a", "b", "\u{ffff}", "\u{10000}"]);
  expect(ring.members[0]).toEqual({ id: "a", weight: 1, zone: "", state: "active" });
  expect(Object.isFrozen(ring.members[0])).toBe(true);
});

test("a change keeps what it does not name, and leaves the ring as it was", () => {
  const ring = of([{ id: "a", weight: 7, zone: "z" }, { id: "b" }]);
  const { fingerprint } = ring;
  const owners = ring.owners("k");
  const next = ring.with({ set: [{ id: "a", state: "draining" }] });
  expect(next.members[0]).toEqual({ id: "a", weight: 7, zone: "z", state: "draining" });
  expect([ring.fingerprint, ring.owners("k")]).toEqual([fingerprint, owners]);
  expect(next.fingerprint).not.toBe(fingerprint);
  owners.length = 0;
  expect(ring.owners("k")).toHaveLength(2);
});

test("classes place the same members by their own rules", () => {
  const members = [1, 2, 3, 4, 5, 6].map((i) => ({ id: `m${i}`, zone: `z${i % 3}` }));
  const ring = of(members, {
    classes: { tmp: { replicas: 1 }, vault: { replicas: 2, pinnedTo: ["m1", "m2", "m3"] } },
    overrides: [{ slot: 9, owners: ["m3"], class: "vault" }],
  });
  expect(ring.classNames).toEqual(["tmp", "vault"]);
  const [tmp, vault] = [ring.class("tmp"), ring.class("vault")];
  expect([ring.copies, tmp.copies, vault.copies]).toEqual([3, 1, 2]);
  expect(tmp.owners("k")).toEqual(ring.owners("k").slice(0, 1));
  expect(vault.owners(9)[0]).toBe("m3");
  expect(vault.members).toBe(ring.members);
  expect(vault.fingerprint).toBe(ring.fingerprint);
  expect(vault.loads().map(({ id, slots }) => slots > 0 && id)).toEqual([
    "m1",
    "m2",
    "m3",
    false,
    false,
    false,
  ]);
  const next = vault.with({ set: ids("m7") });
  expect([next.className, next.owners("k")]).toEqual(["vault", vault.owners("k")]);
});

test("loads and slotsOf agree with owners", () => {
  const ring = of(ids("a", "b", "c", "d", "e"), { replicas: 2 });
  for (const { id, slots, primaries } of ring.loads()) {
    const own = [...ring.slotsOf(id)];
    expect(own).toHaveLength(slots);
    expect(own.every((slot) => ring.owners(slot).includes(id))).toBe(true);
    expect(own.filter((slot) => ring.primary(slot) === id)).toHaveLength(primaries);
  }
  expect(ring.slotsOf("nobody")).toHaveLength(0);
});
