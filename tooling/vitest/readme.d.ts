/**
 * Runs every `ts` code block of a README in order, as one module, and returns what its
 * `console.log` calls printed, one entry a call. A block whose fence says `ts ignore` is left out.
 *
 * @param readme - URL of the README, usually `new URL("../README.md", import.meta.url)`
 */
export declare function runReadme(readme: URL): Promise<string[]>;
