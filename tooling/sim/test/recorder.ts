import type { Host, Program, Stream, StreamEvent, World } from "../src/index.ts";

export interface Received {
  readonly from: string;
  readonly text: string;
  readonly atMs: number;
}

/** A program that does nothing but remember what came in, and ring once a second if asked to. */
export class Recorder implements Program {
  deadline: number | undefined;
  readonly host: Host;
  readonly packets: Received[] = [];
  readonly timeouts: number[] = [];
  readonly events: StreamEvent["type"][] = [];
  readonly streams: Stream[] = [];
  text = "";
  closed: string | undefined;
  readonly #world: World;
  readonly #everyMs: number | undefined;

  constructor(world: World, host: Host, everyMs?: number) {
    this.#world = world;
    this.host = host;
    this.#everyMs = everyMs;
    if (everyMs !== undefined) this.deadline = host.now + everyMs;
  }

  handleTimeout(now: number): void {
    if (this.deadline === undefined || this.#everyMs === undefined || now < this.deadline) return;
    this.timeouts.push(now);
    this.deadline = now + this.#everyMs;
  }

  handlePacket({ from, bytes }: { from: string; bytes: Uint8Array }): void {
    this.packets.push({ from, text: decode(bytes), atMs: this.#world.now });
  }

  handleStream(event: StreamEvent): void {
    this.events.push(event.type);
    if (event.type === "accept") this.streams.push(event.stream);
    if (event.type === "data") this.text += decode(event.bytes);
    if (event.type === "close") this.closed = event.reason;
  }
}

/** Adds a recording host for each name. */
export function record(world: World, names: readonly string[], everyMs?: number): Recorder[] {
  return names.map((name) => {
    let recorder: Recorder | undefined;
    world.add(name, (host) => (recorder = new Recorder(world, host, everyMs)));
    return recorder as Recorder;
  });
}

export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
