import { drive, World, type Core, type Host } from "../src/index.ts";

interface Output {
  readonly to: string;
  readonly bytes: Uint8Array;
}

const rumoursPerPacket = 20;
const rumourBytes = 8;

/**
 * A membership-like load with the traffic of a busy SWIM cluster: each second a probe with its
 * answer, each 200 ms gossip to three others, every packet with twenty rumours (164 bytes), each
 * of which the receiver merges and passes on if it was news.
 */
export class Gossip implements Core<Output> {
  deadline: number;
  merged = 0;
  readonly #names: readonly string[];
  readonly #self: number;
  readonly #random: () => number;
  readonly #versions: Uint32Array;
  readonly #fresh = new Uint32Array(256);
  #freshCount = 0;
  readonly #outputs: Output[] = [];
  #rounds = 0;

  constructor(names: readonly string[], self: number, host: Host) {
    this.#names = names;
    this.#self = self;
    this.#random = host.random;
    this.#versions = new Uint32Array(names.length);
    this.deadline = host.now + this.#random() * 200;
  }

  handleTimeout(now: number): void {
    if (now < this.deadline) return;
    this.deadline += 200;
    this.#versions[this.#self] = (this.#versions[this.#self] ?? 0) + 1;
    this.#spread(this.#self);
    if (this.#rounds++ % 5 === 0) this.#send(this.#anyone(), 1);
    for (let copies = 0; copies < 3; copies++) this.#send(this.#anyone(), 0);
  }

  handleMessage(from: string, bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 4; at < bytes.length; at += rumourBytes) {
      const member = view.getUint32(at);
      const version = view.getUint32(at + 4);
      if (version <= (this.#versions[member] ?? 0)) continue;
      this.#versions[member] = version;
      this.merged++;
      this.#spread(member);
    }
    if (view.getUint32(0) === 1) this.#send(from, 2);
  }

  poll(): Output | undefined {
    return this.#outputs.pop();
  }

  #spread(member: number): void {
    this.#fresh[this.#freshCount++ % this.#fresh.length] = member;
  }

  #anyone(): string {
    return this.#names[Math.floor(this.#random() * this.#names.length)] as string;
  }

  #send(to: string, kind: number): void {
    const bytes = new Uint8Array(4 + rumoursPerPacket * rumourBytes);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, kind);
    for (let i = 0; i < rumoursPerPacket; i++) {
      const newest = this.#freshCount - 1 - i;
      const member = this.#fresh[newest % this.#fresh.length] ?? this.#self;
      view.setUint32(4 + i * rumourBytes, member);
      view.setUint32(8 + i * rumourBytes, this.#versions[member] ?? 0);
    }
    this.#outputs.push({ to, bytes });
  }
}

/** A cluster under that load, on a network with a little of everything. */
export function gossipWorld(members: number, seed: number): { world: World; cores: Gossip[] } {
  const network = { loss: 0.01, duplication: 0.001, reordering: 0.01, corruption: 0 };
  const world = new World({ seed, network });
  const names = Array.from({ length: members }, (_, index) => `m${index}`);
  const cores: Gossip[] = [];
  names.forEach((name, index) => {
    world.add(name, (host) => {
      const core = new Gossip(names, index, host);
      cores.push(core);
      return drive(core, ({ to, bytes }) => host.send(to, bytes, "gossip"));
    });
  });
  return { world, cores };
}
