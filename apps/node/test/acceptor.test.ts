import { Ring } from "@engram/hashring";
import { decodeRecord, type LogRecord } from "@engram/wal-replication";
import { describe, expect, test } from "vitest";
import { Acceptor, replay, type Accepted } from "../src/core/acceptor.ts";
import { slotCount, slotOf } from "../src/core/slot.ts";
import { toHex } from "../src/engine/bytes.ts";
import { Engine } from "../src/engine/engine.ts";
import { MemoryStore } from "../src/engine/memory-store.ts";

const said = { content: "bees", tags: [], type: "semantic", confidence: 0.7 } as const;
const origin = (fill: number): Uint8Array => new Uint8Array(16).fill(fill);

/** One life of a node over a store, with a log that is a list. */
function life(store: MemoryStore, fill: number) {
  const engine = new Engine(store);
  return { engine, acceptor: new Acceptor(engine, origin(fill)) };
}

const shown = (store: MemoryStore): string[] =>
  Array.from(store.range("", "~"), ({ key, value }) => `${key} ${toHex(value)}`);

function accepted(decision: { type: string }): Accepted {
  if (decision.type !== "append") throw new Error(`expected an append, got ${decision.type}`);
  return decision as Accepted;
}

function recordOf({ envelope }: Accepted): LogRecord {
  const decoded = decodeRecord(envelope);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.record;
}

describe("the slot of a space", () => {
  // In every log that was ever written: never to change.
  test.each([
    ["default", 6_826],
    ["garden", 11_683],
    ["a-b_c", 2_877],
  ])("%s is in %i", (space, slot) => {
    expect(slotOf(space)).toBe(slot);
    expect(Ring.of({ members: [], slots: slotCount }).slot(space)).toBe(slot);
  });

  test("spreads names evenly", () => {
    const slots = new Set(
      Array.from({ length: slotCount }, (_, index) => slotOf(`tenant-${index}`)),
    );
    // Throwing n balls into n bins leaves 1/e of them empty.
    expect(slots.size / slotCount).toBeGreaterThan(0.6);
    expect(Math.max(...slots)).toBeLessThan(slotCount);
  });
});

describe("the acceptor", () => {
  test("numbers its records densely from 1 in each slot", () => {
    const { acceptor } = life(new MemoryStore(), 1);
    const made = ["a", "b", "c"].map((id) =>
      recordOf(accepted(acceptor.remember({ space: "default", id }, said, 0))),
    );
    const other = recordOf(accepted(acceptor.createSpace("garden", origin(9), 0)));
    expect(made.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect([other.stream, other.sequence]).toEqual([slotOf("garden"), 1]);
    expect(toHex(other.origin)).toBe("01".repeat(16));
  });

  test("shows nothing before it is applied, and tells twins to wait for it", () => {
    const { engine, acceptor } = life(new MemoryStore(), 1);
    const target = { space: "default", id: "a" };
    const first = accepted(acceptor.remember(target, said, 5));
    expect(engine.state("default", "a")).toBeUndefined();
    expect(acceptor.remember(target, said, 6)).toEqual({ type: "wait", pending: first });
    expect(acceptor.remember(target, { ...said, content: "wasps" }, 6)).toEqual({
      type: "conflict",
    });
    expect(acceptor.forget(target, 6)).toEqual({ type: "absent" });
    acceptor.applied(first, 1);
    expect(acceptor.pending).toBe(0);
    expect(acceptor.remember(target, said, 7)).toMatchObject({
      type: "known",
      memory: { id: "a", recordedAt: 5, observedAt: 5, siblings: 0 },
    });
    acceptor.applied(accepted(acceptor.forget(target, 8)), 2);
    const forgotten = { type: "forgotten", forgottenAt: 8 };
    expect(acceptor.forget(target, 9)).toEqual(forgotten);
    expect(acceptor.remember(target, said, 9)).toEqual(forgotten);
  });

  test("tells in its first record of a slot what earlier lives wrote there, and then no more", () => {
    const store = new MemoryStore();
    const log: Accepted[] = [];
    const write = (fill: number, ids: string[]) => {
      const { acceptor } = life(store, fill);
      for (const id of ids) {
        const made = accepted(acceptor.remember({ space: "default", id }, said, fill));
        log.push(made);
        acceptor.applied(made, log.length);
      }
    };
    write(7, ["a", "b"]);
    write(3, ["c"]);
    write(5, ["d", "e"]);
    const contexts = log.map((made) =>
      recordOf(made).context.map(({ origin, sequence }) => [origin[0], sequence]),
    );
    expect(contexts).toEqual([
      [],
      [],
      [[7, 2]],
      [
        [3, 1],
        [7, 2],
      ],
      [],
    ]);
  });

  test("gives a dot again only after the log said that nothing was stored", () => {
    const { acceptor } = life(new MemoryStore(), 1);
    const target = (id: string) => ({ space: "default", id });
    acceptor.applied(accepted(acceptor.remember(target("a"), said, 0)), 1);
    const lost = accepted(acceptor.remember(target("b"), said, 0));
    expect(() => acceptor.rewind()).toThrow(RangeError);
    acceptor.failed(lost);
    acceptor.rewind();
    const next = accepted(acceptor.remember(target("c"), said, 0));
    expect([lost.dot.sequence, next.dot.sequence]).toEqual([2, 2]);
  });

  test("refuses a space that is not there", () => {
    const { acceptor } = life(new MemoryStore(), 1);
    expect(() => acceptor.remember({ space: "nowhere", id: "a" }, said, 0)).toThrow(RangeError);
  });
});

describe("replay", () => {
  test("from any earlier position gives the state that was", () => {
    const store = new MemoryStore();
    const { engine, acceptor } = life(store, 1);
    const log = ["a", "b", "c", "d"].map((id, index) => {
      const made = accepted(acceptor.remember({ space: "default", id }, said, index));
      acceptor.applied(made, index + 1);
      return made;
    });
    const gone = accepted(acceptor.forget({ space: "default", id: "b" }, 9));
    acceptor.applied(gone, 5);
    log.push(gone);
    for (let from = 0; from <= log.length; from += 1) {
      const copy = new MemoryStore();
      const again = new Engine(copy);
      // A prefix, then everything from an earlier point once more.
      for (const [index, made] of log.slice(0, from).entries()) {
        replay(again, recordOf(made), index + 1);
      }
      for (const [index, made] of log.entries()) replay(again, recordOf(made), index + 1);
      expect(shown(copy)).toEqual(shown(store));
      expect(again.count("default")).toBe(engine.count("default"));
    }
  });

  test("says why a record cannot be applied", () => {
    const engine = new Engine(new MemoryStore());
    const record = {
      stream: 0,
      origin: origin(1),
      sequence: 1,
      context: [],
      body: new Uint8Array([9]),
    };
    expect(replay(engine, record, 1)).toBe("unknown version 9");
  });
});
