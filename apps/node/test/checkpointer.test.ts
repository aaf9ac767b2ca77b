import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { Checkpointer } from "../src/node/checkpointer.ts";
import { WriteRefused } from "../src/node/writer.ts";

/** A store whose checkpoints end when the test says, and a log that records its orders. */
function setup(pendingBytes = 0) {
  const store = {
    pendingBytes,
    ends: [] as { resolve: (position: number) => void; reject: (error: Error) => void }[],
    checkpoint: () =>
      new Promise<number>((resolve, reject) => {
        store.ends.push({ resolve, reject });
      }),
  };
  const trimmed: number[] = [];
  const checkpointer = new Checkpointer({
    store,
    log: { checkpoint: (lsn) => trimmed.push(lsn) },
    logger: pino({ level: "silent" }),
    settings: { checkpoint_interval_ms: 600_000, checkpoint_bytes: 100 },
  });
  return { store, trimmed, checkpointer };
}

describe("the checkpointer", () => {
  test("lets the log trim only what the store has made durable", async () => {
    const { store, trimmed, checkpointer } = setup();
    const run = checkpointer.run();
    expect(trimmed).toEqual([]);
    store.ends[0]?.resolve(42);
    await run;
    expect(trimmed).toEqual([42]);
  });

  test("trims nothing after a failure, says so, and is well again after the next success", async () => {
    const { store, trimmed, checkpointer } = setup();
    const failing = checkpointer.run();
    store.ends[0]?.reject(new Error("no space left"));
    await failing;
    expect([trimmed, checkpointer.check().ok]).toEqual([[], false]);
    expect(checkpointer.check().detail).toContain("no space left");
    const next = checkpointer.run();
    store.ends[1]?.resolve(7);
    await next;
    expect([trimmed, checkpointer.check().ok]).toEqual([[7], true]);
  });

  test("runs one at a time; whoever asks meanwhile joins it", async () => {
    const { store, checkpointer } = setup();
    const both = Promise.all([checkpointer.run(), checkpointer.run()]);
    expect(store.ends).toHaveLength(1);
    store.ends[0]?.resolve(1);
    await both;
  });

  test("starts early when much waits, and makes writes wait when very much does", async () => {
    const { store, checkpointer } = setup(99);
    await checkpointer.makeRoom();
    expect(store.ends).toHaveLength(0);
    store.pendingBytes = 100;
    await checkpointer.makeRoom();
    expect(store.ends).toHaveLength(1);
    store.pendingBytes = 400;
    const waiting = checkpointer.makeRoom();
    store.ends[0]?.reject(new Error("no space left"));
    await expect(waiting).rejects.toThrow(WriteRefused);
  });

  test("its last run contains everything: it does not join an older one", async () => {
    const { store, trimmed, checkpointer } = setup();
    void checkpointer.run();
    const closed = checkpointer.close();
    store.ends[0]?.resolve(1);
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(store.ends).toHaveLength(2);
    store.ends[1]?.resolve(2);
    await closed;
    expect(trimmed).toEqual([1, 2]);
  });
});
