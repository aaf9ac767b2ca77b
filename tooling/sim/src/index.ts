export type { TimerOptions } from "./alarm.ts";
export type { Clock } from "./clock.ts";
export type { Completion, Disk, DiskOptions } from "./disk.ts";
export { inject, type Fault } from "./faults.ts";
export type { Boot, Death, Host } from "./host.ts";
export type { Heal, Link, Network, NetworkOptions } from "./network.ts";
export { guard, TripwireError } from "./node/tripwires.ts";
export type { PartitionShape } from "./partition.ts";
export { expand, type Plan, type Scenario, type Stage, type Timed } from "./plan.ts";
export type { FileEntry, FileFault, FileRequest, FileResult, Platter } from "./platter.ts";
export { Probes, Violation, type Tally } from "./probes.ts";
export {
  drive,
  type CloseReason,
  type Core,
  type PacketInput,
  type Program,
  type StreamEvent,
} from "./program.ts";
export { Random } from "./random.ts";
export { run, type Failure, type Outcome } from "./run.ts";
export { shrink, type Shrunk } from "./shrink.ts";
export type { Stream, StreamOptions } from "./stream.ts";
export { drawConditions, drawFaults, faultClasses, type FaultClass } from "./swarm.ts";
export { idleProbes, seeds, sweep, type Sweep } from "./sweep.ts";
export type { Checkpoint, Trace } from "./trace.ts";
export { World, type WorldConditions, type WorldOptions } from "./world.ts";
