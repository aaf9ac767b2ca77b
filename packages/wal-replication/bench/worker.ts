/** One contender, one number of writers, one process: prints what it measured as JSON. */
import { type Name, openContender } from "./contenders.ts";

export interface Measured {
  readonly perSecond: number;
  /** Processor microseconds of the whole process, a record. */
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly records: number;
  readonly syncs: number | undefined;
}

const LATENCIES_MAX = 1_000_000;

const [name, writers, warmUpMs, measureMs, directory = ""] = process.argv.slice(2);
const contender = await openContender(name as Name, directory);
let index = 0;

async function run(milliseconds: number, latencies: Float64Array): Promise<number> {
  const end = performance.now() + milliseconds;
  let records = 0;
  await Promise.all(
    Array.from({ length: Number(writers) }, async () => {
      for (let start = performance.now(); start < end;) {
        await contender.append(index++);
        const now = performance.now();
        latencies[records++ % LATENCIES_MAX] = now - start;
        start = now;
      }
    }),
  );
  return records;
}

const latencies = new Float64Array(LATENCIES_MAX);
await run(Number(warmUpMs), latencies);
const syncs = contender.syncs();
const cpu = process.cpuUsage();
const start = performance.now();
const records = await run(Number(measureMs), latencies);
const seconds = (performance.now() - start) / 1000;
const used = process.cpuUsage(cpu);
const after = contender.syncs();
await contender.close();

const sorted = latencies.subarray(0, Math.min(records, LATENCIES_MAX)).sort();
const measured: Measured = {
  perSecond: records / seconds,
  cpuUs: (used.user + used.system) / records,
  p50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
  p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
  records,
  syncs: after === undefined || syncs === undefined ? undefined : after - syncs,
};
console.log(JSON.stringify(measured));
