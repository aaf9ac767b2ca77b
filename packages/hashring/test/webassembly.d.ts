// What the declarations of quickjs-emscripten-core mention and neither ES2023 nor @types/node declares.
declare namespace WebAssembly {
  type Module = object;
  type Instance = object;
  type Memory = object;
  type Imports = object;
  type Exports = object;
}
