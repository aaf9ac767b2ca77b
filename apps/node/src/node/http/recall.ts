import type { FastifyInstance, FastifyRequest } from "fastify";
import type { RecallAnswer, RecallQuery } from "../../engine/recall.ts";
import { spaceOf, type ApiContext } from "./context.ts";
import { refuseUnbuilt, timeOf, wellFormed } from "./fields.ts";
import { Problem } from "./problem.ts";
import { checkQuery, recallQuery, searchQuery, type RecallParameters } from "./schemas.ts";
import { categoryOf, recalledView } from "./views.ts";

/** Above this similarity an answer is vivid: upstream's line. */
const vividSimilarity = 0.7;

export function routeRecall(server: FastifyInstance, context: ApiContext): void {
  server.route({
    method: "GET",
    url: "/api/v1/memories/recall",
    handler: async (request) => {
      const parameters = checkQuery(recallQuery, request.query);
      const started = context.now();
      const answer = ask(context, request, { ...parameters, limit: parameters.max_results });
      const views = answer.recalled.map((recalled) => recalledView(recalled, answer.terms));
      const vivid = answer.recalled.findIndex(({ similarity }) => similarity <= vividSimilarity);
      const split = vivid === -1 ? views.length : vivid;
      return {
        memories: { vivid: views.slice(0, split), associated: views.slice(split) },
        recall_confidence: { value: answer.confidence, category: categoryOf(answer.confidence) },
        query_analysis: { search_strategy: "lexical", terms: answer.terms },
        ...(parameters.include_metadata === true
          ? {
              metadata: {
                total_memories_searched: answer.searched,
                total_matched: answer.matched,
                processing_time_ms: context.now() - started,
              },
            }
          : {}),
      };
    },
  });

  server.route({
    method: "GET",
    url: "/api/v1/memories/search",
    handler: async (request) => {
      const parameters = checkQuery(searchQuery, request.query);
      const answer = ask(context, request, parameters);
      return {
        memories: answer.recalled.map((recalled) => recalledView(recalled, answer.terms)),
        total: answer.matched,
      };
    },
  });
}

function ask(
  context: ApiContext,
  request: FastifyRequest,
  parameters: RecallParameters & { limit?: number | undefined },
): RecallAnswer {
  refuseUnbuilt(parameters);
  const space = spaceOf(context.engine, request, { query: parameters.space });
  if (parameters.query === undefined || parameters.query.trim() === "") {
    throw new Problem("BAD_REQUEST", "there is nothing to recall by", "Give ?query=.");
  }
  wellFormed([parameters.query, parameters.location]);
  const query: RecallQuery = {
    text: parameters.query,
    resultsMax: parameters.limit ?? 10,
    threshold: parameters.threshold ?? 0,
    requiredTags: commaList(parameters.required_tags),
    excludedTags: commaList(parameters.excluded_tags),
    from: optionalTime("from_time", parameters.from_time),
    to: optionalTime("to_time", parameters.to_time),
    location: parameters.location,
  };
  return context.engine.recall(space, query);
}

const commaList = (text: string | undefined): string[] =>
  text === undefined ? [] : text.split(",").filter((part) => part !== "");

const optionalTime = (field: string, text: string | undefined): number | undefined =>
  text === undefined ? undefined : timeOf(field, text);
