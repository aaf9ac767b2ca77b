export { NodeFailure, type NodeFailureCode } from "./node/failure.ts";
export { type RunningNode, startNode } from "./node/node.ts";
