/** One turn of talk: a memory. */
export interface Turn {
  readonly id: string;
  readonly content: string;
  readonly timestamp: string;
}

export interface Question {
  readonly text: string;
  readonly evidence: readonly string[];
  readonly category: number;
}

export interface Conversation {
  readonly name: string;
  readonly space: string;
  readonly turns: readonly Turn[];
  readonly questions: readonly Question[];
}

interface RawTurn {
  readonly speaker: string;
  readonly dia_id: string;
  readonly text: string;
  readonly blip_caption?: string;
}

interface RawItem {
  readonly sample_id: string;
  readonly conversation: Readonly<Record<string, unknown>>;
  readonly qa: readonly {
    readonly question: string;
    readonly evidence?: readonly string[];
    readonly category: number;
  }[];
}

/** Adversarial questions have no answer in the conversation. */
const adversarial = 5;

/** Reads a LoCoMo file (Maharana et al., ACL 2024); throws on anything else. */
export function parseConversations(data: unknown): Conversation[] {
  if (!Array.isArray(data)) throw new TypeError("a LoCoMo file is a list of conversations");
  return (data as RawItem[]).map((item) => ({
    name: item.sample_id,
    space: item.sample_id.toLowerCase().replaceAll(/[^a-z0-9_-]/g, "-"),
    turns: turnsOf(item.conversation),
    questions: item.qa.map(({ question, evidence = [], category }) => ({
      text: question,
      // Some entries hold several ids in one string.
      evidence: [...new Set(evidence.flatMap((entry) => entry.match(/D\d+:\d+/g) ?? []))],
      category,
    })),
  }));
}

/** The questions that recall can be measured on. */
export const answerableQuestions = (conversation: Conversation): Question[] =>
  conversation.questions.filter(
    ({ category, evidence }) => category !== adversarial && evidence.length > 0,
  );

function turnsOf(conversation: RawItem["conversation"]): Turn[] {
  const sessions = Object.keys(conversation).filter((key) => /^session_\d+$/.test(key));
  return sessions.flatMap((session) => {
    const timestamp = timeOf(String(conversation[`${session}_date_time`]));
    return (conversation[session] as RawTurn[]).map((turn) => ({
      id: turn.dia_id,
      content: [`${turn.speaker}: ${turn.text}`, turn.blip_caption].filter(Boolean).join(" "),
      timestamp,
    }));
  });
}

/** "1:56 pm on 8 May, 2023" in RFC 3339, taken as UTC. */
export function timeOf(text: string): string {
  const parts = /^(\d+):(\d+) (am|pm) on (\d+) (\w+), (\d+)$/.exec(text);
  if (parts === null) throw new TypeError(`not a LoCoMo time: ${text}`);
  const [, hour, minute, half, day, month, year] = parts;
  const hours = (Number(hour) % 12) + (half === "pm" ? 12 : 0);
  const date = new Date(`${month} ${day}, ${year} ${hours}:${minute} UTC`);
  return date.toISOString();
}
