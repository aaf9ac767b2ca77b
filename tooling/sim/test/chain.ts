// Prints the trace hashes of toy runs. With PLANT=random a real random number, taken hold of before
// the tripwires were laid, decides one packet: what no tripwire can see, the hashes must show.
import { command } from "../src/node/command.ts";
import { encode } from "./recorder.ts";
import { toyScenario } from "./toy.ts";

const { random } = Math;
const toy = toyScenario();

const scenario: typeof toy = {
  ...toy,
  stage(world, plan) {
    if (process.env["PLANT"] === "random")
      world.at(15_000, () => world.host("a").send("b", encode(`heard ${random()}`)));
    return toy.stage(world, plan);
  },
};

process.exitCode = command(scenario);
