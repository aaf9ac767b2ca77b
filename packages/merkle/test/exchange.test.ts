import { expect, test } from "vitest";
import {
  Exchange,
  type ExchangeOptions,
  fastDigest,
  type Hash64,
  MerkleTree,
} from "@engram/merkle";
import { drawn, Link, type Output, repair, seeded } from "./link.ts";
import { shareScope, unshareScope } from "../src/tree.ts";

const hash = (lo: number): Hash64 => ({ hi: lo * 1_000_003, lo });

function pair(
  options: Partial<ExchangeOptions> = {},
  other: Partial<ExchangeOptions> = options,
): { trees: readonly [MerkleTree, MerkleTree]; ends: readonly [Exchange, Exchange]; link: Link } {
  const random = seeded(2);
  const trees = [new MerkleTree({ slots: 4 }), new MerkleTree({ slots: 4 })] as const;
  const base = { random, intervalMs: 0, settleMs: 0 };
  const ends = [
    new Exchange(trees[0], { ...base, ...options }, 0),
    new Exchange(trees[1], { ...base, ...other }, 0),
  ] as const;
  return { trees, ends, link: new Link(ends, { random }) };
}

function fill(trees: readonly MerkleTree[], from: number, to: number): void {
  for (let item = from; item < to; item += 1) {
    for (const tree of trees) tree.replace(hash(item), undefined, hash(item));
  }
}

const doneOf = (outputs: readonly Output[]): Extract<Output, { type: "done" }> =>
  outputs.find((output): output is Extract<Output, { type: "done" }> => output.type === "done")!;

test("actions follow from which end holds the key, and from the order of versions if known", () => {
  const orders = [
    [undefined, ["push", "pull", "both", "both", "both"]],
    [
      (mine: Hash64, theirs: Hash64) =>
        mine.hi !== theirs.hi
          ? ("concurrent" as const)
          : mine.lo < theirs.lo
            ? ("before" as const)
            : ("after" as const),
      ["push", "pull", "pull", "push", "both"],
    ],
  ] as const;
  for (const [compare, expected] of orders) {
    // With enough in common that a sketch is sent, which does not carry versions.
    const { trees, link } = pair(compare === undefined ? {} : { compare });
    fill(trees, 100, 2000);
    const states: [Hash64 | undefined, Hash64 | undefined][] = [
      [{ hi: 0, lo: 5 }, undefined],
      [undefined, { hi: 0, lo: 5 }],
      [
        { hi: 0, lo: 5 },
        { hi: 0, lo: 6 },
      ],
      [
        { hi: 0, lo: 6 },
        { hi: 0, lo: 5 },
      ],
      [
        { hi: 0, lo: 5 },
        { hi: 1, lo: 5 },
      ],
    ];
    for (const [index, state] of states.entries()) {
      for (const end of [0, 1] as const) {
        if (state[end] !== undefined) trees[end].replace(hash(index), undefined, state[end]);
      }
    }
    const outputs = link.exchange(0);
    const actions = new Map<number, string>();
    for (const output of outputs) {
      if (output.type !== "repair") continue;
      actions.set(output.key.lo, output.action);
      expect(output.mine).toEqual(states[output.key.lo]![0]);
    }
    expect(states.map((_, index) => actions.get(index))).toEqual(expected);
  }
});

test("a peer with another fingerprint refuses, and is not asked again soon", () => {
  const { trees, ends, link } = pair(
    { intervalMs: 1000 },
    { fingerprint: { hi: 9, lo: 9 }, intervalMs: 0 },
  );
  fill([trees[0]], 0, 3);
  const first = doneOf(link.exchange(0));
  expect(first).toMatchObject({ outcome: "refused", isComplete: false, repairs: 0, requests: 1 });
  expect(ends[0].deadline! - link.now).toBeGreaterThanOrEqual(2 * 800);
});

test("trees of another digest or another number of slots refuse", () => {
  const random = seeded(2);
  for (const tree of [
    new MerkleTree({ slots: 8 }),
    new MerkleTree({ slots: 4, digest: fastDigest({ hi: 0, lo: 1 }) }),
  ]) {
    const options = { random, intervalMs: 0 };
    const mine = new MerkleTree({ slots: 4 });
    const link = new Link([new Exchange(mine, options, 0), new Exchange(tree, options, 0)], {
      random,
    });
    expect(doneOf(link.exchange(0)).outcome).toBe("refused");
  }
});

test("a silent peer is unreachable after five attempts, and the exchange goes on where it stopped", () => {
  let isSilent = false;
  const random = seeded(2);
  const trees = [new MerkleTree(), new MerkleTree()] as const;
  for (let item = 0; item < 4000; item += 1) trees[1].replace(drawn(random), undefined, hash(1));
  const options = { random, intervalMs: 0, settleMs: 0, timeoutMs: 100, frameBytesMax: 1200 };
  const ends = [new Exchange(trees[0], options, 0), new Exchange(trees[1], options, 0)] as const;
  const link = new Link(ends, {
    random,
    tamper: (bytes) => (isSilent ? new Uint8Array(0) : bytes),
  });
  link.at(30, () => (isSilent = true));
  const first = link.exchange(0);
  expect(doneOf(first)).toMatchObject({ outcome: "unreachable", isComplete: false, repairs: 0 });
  expect(link.now).toBeGreaterThanOrEqual(100 + 200 + 400 + 800 + 1600);
  isSilent = false;
  const sent = doneOf(first).requests;
  const second = link.exchange(0);
  expect(doneOf(second)).toMatchObject({ outcome: "compared", isComplete: true, repairs: 4000 });
  expect(sent).toBeGreaterThan(1);
  expect(repair(second, trees)).toBe(4000);
  expect(trees[0].root).toBe(trees[1].root);
});

test("an exchange reports no more than it may, and the next goes on", () => {
  const { trees, link } = pair({ differencesMax: 500, frameBytesMax: 1200 });
  fill([trees[1]], 0, 3000);
  let total = 0;
  for (let exchanges = 0; ; exchanges += 1) {
    const outputs = link.exchange(0);
    const done = doneOf(outputs);
    // What is under way when the limit is reached is still reported.
    expect(done.repairs).toBeLessThanOrEqual(500 + 32 * 68 + 200);
    total += repair(outputs, trees);
    if (done.isComplete) break;
    expect(exchanges).toBeLessThan(10);
  }
  expect(total).toBe(3000);
  expect(trees[0].root).toBe(trees[1].root);
});

test("a peer that has nothing does not make this end gather everything at once", () => {
  const { trees, link } = pair({ differencesMax: 1000 });
  const random = seeded(3);
  for (let item = 0; item < 40_000; item += 1) trees[0].replace(drawn(random), undefined, hash(1));
  const outputs = link.exchange(0);
  expect(doneOf(outputs)).toMatchObject({ isComplete: false });
  expect(doneOf(outputs).repairs).toBeLessThan(30_000);
});

test("answers beyond the rate are withheld, and come when asked for again", () => {
  const { trees, link } = pair({
    answerBytesPerSecond: 20_000,
    timeoutMs: 500,
    frameBytesMax: 1200,
  });
  fill([trees[1]], 0, 4000);
  const outputs = link.exchange(0);
  expect(repair(outputs, trees)).toBe(4000);
  // 4000 items of 16 bytes, each also counted as read, at 20 kB a second after a first burst.
  expect(link.now).toBeGreaterThan(1000);
});

test("exchanges start by themselves, at varied times, and stop when closed", () => {
  const { trees, ends, link } = pair({ intervalMs: 1000 }, { intervalMs: 0 });
  fill(trees, 0, 5);
  const times: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    link.runUntil((outputs) => outputs.some(({ type }) => type === "done"));
    times.push(link.now);
  }
  const gaps = times.slice(1).map((time, at) => time - times[at]!);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(800);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(1240);
  expect(new Set(gaps).size).toBeGreaterThan(10);
  ends[0].close();
  expect(ends[0].deadline).toBeUndefined();
  ends[0].start(link.now);
  ends[0].handleTimeout(link.now + 10_000);
  expect(ends[0].poll()).toBeUndefined();
  // The tree no longer keeps a sketch for it, and the other end still does for itself.
  trees[0].replace(hash(77), undefined, hash(77));
  expect(ends[0].root).not.toBe(trees[0].root);
  expect(ends[1].root).toBe(trees[1].root);
});

test("a root in gossip starts an exchange if it differs, and no storm of them", () => {
  const { trees, ends, link } = pair({ pauseMs: 1000 });
  fill(trees, 0, 5);
  ends[0].handleRoot(ends[1].root, 0);
  expect(ends[0].isActive).toBe(false);
  fill([trees[1]], 5, 6);
  ends[0].handleRoot(ends[1].root, 0);
  expect(ends[0].isActive).toBe(true);
  const outputs = link.runUntil((found) => found.some(({ type }) => type === "done"));
  expect(doneOf(outputs).repairs).toBe(1);
  ends[0].handleRoot(ends[1].root, link.now + 999);
  expect(ends[0].isActive).toBe(false);
  ends[0].handleRoot(ends[1].root, link.now + 1000);
  expect(ends[0].isActive).toBe(true);
});

test("early and repeated time-outs and starts do nothing", () => {
  const { trees, ends } = pair();
  fill([trees[0]], 0, 3);
  ends[0].start(0);
  expect(ends[0].poll()).toMatchObject({ type: "send" });
  ends[0].start(1);
  ends[0].handleTimeout(1);
  ends[0].handleTimeout(ends[0].deadline! - 1);
  expect(ends[0].poll()).toBeUndefined();
  ends[0].handleTimeout(ends[0].deadline!);
  expect(ends[0].poll()).toMatchObject({ type: "send" });
});

test("two exchanges over the same slots share what the tree keeps for them", () => {
  const { trees } = pair();
  const one = shareScope(trees[0], [0, 1]);
  expect(shareScope(trees[0], [1, 0])).toBe(one);
  expect(shareScope(trees[0], [1])).not.toBe(one);
  unshareScope(trees[0], one);
  expect(shareScope(trees[0], [0, 1])).toBe(one);
});

test("requests that nobody takes the answers of are dropped after a thousand", () => {
  const { trees, ends } = pair();
  fill(trees, 0, 3);
  ends[0].start(0);
  const request = ends[0].poll();
  if (request?.type !== "send") throw new Error("no request");
  for (let repeat = 0; repeat < 3000; repeat += 1) ends[1].handleMessage(request.bytes, 0);
  let answers = 0;
  while (ends[1].poll() !== undefined) answers += 1;
  expect(answers).toBe(1024);
  ends[1].handleMessage(request.bytes, 0);
  expect(ends[1].poll()).toBeDefined();
});

test("options out of range are refused", () => {
  const tree = new MerkleTree({ slots: 4 });
  const random = seeded(1);
  for (const bad of [
    { frameBytesMax: 1199 },
    { timeoutMs: 0 },
    { settleMs: -1 },
    { intervalMs: Number.NaN },
    { differencesMax: 0 },
    { answerBytesPerSecond: 0 },
    { pauseMs: Number.POSITIVE_INFINITY },
    { slots: [4] },
  ]) {
    expect(() => new Exchange(tree, { random, ...bad }, 0)).toThrow(RangeError);
  }
});
