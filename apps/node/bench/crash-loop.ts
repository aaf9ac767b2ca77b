/** `crash:loop [ROUNDS]`: kill -9 a real node in the middle of writes, again and again. */
import { crashLoop } from "../test/crash-loop.ts";
import { realNode } from "../test/crash-subjects.ts";
import { scratchDirectory } from "../test/spawned-node.ts";

const rounds = Number(process.argv[2] ?? 100);
const scratch = scratchDirectory();
try {
  const result = await crashLoop(realNode(scratch.path), {
    rounds,
    writers: 16,
    acknowledgements: () => 1 + Math.floor(Math.random() * 300),
  });
  const { violations, ...counts } = result;
  console.log(JSON.stringify({ rounds, ...counts, violations: violations.length }));
  for (const violation of violations) console.log(violation);
  process.exitCode = violations.length === 0 ? 0 : 1;
} finally {
  scratch.remove();
}
