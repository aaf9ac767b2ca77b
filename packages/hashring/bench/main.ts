// Measures, and writes the tables of the README between its markers: `pnpm run bench`, after a build.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, loadavg } from "node:os";
import { compare, full, measureOwn, type Row, type Spread, weightedJoin, work } from "./compare.ts";

const require = createRequire(import.meta.url);
const load = loadavg()[0] ?? 0;
const rows = full.counts.flatMap((count) => compare(count, full));
const own = full.counts.map((count) => measureOwn(count, full));
const weighted = [1, 2, 4].flatMap((weight) => weightedJoin(weight, full.keys));

const digits = (value: number): string => value.toPrecision(3).replace(/\.0+$/, "");
const time = (value: number): string => (value >= 100 ? value.toFixed(0) : digits(value));
const range = ({ median, low, high }: Spread): string =>
  `${time(median)} (${time(low)}-${time(high)})`;
const percent = (value: number): string => `${(value * 100).toFixed(2)} %`;

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, i) => (i === 0 ? "---" : "--:"));
  return [head, rule, ...body].map(line).join("\n");
}

const versionOf = (name: string): string => {
  const manifest = readFileSync(require.resolve(`${name}/package.json`), "utf8");
  return `${name} ${(JSON.parse(manifest) as { version: string }).version}`;
};

const speed = table(
  ["members", "library", "build ms", "key to owner, ns", "key to 3 owners, ns", "x ours"].map(
    String,
  ),
  rows.map((row) => [
    String(row.count),
    row.name,
    time(row.buildMs),
    range(row.ownerNs),
    row.threeNs ? range(row.threeNs) : "none",
    row.ratio ? range(row.ratio) : "",
  ]),
);

const quality = table(
  [
    "members",
    "library",
    "load CV",
    "max / mean",
    "moved by a join",
    "optimum",
    "of it between survivors",
  ],
  rows.map((row) => [
    String(row.count),
    row.name,
    percent(row.variation),
    row.maxOverMean.toFixed(3),
    percent(row.moved),
    percent(1 / (row.count + 1)),
    percent(row.betweenSurvivors),
  ]),
);

const heavy = table(
  ["weight that joins 10 of weight 1", "library", "moved", "optimum", "of it between survivors"],
  weighted.map((row) => [
    String(row.weight),
    row.name,
    percent(row.moved),
    percent(row.optimum),
    percent(row.betweenSurvivors),
  ]),
);

const alone = table(
  [
    "members",
    "slot to 3 owners, ns",
    "join, ms",
    "build, ms",
    "table, KB",
    "load CV",
    "balanced max / mean",
    "overrides for it",
    "P(loss), 3 fail",
  ],
  own.map((row) => [
    String(row.count),
    range(row.slotNs),
    range(row.joinMs),
    range(row.buildMs),
    (row.tableBytes / 1000).toFixed(0),
    percent(row.variation),
    row.balanced.toFixed(3),
    String(row.overrides),
    percent(row.loss),
  ]),
);

/** Best rival that names three owners, by the median of the ratios in each round. */
function best(count: number, isRival: (row: Row) => boolean): string {
  const rivals = rows.filter((row) => row.count === count && row.ratio && isRival(row));
  const [first] = rivals.sort((a, b) => (a.ratio?.median ?? 0) - (b.ratio?.median ?? 0));
  return `${first?.name} takes ${time(first?.ratio?.median ?? 0)} times as long`;
}

const verdict = full.counts.map((count) => {
  const published = best(count, ({ name }) => /^(hashring|ketama|consistent-hash)$/.test(name));
  const any = best(count, ({ name }) => !name.startsWith("@"));
  return `- ${count} members: of the packages ${published}; of all, ${any}.`;
});

const cpu = cpus()[0]?.model.trim() ?? "unknown";
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
const text = `Written by \`pnpm run bench\` at commit ${commit}: Node ${process.versions.node}, ${availableParallelism()} cores of ${cpu}, load
average ${load.toFixed(1)} at the start. ${["hashring", "consistent-hash", "ketama"].map(versionOf).join(", ")}, all with default
options; jump hash and plain rendezvous are in \`bench/peers.ts\`. One process; ${full.rounds} rounds, each library in turn in
every round, ${full.keys} keys of 22 characters a round; CPU time, median (lowest-highest). The ratio is taken within each round.
The machine was shared. Checksum of the work: ${work() >>> 0}.

Key to three owners, against the fastest rival that names three:

${verdict.join("\n")}

${speed}

Quality, over ${full.keys * 10} keys (the sampling of keys adds to every CV); a join as a second process sees it, that builds
its ring from one member more:

${quality}

${heavy}

This package alone. Load CV here is that of the slots, without sampling of keys:

${alone}`;

const readme = new URL("../README.md", import.meta.url);
const [before, rest] = readFileSync(readme, "utf8").split("<!-- bench -->\n");
const after = rest?.split("<!-- /bench -->")[1];
if (before === undefined || after === undefined) throw new Error("README.md has no bench markers");
writeFileSync(readme, `${before}<!-- bench -->\n${text}\n<!-- /bench -->${after}`);
console.log(text);
