import { expect, test } from "vitest";
import { Probes, Random, Violation } from "../src/index.ts";

test("the ledger counts what was asked and what held", () => {
  const probes = new Probes();
  probes.sometimes("rare", false);
  probes.sometimes("rare", true);
  probes.reach("place");
  probes.always("law", true);
  expect([...probes.ledger]).toEqual([
    ["sometimes rare", { asked: 2, held: 1 }],
    ["reach place", { asked: 1, held: 1 }],
    ["always law", { asked: 1, held: 1 }],
  ]);
});

test("a broken law ends the run under its name; details cost nothing while it holds", () => {
  const probes = new Probes();
  const detail = () => {
    throw new Error("not to be called");
  };
  probes.always("law", true, detail);
  const broken = () => probes.always("law", false, () => "why");
  expect(broken).toThrow(Violation);
  expect(broken).toThrow("law: why");
  expect(probes.ledger.get("always law")).toEqual({ asked: 3, held: 1 });
});

test("a quarter of the sites is active, and fires as often as asked", () => {
  const probes = new Probes(new Random(1));
  const sites = Array.from({ length: 400 }, (_, index) => `site ${index}`);
  for (let round = 0; round < 100; round++) for (const site of sites) probes.buggify(site, 0.5);
  const fired = sites.map((site) => probes.ledger.get(`buggify ${site}`)?.held ?? 0);
  const active = fired.filter((count) => count > 0);
  expect(active.length).toBeGreaterThan(70);
  expect(active.length).toBeLessThan(130);
  for (const count of active) expect(Math.abs(count - 50)).toBeLessThan(25);
  expect(new Probes().buggify("site", 1)).toBe(false);
});
