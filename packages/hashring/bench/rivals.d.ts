// The rivals ship no declarations; these are the parts the benchmark uses.
declare module "hashring" {
  export default class HashRing {
    constructor(servers: readonly string[] | Record<string, number>);
    get(key: string): string;
    range(key: string, size: number): string[];
  }
}
declare module "consistent-hash" {
  export default class ConsistentHash {
    add(node: string): this;
    get(key: string): string;
    get(key: string, count: number): string[];
  }
}
declare module "ketama" {
  export class HashRing {
    constructor(nodes: readonly string[]);
    getNode(key: string): string;
    getNodes(key: string, replicas: number): string[];
  }
}
