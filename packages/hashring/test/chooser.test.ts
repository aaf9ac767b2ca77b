import { expect, test } from "vitest";
import { Chooser } from "../src/chooser.ts";
import type { Member } from "../src/member.ts";
import { createRoster } from "../src/roster.ts";

test("members that draw alike go by id, in whatever order they are offered", () => {
  const members: Member[] = ["a", "b", "c"].map((id) => ({
    id,
    weight: 1,
    zone: "",
    state: "active",
  }));
  const roster = createRoster(members);
  // No two ids are known to draw alike, so two are made to.
  const twins = { ...roster, factors: roster.factors.fill(7), offsets: roster.offsets.fill(9) };
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ]) {
    for (let copies = 1; copies <= 3; copies++) {
      const chooser = new Chooser(twins, "ignore", copies);
      const owners = new Uint16Array(copies);
      chooser.begin(5);
      chooser.offer(Uint16Array.from(order), 3);
      chooser.emit(owners, 0);
      expect([...owners]).toEqual([0, 1, 2].slice(0, copies));
    }
  }
});
