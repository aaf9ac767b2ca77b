import {
  drawConditions,
  drawFaults,
  drive,
  faultClasses,
  type FaultClass,
  type Host,
  type Plan,
  type Program,
  type Scenario,
  type World,
} from "../src/index.ts";
import { decode, encode } from "./recorder.ts";

export interface Say {
  readonly host: string;
  readonly to: string;
  readonly id: number;
}

interface Output {
  readonly to: string;
  readonly bytes: Uint8Array;
}

/** What a host would keep on a disk. */
interface Memory {
  readonly unanswered: Map<number, string>;
  readonly seen: Set<number>;
}

/** Sends every message again each 100 ms until it is answered; takes each in once. */
class Courier {
  deadline: number;
  readonly #memory: Memory;
  readonly #deliver: (id: number) => void;
  readonly #outputs: Output[] = [];

  constructor(memory: Memory, now: number, deliver: (id: number) => void) {
    this.deadline = now;
    this.#memory = memory;
    this.#deliver = deliver;
  }

  handleTimeout(now: number): void {
    if (now < this.deadline) return;
    this.deadline = now + 100;
    for (const [id, to] of this.#memory.unanswered) this.#send(to, `say ${id}`);
  }

  handleMessage(from: string, bytes: Uint8Array): void {
    const [verb, number] = decode(bytes).split(" ");
    const id = Number(number);
    if (verb === "heard") this.#memory.unanswered.delete(id);
    if (verb !== "say") return;
    this.#send(from, `heard ${id}`);
    if (this.#memory.seen.has(id)) return;
    this.#memory.seen.add(id);
    this.#deliver(id);
  }

  poll(): Output | undefined {
    return this.#outputs.shift();
  }

  #send(to: string, text: string): void {
    this.#outputs.push({ to, bytes: encode(text) });
  }
}

/**
 * Messages that must arrive exactly once. With `forgets` a host that crashes forgets what it has
 * seen: a bug that takes a message, its repetition, and a crash in between.
 */
export function toyScenario(
  forgets: boolean = false,
  classes: readonly FaultClass[] = ["crash", ...faultClasses.network],
): Scenario<Say> {
  const hosts = ["a", "b", "c"];
  return {
    name: "toy",
    draw: (random) => {
      // A courier's packets carry no checksum, so they must not be bent.
      const { network, ...conditions } = drawConditions(random.fork("conditions"));
      const ops = Array.from({ length: random.between(20, 60) }, (_, id) => {
        const [host, to] = random.shuffle(hosts) as [string, string];
        return { atMs: random.below(5000), host, to, id };
      });
      return {
        hosts,
        conditions: { ...conditions, network: { ...network, corruption: 0 } },
        settings: { forgets: Number(forgets) },
        chaosMs: 10_000,
        calmMs: 20_000,
        faults: drawFaults(random, { classes, hosts, untilMs: 10_000, countMax: 20 }),
        ops,
      };
    },
    stage,
  };
}

function stage(world: World, plan: Plan<Say>): ReturnType<Scenario<Say>["stage"]> {
  const memories = new Map<string, Memory>();
  const delivered = new Set<number>();
  const boot = (host: Host): Program => {
    const kept = memories.get(host.name);
    const memory = {
      unanswered: kept?.unanswered ?? new Map<number, string>(),
      seen: plan.settings["forgets"] === 1 ? new Set<number>() : (kept?.seen ?? new Set<number>()),
    };
    memories.set(host.name, memory);
    const core = new Courier(memory, host.now, (id) => {
      host.probes.always("delivered once", !delivered.has(id), `message ${id} again`);
      delivered.add(id);
    });
    return drive(core, ({ to, bytes }) => host.send(to, bytes));
  };
  for (const name of plan.hosts) world.add(name, boot);
  let accepted = 0;
  return {
    handleOp({ host, to, id }) {
      const isTaken = world.host(host).input(() => memories.get(host)?.unanswered.set(id, to));
      if (isTaken) accepted++;
    },
    verify() {
      const missing = accepted - delivered.size;
      world.probes.always("delivered in the end", missing <= 0, `${missing} missing`);
    },
    voidBecause: () => (accepted === 0 ? "nothing was said" : undefined),
  };
}
