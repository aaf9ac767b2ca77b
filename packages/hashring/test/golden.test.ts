import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { newQuickJSWASMModuleFromVariant } from "quickjs-emscripten-core";
import { expect, test } from "vitest";
import { compute } from "./golden.ts";

// Frozen for algorithm version 1. If this fails, members that run different releases disagree about
// owners: do not update the file, but raise the version in codec.ts and add another.
const golden: unknown = JSON.parse(
  readFileSync(new URL("./golden-1.json", import.meta.url), "utf8"),
);

test("R12: hashes, scores, encodings, fingerprints and tables are as frozen", () => {
  expect(compute()).toEqual(golden);
});

// QuickJS has none of the web's globals.
const textCoding = `
  globalThis.TextEncoder = class {
    encode(text) {
      const escaped = encodeURIComponent(text);
      const bytes = [];
      for (let i = 0; i < escaped.length; i++) {
        if (escaped[i] === "%") bytes.push(parseInt(escaped.slice(i + 1, (i += 2) + 1), 16));
        else bytes.push(escaped.charCodeAt(i));
      }
      return Uint8Array.from(bytes);
    }
  };
  globalThis.TextDecoder = class {};
`;

test("R12: another engine computes the same", async () => {
  const quickJs = await newQuickJSWASMModuleFromVariant(
    import("@jitl/quickjs-wasmfile-release-sync"),
  );
  const runtime = quickJs.newRuntime();
  runtime.setModuleLoader(
    (path) => stripTypeScriptTypes(readFileSync(path, "utf8")),
    (from, to) => new URL(to, new URL(from, "file:")).pathname,
  );
  const context = runtime.newContext();
  const entry = new URL("./golden.ts", import.meta.url).pathname;
  context.unwrapResult(context.evalCode(textCoding)).dispose();
  const code = `import { compute } from "${entry}"; globalThis.result = JSON.stringify(compute());`;
  context.unwrapResult(context.evalCode(code, "main.js", { type: "module" })).dispose();
  const result = context.getProp(context.global, "result");
  expect(JSON.parse(context.getString(result))).toEqual(golden);
  result.dispose();
  context.dispose();
  runtime.dispose();
}, 60_000);
