import * as fc from "fast-check";
import { describe, test } from "vitest";
import * as vclock from "@engram/vclock";
import { lawsOf } from "./laws.ts";
import { runs } from "./runs.ts";

describe("laws on any representable state", () => {
  for (const [name, law] of Object.entries(lawsOf(vclock))) {
    test(name, () => {
      void fc.assert(law as fc.IRawProperty<unknown>, { numRuns: runs(1000) });
    });
  }
});
