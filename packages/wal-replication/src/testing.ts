export { crashImages, seededRandom } from "./testing/crash-images.ts";
export type { Choose } from "./testing/disk-file.ts";
export { DiskLog } from "./testing/disk-log.ts";
export {
  type Disk,
  DiskError,
  type Fault,
  type FaultPlan,
  FaultyDisk,
} from "./testing/faulty-disk.ts";
