import type { Hash64 } from "./hash64.ts";

/**
 * How two versions of a key relate: the first came before the second, after it, or neither.
 *
 * @public
 */
export type Causality = "before" | "after" | "concurrent";

/**
 * Options of an {@link Exchange}.
 *
 * @public
 */
export interface ExchangeOptions {
  /**
   * Source of randomness in [0, 1), for jitter and the first request number. Pass `Math.random`, or
   * a seeded generator to replay a run.
   */
  readonly random: () => number;
  /**
   * Hash of the view of the cluster under which the slots are shared, such as the fingerprint of a
   * ring. Frames of another view are refused.
   * @defaultValue `{ hi: 0, lo: 0 }`
   */
  readonly fingerprint?: Hash64;
  /**
   * The slots that this node and the peer both hold.
   * @defaultValue all
   */
  readonly slots?: Iterable<number>;
  /**
   * Milliseconds between exchanges that start by themselves, varied by a fifth either way. 0 starts
   * none but by `start` and `handleRoot`. After an exchange that failed the pause doubles, up to
   * sixteen times.
   * @defaultValue 15000
   */
  readonly intervalMs?: number;
  /**
   * Least milliseconds from the end of one exchange to the start of the next by `handleRoot`, so
   * that roots in gossip do not make a storm.
   * @defaultValue 1000
   */
  readonly pauseMs?: number;
  /**
   * Milliseconds to wait for an answer before asking again; doubles with each attempt up to 16
   * times this. A peer silent for 31 times this is unreachable.
   * @defaultValue 1000
   */
  readonly timeoutMs?: number;
  /**
   * Milliseconds from finding differences to checking that they are still there, so that writes on
   * their way are not repaired. Choose several times the usual delay of replication. 0 reports
   * differences as found, which suits sets at rest and saves a round trip.
   * @defaultValue 1000
   */
  readonly settleMs?: number;
  /**
   * Most bytes of a frame sent, at least 1200.
   * @defaultValue 65536
   */
  readonly frameBytesMax?: number;
  /**
   * Most differences reported by one exchange; the next one goes on from there.
   * @defaultValue 100000
   */
  readonly differencesMax?: number;
  /**
   * Most bytes a second sent in answer to the peer, an item read counting as 16. Requests beyond it
   * are dropped, and the peer asks again more slowly.
   * @defaultValue 8388608
   */
  readonly answerBytesPerSecond?: number;
  /**
   * Tells how two versions relate, where the versions themselves say so, as hybrid timestamps do.
   * Without it a key of which both ends hold different versions is reported as `both`.
   */
  readonly compare?: (mine: Hash64, theirs: Hash64) => Causality;
}

export type ResolvedOptions = Required<Omit<ExchangeOptions, "slots" | "compare">> &
  Pick<ExchangeOptions, "slots" | "compare">;

/** Fills in defaults. Throws RangeError for a number out of range. */
export function resolveOptions(options: ExchangeOptions): ResolvedOptions {
  const resolved = {
    fingerprint: { hi: 0, lo: 0 },
    intervalMs: 15_000,
    pauseMs: 1000,
    timeoutMs: 1000,
    settleMs: 1000,
    frameBytesMax: 65_536,
    differencesMax: 100_000,
    answerBytesPerSecond: 8_388_608,
    ...options,
  };
  const least = {
    intervalMs: 0,
    pauseMs: 0,
    timeoutMs: 1,
    settleMs: 0,
    frameBytesMax: 1200,
    differencesMax: 1,
    answerBytesPerSecond: 1,
  };
  for (const [name, minimum] of Object.entries(least)) {
    const value: unknown = resolved[name as keyof typeof least];
    if (typeof value !== "number" || !Number.isFinite(value) || value < minimum) {
      throw new RangeError(`${name} must be a number from ${minimum}`);
    }
  }
  return resolved;
}
