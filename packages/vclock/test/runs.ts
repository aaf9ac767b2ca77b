/** How often a property runs: the given number, or FC_NUM_RUNS. */
export const runs = (usual: number): number => Number(process.env["FC_NUM_RUNS"] ?? usual);
