import { library } from "@engram/tsup";

export default library({
  index: "src/index.ts",
  fs: "src/node/fs.ts",
  testing: "src/testing.ts",
});
