import { library } from "@engram/tsup";

export default library({ index: "src/index.ts" });
