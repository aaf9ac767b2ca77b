import { createServer } from "node:http";
import type { Socket } from "node:net";
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import type { Config } from "../settings.ts";
import { messageOf, systemCode } from "../failure.ts";
import type { ApiContext } from "./context.ts";
import { routeHealth } from "./health.ts";
import { routeMemories } from "./memories.ts";
import { Problem, problemBody, problemKinds, sendProblem, type ProblemCode } from "./problem.ts";
import { routeRecall } from "./recall.ts";
import { routeSpaces } from "./spaces.ts";

/** The HTTP interface of a node, ready to listen. */
export function createApi(
  context: ApiContext,
  http: Config["http"],
  logger: FastifyBaseLogger,
): FastifyInstance {
  const server: FastifyInstance = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: http.body_limit_bytes,
    requestTimeout: http.request_timeout_ms,
    requestIdHeader: "x-request-id",
    forceCloseConnections: "idle",
    return503OnClosing: false,
    routerOptions: { maxParamLength: 1_024, ignoreTrailingSlash: true },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      sendProblem(error, request, reply);
    },
    clientErrorHandler,
    serverFactory: (handler) =>
      createServer(
        {
          headersTimeout: http.request_timeout_ms,
          requestTimeout: http.request_timeout_ms,
          connectionsCheckingInterval: Math.min(1_000, http.request_timeout_ms),
        },
        handler,
      ),
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    ["application/json", "application/*+json"],
    { parseAs: "buffer" },
    async (_request: FastifyRequest, body: Buffer) => parseJson(body),
  );
  server.setErrorHandler(sendProblem);
  server.setNotFoundHandler(async (request, reply) => {
    const problem = new Problem(
      "RESOURCE_NOT_FOUND",
      `there is no ${request.method} ${request.url}`,
    );
    return sendProblem(problem, request, reply);
  });
  server.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    requireUtf8(request.raw.url ?? "");
    if (!context.isDraining()) return;
    reply.header("connection", "close");
    if (!request.url.startsWith("/health")) {
      throw new Problem("DRAINING", "the node is shutting down", "Try another node, or later.");
    }
  });
  routeHealth(server, context);
  routeMemories(server, context);
  routeRecall(server, context);
  routeSpaces(server, context);
  return server;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/** JSON.parse on text that is UTF-8: bytes that are not would be stored as something nobody said. */
function parseJson(body: Buffer): unknown {
  let text: string;
  try {
    text = strictUtf8.decode(body);
  } catch (error) {
    throw new Problem("BAD_REQUEST", `the body is not UTF-8: ${messageOf(error)}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem("BAD_REQUEST", `the body is not JSON: ${messageOf(error)}`);
  }
}

function requireUtf8(url: string): void {
  try {
    decodeURIComponent(url);
  } catch {
    throw new Problem("BAD_REQUEST", "the URL is not valid percent-encoded UTF-8");
  }
}

const codeOfClientError: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "REQUEST_TIMEOUT",
  HPE_HEADER_OVERFLOW: "HEADERS_TOO_LARGE",
};

/** What arrived is not HTTP, or did not arrive in time: there is no request to answer by routing. */
function clientErrorHandler(error: Error, socket: Socket): void {
  const system = systemCode(error) ?? "";
  if (system === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = codeOfClientError[system] ?? "BAD_REQUEST";
  const [status, title] = problemKinds[code];
  const body = JSON.stringify(problemBody(new Problem(code, error.message)));
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
