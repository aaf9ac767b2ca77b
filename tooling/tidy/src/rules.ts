import type { SourceFile } from "./tree.ts";

/** Returns one line for each breach, naming the file and the mend. */
export type Rule = (files: readonly SourceFile[]) => string[];

const isCode = ({ path }: SourceFile): boolean => /\.(ts|js|mjs)$/.test(path);
const isSource = ({ path }: SourceFile): boolean =>
  /^(packages|apps)\/[^/]+\/src\/.*\.ts$/.test(path);
const isTest = ({ path }: SourceFile): boolean => /\/test\/.*\.ts$/.test(path);
const isProse = ({ path }: SourceFile): boolean =>
  /(^|\/)README\.md$|^CONTRIBUTING\.md$/.test(path);
/** The rules name what they ban, and the tests plant it. */
const isTidy = ({ path }: SourceFile): boolean => path.startsWith("tooling/tidy/");

/** A drawer is not a module: name a file by the noun inside, or leave the code beside its caller. */
export const noDrawers: Rule = (files) =>
  files
    .filter(({ path }) => /(^|\/)(utils?|helpers?|common|shared|misc)(\/|\.[jt]s$)/.test(path))
    .map(({ path }) => `${path}: a drawer; name the file by its noun`);

/** First law: packages meet in apps/node, never in each other. */
export const noCrossImports: Rule = (files) =>
  files.filter(isSource).flatMap(({ path, text }) => {
    const own = /^packages\/([^/]+)\//.exec(path)?.[1];
    if (own === undefined) return [];
    return [...text.matchAll(/(?:from|import)\s*\(?\s*["']@engram\/([^/"']+)/g)]
      .filter(([, other]) => other !== own)
      .map(([, other]) => `${path}: imports @engram/${other}; pass its output in as plain data`);
  });

/** One reason-bearing file a package may reach 600 lines; the rest stay under 300. */
export const sourceSize: Rule = (files) => {
  const large = files
    .filter(isSource)
    .map((file) => ({ ...file, lines: file.text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > 300);
  const allowed = new Set<string>();
  return large.flatMap(({ path, text, lines }) => {
    const home = path.split("/").slice(0, 2).join("/");
    const explained = /^(\/\/|\/\*)/.test(text);
    if (lines <= 600 && explained && !allowed.has(home)) {
      allowed.add(home);
      return [];
    }
    return [
      `${path}: ${lines} lines; split it (one file a package may reach 600, with a head comment)`,
    ];
  });
};

export const oneIndex: Rule = (files) =>
  files
    .filter(isSource)
    .filter(
      ({ path }) => path.endsWith("/index.ts") && !/^packages\/[^/]+\/src\/index\.ts$/.test(path),
    )
    .filter(({ path }) => !/^apps\/[^/]+\/src\/index\.ts$/.test(path))
    .map(({ path }) => `${path}: only the root index.ts lists names`);

export const noStarExports: Rule = (files) =>
  files
    .filter((file) => isSource(file) && /^export \*/m.test(file.text))
    .map(({ path }) => `${path}: export names one by one`);

export const noCeremony: Rule = (files) =>
  files.filter(isSource).flatMap(({ path, text }) =>
    [...text.matchAll(/\b(?:class|interface)\s+(\w+)/g)]
      .map(([, name = ""]) => name)
      .filter((name) => /(Manager|Service|Helper|Utils?|Factory|Impl)$|^I[A-Z][a-z]/.test(name))
      .map((name) => `${path}: ${name}; name it by what it is, or make it a function`),
  );

export const noLeftovers: Rule = (files) =>
  files
    .filter((file) => isCode(file) && !isTidy(file))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\b(TODO|FIXME|XXX|HACK)\b/g)].map(
        ([, word]) => `${path}: ${word}; do it, or file it`,
      ),
    );

export const noSilencedTests: Rule = (files) =>
  files
    .filter((file) => isTest(file) && !isTidy(file))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\b(?:it|test|describe|suite)\.(only|skip|todo)\b/g)].map(
        ([call]) => `${path}: ${call}; a test runs, or says by skipIf what it lacks`,
      ),
    );

/** A disabled lint rule has its reason on the same line, after `--`. */
export const reasonedDisables: Rule = (files) =>
  files
    .filter((file) => isCode(file) && !isTidy(file))
    .flatMap(({ path, text }) =>
      text
        .split("\n")
        .filter((line) => /(ox|es)lint-disable|@ts-(ignore|nocheck|expect-error)/.test(line))
        .filter((line) => !/--\s*\w+|@ts-expect-error\s+\w+/.test(line))
        .map((line) => `${path}: "${line.trim()}" gives no reason`),
    );

/** Comments that restate, narrate history or draw banners. */
export const commentsSayWhy: Rule = (files) =>
  files
    .filter((file) => isCode(file) && !isTidy(file))
    .flatMap(({ path, text }) =>
      text
        .split("\n")
        .filter((line) => /^\s*(\/\/|\*|\/\*\*?)/.test(line))
        .filter((line) =>
          /\b(this (function|method|class) |now uses|previously|used to be)|^\s*\/\/\s*[-=*#]{4,}|^\s*\/\/\s*constructor\b/i.test(
            line,
          ),
        )
        .map((line) => `${path}: "${line.trim()}" restates or narrates`),
    );

export const plainWords: Rule = (files) =>
  files
    .filter((file) => isProse(file))
    .flatMap(({ path, text }) => [
      ...[
        ...text.matchAll(
          /\b(blazing(ly)?|robust(ly)?|production-ready|battle-tested|world-class)\b/gi,
        ),
      ].map(([word]) => `${path}: "${word}"; give the number instead`),
      ...(/\p{Extended_Pictographic}/u.test(text.replace(/[©®™↔]/gu, ""))
        ? [`${path}: an emoji`]
        : []),
    ]);

export const noForeignPaths: Rule = (files) =>
  files
    .filter((file) => !isTidy(file) && file.path !== "pnpm-lock.yaml")
    .filter(({ text }) => /(?<![\w.])\/(root|home\/\w+|Users\/\w+|work)\/(?=\w)/.test(text))
    .map(({ path }) => `${path}: a path of somebody's machine`);

export const cleanText: Rule = (files) =>
  files
    .filter((file) => isCode(file) || /\.(json|yaml|toml|proto)$/.test(file.path))
    .flatMap(({ path, text }) => [
      ...(/[ \t]$/m.test(text) ? [`${path}: trailing space`] : []),
      ...(text.includes("\r") ? [`${path}: carriage return`] : []),
      ...(text !== "" && !text.endsWith("\n") ? [`${path}: no newline at the end`] : []),
    ]);

const packageSections = [
  "Install",
  "Example",
  "API",
  "Errors",
  "Guarantees and assumptions",
  "Performance",
  "Prior art and references",
  "License",
];
const appSections = packageSections.filter((section) => section !== "Prior art and references");

/** A README is a contract: these headings, in this order (others may stand between). */
export const readmeSections: Rule = (files) =>
  homes(files).flatMap((home) => {
    const readme = files.find(({ path }) => path === `${home}/README.md`);
    if (readme === undefined) return [`${home}: no README.md`];
    const headings = [...readme.text.matchAll(/^## (.+)$/gm)].map(([, heading = ""]) => heading);
    const wanted = home.startsWith("apps/") ? appSections : packageSections;
    const found = headings.filter((heading) => wanted.includes(heading));
    return found.join("|") === wanted.join("|")
      ? []
      : [`${readme.path}: sections are [${found.join(", ")}], want [${wanted.join(", ")}]`];
  });

/** The published half of every package.json is the same but for name, words and entries. */
export const manifests: Rule = (files) =>
  homes(files).flatMap((home) => {
    const text = files.find(({ path }) => path === `${home}/package.json`)?.text ?? "{}";
    const manifest = JSON.parse(text) as Record<string, unknown>;
    const same: Record<string, unknown> = {
      name: `@engram/${home.split("/")[1]}`,
      license: "Apache-2.0",
      files: ["dist", "src"],
      type: "module",
      sideEffects: false,
      publishConfig: { access: "public", provenance: true },
      engines: { node: ">=22.18" },
    };
    const problems = Object.entries(same)
      .filter(([field, value]) => JSON.stringify(manifest[field]) !== JSON.stringify(value))
      .map(([field, value]) => `${home}/package.json: ${field} must be ${JSON.stringify(value)}`);
    return [
      ...problems,
      ...words(home, manifest),
      ...ranges(home, manifest),
      ...beside(home, files),
    ];
  });

function words(home: string, manifest: Record<string, unknown>): string[] {
  const { description, keywords } = manifest;
  const described = typeof description === "string" && description.length > 20;
  return [
    ...(described ? [] : [`${home}/package.json: describe the package in a sentence`]),
    ...(Array.isArray(keywords) && keywords.length > 2
      ? []
      : [`${home}/package.json: at least three keywords`]),
  ];
}

function ranges(home: string, manifest: Record<string, unknown>): string[] {
  const sections = ["dependencies", "optionalDependencies", "devDependencies"] as const;
  return sections.flatMap((section) =>
    Object.entries((manifest[section] ?? {}) as Record<string, string>).flatMap(([name, range]) => {
      const internal = name.startsWith("@engram/");
      const wanted = internal
        ? section === "devDependencies"
          ? "workspace:*"
          : "workspace:^"
        : "catalog:";
      return range === wanted ? [] : [`${home}/package.json: ${name} must be ${wanted}`];
    }),
  );
}

function beside(home: string, files: readonly SourceFile[]): string[] {
  const root = files.find(({ path }) => path === "LICENSE")?.text;
  const own = files.find(({ path }) => path === `${home}/LICENSE`)?.text;
  return own === root ? [] : [`${home}: LICENSE must equal the root's`];
}

/** A figure without its command, commit, machine and versions is an anecdote. */
export const benchHeaders: Rule = (files) =>
  files
    .filter(({ path }) => path.endsWith("/bench/results.md"))
    .flatMap(({ path, text }) =>
      ["command", "commit", "machine", "versions"]
        .filter((field) => !new RegExp(`\\b${field}\\b`, "i").test(text))
        .map((field) => `${path}: does not name its ${field}`),
    );

/** Folders that are published. */
function homes(files: readonly SourceFile[]): string[] {
  return files
    .map(({ path }) => /^((?:packages|apps)\/[^/]+)\/package\.json$/.exec(path)?.[1])
    .filter((home) => home !== undefined);
}
