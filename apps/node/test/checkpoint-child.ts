/** Runs checkpoints and says when each is over: `checkpoint-child.ts chosen|unsynced DIRECTORY`. */
import { open } from "lmdb";
import { LmdbStore } from "../src/node/lmdb-store.ts";

const [mode, directory = ""] = process.argv.slice(2);
const value = new Uint8Array(200);
const ended = () => process.stderr.write("CHECKPOINT\n");

if (mode === "chosen") {
  const store = new LmdbStore(directory);
  for (let position = 1; position <= 900; position += 1) {
    store.commit([{ key: `m/${position % 400}`, value }], position);
    if (position % 300 !== 0) continue;
    await store.checkpoint();
    ended();
  }
  await store.close();
} else {
  const database = open<Buffer, string>({
    path: directory,
    encoding: "binary",
    noSync: true,
  });
  for (let round = 0; round < 3; round += 1) {
    await database.transaction(async () => {
      for (let key = 0; key < 300; key += 1) void database.put(`m/${key}`, Buffer.from(value));
    });
    ended();
  }
  await database.close();
}
