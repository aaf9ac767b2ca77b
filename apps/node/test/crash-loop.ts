/**
 * The crash loop: writers remember and forget over HTTP until the server is killed in the middle;
 * then it is started again and everything that was acknowledged is looked for. What the server said
 * is the only evidence used.
 */
import { clientOf, remember, type Client } from "./client.ts";

/** A server that can be killed and started again over the same data. */
export interface Subject {
  start(): Promise<string>;
  /** No warning, no flush. */
  kill(): Promise<void>;
}

export interface LoopOptions {
  readonly rounds: number;
  readonly writers: number;
  /** Acknowledgements after which a round is cut; picked anew for each. */
  readonly acknowledgements: () => number;
}

export interface LoopResult {
  readonly acknowledged: number;
  readonly forgotten: number;
  /** Requests that were cut: either outcome is right. */
  readonly unknown: number;
  readonly violations: readonly string[];
}

/** What a client knows about one id. */
interface Known {
  readonly content: string;
  remembered: "acknowledged" | "unknown";
  forgotten: "no" | "acknowledged" | "unknown";
}

export async function crashLoop(subject: Subject, options: LoopOptions): Promise<LoopResult> {
  const history = new Map<string, Known>();
  const violations: string[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    const client = clientOf(await subject.start());
    violations.push(...(await check(client, history)));
    await writeUntilKilled(subject, client, { history, round, ...options });
  }
  violations.push(...(await check(clientOf(await subject.start()), history)));
  await subject.kill();
  const known = [...history.values()];
  const count = (holds: (one: Known) => boolean) => known.filter(holds).length;
  return {
    acknowledged: count(({ remembered }) => remembered === "acknowledged"),
    forgotten: count(({ forgotten }) => forgotten === "acknowledged"),
    unknown: count(
      ({ remembered, forgotten }) => remembered === "unknown" || forgotten === "unknown",
    ),
    violations,
  };
}

async function writeUntilKilled(
  subject: Subject,
  client: Client,
  loop: LoopOptions & { history: Map<string, Known>; round: number },
): Promise<void> {
  const { history, round } = loop;
  let left = loop.acknowledgements();
  const killed: Promise<void>[] = [];
  const acknowledged = () => {
    left -= 1;
    if (left === 0) killed.push(subject.kill());
  };
  const writer = async (number: number) => {
    for (let turn = 0; killed.length === 0; turn += 1) {
      const id = `r${round}w${number}t${turn}`;
      const known: Known = { content: `unique${id} said`, remembered: "unknown", forgotten: "no" };
      history.set(id, known);
      if ((await attempt(remember(client, { id, content: known.content }))) !== 201) return;
      known.remembered = "acknowledged";
      acknowledged();
      if (turn % 3 !== 0) continue;
      known.forgotten = "unknown";
      const path = `/api/v1/memories/${id}`;
      if ((await attempt(client({ method: "DELETE", path }))) !== 200) return;
      known.forgotten = "acknowledged";
      acknowledged();
    }
  };
  await Promise.all(Array.from({ length: loop.writers }, (_, number) => writer(number)));
  // A round may end before its last acknowledgement, if every writer was refused.
  await (killed[0] ?? subject.kill());
}

/** The status, or nothing if the connection was cut: then the outcome is unknown. */
async function attempt(request: Promise<{ status: number }>): Promise<number | undefined> {
  try {
    return (await request).status;
  } catch {
    return undefined;
  }
}

async function check(client: Client, history: ReadonlyMap<string, Known>): Promise<string[]> {
  const violations: string[] = [];
  const listed = await listAll(client);
  const unique = new Set(listed);
  if (unique.size !== listed.length) violations.push(`${listed.length - unique.size} listed twice`);
  for (const id of unique) if (!history.has(id)) violations.push(`${id} was never remembered`);
  const waiting = [...history];
  const checkOne = async (id: string, known: Known) => {
    const isListed = unique.has(id);
    const { status, body } = await client({ path: `/api/v1/memories/${id}` });
    if (status === 200 && body.content !== known.content) violations.push(`${id} is not as said`);
    if (isListed !== (status === 200)) violations.push(`${id} is ${status}, listed: ${isListed}`);
    if (!allowed(known).has(status)) {
      violations.push(`${id} is ${status} after ${known.remembered}, forgotten ${known.forgotten}`);
    }
    // What was cut is settled by what the server now says, and must stay so.
    if (known.remembered === "unknown" && status !== 404) known.remembered = "acknowledged";
    if (known.forgotten === "unknown") known.forgotten = status === 410 ? "acknowledged" : "no";
  };
  const checker = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      await checkOne(...next);
    }
  };
  await Promise.all(Array.from({ length: 16 }, checker));
  for (const [id, known] of [...history].slice(-20)) {
    const found = await client({ path: `/api/v1/memories/search?query=unique${id}` });
    const expected = unique.has(id) ? 1 : 0;
    const hits = found.body.memories.filter(
      (memory: { content: string }) => memory.content === known.content,
    ).length;
    if (hits !== expected) violations.push(`${id} is found ${hits} times`);
  }
  return violations;
}

function allowed({ remembered, forgotten }: Known): ReadonlySet<number> {
  if (forgotten === "acknowledged") return new Set([410]);
  if (forgotten === "unknown") return new Set([200, 410]);
  return remembered === "acknowledged" ? new Set([200]) : new Set([200, 404]);
}

async function listAll(client: Client): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = ""; ;) {
    const { body } = await client({ path: `/api/v1/memories?limit=1000${cursor}` });
    ids.push(...body.memories.map(({ id }: { id: string }) => id));
    const { next_cursor: next } = body.pagination;
    if (next === undefined) return ids;
    cursor = `&cursor=${next}`;
  }
}
