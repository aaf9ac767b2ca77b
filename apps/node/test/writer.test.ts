import { describe, expect, test } from "vitest";
import { Acceptor } from "../src/core/acceptor.ts";
import { slotOf } from "../src/core/slot.ts";
import { Engine } from "../src/engine/engine.ts";
import { MemoryStore } from "../src/engine/memory-store.ts";
import { Writer, WriteRefused } from "../src/node/writer.ts";

const said = { content: "bees", tags: [], type: "semantic", confidence: 0.7 } as const;
const target = (id: string) => ({ space: "default", id });

/** A log whose answers the test gives, in any order. */
function setup() {
  const engine = new Engine(new MemoryStore());
  const appended: { resolve: (lsn: number) => void; reject: (error: unknown) => void }[] = [];
  const positions: number[] = [];
  const apply = engine.apply.bind(engine);
  engine.apply = (effect, dot, position) => {
    positions.push(position);
    apply(effect, dot, position);
  };
  const writer = new Writer({
    acceptor: new Acceptor(engine, new Uint8Array(16)),
    log: {
      append: () =>
        new Promise((resolve, reject) => {
          appended.push({ resolve: (lsn) => resolve({ lsn }), reject });
        }),
    },
    now: () => 1,
    makeRoom: async () => undefined,
  });
  return { engine, appended, positions, writer };
}

/** Lets every promise that can settle do so. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const walError = (code: string) => Object.assign(new Error(code), { code });

describe("the writer", () => {
  test("acknowledges when the log does, never before", async () => {
    const { engine, appended, writer } = setup();
    let isDone = false;
    const write = writer.remember(target("a"), said).then(() => (isDone = true));
    await settle();
    expect([isDone, engine.state("default", "a"), appended.length]).toEqual([false, undefined, 1]);
    appended[0]?.resolve(1);
    await write;
    expect(engine.state("default", "a")?.type).toBe("remembered");
  });

  test("applies in the order of acceptance, whatever order the log answers in", async () => {
    const { appended, positions, writer } = setup();
    const writes = ["a", "b", "c"].map((id) => writer.remember(target(id), said));
    await settle();
    appended[2]?.resolve(3);
    appended[1]?.resolve(2);
    await settle();
    expect(positions).toEqual([]);
    appended[0]?.resolve(1);
    await Promise.all(writes);
    expect(positions).toEqual([1, 2, 3]);
  });

  test("a retry waits for the write under way and finds it", async () => {
    const { appended, writer } = setup();
    const [first, second] = [
      writer.remember(target("a"), said),
      writer.remember(target("a"), said),
    ];
    await settle();
    expect(appended).toHaveLength(1);
    appended[0]?.resolve(1);
    expect([(await first).type, (await second).type]).toEqual(["created", "known"]);
  });

  test("after a failure that leaves the log in doubt, no write is taken again", async () => {
    const { appended, writer } = setup();
    const writes = ["a", "b"].map((id) => writer.remember(target(id), said));
    const outcomes = Promise.allSettled(writes);
    await settle();
    for (const { reject } of appended) reject(walError("WAL_POISONED"));
    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await expect(writer.remember(target("c"), said)).rejects.toThrow(WriteRefused);
    expect(writer.refusal).toContain("WAL_POISONED");
    expect(appended).toHaveLength(2);
  });

  test("a full disk refuses what waited, and the next write tries again", async () => {
    const { engine, appended, writer } = setup();
    const outcomes = Promise.allSettled(["a", "b"].map((id) => writer.remember(target(id), said)));
    await settle();
    for (const { reject } of appended) reject(walError("WAL_FULL"));
    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(writer.refusal).toBeUndefined();
    const write = writer.remember(target("c"), said);
    await settle();
    appended[2]?.resolve(1);
    expect((await write).type).toBe("created");
    // The dots of the two that were not stored are used again: a reader sees no hole.
    expect([...engine.vector(slotOf("default")).values()]).toEqual([1]);
  });

  test("holds back when much is on its way to the log", async () => {
    const { appended, writer } = setup();
    const long = { ...said, content: "x".repeat(100_000) };
    const first = Array.from({ length: 60 }, (_, index) =>
      writer.remember(target(`a${index}`), long),
    );
    await settle();
    const late = writer.remember(target("late"), long);
    await settle();
    expect(appended).toHaveLength(60);
    for (const [index, { resolve }] of [...appended.entries()].slice(0, 40)) resolve(index + 1);
    await settle();
    await settle();
    expect(appended).toHaveLength(61);
    for (const [index, { resolve }] of appended.entries()) resolve(index + 1);
    await Promise.all([...first, late]);
    await writer.idle();
  });
});
