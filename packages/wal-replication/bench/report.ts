import type { Measured } from "./worker.ts";
import type { Name } from "./contenders.ts";
import type { Recovered } from "./recovery.ts";

/** Results of every round, by number of writers, by contender. */
export type Curve = ReadonlyMap<number, Readonly<Record<Name, readonly Measured[]>>>;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** The median over rounds of `a` divided by `b` of the same round, and the extremes. */
export function ratio(
  a: readonly Measured[],
  b: readonly Measured[],
): { readonly middle: number; readonly low: number; readonly high: number } {
  const ratios = a.map(({ perSecond }, round) => perSecond / (b[round]?.perSecond ?? Number.NaN));
  return { middle: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) };
}

export function curveTable(curve: Curve): string {
  const head =
    "| writers | raw loop | **log** | of raw | lmdb | log/lmdb | classic-level | log/level | records a sync | p99 ms | CPU us |";
  const rows = [...curve].map(([writers, { raw, log, lmdb, "classic-level": level }]) => {
    const perSync = log.map(({ records, syncs }) => records / (syncs ?? Number.NaN));
    return `| ${[
      writers,
      rate(raw),
      `**${rate(log)}**`,
      spread(ratio(log, raw), 2),
      rate(lmdb),
      spread(ratio(log, lmdb), 1),
      rate(level),
      spread(ratio(log, level), 1),
      Math.round(median(perSync)),
      `${median(log.map(({ p99Ms }) => p99Ms)).toFixed(1)} (raw ${median(raw.map(({ p99Ms }) => p99Ms)).toFixed(1)})`,
      `${median(log.map(({ cpuUs }) => cpuUs)).toFixed(1)} (raw ${median(raw.map(({ cpuUs }) => cpuUs)).toFixed(1)})`,
    ].join(" | ")} |`;
  });
  return [head, "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|", ...rows].join("\n");
}

export function recoveryLine(runs: readonly Recovered[]): string {
  const size = median(runs.map(({ mebibytes }) => mebibytes));
  const speed = (pick: (run: Recovered) => number): string =>
    `${Math.round(median(runs.map((run) => run.mebibytes / (pick(run) / 1000))))} MiB/s`;
  const records = median(runs.map((run) => run.records / (run.readMs / 1000)));
  return [
    `Recovery of an unsealed segment of ${Math.round(size)} MiB, from the page cache:`,
    `open ${speed((run) => run.openMs)} (reading the file and one checksum over it: ${speed((run) => run.boundMs)});`,
    `then iterating over all of it ${speed((run) => run.readMs)}, ${thousands(records)} records/s.`,
  ].join(" ");
}

function rate(runs: readonly Measured[]): string {
  return thousands(median(runs.map(({ perSecond }) => perSecond)));
}

function thousands(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

function spread(
  { middle, low, high }: { readonly middle: number; readonly low: number; readonly high: number },
  digits: number,
): string {
  return `${middle.toFixed(digits)} (${low.toFixed(digits)}-${high.toFixed(digits)})`;
}
