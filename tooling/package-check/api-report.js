import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";

const require = createRequire(import.meta.url);

/**
 * Compares the public surface of each entry with `etc/<entry>.api.md`, so that a change to it is a
 * reviewable diff. Every exported name needs a release tag.
 *
 * @returns one line for each problem
 */
export function apiReport(directory, manifest, update) {
  const entries = Object.values(manifest.exports ?? {}).flatMap((target) =>
    target.types === undefined ? [] : [target.types],
  );
  if (entries.length > 0) mkdirSync(join(directory, "etc"), { recursive: true });
  return entries.flatMap((types) => reportEntry(directory, types, update));
}

function reportEntry(directory, types, update) {
  const declarations = join(directory, types);
  if (!existsSync(declarations)) return [`no ${types}: build first`];
  const name = types.replace(/^\.\/dist\//, "").replace(/\.d\.ts$/, "");
  const problems = [];
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: directory,
      mainEntryPointFilePath: declarations,
      bundledPackages: [],
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: "ES2023",
            lib: ["ES2023"],
            module: "NodeNext",
            moduleResolution: "NodeNext",
            strict: true,
            skipLibCheck: true,
            types: ["node"],
          },
          files: [declarations],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: "<projectFolder>/etc/",
        reportTempFolder: "<projectFolder>/.results/api/",
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: "lf",
      messages: {
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Warning },
          "ae-forgotten-export": { logLevel: ExtractorLogLevel.None },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.Warning } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(directory, "package.json"),
  });
  const result = Extractor.invoke(config, {
    localBuild: update,
    typescriptCompilerFolder: join(require.resolve("typescript/package.json"), ".."),
    messageCallback: (message) => {
      message.handled = true;
      if (
        message.logLevel === ExtractorLogLevel.Warning ||
        message.logLevel === ExtractorLogLevel.Error
      )
        problems.push(`api-extractor: ${message.formatMessageWithLocation(directory)}`);
    },
  });
  if (result.apiReportChanged && !update)
    problems.push(
      `the public API of ${name} changed: run package-check --update and review etc/${name}.api.md`,
    );
  return problems;
}
