// Law M10: sketches are linear, and what they tell is the difference of the sets.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { addToCounters, emptyCounters, estimateDifferences } from "../src/counters.ts";
import { CELL_WORDS, cellsFor, peel, Sketch } from "../src/sketch.ts";
import { runs } from "./sets.ts";
import { seeded } from "./link.ts";

interface Entry {
  readonly hi: number;
  readonly lo: number;
  readonly print: number;
}

const entries = fc.uniqueArray(
  fc.record({
    hi: fc.integer({ min: 0, max: 0xffffffff }),
    lo: fc.integer({ min: 0, max: 0xffffffff }),
    print: fc.integer({ min: 0, max: 0xffffff }),
  }),
  { selector: textOf, maxLength: 200, size: "max" },
);

function textOf({ hi, lo, print }: Entry): string {
  return `${hi}:${lo}:${print}`;
}

function sketchOf(items: readonly Entry[], length: number): Sketch {
  const sketch = new Sketch(length);
  for (const { hi, lo, print } of items) sketch.toggle(hi, lo, print);
  return sketch;
}

function xor(one: Sketch, two: Sketch): Int32Array {
  return one.cells.map((word, at) => word ^ two.cells[at]!);
}

test("the XOR of two sketches is the sketch of the symmetric difference", () => {
  fc.assert(
    fc.property(entries, entries, fc.integer({ min: 1, max: 400 }), (one, two, length) => {
      const names = [new Set(one.map(textOf)), new Set(two.map(textOf))];
      const difference = [
        ...one.filter((item) => !names[1]!.has(textOf(item))),
        ...two.filter((item) => !names[0]!.has(textOf(item))),
      ];
      expect(xor(sketchOf(one, length), sketchOf(two, length))).toEqual(
        sketchOf(difference, length).cells,
      );
    }),
    runs(100),
  );
});

test("leading cells of a longer sketch are the shorter sketch", () => {
  fc.assert(
    fc.property(entries, (items) => {
      const short = sketchOf(items, 100).cells;
      expect(sketchOf(items, 300).cells.subarray(0, 100 * CELL_WORDS)).toEqual(short);
    }),
    runs(50),
  );
});

test("what is peeled is the difference, or nothing", () => {
  fc.assert(
    fc.property(entries, fc.integer({ min: 1, max: 500 }), (items, length) => {
      const found = peel(sketchOf(items, length).cells);
      if (found === undefined) expect(length).toBeLessThan(4 * cellsFor(items.length));
      else expect(found.map(textOf).sort()).toEqual(items.map(textOf).sort());
    }),
    runs(200),
  );
});

test("cells that are no sketch peel to nothing, or to a set with that sketch", () => {
  fc.assert(
    fc.property(fc.int32Array({ minLength: 4, maxLength: 400 }), (words) => {
      const cells = words.slice(0, words.length - (words.length % CELL_WORDS));
      const found = peel(cells.slice());
      if (found === undefined) return;
      expect(sketchOf(found, cells.length / CELL_WORDS).cells).toEqual(cells);
    }),
    runs(300),
  );
});

test("nine in ten sketches of the recommended length suffice", () => {
  const random = seeded(11);
  for (const count of [1, 3, 10, 30, 100, 300, 1000]) {
    const trials = count > 100 ? 60 : 200;
    let enough = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const sketch = new Sketch(cellsFor(count));
      for (let item = 0; item < count; item += 1) {
        sketch.toggle(random() * 2 ** 32, random() * 2 ** 32, random() * 2 ** 24);
      }
      if (peel(sketch.cells) !== undefined) enough += 1;
    }
    // Three standard deviations below nine tenths.
    expect(enough / trials, `${count} differences`).toBeGreaterThan(
      0.9 - 3 * Math.sqrt(0.09 / trials),
    );
  }
});

test("cell i holds an item with probability 1 / (1 + i / 2)", () => {
  const random = seeded(5);
  const held = new Float64Array(2000);
  const trials = 1000;
  for (let trial = 0; trial < trials; trial += 1) {
    const sketch = new Sketch(held.length);
    sketch.toggle(random() * 2 ** 32, random() * 2 ** 32, random() * 2 ** 24);
    for (let cell = 0; cell < held.length; cell += 1) {
      const at = cell * CELL_WORDS;
      if (sketch.cells.subarray(at, at + CELL_WORDS).some((word) => word !== 0)) held[cell]! += 1;
    }
  }
  for (const [from, to] of [
    [0, 1],
    [1, 2],
    [5, 10],
    [50, 100],
    [500, 1000],
    [1000, 2000],
  ] as const) {
    let expected = 0;
    for (let cell = from; cell < to; cell += 1) expected += trials / (1 + cell / 2);
    const seen = held.subarray(from, to).reduce((total, count) => total + count, 0);
    expect(Math.abs(seen - expected)).toBeLessThan(5 * Math.sqrt(expected) + 1);
  }
});

test("items whose keys differ in one bit have different cells", () => {
  const seen = new Set<string>();
  for (let bit = 0; bit < 64; bit += 1) {
    const sketch = new Sketch(4096);
    sketch.toggle(bit >= 32 ? 2 ** (bit - 32) : 0, bit < 32 ? 2 ** bit : 0, 1);
    const cells = Array.from({ length: 4096 }, (_, cell) => cell).filter(
      (cell) => sketch.cells[cell * CELL_WORDS + 2] !== 0,
    );
    seen.add(cells.join());
  }
  expect(seen.size).toBe(64);
});

test("the cells of an item are the same on every machine", () => {
  const sketch = new Sketch(200);
  sketch.toggle(0x01234567, 0x89abcdef | 0, 0x00c0ffee & 0xffffff);
  const cells = Array.from({ length: 200 }, (_, cell) => cell).filter(
    (cell) => sketch.cells[cell * CELL_WORDS] !== 0,
  );
  expect(cells).toMatchInlineSnapshot(`
    [
      0,
      1,
      5,
      10,
      11,
      15,
      36,
      42,
      89,
      128,
      129,
    ]
  `);
  expect(sketch.cells[3]).toMatchInlineSnapshot(`3790262`);
});

test("the estimate of differences has a standard deviation of about an eighth", () => {
  const random = seeded(3);
  for (const count of [1, 10, 100, 1000]) {
    const errors: number[] = [];
    for (let trial = 0; trial < 300; trial += 1) {
      const [mine, theirs] = [emptyCounters(), emptyCounters()];
      for (let item = 0; item < 200 + count; item += 1) {
        const lane = Math.floor(random() * 2 ** 32);
        addToCounters(mine, lane, 1);
        if (item >= count) addToCounters(theirs, lane, 1);
      }
      errors.push(estimateDifferences(mine, theirs) / count - 1);
    }
    const mean = errors.reduce((total, error) => total + error, 0) / errors.length;
    const deviation = Math.sqrt(
      errors.reduce((total, error) => total + error ** 2, 0) / errors.length,
    );
    expect(Math.abs(mean)).toBeLessThan(0.04);
    expect(deviation).toBeLessThan(0.16);
  }
});
