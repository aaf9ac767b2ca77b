import type { RunningNode } from "./node.ts";

/** A repeated signal within this time is the same signal: a terminal and its shell both send it. */
const sameSignalMs = 1_000;

/**
 * SIGTERM or SIGINT closes the node and exits with 0. Another one later than a second exits at once,
 * with the code a shell gives a process that a signal ended.
 */
export function closeOnSignal(node: RunningNode, onFailure: (error: unknown) => number): void {
  let firstAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (firstAt !== undefined) {
      if (now - firstAt > sameSignalMs) process.exit(signal === "SIGINT" ? 130 : 143);
      return;
    }
    firstAt = now;
    node.close().then(
      () => process.exit(0),
      (error: unknown) => process.exit(onFailure(error)),
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}
