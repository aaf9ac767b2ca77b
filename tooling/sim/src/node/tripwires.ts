// A simulated run must depend on its plan alone. While one is under way, everything through which
// a process can see the real world throws, wherever the call comes from. The traps are laid once
// and for all, and do nothing outside a run.

import async_hooks from "node:async_hooks";
import child_process from "node:child_process";
import crypto from "node:crypto";
import dgram from "node:dgram";
import dns from "node:dns";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import os from "node:os";
import { performance } from "node:perf_hooks";
import timers from "node:timers";
import tls from "node:tls";
import worker_threads from "node:worker_threads";

/** Real time, randomness, a socket or a file was used inside a simulated run. */
export class TripwireError extends Error {
  override name = "TripwireError";
}

type Target = Record<string, unknown>;

/** Objects with the members that are out of bounds; `*` is every function. */
const traps: readonly (readonly [
  name: string,
  target: object,
  members: readonly string[] | "*",
])[] = [
  ["Math", Math, ["random"]],
  ["Date", Date, ["now"]],
  ["performance", Object.getPrototypeOf(performance) as object, ["now"]],
  ["performance", performance, ["now"]],
  ["process.hrtime", process.hrtime, ["bigint"]],
  ["process", process, ["hrtime", "uptime", "cpuUsage", "memoryUsage", "nextTick"]],
  [
    "globalThis",
    globalThis,
    [
      "setTimeout",
      "setInterval",
      "setImmediate",
      "queueMicrotask",
      "fetch",
      "WeakRef",
      "FinalizationRegistry",
      "Worker",
      "WebSocket",
    ],
  ],
  ["timers", timers, ["setTimeout", "setInterval", "setImmediate"]],
  [
    "crypto",
    crypto,
    [
      "randomBytes",
      "randomFill",
      "randomFillSync",
      "randomInt",
      "randomUUID",
      "getRandomValues",
      "generateKeyPairSync",
      "generateKeySync",
    ],
  ],
  ["crypto", Object.getPrototypeOf(globalThis.crypto) as object, ["getRandomValues", "randomUUID"]],
  ["fs", fs, "*"],
  ["fs.promises", fs.promises, "*"],
  ["net", net, ["connect", "createConnection", "createServer", "Socket", "Server"]],
  ["tls", tls, ["connect", "createServer"]],
  ["dgram", dgram, ["createSocket", "Socket"]],
  ["dns", dns, "*"],
  ["dns.promises", dns.promises, "*"],
  ["http", http, ["request", "get", "createServer"]],
  ["https", https, ["request", "get", "createServer"]],
  ["child_process", child_process, "*"],
  ["worker_threads", worker_threads, ["Worker"]],
  ["os", os, ["uptime", "freemem", "loadavg", "hostname", "networkInterfaces"]],
  ["Intl", Intl, ["DateTimeFormat", "Collator", "NumberFormat"]],
  [
    "String.prototype",
    String.prototype,
    ["localeCompare", "toLocaleUpperCase", "toLocaleLowerCase"],
  ],
  ["Number.prototype", Number.prototype, ["toLocaleString"]],
  [
    "Date.prototype",
    Date.prototype,
    [
      "getTimezoneOffset",
      "getHours",
      "getDate",
      "getDay",
      "getMonth",
      "getFullYear",
      "toLocaleString",
    ],
  ],
];

let depth = 0;
let isLaid = false;
let promises = 0;
/** What a run was refused, in case somebody caught it. */
const refusals: TripwireError[] = [];

/**
 * Runs `action` with every way out of the simulated world shut. It must be synchronous: a promise
 * made inside could only settle after the run, so it is an error too.
 *
 * @throws {@link TripwireError} from the forbidden call; at the end, if that was caught, or for a promise
 */
export function guard<T>(action: () => T): T {
  if (depth > 0) return action();
  layTraps();
  promises = 0;
  refusals.length = 0;
  depth++;
  hook.enable();
  try {
    const result = action();
    const [refusal] = refusals;
    if (refusal !== undefined) throw refusal;
    if (promises > 0) throw new TripwireError(`${promises} promises made inside a simulated run`);
    return result;
  } finally {
    hook.disable();
    depth--;
  }
}

const hook = async_hooks.createHook({
  init(_id, type) {
    if (depth > 0 && type === "PROMISE") promises++;
  },
});

function layTraps(): void {
  if (isLaid) return;
  isLaid = true;
  for (const [name, target, members] of traps) {
    const keys = members === "*" ? Object.keys(target) : members;
    for (const key of keys) trap(name, target as Target, key);
  }
  trapDate();
  letConsoleThrough();
  syncBuiltinESMExports();
}

function trap(name: string, target: Target, key: string): void {
  const original = Object.getOwnPropertyDescriptor(target, key);
  const value = original?.value as unknown;
  if (original === undefined || typeof value !== "function" || original.writable !== true) return;
  target[key] = new Proxy(value, {
    apply(real, self, args) {
      refuse(`${name}.${key}`);
      return Reflect.apply(real, self, args) as unknown;
    },
    construct(real, args, self) {
      refuse(`new ${name}.${key}`);
      return Reflect.construct(real, args, self) as object;
    },
  });
}

/** A date of given numbers is only a value; a date of nothing is the time. */
function trapDate(): void {
  globalThis.Date = new Proxy(Date, {
    apply(real, self, args) {
      refuse("Date()");
      return Reflect.apply(real, self, args);
    },
    construct(real, args, self) {
      if (args.length === 0) refuse("new Date()");
      return Reflect.construct(real, args, self) as object;
    },
  });
}

/** To print while one looks for a fault is no input to the run, though printing uses timers. */
function letConsoleThrough(): void {
  for (const key of ["log", "info", "warn", "error", "debug", "table", "dir", "trace"] as const) {
    const print = console[key].bind(console) as (...values: unknown[]) => void;
    console[key] = (...values: unknown[]) => {
      const before = depth;
      depth = 0;
      try {
        print(...values);
      } finally {
        depth = before;
      }
    };
  }
}

function refuse(what: string): void {
  if (depth === 0) return;
  const error = new TripwireError(`${what} inside a simulated run`);
  refusals.push(error);
  throw error;
}
