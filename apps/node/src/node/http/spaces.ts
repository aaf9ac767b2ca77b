import type { FastifyInstance } from "fastify";
import type { Space } from "../../engine/memory.ts";
import { defaultSpace } from "../../engine/engine.ts";
import type { ApiContext } from "./context.ts";
import { checkBody, createSpace } from "./schemas.ts";
import { isoTime } from "./views.ts";

export function routeSpaces(server: FastifyInstance, context: ApiContext): void {
  const { engine, writer } = context;
  server.route({
    method: "GET",
    url: "/api/v1/spaces",
    handler: async () => {
      const spaces = engine.spaces().map((space) => ({
        ...spaceView(space),
        memories: engine.count(space.name),
      }));
      return { spaces, count: spaces.length };
    },
  });

  server.route({
    method: "POST",
    url: "/api/v1/spaces",
    handler: async (request, reply) => {
      const { id } = checkBody(createSpace, request.body);
      const { space, isNew } = await writer.createSpace(id, context.newUid());
      reply.code(isNew ? 201 : 200);
      return spaceView(space);
    },
  });
}

/** `default` was never created, so it has no time of creation. */
const spaceView = (space: Space): Record<string, unknown> => ({
  id: space.name,
  ...(space.name === defaultSpace.name ? {} : { created_at: isoTime(space.createdAt) }),
});
