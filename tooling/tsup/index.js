import { defineConfig } from "tsup";

/**
 * Builds `entry` (output name -> source file) to `dist/` as ES modules with declarations. Entries
 * share chunks, so a class exported by two of them is one class.
 */
export const library = (entry) =>
  defineConfig({
    entry,
    format: "esm",
    platform: "node",
    target: "node22",
    dts: true,
    sourcemap: true,
    splitting: true,
    clean: true,
    // tsup would rewrite `node:sqlite` to `sqlite`, which does not resolve.
    removeNodeProtocol: false,
  });
