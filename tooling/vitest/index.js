import { defineConfig } from "vitest/config";

/**
 * `vitest run` runs everything but `*.system.test.ts`; `vitest run --mode system` runs only those:
 * suites with real sockets, files under load or child processes, which share the machine badly and
 * are scheduled one package at a time, one file at a time.
 */
export const suite = () =>
  defineConfig(({ mode }) => {
    const system = mode === "system";
    return {
      // Tests read sources, never `dist`; what is published is checked from the packed tarball.
      resolve: { conditions: ["@engram/source"] },
      ssr: { resolve: { conditions: ["@engram/source"] } },
      test: {
        include: [system ? "test/**/*.system.test.ts" : "test/**/*.test.ts"],
        exclude: system ? [] : ["test/**/*.system.test.ts"],
        pool: "forks",
        fileParallelism: !system,
        testTimeout: system ? 120_000 : 30_000,
        hookTimeout: system ? 120_000 : 30_000,
        reporters: [["default", { summary: false }], "json"],
        outputFile: { json: system ? ".results/system.json" : ".results/vitest.json" },
      },
    };
  });
