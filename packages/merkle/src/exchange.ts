// The state machine of one peer, both ends in one. As the initiator it compares ranges of keys,
// from everything down, each by the means that the peer finds cheapest:
//
//   idle -> comparing -> settling -> checking -> idle
//
// comparing  asks for ranges; an answer is a state (equal), a sketch (enumerate), a list (compare
//            item by item) or children (ask for those that differ). What a sketch cannot tell
//            soundly is asked for again exactly, by lists and children alone.
// settling   waits, so that writes under way can arrive.
// checking   asks for the peer's digest, and for its versions of the keys if that has changed.
//
// As the answering end it keeps no state (answer.ts). All requests are questions: repeating one is
// harmless, so a lost frame is asked for again, and a late or repeated answer is ignored.
//
// This file is the whole protocol and so passes 300 lines.

import {
  answerAsk,
  answerCheck,
  answerMore,
  isTooLarge,
  keysFitting,
  SCAN_ITEMS_MAX,
} from "./answer.ts";
import { ITEM_WORDS } from "./blocks.ts";
import { Candidates, type RepairAction } from "./candidates.ts";
import { decodeEnvelope, decodeFrame } from "./decode.ts";
import { bindingOf, encodeFrame, type Frame, type FrameContext } from "./frame.ts";
import { Gathering } from "./gathering.ts";
import type { Hash64 } from "./hash64.ts";
import { type ExchangeOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { bitsBelow, childOf, contains, everything, type Range } from "./range.ts";
import type { Scope } from "./scope.ts";
import { CELL_WORDS } from "./sketch.ts";
import { Sum } from "./sum.ts";
import { type MerkleTree, shareScope, unshareScope } from "./tree.ts";

/** Requests under way at once. */
const WINDOW = 32;
/** Requests of one exchange, so that a hostile peer cannot keep us asking. */
const REQUESTS_MAX = 8192;
/** The wait for an answer doubles with each attempt up to this many times `timeoutMs`. */
const PATIENCE_MAX = 16;
/** Silence, in `timeoutMs`, after which the peer counts as unreachable: five attempts. */
const SILENCE_MAX = 31;
/** Attempts at one question, for a peer that answers others but not this one. */
const ATTEMPTS_MAX = 12;
/** Times a range is asked for anew because the peer's data changed under it, before asking exactly. */
const RESTARTS_MAX = 3;
/** Items held here that are reported for want of any at the peer, without splitting the range. */
const OWN_ITEMS_MAX = 4096;
/** Outputs not polled, beyond which requests of the peer are dropped. */
const OUTPUTS_MAX = 1024;
const BACKOFF_MAX = 16;

/**
 * How an exchange ended: the copies were `compared`, and what differed was reported; the peer was
 * `unreachable`; or it `refused`, having another fingerprint, other slots or another digest.
 *
 * @public
 */
export type ExchangeOutcome = "compared" | "unreachable" | "refused";

/**
 * What {@link Exchange.poll} returns.
 *
 * `send`: send the bytes to the peer. `repair`: the copies of this key differ. `done`: an exchange
 * that this end started is over. `malformed`: the peer sent something that is no frame.
 *
 * @public
 */
export type ExchangeOutput =
  | { readonly type: "send"; readonly bytes: Uint8Array }
  | {
      readonly type: "repair";
      readonly key: Hash64;
      readonly action: RepairAction;
      /** The version held here, undefined if none is. */
      readonly mine: Hash64 | undefined;
    }
  | {
      readonly type: "done";
      readonly outcome: ExchangeOutcome;
      /** Whether everything was compared; if not, the next exchange goes on from there. */
      readonly isComplete: boolean;
      readonly repairs: number;
      readonly requests: number;
      readonly sentBytes: number;
      readonly receivedBytes: number;
    }
  | { readonly type: "malformed"; readonly reason: string };

type Phase = "idle" | "comparing" | "settling" | "checking";

type Task =
  | {
      readonly kind: "ask";
      readonly range: Range;
      readonly isExact: boolean;
      readonly failures: number;
    }
  | {
      readonly kind: "more";
      readonly gathering: Gathering;
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: "check"; readonly keys: readonly Hash64[] };

interface Flight {
  readonly task: Task;
  attempts: number;
  resendAt: number;
}

/**
 * Anti-entropy between this node and one peer over the slots that both hold. It performs no IO: give
 * it the peer's frames and the time, and drain {@link Exchange.poll} after each input.
 *
 * @public
 */
export class Exchange {
  readonly #tree: MerkleTree;
  readonly #scope: Scope;
  readonly #options: ResolvedOptions;
  readonly #context: FrameContext;
  readonly #candidates: Candidates;
  readonly #outputs: ExchangeOutput[] = [];
  #polled = 0;
  #phase: Phase = "idle";
  #tasks: Task[] = [];
  readonly #flights = new Map<number, Flight>();
  #nextRequest: number;
  /** The peer's digest of everything when this exchange began. */
  #peerSum: Sum | undefined;
  #hasProbed = false;
  /** Whether a range changed too often to be compared. */
  #hasGivenUp = false;
  /** Tasks for the next exchange. */
  #aside: Task[] = [];
  #settledAt = 0;
  /** When the peer last answered. */
  #heardAt = 0;
  #startsAt: number | undefined;
  #readyAt: number;
  #failures = 0;
  #requests = 0;
  #sentBytes = 0;
  #receivedBytes = 0;
  #allowance: number;
  #allowedAt: number;
  #isClosed = false;

  /**
   * @param tree - what this node holds; keep it up to date with every write
   * @param options - see {@link ExchangeOptions}
   * @param now - monotonic milliseconds
   * @throws RangeError for an option out of range
   */
  constructor(tree: MerkleTree, options: ExchangeOptions, now: number) {
    this.#options = resolveOptions(options);
    this.#tree = tree;
    this.#scope = shareScope(tree, this.#options.slots);
    this.#context = {
      binding: bindingOf(tree.digest, tree.slots, this.#options.fingerprint),
      lanes: tree.digest.lanes,
      slotBits: Math.log2(tree.slots),
    };
    this.#candidates = new Candidates(this.#scope, this.#options.compare);
    this.#nextRequest = Math.floor(this.#options.random() * 2 ** 32);
    this.#allowance = this.#options.answerBytesPerSecond;
    this.#allowedAt = now;
    this.#readyAt = now;
    this.#schedule(now);
  }

  /** Digest of what this node shares with the peer, for gossip: see {@link Exchange.handleRoot}. */
  get root(): string {
    return this.#scope.sum.toString();
  }

  /** Whether an exchange that this end started is under way. */
  get isActive(): boolean {
    return this.#phase !== "idle";
  }

  /** When `handleTimeout` is due, in milliseconds; undefined if only an input can cause work. */
  get deadline(): number | undefined {
    if (this.#isClosed) return undefined;
    if (this.#phase === "idle") return this.#startsAt;
    if (this.#phase === "settling") return this.#settledAt;
    let earliest = Number.POSITIVE_INFINITY;
    for (const { resendAt } of this.#flights.values()) earliest = Math.min(earliest, resendAt);
    return earliest;
  }

  /** Begins an exchange, or goes on with one that broke off. Does nothing while one is active. */
  start(now: number): void {
    if (this.isActive || this.#isClosed) return;
    this.#phase = "comparing";
    this.#heardAt = now;
    this.#requests = 0;
    this.#sentBytes = 0;
    this.#receivedBytes = 0;
    this.#peerSum = undefined;
    this.#hasGivenUp = false;
    if (this.#tasks.length === 0 && this.#candidates.size === 0) this.#ask(everything);
    this.#advance(now);
  }

  /**
   * Takes the peer's {@link Exchange.root} from gossip, and begins an exchange if it differs from
   * this end's, unless one is active or has just ended. A root of equal data costs nothing more.
   */
  handleRoot(root: string, now: number): void {
    if (now >= this.#readyAt && root !== this.root) this.start(now);
  }

  /** Takes a frame of the peer. Never throws, whatever the bytes. */
  handleMessage(bytes: Uint8Array, now: number): void {
    if (this.#isClosed) return;
    const envelope = decodeEnvelope(bytes, this.#context.binding);
    if (typeof envelope === "string") return this.#malformed(envelope);
    const { kind, request } = envelope;
    const isQuestion = kind === "ask" || kind === "more" || kind === "check";
    if (!envelope.isBound) {
      if (isQuestion) this.#reply({ frame: { kind: "refused" }, scanned: 0 }, request);
      else if (kind === "refused" && this.#flights.has(request)) this.#finish("refused", now);
      return;
    }
    const flight = this.#flights.get(request);
    // An answer to nothing we still ask is late or repeated.
    if (!isQuestion && flight === undefined) return;
    const frame = decodeFrame(bytes, kind, this.#context);
    if (typeof frame === "string") return this.#malformed(frame);
    if (isQuestion) return this.#answer(frame, request, now);
    if (flight === undefined) return;
    this.#receivedBytes += bytes.length;
    const complaint = this.#take(flight.task, frame);
    if (complaint !== undefined) return this.#malformed(complaint);
    this.#flights.delete(request);
    this.#heardAt = now;
    this.#advance(now);
  }

  /** Does what is due. Early or repeated calls do nothing. */
  handleTimeout(now: number): void {
    if (this.#isClosed) return;
    if (this.#phase === "idle") {
      if (this.#startsAt !== undefined && now >= this.#startsAt) this.start(now);
      return;
    }
    if (this.#phase === "settling") {
      if (now >= this.#settledAt) this.#check(now);
      return;
    }
    for (const [request, flight] of this.#flights) {
      if (now < flight.resendAt) continue;
      const isSilent = now - this.#heardAt >= SILENCE_MAX * this.#options.timeoutMs;
      if (isSilent || flight.attempts >= ATTEMPTS_MAX) return this.#finish("unreachable", now);
      this.#send(request, flight, now);
    }
  }

  /** The next output, or undefined. Drain it after every input. */
  poll(): ExchangeOutput | undefined {
    const output = this.#outputs[this.#polled];
    this.#polled += 1;
    // Not `shift`, which moves all that follow: there may be a hundred thousand repairs.
    if (output === undefined) {
      this.#outputs.length = 0;
      this.#polled = 0;
    }
    return output;
  }

  /** Ends the exchange and stops following the tree. Later calls do nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    unshareScope(this.#tree, this.#scope);
    this.#flights.clear();
    this.#tasks = [];
  }

  // The answering end.

  #answer(frame: Frame, request: number, now: number): void {
    const { answerBytesPerSecond, frameBytesMax } = this.#options;
    const earned = ((now - this.#allowedAt) / 1000) * answerBytesPerSecond;
    this.#allowance = Math.min(answerBytesPerSecond, this.#allowance + Math.max(0, earned));
    this.#allowedAt = now;
    if (this.#allowance <= 0) return;
    if (frame.kind === "ask") {
      this.#reply(answerAsk(this.#scope, frame, frameBytesMax), request);
    } else if (frame.kind === "more") {
      this.#reply(answerMore(this.#scope, frame, frameBytesMax), request);
    } else if (frame.kind === "check") {
      const keys = frame.keys.slice(0, keysFitting(frameBytesMax));
      this.#reply(answerCheck(this.#scope, keys), request);
    }
  }

  #reply({ frame, scanned }: { frame: Frame; scanned: number }, request: number): void {
    if (this.#outputs.length >= OUTPUTS_MAX) return;
    const bytes = encodeFrame(frame, request, this.#context);
    this.#allowance -= bytes.length + 16 * scanned;
    this.#outputs.push({ type: "send", bytes });
  }

  // The asking end: sending.

  #ask(range: Range, isExact = false, failures = 0): void {
    this.#tasks.push({ kind: "ask", range, isExact, failures });
  }

  /** Sends what may be sent, and moves on when all is answered. */
  #advance(now: number): void {
    const hasRoom = (): boolean =>
      this.#phase === "checking" ||
      (this.#requests < REQUESTS_MAX && this.#candidates.size < this.#options.differencesMax);
    while (this.#flights.size < WINDOW && hasRoom()) {
      const task = this.#tasks.pop();
      if (task === undefined) break;
      if (task.kind === "more" && task.gathering.isAbandoned) continue;
      const request = this.#nextRequest;
      this.#nextRequest = (request + 1) >>> 0;
      const flight = { task, attempts: 0, resendAt: now };
      this.#flights.set(request, flight);
      this.#requests += 1;
      this.#send(request, flight, now);
    }
    if (this.#flights.size > 0) return;
    if (this.#phase === "comparing") this.#settle(now);
    else if (this.#phase === "checking") this.#report(now);
  }

  #send(request: number, flight: Flight, now: number): void {
    const { timeoutMs, random } = this.#options;
    const patience = Math.min(2 ** flight.attempts, PATIENCE_MAX);
    // Varied, so that questions withheld by a rate limit do not all come again at once.
    flight.resendAt = now + timeoutMs * patience * (0.8 + 0.4 * random());
    flight.attempts += 1;
    const bytes = encodeFrame(this.#question(flight.task), request, this.#context);
    this.#sentBytes += bytes.length;
    this.#outputs.push({ type: "send", bytes });
  }

  #question(task: Task): Frame {
    if (task.kind === "check") return task;
    if (task.kind === "more") {
      const { gathering, from, to } = task;
      return { kind: "more", range: gathering.range, total: gathering.total, from, to };
    }
    const { range } = task;
    const sum = this.#scope.sumOf(range);
    const isLarge = range.bits > 0 && sum.count > SCAN_ITEMS_MAX;
    const counters = task.isExact || isLarge ? undefined : this.#scope.countersOf(range);
    return { kind: "ask", range, sum, counters };
  }

  // The asking end: answers. Each returns a complaint if the answer does not fit the question.

  #take(task: Task, frame: Frame): string | undefined {
    if (task.kind === "check") {
      return frame.kind === "versions" ? this.#takeVersions(task.keys, frame) : misfit(frame);
    }
    if (task.kind === "more") {
      if (frame.kind === "sketch") return this.#takeMore(task, frame);
      if (frame.kind !== "state") return misfit(frame);
      this.#abandon(task.gathering);
      return undefined;
    }
    if (task.range.bits === 0 && "sum" in frame) this.#peerSum ??= frame.sum;
    if (frame.kind === "list") return this.#takeList(task.range, frame.items);
    if (frame.kind === "children") return this.#takeChildren(task, frame);
    if (frame.kind === "sketch") return this.#takeSketch(task, frame);
    if (frame.kind !== "state") return misfit(frame);
    if (!frame.sum.equals(this.#scope.sumOf(task.range))) this.#again(task.range, task.failures);
    return undefined;
  }

  /** Asks for a range anew; exactly, if its data keep changing. */
  #again(range: Range, failures: number): void {
    if (failures < 2 * RESTARTS_MAX) this.#ask(range, failures >= RESTARTS_MAX, failures + 1);
    else this.#hasGivenUp = true;
  }

  #abandon(gathering: Gathering): void {
    if (gathering.isAbandoned) return;
    gathering.isAbandoned = true;
    this.#again(gathering.range, gathering.failures);
  }

  #takeSketch(
    { range, failures }: Extract<Task, { kind: "ask" }>,
    frame: Extract<Frame, { kind: "sketch" }>,
  ): string | undefined {
    if (frame.from !== 0) return "sketch: does not begin at the first cell";
    const gathering = new Gathering(range, failures, frame);
    gathering.add(0, frame.cells);
    const size = frame.cells.length / CELL_WORDS;
    this.#askMore(gathering, size, size);
    if (gathering.isWhole) this.#enumerate(gathering);
    return undefined;
  }

  #takeMore(
    { gathering, from, to }: Extract<Task, { kind: "more" }>,
    frame: Extract<Frame, { kind: "sketch" }>,
  ): string | undefined {
    const end = frame.from + frame.cells.length / CELL_WORDS;
    if (frame.from !== from || end > to) return "sketch: not the cells asked for";
    if (gathering.isAbandoned) return undefined;
    if (!frame.sum.equals(gathering.sum)) {
      this.#abandon(gathering);
      return undefined;
    }
    gathering.add(from, frame.cells);
    if (end < to) this.#tasks.push({ kind: "more", gathering, from: end, to });
    if (gathering.isWhole) this.#enumerate(gathering);
    return undefined;
  }

  /** Asks for the cells from `from` on, `size` at a time. */
  #askMore(gathering: Gathering, from: number, size: number): void {
    for (let at = from; at < gathering.total; at += size) {
      const to = Math.min(at + size, gathering.total);
      this.#tasks.push({ kind: "more", gathering, from: at, to });
    }
  }

  #enumerate(gathering: Gathering): void {
    const { range, failures, total } = gathering;
    if (isTooLarge(this.#scope, range, total)) return this.#ask(range, true, failures);
    const found = gathering.enumerate(this.#scope);
    if (found === "unsound") return this.#ask(range, true, failures);
    if (found === undefined) {
      if (gathering.extend()) this.#askMore(gathering, total, gathering.total - total);
      else this.#ask(range, true, failures);
      return undefined;
    }
    for (const item of found.mine) this.#candidates.add(item, undefined);
    for (const item of found.theirs) this.#candidates.add(item, { print: item.print });
    return undefined;
  }

  #takeList(range: Range, items: Uint32Array): string | undefined {
    for (let at = 0; at < items.length; at += ITEM_WORDS) {
      const key = { hi: items[at] as number, lo: items[at + 1] as number };
      if (!contains(range, key.hi, key.lo) || !this.#scope.covers(key)) {
        return "list: an item outside the range";
      }
    }
    const isMuch = items.length === 0 && this.#scope.sumOf(range).count > OWN_ITEMS_MAX;
    if (isMuch) this.#askChildren(range);
    else this.#candidates.addUnlike(range, items);
    return undefined;
  }

  #takeChildren(
    { range, isExact }: Extract<Task, { kind: "ask" }>,
    frame: Extract<Frame, { kind: "children" }>,
  ): string | undefined {
    const bits = bitsBelow(range.bits, this.#context.slotBits);
    const width = 1 << (bits - range.bits);
    if (
      frame.bits !== bits ||
      frame.children.some((child, at) => child !== undefined && at >= width)
    ) {
      return "children: not those of the range";
    }
    for (let index = 0; index < width; index += 1) {
      const child = childOf(range, index, bits);
      const theirs = frame.children[index] ?? new Sum(this.#context.lanes);
      if (theirs.equals(this.#scope.sumOf(child))) continue;
      if (theirs.count === 0) this.#takeList(child, new Uint32Array(0));
      else this.#ask(child, isExact);
    }
    return undefined;
  }

  /** Asks for the parts of a range that hold items here, instead of taking it all at once. */
  #askChildren(range: Range): void {
    const bits = bitsBelow(range.bits, this.#context.slotBits);
    for (let index = 0; index < 1 << (bits - range.bits); index += 1) {
      const child = childOf(range, index, bits);
      if (this.#scope.sumOf(child).count > 0) this.#ask(child);
    }
  }

  #takeVersions(
    keys: readonly Hash64[],
    { sum, versions }: Extract<Frame, { kind: "versions" }>,
  ): string | undefined {
    if (versions.length > keys.length || (keys.length > 0 && versions.length === 0)) {
      return "versions: another number than keys";
    }
    if (!this.#hasProbed) {
      this.#hasProbed = true;
      const isQuiet = this.#peerSum !== undefined && sum.equals(this.#peerSum);
      this.#askVersions(isQuiet ? "compared" : "all");
      return undefined;
    }
    for (const [index, key] of keys.slice(0, versions.length).entries()) {
      const version = versions[index];
      const item = Uint32Array.of(key.hi, key.lo, version?.hi ?? 0, version?.lo ?? 0);
      const print = this.#scope.printOf(item, 0);
      this.#candidates.add(key, version === undefined ? undefined : { print, version });
    }
    if (versions.length < keys.length) {
      this.#tasks.push({ kind: "check", keys: keys.slice(versions.length) });
    }
    return undefined;
  }

  // The asking end: from finding to reporting.

  #settle(now: number): void {
    if (this.#candidates.size === 0) return this.#report(now);
    if (this.#options.settleMs === 0) return this.#check(now);
    this.#phase = "settling";
    this.#settledAt = now + this.#options.settleMs;
    return undefined;
  }

  #check(now: number): void {
    // Ranges beyond the limits wait for the next exchange.
    this.#aside = this.#tasks;
    this.#tasks = [];
    this.#heardAt = now;
    this.#phase = "checking";
    this.#hasProbed = this.#options.settleMs === 0;
    if (this.#hasProbed) this.#askVersions("compared");
    else this.#tasks.push({ kind: "check", keys: [] });
    this.#advance(now);
  }

  #askVersions(which: "all" | "compared"): void {
    const keys = this.#candidates.keys(which);
    const size = keysFitting(this.#options.frameBytesMax);
    for (let at = 0; at < keys.length; at += size) {
      this.#tasks.push({ kind: "check", keys: keys.slice(at, at + size) });
    }
  }

  #report(now: number): void {
    let repairs = 0;
    for (const repair of this.#candidates.take()) {
      this.#outputs.push({ type: "repair", ...repair });
      repairs += 1;
    }
    this.#finish("compared", now, repairs);
  }

  /** Ends the exchange. Ranges without an answer are kept, to be asked for first the next time. */
  #finish(outcome: ExchangeOutcome, now: number, repairs = 0): void {
    const open = [...this.#aside, ...this.#tasks];
    for (const { task } of this.#flights.values()) open.push(task);
    this.#flights.clear();
    this.#tasks = [];
    this.#aside = [];
    const gatherings = new Set<Gathering>();
    for (const task of open) {
      if (task.kind === "ask") this.#tasks.push(task);
      else if (task.kind === "more" && !task.gathering.isAbandoned) gatherings.add(task.gathering);
    }
    for (const { range } of gatherings) this.#ask(range);
    const isComplete = outcome === "compared" && this.#tasks.length === 0 && !this.#hasGivenUp;
    this.#failures = outcome === "compared" ? 0 : this.#failures + 1;
    this.#phase = "idle";
    this.#readyAt = now + this.#options.pauseMs;
    this.#schedule(now, outcome === "compared" && !isComplete);
    this.#outputs.push({
      type: "done",
      outcome,
      isComplete,
      repairs,
      requests: this.#requests,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
    });
  }

  /** Plans the next exchange that starts by itself: at once after a part, later after failures. */
  #schedule(now: number, isPart = false): void {
    const { intervalMs, pauseMs, random } = this.#options;
    if (intervalMs === 0) return;
    const backoff = Math.min(2 ** this.#failures, BACKOFF_MAX);
    this.#startsAt = now + (isPart ? pauseMs : intervalMs * backoff * (0.8 + 0.4 * random()));
  }

  #malformed(reason: string): void {
    if (this.#outputs.length < OUTPUTS_MAX) this.#outputs.push({ type: "malformed", reason });
  }
}

function misfit({ kind }: Frame): string {
  return `${kind}: not an answer to the question`;
}
