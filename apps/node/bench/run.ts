/** Every figure of the README's Performance section. `--readme` writes them there. */
import { compareStores } from "./stores.ts";
import { measureRecall, measureRemember } from "./serve.ts";
import { writeSection } from "./report.ts";
import { scratchDirectory } from "../test/spawned-node.ts";

const scratch = scratchDirectory();
try {
  const sections = [
    "**Recall over HTTP**, one client, one question after another (synthetic text, 30,000-word vocabulary):",
    await measureRecall(),
    "**Remember over HTTP**, acknowledged after the log's sync; the client shares the cores:",
    await measureRemember(),
    "**The store**, five rounds in turn, median (range):",
    await compareStores(scratch.path),
  ].join("\n\n");
  console.log(sections);
  if (process.argv.includes("--readme")) {
    writeSection("bench", "pnpm --filter @engram/node bench", sections);
  }
} finally {
  scratch.remove();
}
