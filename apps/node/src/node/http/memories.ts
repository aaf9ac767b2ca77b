import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { MemoryFields } from "../../engine/memory.ts";
import { viewOf } from "../../engine/fold.ts";
import { isMemoryId } from "../../engine/limits.ts";
import { spaceOf, type ApiContext } from "./context.ts";
import { fieldsOfEpisode, fieldsOfMemory, idOfPath } from "./fields.ts";
import { Problem } from "./problem.ts";
import {
  checkBody,
  checkQuery,
  listQuery,
  rememberEpisode,
  rememberMemory,
  spaceOnly,
} from "./schemas.ts";
import { isoTime, memoryView, rememberedView } from "./views.ts";

interface Asked {
  readonly id?: string;
  readonly memory_space_id?: string;
}

interface ById {
  Params: { id: string };
}

const forgottenHint = "Forgetting is final for an id: remember it under another.";

export function routeMemories(server: FastifyInstance, context: ApiContext): void {
  const { engine, writer } = context;
  const rememberOne = async (request: FastifyRequest, reply: FastifyReply) => {
    const body = checkBody(rememberMemory, request.body);
    return remember(context, { request, reply, body }, fieldsOfMemory(body));
  };
  server.route({
    method: "POST",
    url: "/api/v1/memories/remember",
    handler: rememberOne,
  });
  server.route({
    method: "POST",
    url: "/api/v1/memories",
    handler: rememberOne,
  });
  server.route({
    method: "POST",
    url: "/api/v1/episodes/remember",
    handler: async (request, reply) => {
      const body = checkBody(rememberEpisode, request.body);
      return remember(context, { request, reply, body }, fieldsOfEpisode(body));
    },
  });

  server.route<ById>({
    method: "GET",
    url: "/api/v1/memories/:id",
    handler: async (request) => {
      const { space: query } = checkQuery(spaceOnly, request.query);
      const space = spaceOf(engine, request, { query });
      const id = idOfPath(request.params.id);
      const state = engine.state(space, id);
      if (state === undefined) throw new Problem("MEMORY_NOT_FOUND", `there is no memory ${id}`);
      if (state.type === "forgotten") throw forgotten(id, state.forgottenAt);
      return memoryView(viewOf(id, state));
    },
  });

  server.route<ById>({
    method: "DELETE",
    url: "/api/v1/memories/:id",
    handler: async (request) => {
      const { space: query } = checkQuery(spaceOnly, request.query);
      const space = spaceOf(engine, request, { query });
      const id = idOfPath(request.params.id);
      const outcome = await writer.forget({ space, id });
      if (outcome.type === "absent") {
        throw new Problem("MEMORY_NOT_FOUND", `there is no memory ${id}`);
      }
      return { memory_id: id, status: "forgotten", forgotten_at: isoTime(outcome.forgottenAt) };
    },
  });

  server.route({
    method: "GET",
    url: "/api/v1/memories",
    handler: async (request) => list(context, request),
  });
}

async function remember(
  context: ApiContext,
  asked: { request: FastifyRequest; reply: FastifyReply; body: Asked },
  fields: MemoryFields,
): Promise<unknown> {
  const { request, reply, body } = asked;
  const query = checkQuery(spaceOnly, request.query).space;
  const space = spaceOf(context.engine, request, { query, body: body.memory_space_id });
  const id = idFor(context, { request, space, named: body.id });
  const outcome = await context.writer.remember({ space, id }, fields);
  if (outcome.type === "forgotten") throw forgotten(id, outcome.forgottenAt);
  if (outcome.type === "conflict") {
    throw new Problem(
      "MEMORY_CONFLICT",
      `${id} already holds another memory`,
      "Use another id, or leave it out and one is made.",
    );
  }
  reply.code(outcome.type === "created" ? 201 : 200);
  return rememberedView(outcome.memory);
}

/** The client's id, or the one its Idempotency-Key stands for, or a new one. */
function idFor(
  context: ApiContext,
  asked: { request: FastifyRequest; space: string; named: string | undefined },
): string {
  const key = asked.request.headers["idempotency-key"];
  if (key === undefined) return asked.named ?? context.newId();
  if (asked.named !== undefined) {
    throw new Problem(
      "INVALID_MEMORY_INPUT",
      "both id and Idempotency-Key are given",
      "An id makes the request idempotent by itself: leave the header out.",
    );
  }
  if (typeof key !== "string" || key === "" || key.length > 256) {
    throw new Problem("INVALID_MEMORY_INPUT", "Idempotency-Key must have 1 to 256 characters");
  }
  return context.idOfKey(asked.space, key);
}

const forgotten = (id: string, at: number): Problem =>
  new Problem("MEMORY_FORGOTTEN", `${id} was forgotten at ${isoTime(at)}`, forgottenHint);

function list(context: ApiContext, request: FastifyRequest): unknown {
  const { engine } = context;
  const { space: query, limit = 100, offset = 0, cursor } = checkQuery(listQuery, request.query);
  const space = spaceOf(engine, request, { query });
  if (cursor !== undefined && offset > 0) {
    throw new Problem("INVALID_MEMORY_INPUT", "both cursor and offset are given");
  }
  const after = cursor === undefined ? engine.idAt(space, offset) : decodeCursor(cursor);
  const page =
    after === undefined ? { memories: [], next: undefined } : engine.list(space, { after, limit });
  return {
    memories: page.memories.map(memoryView),
    count: engine.count(space),
    pagination: {
      offset,
      limit,
      returned: page.memories.length,
      ...(page.next === undefined ? {} : { next_cursor: encodeCursor(page.next) }),
    },
  };
}

const encodeCursor = (id: string): string => Buffer.from(id).toString("base64url");

function decodeCursor(cursor: string): string {
  const id = Buffer.from(cursor, "base64url").toString("latin1");
  if (isMemoryId(id)) return id;
  throw new Problem(
    "INVALID_MEMORY_INPUT",
    "the cursor is not one of ours",
    "Pass pagination.next_cursor of the page before.",
  );
}
