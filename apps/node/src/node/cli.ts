#!/usr/bin/env node
// Says what is wrong with an old Node before loading anything that could not be loaded there.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `engram: Node ${process.versions.node} is too old: install Node 22.18 or newer (24 is best)\n`,
  );
  process.exitCode = 69;
} else {
  const { run } = await import("./commands.ts");
  process.exitCode = await run(process.argv);
}
