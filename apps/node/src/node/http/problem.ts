import type { FastifyReply, FastifyRequest } from "fastify";
import { systemCode } from "../failure.ts";
import { WriteRefused } from "../writer.ts";

/** Every code an error answer can carry, with its status and title. Codes are part of the API. */
export const problemKinds = {
  BAD_REQUEST: [400, "The request cannot be read"],
  INVALID_MEMORY_INPUT: [400, "The request is not well formed"],
  SPACE_NOT_FOUND: [404, "There is no such space"],
  MEMORY_NOT_FOUND: [404, "There is no such memory"],
  RESOURCE_NOT_FOUND: [404, "There is no such path"],
  REQUEST_TIMEOUT: [408, "The request did not arrive in time"],
  MEMORY_CONFLICT: [409, "The id holds another memory"],
  MEMORY_FORGOTTEN: [410, "The memory was forgotten"],
  PAYLOAD_TOO_LARGE: [413, "The body is too large"],
  UNSUPPORTED_MEDIA_TYPE: [415, "The body is not JSON"],
  MEMORY_VALIDATION_ERROR: [422, "The memory cannot be accepted as it is"],
  HEADERS_TOO_LARGE: [431, "The headers are too large"],
  MEMORY_SYSTEM_ERROR: [500, "The node failed"],
  NOT_IMPLEMENTED: [501, "This version cannot do that"],
  MEMORY_LOG_UNAVAILABLE: [503, "The node cannot make writes durable"],
  DRAINING: [503, "The node is shutting down"],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof problemKinds;

/** An error answer on its way to the client. */
export class Problem extends Error {
  override name = "Problem";
  readonly code: ProblemCode;
  readonly hint: string | undefined;

  constructor(code: ProblemCode, detail: string, hint?: string) {
    super(detail);
    this.code = code;
    this.hint = hint;
  }
}

/** RFC 9457, with `code` for programs and `hint` for people. */
export function problemBody(problem: Problem): Record<string, unknown> {
  const [status, title] = problemKinds[problem.code];
  return {
    type: `urn:engram:problem:${problem.code.toLowerCase().replaceAll("_", "-")}`,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
  };
}

export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const problem = problemOf(error);
  const [status] = problemKinds[problem.code];
  if (status >= 500 && status !== 501) request.log.error({ err: error }, problem.message);
  if (status === 503) reply.header("retry-after", "5");
  return reply
    .code(status)
    .type("application/problem+json")
    .send(JSON.stringify(problemBody(problem)));
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof WriteRefused) {
    return new Problem(
      "MEMORY_LOG_UNAVAILABLE",
      error.message,
      "Reads go on. Restart the node once its disk is in order.",
    );
  }
  const known = knownErrors[systemCode(error) ?? ""];
  if (known !== undefined) return known;
  return new Problem("MEMORY_SYSTEM_ERROR", "an error of the node's own; it is in its log");
}

/** What the framework refuses by itself. */
const knownErrors: Readonly<Record<string, Problem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: new Problem(
    "PAYLOAD_TOO_LARGE",
    "the body exceeds http.body_limit_bytes",
  ),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: new Problem(
    "UNSUPPORTED_MEDIA_TYPE",
    "the body must be JSON",
    "Send content-type: application/json.",
  ),
  FST_ERR_BAD_URL: new Problem("BAD_REQUEST", "the path is not valid percent-encoded UTF-8"),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: new Problem(
    "BAD_REQUEST",
    "the body is not as long as content-length says",
  ),
};
