import { suite } from "@engram/vitest";

export default suite();
