// A hundred members come to hold the same, in fewer than 10 rounds.
import { expect, test } from "vitest";
import { choosePeer, Exchange, MerkleTree } from "@engram/merkle";
import { roundsToSettle, roundsToSpread, tally } from "../bench/convergence.ts";
import { drawn, Link, repair, seeded } from "./link.ts";

const runs = Number(process.env["FC_NUM_RUNS"] ?? 120);

test("fully replicated data, one exchange a member and round", () => {
  const random = seeded(1);
  const once = { members: 100, random, fanout: 1 };
  const usual = tally(runs, () => roundsToSpread({ ...once, loss: 0.1, isSequential: true }));
  expect(usual.at(-1)![0]).toBeLessThan(10);
  // It cannot be instant either: that would be a broken simulation.
  expect(usual[0]![0]).toBeGreaterThanOrEqual(3);
  const worst = tally(runs, () => roundsToSpread({ ...once, loss: 0, isSequential: false }));
  const late = worst
    .filter(([rounds]) => rounds >= 10)
    .reduce((total, [, times]) => total + times, 0);
  expect(late / runs).toBeLessThan(0.03);
});

test("fully replicated data, three exchanges a member and round, at worst", () => {
  const random = seeded(1);
  const thrice = { members: 100, random, fanout: 3, loss: 0.1, isSequential: false };
  expect(tally(runs, () => roundsToSpread(thrice)).at(-1)![0]).toBeLessThan(10);
});

test("partitioned data, one exchange a pair of owners and round, one in ten of them failing", () => {
  const random = seeded(2);
  const lossy = tally(30, () => roundsToSettle({ members: 100, loss: 0.1, random }, 1024, 3));
  expect(lossy.at(-1)![0]).toBeLessThan(10);
  const reliable = tally(10, () => roundsToSettle({ members: 100, loss: 0, random }, 1024, 3));
  expect(reliable).toEqual([[1, 10]]);
});

test("a hundred real trees and exchanges", { timeout: 60_000 }, () => {
  const random = seeded(3);
  const trees = Array.from({ length: 100 }, () => new MerkleTree());
  for (const tree of trees) tree.replace(drawn(random), undefined, drawn(random));
  let rounds = 0;
  for (; new Set(trees.map(({ root }) => root)).size > 1; rounds += 1) {
    expect(rounds).toBeLessThan(10);
    for (const [member, mine] of trees.entries()) {
      const peers = trees
        .map((tree, id) => ({ id, lag: mine.size - tree.size }))
        .filter(({ id }) => id !== member);
      const peer = choosePeer(peers, random);
      const pair = [mine, trees[peer!.id]!] as const;
      if (pair[0].root === pair[1].root) continue;
      const options = { random, intervalMs: 0, settleMs: 0 };
      const ends = [new Exchange(pair[0], options, 0), new Exchange(pair[1], options, 0)] as const;
      repair(new Link(ends, { random }).exchange(0), pair);
      for (const end of ends) end.close();
    }
  }
  expect(trees[0]!.size).toBe(100);
});

test("the peer chosen is any, or one in five times the one that lags most", () => {
  const random = seeded(4);
  const peers = [{ lag: 1 }, { lag: 5 }, { lag: 0 }, { lag: 5 }];
  const times = peers.map(() => 0);
  for (let draw = 0; draw < 10_000; draw += 1) {
    times[peers.indexOf(choosePeer(peers, random)!)]! += 1;
  }
  // Four fifths shared by four, one fifth by the two that lag; 5 standard deviations.
  for (const [index, expected] of [2000, 3000, 2000, 3000].entries()) {
    expect(Math.abs(times[index]! - expected)).toBeLessThan(240);
  }
  expect(choosePeer([], random)).toBeUndefined();
});
