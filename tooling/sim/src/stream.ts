// An ordered byte stream between two processes, as TCP gives: never bent, but cut anywhere.
//
// A direction is a queue of unsent bytes, segments in flight, and bytes the receiver has not read,
// together bounded by the window. Loss and cuts only delay segments (they are sent again) until the
// timeout, when the sender's side closes and the other side, which hears nothing, stays half open.
// A process that dies has its streams reset by its kernel; a machine without power says nothing.

import type { Host } from "./host.ts";
import type { Network } from "./network.ts";
import type { CloseReason, StreamEvent } from "./program.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** How streams behave. */
export interface StreamOptions {
  /**
   * Bytes in flight and unread before the sender must wait.
   * @defaultValue 65536
   */
  readonly windowBytes?: number;
  /**
   * Largest segment; one in eight is cut shorter at random, so that no frame arrives whole for sure.
   * @defaultValue 1460
   */
  readonly segmentBytesMax?: number;
  /**
   * Milliseconds without progress after which a sender, or a connection attempt, gives up.
   * @defaultValue 20000
   */
  readonly timeoutMs?: number;
}

export const streamDefaults: Required<StreamOptions> = {
  windowBytes: 65_536,
  segmentBytesMax: 1460,
  timeoutMs: 20_000,
};

/** The world, as far as streams see it. */
export interface StreamParts {
  readonly timeline: Timeline;
  readonly network: Network;
  readonly random: Random;
  readonly options: Required<StreamOptions>;
}

/** First and longest pause before a segment is sent again, in microseconds. */
const retryUs = { first: 200_000, last: 3_200_000 };

interface Segment {
  /** Undefined is the end of the stream. */
  readonly bytes: Uint8Array | undefined;
  readonly dueUs: number;
}

/** One end of a stream, held by the process that opened or accepted it. */
export class Stream {
  /** Name of the host at the other end. */
  readonly peer: string;
  readonly protocol: string;
  readonly #host: Host;
  readonly #life: number;
  readonly #parts: StreamParts;
  readonly #unsent: (Uint8Array | undefined)[] = [];
  readonly #flight: Segment[] = [];
  readonly #unread: (Uint8Array | undefined)[] = [];
  readonly #signals: ("open" | "accept" | "drain")[] = [];
  #other: Stream | undefined;
  #bufferedBytes = 0;
  #flightBytes = 0;
  #unreadBytes = 0;
  #isOpen = false;
  #isClosed = false;
  #closeReason: CloseReason | undefined;
  #isEnding = false;
  #hasReadEnd = false;
  #isReadingPaused = false;
  #isFlushDue = false;
  #isTicking = false;
  #mustSignalDrain = false;
  #stalledSinceUs: number | undefined;
  #retryUs = retryUs.first;

  constructor(host: Host, to: { peer: string; protocol: string }, parts: StreamParts) {
    this.#host = host;
    this.#life = host.life;
    this.peer = to.peer;
    this.protocol = to.protocol;
    this.#parts = parts;
    host.streams.add(this);
  }

  /** Bytes written that have not left yet: memory that a program pays for. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Queues bytes; a program that goes on after `false` grows without bound.
   * @returns whether there is room for more at once; `drain` follows a `false`, or `close`
   */
  write(bytes: Uint8Array): boolean {
    if (this.#isClosed || this.#isEnding || !this.#host.effect()) return false;
    if (bytes.length > 0) this.#unsent.push(bytes.slice());
    this.#bufferedBytes += bytes.length;
    this.#pump();
    this.#mustSignalDrain = this.#bufferedBytes >= this.#parts.options.windowBytes;
    return !this.#mustSignalDrain;
  }

  /** Says that no more bytes will come; the other direction stays open. */
  end(): void {
    if (this.#isClosed || this.#isEnding || !this.#host.effect()) return;
    this.#isEnding = true;
    this.#unsent.push(undefined);
    this.#pump();
  }

  /** Drops the stream at once, with whatever is under way in both directions. */
  reset(): void {
    if (this.#isClosed || !this.#host.effect()) return;
    this.#hangUp();
    this.#close("reset");
  }

  /** Stops `data`; the sender stalls once the window is full. */
  pauseReading(): void {
    this.#isReadingPaused = true;
  }

  resumeReading(): void {
    this.#isReadingPaused = false;
    this.#scheduleFlush();
  }

  /** The first packet of a connection; internal to the world, as is all below. */
  connect(startUs: number = this.#parts.timeline.now): void {
    const { timeline, network, options } = this.#parts;
    if (this.#isClosed) return;
    const target = network.find(this.peer);
    if (target === undefined) return this.#close("refused");
    if (this.#isBlocked(target)) {
      if (timeline.now - startUs >= options.timeoutMs * 1000) return this.#close("timeout");
      this.#backOff(() => this.connect(startUs));
      return;
    }
    this.#retryUs = retryUs.first;
    timeline.at(timeline.now + this.#delayUs(target, 0), () => this.#accept(target));
  }

  /** The process at this end is gone. */
  abandon(saysGoodbye: boolean): void {
    if (saysGoodbye) this.#hangUp();
    this.#isClosed = true;
    this.#host.streams.delete(this);
  }

  #accept(target: Host): void {
    const { timeline } = this.#parts;
    if (this.#isClosed) return;
    const backUs = timeline.now + this.#delayUs(target, 0);
    if (!target.isPowered) return this.connect();
    if (!target.isListening) return timeline.at(backUs, () => this.#close("refused"));
    const from = { peer: this.#host.name, protocol: this.protocol };
    const other = new Stream(target, from, this.#parts);
    other.#isOpen = true;
    other.#other = this;
    this.#other = other;
    other.#signal("accept");
    timeline.at(backUs, () => {
      if (this.#isClosed) return;
      this.#isOpen = true;
      this.#signal("open");
      this.#pump();
    });
  }

  /** Moves unsent bytes into flight as far as the window allows. */
  #pump(): void {
    const { timeline, options } = this.#parts;
    const other = this.#other;
    if (!this.#isOpen || this.#isClosed || other === undefined) return;
    while (this.#unsent.length > 0) {
      if (this.#flightBytes + other.#unreadBytes >= options.windowBytes) break;
      const bytes = this.#nextSegment();
      const previousUs = this.#flight.at(-1)?.dueUs ?? 0;
      const delayUs = this.#delayUs(other.#host, bytes?.length ?? 0);
      this.#flight.push({ bytes, dueUs: Math.max(previousUs, timeline.now + delayUs) });
      this.#flightBytes += bytes?.length ?? 0;
      this.#bufferedBytes -= bytes?.length ?? 0;
    }
    if (this.#mustSignalDrain && this.#bufferedBytes * 2 <= options.windowBytes) {
      this.#mustSignalDrain = false;
      this.#signal("drain");
    }
    this.#scheduleTick();
  }

  #nextSegment(): Uint8Array | undefined {
    const { random, options } = this.#parts;
    const bytes = this.#unsent.shift();
    if (bytes === undefined) return undefined;
    const whole = Math.min(bytes.length, options.segmentBytesMax, options.windowBytes);
    const size = random.chance(0.125) ? random.between(1, whole) : whole;
    if (size < bytes.length) this.#unsent.unshift(bytes.subarray(size));
    return bytes.subarray(0, size);
  }

  #scheduleTick(): void {
    const head = this.#flight[0];
    if (head === undefined || this.#isTicking) return;
    this.#isTicking = true;
    this.#parts.timeline.at(head.dueUs, () => this.#tick());
  }

  /** The head of the flight arrives, or must be sent again. */
  #tick(): void {
    const { timeline, options } = this.#parts;
    const other = this.#other;
    this.#isTicking = false;
    if (this.#isClosed || other === undefined) return;
    if (this.#isBlocked(other.#host)) {
      this.#stalledSinceUs ??= timeline.now;
      if (timeline.now - this.#stalledSinceUs >= options.timeoutMs * 1000)
        return this.#close("timeout");
      this.#isTicking = true;
      return this.#backOff(() => this.#tick());
    }
    this.#stalledSinceUs = undefined;
    this.#retryUs = retryUs.first;
    if (other.#isClosed) {
      const backUs = timeline.now + this.#delayUs(other.#host, 0);
      return timeline.at(backUs, () => this.#close("reset"));
    }
    for (let head = this.#flight[0]; head !== undefined; head = this.#flight[0]) {
      if (head.dueUs > timeline.now) break;
      this.#flight.shift();
      this.#flightBytes -= head.bytes?.length ?? 0;
      other.#arrive(head.bytes);
    }
    this.#pump();
    this.#closeIfDone();
  }

  #arrive(bytes: Uint8Array | undefined): void {
    this.#unread.push(bytes);
    this.#unreadBytes += bytes?.length ?? 0;
    this.#scheduleFlush();
  }

  #signal(type: "open" | "accept" | "drain"): void {
    this.#signals.push(type);
    this.#scheduleFlush();
  }

  /** Never at once: a program must not be entered from within its own call. */
  #scheduleFlush(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    const { timeline } = this.#parts;
    const flush = () => this.#flush();
    timeline.at(timeline.now, () => this.#host.whenRunning(this.#life, flush));
  }

  /** Hands everything due to the program, each as an input of its own, the close last. */
  #flush(): void {
    this.#isFlushDue = false;
    for (let event = this.#next(); event !== undefined; event = this.#next()) {
      if (!this.#host.handleStream(this.#life, event)) return;
    }
    if (this.#other !== undefined) this.#other.#pump();
    this.#closeIfDone();
  }

  #next(): StreamEvent | undefined {
    const type = this.#signals.shift();
    if (type !== undefined) return { type, stream: this };
    if (this.#unread.length > 0 && !this.#isReadingPaused) {
      const bytes = this.#unread.shift();
      this.#unreadBytes -= bytes?.length ?? 0;
      if (bytes !== undefined) return { type: "data", stream: this, bytes: bytes.slice() };
      this.#hasReadEnd = true;
      return { type: "end", stream: this };
    }
    const reason = this.#closeReason;
    if (reason === undefined) return undefined;
    this.#closeReason = undefined;
    return { type: "close", stream: this, reason };
  }

  #closeIfDone(): void {
    const isAllSent = this.#isEnding && this.#unsent.length === 0 && this.#flight.length === 0;
    if (isAllSent && this.#hasReadEnd && !this.#isClosed) this.#close("ended");
  }

  /** A reset on its way to the other end, unless the network swallows it. */
  #hangUp(): void {
    const { timeline } = this.#parts;
    const other = this.#other;
    if (other === undefined || this.#isBlocked(other.#host)) return;
    const arrivalUs = timeline.now + this.#delayUs(other.#host, 0);
    timeline.at(arrivalUs, () => other.#close("reset"));
  }

  /** What was not read by now is lost: "cut anywhere". */
  #close(reason: CloseReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeReason = reason;
    this.#unread.length = 0;
    this.#host.streams.delete(this);
    this.#scheduleFlush();
  }

  #backOff(again: () => void): void {
    const { timeline } = this.#parts;
    timeline.at(timeline.now + this.#retryUs, again);
    this.#retryUs = Math.min(this.#retryUs * 2, retryUs.last);
  }

  /** Acknowledgements must come back, so a cut in either direction stalls. */
  #isBlocked(target: Host): boolean {
    const { network } = this.#parts;
    return (
      network.isCut(this.#host, target, this.protocol) ||
      network.isCut(target, this.#host, this.protocol) ||
      network.isClogged(this.#host, target)
    );
  }

  #delayUs(target: Host, size: number): number {
    const { network, random } = this.#parts;
    const delayUs = network.delayUs(this.#host, target, size);
    return random.chance(network.options.loss) ? delayUs + retryUs.first : delayUs;
  }
}
