import * as wal from "@engram/wal-replication";
import { command } from "../../src/node/command.ts";
import { logScenario } from "./scenario.ts";

process.exitCode = command(logScenario(wal));
