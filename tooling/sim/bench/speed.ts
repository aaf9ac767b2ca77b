import { gossipWorld } from "./gossip.ts";
for (const members of [100, 100, 1000]) {
  const start = performance.now();
  const { world, cores } = gossipWorld(members, 1);
  world.runFor(60_000);
  const seconds = (performance.now() - start) / 1000;
  console.log(
    members,
    seconds.toFixed(2),
    world.trace.events,
    world.trace.hash,
    world.trace.counts,
    cores.reduce((s, c) => s + c.merged, 0),
  );
}
