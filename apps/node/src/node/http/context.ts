import type { FastifyRequest } from "fastify";
import type { Engine } from "../../engine/engine.ts";
import { isSpaceName } from "../../engine/limits.ts";
import type { Writer } from "../writer.ts";
import { Problem } from "./problem.ts";

/** What the handlers stand on. */
export interface ApiContext {
  readonly engine: Engine;
  readonly writer: Writer;
  readonly version: string;
  /** 16 random bytes. */
  readonly newUid: () => Uint8Array;
  /** A fresh memory id. */
  readonly newId: () => string;
  /** The id of every request with this key: the same on every node. */
  readonly idOfKey: (space: string, key: string) => string;
  readonly now: () => number;
  readonly checks: () => readonly HealthCheck[];
  /** Only health is still answered. */
  readonly isDraining: () => boolean;
}

export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Upstream spells it three ways; the first found counts. */
const spaceHeaders = ["x-memory-space", "x-engram-memory-space", "x-memory-space-id"] as const;

/** The space a request is about: header, then `?space=`, then the body's field, then `default`. */
export function spaceOf(
  engine: Engine,
  request: FastifyRequest,
  named: { readonly query?: string | undefined; readonly body?: string | undefined },
): string {
  const headers = spaceHeaders.map((name) => request.headers[name]);
  const header = headers.find((value) => typeof value === "string");
  const name = header ?? named.query ?? named.body ?? "default";
  if (typeof name !== "string" || !isSpaceName(name)) {
    throw new Problem(
      "INVALID_MEMORY_INPUT",
      `${JSON.stringify(name)} cannot be the name of a space`,
      "A name has 3 to 64 characters of a-z, 0-9, _ and -.",
    );
  }
  if (engine.space(name) !== undefined) return name;
  throw new Problem(
    "SPACE_NOT_FOUND",
    `there is no space ${name}`,
    `Create it: POST /api/v1/spaces {"id": "${name}"}.`,
  );
}
