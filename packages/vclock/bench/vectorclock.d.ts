declare module "vectorclock" {
  type Clock = Record<string, number>;
  const vectorclock: {
    readonly increment: (clock: Clock, node: string) => Clock;
    readonly compare: (left: Clock, right: Clock) => -1 | 0 | 1;
    readonly isConcurrent: (left: Clock, right: Clock) => boolean;
    readonly isIdentical: (left: Clock, right: Clock) => boolean;
    readonly merge: (left: Clock, right: Clock) => Clock;
  };
  // oxlint-disable-next-line import/no-default-export -- the package is CommonJS
  export default vectorclock;
}
