import type { FastifyInstance } from "fastify";
import type { ApiContext } from "./context.ts";
import { isoTime } from "./views.ts";

/**
 * `/health/alive`: the event loop turns. `/health/ready`: send requests here or not, and why.
 * `/health`: the same checks for people, always 200.
 */
export function routeHealth(server: FastifyInstance, context: ApiContext): void {
  const report = () => {
    const checks = context.checks().map(({ name, ok, detail }) => ({
      name,
      status: ok ? "ok" : "failed",
      detail,
    }));
    return { isReady: checks.every(({ status }) => status === "ok"), checks };
  };
  server.route({
    method: "GET",
    url: "/health/alive",
    handler: async () => ({ status: "alive" }),
  });
  server.route({
    method: "GET",
    url: "/health/ready",
    handler: async (_request, reply) => {
      const { isReady, checks } = report();
      reply.code(isReady ? 200 : 503);
      return { status: isReady ? "ready" : "not_ready", checks };
    },
  });
  server.route({
    method: "GET",
    url: "/health",
    handler: async () => {
      const { isReady, checks } = report();
      const status = isReady ? "healthy" : "degraded";
      return { status, version: context.version, timestamp: isoTime(context.now()), checks };
    },
  });
}
