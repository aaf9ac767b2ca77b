import { encodeRecord, type LogRecord } from "@engram/wal-replication";
import { decodeBody, encodeBody } from "../engine/body.ts";
import { compareBytes, fromHex, toHex } from "../engine/bytes.ts";
import type { Dot, Engine } from "../engine/engine.ts";
import { sameFields, viewOf } from "../engine/fold.ts";
import type { Effect, Memory, MemoryFields, Space } from "../engine/memory.ts";
import { slotOf } from "./slot.ts";

/** A mutation that has its dot and waits for the log. */
export interface Accepted {
  readonly type: "append";
  readonly effect: Effect;
  readonly dot: Dot;
  readonly envelope: Uint8Array;
}

export type RememberDecision =
  | Accepted
  /** The same memory is already there. */
  | { readonly type: "known"; readonly memory: Memory }
  /** The same memory is on its way to the log: wait for `pending`, then ask again. */
  | { readonly type: "wait"; readonly pending: Accepted }
  /** The id holds, or is about to hold, something else. */
  | { readonly type: "conflict" }
  | { readonly type: "forgotten"; readonly forgottenAt: number };

export type ForgetDecision =
  | Accepted
  | { readonly type: "absent" }
  | { readonly type: "forgotten"; readonly forgottenAt: number };

export type CreateSpaceDecision =
  | Accepted
  | { readonly type: "known"; readonly space: Space }
  | { readonly type: "wait"; readonly pending: Accepted };

/** What this origin wrote to one slot, and what of other origins it has already told there. */
interface SlotWriter {
  sequence: number;
  readonly told: Map<string, number>;
}

/**
 * Accepts mutations under one origin, this life of this node: decides them against the state, gives
 * each the next dot of its slot and makes its envelope. The caller appends the envelope to the log
 * and, once it is durable and in the order of acceptance, hands it back to {@link Acceptor.applied}.
 * Nothing is visible before that.
 */
export class Acceptor {
  readonly #engine: Engine;
  readonly #origin: Uint8Array;
  readonly #writers = new Map<number, SlotWriter>();
  /** Appended but not applied, by what they write. */
  readonly #pending = new Map<string, Accepted>();

  constructor(engine: Engine, origin: Uint8Array) {
    this.#engine = engine;
    this.#origin = origin;
  }

  /** Mutations that are neither applied nor failed. */
  get pending(): number {
    return this.#pending.size;
  }

  /** `now` is wall-clock milliseconds, here and below. */
  remember(
    target: { space: string; id: string },
    fields: MemoryFields,
    now: number,
  ): RememberDecision {
    const { space, id } = target;
    const state = this.#engine.state(space, id);
    if (state?.type === "forgotten") return state;
    if (state !== undefined) {
      const isKnown = state.versions.some((version) => sameFields(version.fields, fields));
      return isKnown ? { type: "known", memory: viewOf(id, state) } : { type: "conflict" };
    }
    const pending = this.#pending.get(pendingKey({ type: "remember", space, id }));
    if (pending?.effect.type === "remember") {
      const isSame = sameFields(pending.effect.fields, fields);
      return isSame ? { type: "wait", pending } : { type: "conflict" };
    }
    return this.#accept({
      type: "remember",
      space,
      uid: this.#uidOf(space),
      recordedAt: now,
      id,
      fields,
    });
  }

  forget(target: { space: string; id: string }, now: number): ForgetDecision {
    const state = this.#engine.state(target.space, target.id);
    if (state === undefined) return { type: "absent" };
    if (state.type === "forgotten") return state;
    const { space, id } = target;
    return this.#accept({ type: "forget", space, uid: this.#uidOf(space), recordedAt: now, id });
  }

  /** `uid` is 16 random bytes. */
  createSpace(name: string, uid: Uint8Array, now: number): CreateSpaceDecision {
    const known = this.#engine.space(name);
    if (known !== undefined) return { type: "known", space: known };
    const pending = this.#pending.get(pendingKey({ type: "create-space", space: name, id: "" }));
    if (pending !== undefined) return { type: "wait", pending };
    return this.#accept({ type: "create-space", space: name, uid, recordedAt: now });
  }

  /** The envelope is durable, and so is everything accepted before it. */
  applied(accepted: Accepted, position: number): void {
    this.#forgetPending(accepted);
    this.#engine.apply(accepted.effect, accepted.dot, position);
  }

  /** The append failed; its dot must not be used again unless {@link Acceptor.rewind} says so. */
  failed(accepted: Accepted): void {
    this.#forgetPending(accepted);
  }

  /**
   * Takes back every dot that was not applied. Only when the log has said that none of them is
   * stored, and with nothing pending: else a dot would name two records.
   */
  rewind(): void {
    if (this.#pending.size > 0) throw new RangeError("cannot rewind under pending mutations");
    this.#writers.clear();
  }

  #uidOf(space: string): Uint8Array {
    const known = this.#engine.space(space);
    if (known === undefined) throw new RangeError(`there is no space ${space}`);
    return known.uid;
  }

  #accept(effect: Effect): Accepted {
    const slot = slotOf(effect.space);
    const writer = this.#writerOf(slot);
    const context = this.#contextDelta(slot, writer);
    writer.sequence += 1;
    const dot = { slot, origin: this.#origin, sequence: writer.sequence };
    const envelope = encodeRecord({
      stream: slot,
      origin: dot.origin,
      sequence: dot.sequence,
      context,
      body: encodeBody(effect),
    });
    const accepted: Accepted = { type: "append", effect, dot, envelope };
    const key = keyOfEffect(effect);
    if (!this.#pending.has(key)) this.#pending.set(key, accepted);
    return accepted;
  }

  #writerOf(slot: number): SlotWriter {
    let writer = this.#writers.get(slot);
    if (writer === undefined) {
      const sequence = this.#engine.vector(slot).get(toHex(this.#origin)) ?? 0;
      writer = { sequence, told: new Map() };
      this.#writers.set(slot, writer);
    }
    return writer;
  }

  /** Entries of the slot's vector that changed since this origin's last record there. */
  #contextDelta(slot: number, writer: SlotWriter): { origin: Uint8Array; sequence: number }[] {
    const own = toHex(this.#origin);
    const changed: { origin: Uint8Array; sequence: number }[] = [];
    for (const [origin, sequence] of this.#engine.vector(slot)) {
      if (origin === own || writer.told.get(origin) === sequence) continue;
      writer.told.set(origin, sequence);
      changed.push({ origin: fromHex(origin), sequence });
    }
    changed.sort((a, b) => compareBytes(a.origin, b.origin));
    return changed;
  }

  #forgetPending(accepted: Accepted): void {
    const key = keyOfEffect(accepted.effect);
    if (this.#pending.get(key) === accepted) this.#pending.delete(key);
  }
}

/** Folds a record read back from the log. Returns why not, if its body is not one of ours. */
export function replay(engine: Engine, record: LogRecord, position: number): string | undefined {
  const decoded = decodeBody(record.body);
  if (!decoded.ok) return decoded.reason;
  // The record's bytes are a view of the log's read buffer.
  const origin = new Uint8Array(record.origin);
  const dot = { slot: record.stream, origin, sequence: record.sequence };
  engine.apply(decoded.effect, dot, position);
  return undefined;
}

const keyOfEffect = (effect: Effect): string =>
  pendingKey({
    type: effect.type,
    space: effect.space,
    id: effect.type === "create-space" ? "" : effect.id,
  });

const pendingKey = (write: { type: Effect["type"]; space: string; id: string }): string =>
  `${write.type} ${write.space}/${write.id}`;
