import { hashText, type Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** Events between two checkpoints of a trace. */
const checkpointEvery = 250;

/** The state of a trace at one moment: two runs of one plan agree on every one of them. */
export interface Checkpoint {
  /** Events recorded so far. */
  readonly events: number;
  /** Virtual milliseconds. */
  readonly atMs: number;
  /** 64 bits in hexadecimal over every event, payload and count of random draws so far. */
  readonly hash: string;
}

/** Whoever an event is about: a node, or the world. */
export interface Actor {
  readonly index: number;
  readonly name: string;
}

/**
 * What happened, as a hash that any difference changes, as counts by kind, and, where asked for, as
 * lines for people. Every event is folded with its time, its actors and its payload.
 */
export class Trace {
  /** How often each kind of event happened: the proof that a fault did strike. */
  readonly counts: Map<string, number> = new Map();
  readonly checkpoints: Checkpoint[] = [];
  readonly #timeline: Timeline;
  readonly #draws: Random;
  readonly #lines: string[] | undefined;
  readonly #linesMax: number;
  readonly #codes = new Map<string, number>();
  #events = 0;
  #low = 0x2545f491;
  #high = 0x6c078965;

  /** @param linesMax - lines of transcript kept, the newest ones; 0 keeps none and formats none */
  constructor(timeline: Timeline, draws: Random, linesMax = 0) {
    this.#timeline = timeline;
    this.#draws = draws;
    this.#linesMax = linesMax;
    this.#lines = linesMax > 0 ? [] : undefined;
  }

  get events(): number {
    return this.#events;
  }

  /** The hash so far. */
  get hash(): string {
    return hex(this.#high) + hex(this.#low);
  }

  /** Notes one event. A payload of bytes is hashed and its size shown; a text is both. */
  record(kind: string, actor?: Actor, peer?: Actor, payload?: Uint8Array | string): void {
    const now = this.#timeline.now;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    this.#fold(now | 0);
    this.#fold(now / 2 ** 32);
    this.#fold(this.#code(kind));
    this.#fold(((actor?.index ?? -1) << 16) ^ (peer?.index ?? -1));
    if (typeof payload === "string") this.#fold(hashText(payload));
    else if (payload !== undefined) this.fold(payload);
    if (this.#lines !== undefined) this.#say(kind, actor, peer, payload);
    this.#events++;
    if (this.#events % checkpointEvery === 0) this.checkpoint();
  }

  /** Folds the number of random draws and appends to {@link checkpoints}. */
  checkpoint(): void {
    this.#fold(this.#draws.draws);
    const atMs = this.#timeline.now / 1000;
    this.checkpoints.push({ events: this.#events, atMs, hash: this.hash });
  }

  /** The newest lines, oldest first. */
  transcript(): string {
    return this.#lines?.slice(-this.#linesMax).join("\n") ?? "";
  }

  #say(kind: string, actor?: Actor, peer?: Actor, payload?: Uint8Array | string): void {
    const lines = this.#lines as string[];
    const time = (this.#timeline.now / 1000).toFixed(3).padStart(12);
    const where = `${actor?.name ?? "world"}${peer === undefined ? "" : ` > ${peer.name}`}`;
    const what = typeof payload === "object" ? `${payload.length} B` : (payload ?? "");
    lines.push(`${time}  ${kind.padEnd(12)} ${where}  ${what}`.trimEnd());
    if (lines.length > 2 * this.#linesMax) lines.splice(0, lines.length - this.#linesMax);
  }

  #code(kind: string): number {
    let code = this.#codes.get(kind);
    if (code === undefined) this.#codes.set(kind, (code = hashText(kind)));
    return code;
  }

  /** Adds bytes to the hash of the event before. */
  fold(bytes: Uint8Array): void {
    const words = bytes.length & ~3;
    for (let i = 0; i < words; i += 4) {
      const upper = ((bytes[i + 2] as number) << 16) | ((bytes[i + 3] as number) << 24);
      this.#fold((bytes[i] as number) | ((bytes[i + 1] as number) << 8) | upper);
    }
    for (let i = words; i < bytes.length; i++) this.#fold(bytes[i] as number);
    this.#fold(bytes.length);
  }

  /** Two independent 32-bit lanes; order matters in both. */
  #fold(word: number): void {
    const low = Math.imul(this.#low ^ word, 0x85ebca6b);
    this.#low = (low << 13) | (low >>> 19);
    const high = Math.imul(this.#high ^ word, 0xc2b2ae35) + low;
    this.#high = (high << 17) | (high >>> 15);
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
