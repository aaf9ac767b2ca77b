import { afterAll, beforeAll } from "vitest";
import { clientOf, type Client } from "./client.ts";
import { scratchDirectory, spawnNode, type SpawnedNode } from "./spawned-node.ts";

/** One real node for all tests of a file. */
export function suiteNode(): { client: Client; node: () => SpawnedNode } {
  const scratch = scratchDirectory();
  let node: SpawnedNode | undefined;
  beforeAll(async () => {
    node = await spawnNode({ directory: scratch.path });
  });
  afterAll(async () => {
    await node?.stop();
    scratch.remove();
  });
  const running = () => {
    if (node === undefined) throw new Error("the node is not up");
    return node;
  };
  return { node: running, client: (call) => clientOf(running().url)(call) };
}
