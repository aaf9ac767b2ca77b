import { expect, test } from "vitest";
import { World, type PartitionShape } from "../src/index.ts";
import { encode, record } from "./recorder.ts";

const names = ["a", "b", "c", "d"];

/** Who hears whom, as "ab" for a heard by b, with everyone sending to everyone at `atMs`. */
function heard(shape: PartitionShape, { protocol = "packet", atMs = 0 } = {}): string[] {
  const world = new World({ seed: 1, network: { latencyMinMs: 0.1, latencyMeanMs: 0.1 } });
  const recorders = record(world, names);
  world.network.partition(shape);
  world.at(atMs, () => {
    for (const { host } of recorders) for (const to of names) host.send(to, encode("x"), protocol);
  });
  world.runFor(atMs + 100);
  return recorders
    .flatMap(({ host, packets }) => packets.map(({ from }) => from + host.name))
    .filter(([from, to]) => from !== to)
    .sort();
}

const everyone = heard({ groups: [] });

test("without groups everyone hears everyone, and everyone hears itself always", () => {
  expect(everyone).toHaveLength(12);
});

test("halves hear only themselves", () => {
  expect(
    heard({
      groups: [
        ["a", "b"],
        ["c", "d"],
      ],
    }),
  ).toEqual(["ab", "ba", "cd", "dc"]);
});

test("hosts in no group are not concerned", () => {
  expect(heard({ groups: [["a"], ["b"]] })).toEqual(
    everyone.filter((pair) => pair !== "ab" && pair !== "ba"),
  );
});

test("one way, only what the first group sends is cut", () => {
  expect(heard({ groups: [["a"], ["b", "c", "d"]], isOneWay: true })).toEqual(
    everyone.filter((pair) => !pair.startsWith("a")),
  );
});

test("a bridge hears both sides, which do not hear each other", () => {
  expect(
    heard({
      groups: [
        ["a", "b"],
        ["b", "c", "d"],
      ],
    }),
  ).toEqual(everyone.filter((pair) => !["ac", "ca", "ad", "da"].includes(pair)));
});

test("in a ring everyone hears its neighbours", () => {
  expect(
    heard({
      groups: [
        ["a", "b"],
        ["b", "c"],
        ["c", "d"],
        ["d", "a"],
      ],
    }),
  ).toEqual(everyone.filter((pair) => !["ac", "ca", "bd", "db"].includes(pair)));
});

test("flapping alternates", () => {
  const shape = {
    groups: [
      ["a", "b"],
      ["c", "d"],
    ],
    flapMs: 50,
  };
  expect([0, 49, 50, 99, 100].map((atMs) => heard(shape, { atMs }).length)).toEqual([
    4, 4, 12, 12, 4,
  ]);
});

test("a protocol can be cut while another passes", () => {
  const shape = {
    groups: [
      ["a", "b"],
      ["c", "d"],
    ],
    protocol: "log",
  };
  expect(heard(shape, { protocol: "gossip" })).toEqual(everyone);
  expect(heard(shape, { protocol: "log" })).toHaveLength(4);
});

test("several partitions add up, and heal one by one", () => {
  const world = new World({ seed: 1 });
  const [a, b] = record(world, ["a", "b"]);
  const first = world.network.partition({ groups: [["a"], ["b"]] });
  const second = world.network.partition({ groups: [["a"], ["b"]] });
  const arrives = () => {
    const before = b?.packets.length ?? 0;
    a?.host.send("b", encode("x"));
    world.runFor(100);
    return (b?.packets.length ?? 0) > before;
  };
  expect(arrives()).toBe(false);
  first();
  expect(arrives()).toBe(false);
  second();
  expect(arrives()).toBe(true);
  expect(() => world.network.partition({ groups: [["nobody"]] })).toThrow(RangeError);
});
