// Runs every gate and suite through turbo and counts them. Plain JavaScript for Node 20.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const gates = [
  "//#check:format",
  "//#check:lint",
  "//#check:unused",
  "typecheck",
  "build",
  "check:package",
  "test",
  // Each suite has workers of its own; more tasks at once only make tests time out.
  "--concurrency=3",
];

/** Suites with real sockets, files under load and child processes: alone on the machine. */
const system = ["test:system", "--concurrency=1"];

/** A task whose tests are counted one by one; any other task counts as one. */
const resultFiles = { test: "vitest.json", "test:system": "system.json" };

/** @returns the exit code; the last line printed is `N passed, N failed(, N skipped)` */
export function runAndCount({ root, env }) {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  for (const folder of ["apps", "packages", "tooling"]) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (entry.isDirectory())
        rmSync(join(root, folder, entry.name, ".results"), { recursive: true, force: true });
    }
  }
  for (const tasks of [gates, system]) {
    for (const task of turbo(tasks, { root, env })) count(task, tally, root);
  }
  const skipped = tally.skipped === 0 ? "" : `, ${tally.skipped} skipped`;
  console.log(`\n${tally.passed} passed, ${tally.failed} failed${skipped}`);
  return tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}

/** Runs the tasks to their end whatever fails, and returns turbo's own account of each. */
function turbo(tasks, { root, env }) {
  const runs = join(root, ".turbo", "runs");
  rmSync(runs, { recursive: true, force: true });
  const program = join(root, "node_modules", ".bin", "turbo");
  const options = ["--continue", "--summarize", "--output-logs=new-only", "--log-order=grouped"];
  const { error } = spawnSync(program, ["run", ...tasks, ...options], {
    stdio: "inherit",
    env,
    cwd: root,
  });
  if (error !== undefined) throw error;
  const summary = existsSync(runs) ? readdirSync(runs).at(0) : undefined;
  if (summary === undefined) {
    return [{ task: "turbo", taskId: "turbo", execution: { exitCode: 1 } }];
  }
  const all = JSON.parse(readFileSync(join(runs, summary), "utf8")).tasks;
  return all.filter((task) => task.command !== "<NONEXISTENT>");
}

function count({ task, taskId, directory, execution }, tally, root) {
  const failed = execution === undefined || execution === null || execution.exitCode !== 0;
  const file = resultFiles[task];
  const results = file && join(root, directory, ".results", file);
  if (results === undefined || !existsSync(results)) {
    if (failed) console.log(`failed: ${taskId}`);
    tally[failed ? "failed" : "passed"] += 1;
    return;
  }
  const report = JSON.parse(readFileSync(results, "utf8"));
  tally.passed += report.numPassedTests;
  tally.skipped += report.numPendingTests + report.numTodoTests;
  // A suite that could not be loaded has no failed test, yet its task fails.
  const broken = failed ? Math.max(1, report.numFailedTests) : report.numFailedTests;
  tally.failed += broken;
  if (broken > 0) console.log(`failed: ${taskId}`);
  for (const suite of report.testResults) {
    for (const { status, fullName } of suite.assertionResults) {
      if (status === "pending" || status === "skipped") console.log(`skipped: ${fullName}`);
    }
  }
}
