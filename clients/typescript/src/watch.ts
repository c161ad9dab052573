import type { Atende } from "./connection.js";
import { type Following, follow } from "./streams.js";

type Row = Record<string, unknown>;
type Lists = Record<string, Row[]>;

/** The answer to a question as of `position`. Rows that did not change are the same objects as before; change none of them. */
export interface WatchedAnswer {
  readonly question: string;
  readonly position: number;
  readonly answer: Readonly<Record<string, unknown>>;
}

interface ChangedRows {
  removed?: unknown[];
  changed?: (Row & { _at?: number; _in?: string })[];
}

interface Message {
  q: number;
  position: number;
  answer?: Record<string, unknown>;
  fields?: Record<string, unknown>;
  tables?: Record<string, ChangedRows>;
}

const KEYS = { agents: "agent", waiting: "visit_id", calls: "interaction_id", queues: "queue", series: "start" };
const REPORTS: Record<string, string> = { "/v1/reports/queues": "queue", "/v1/reports/ivr": "ivr", "/v1/reports/agents": "agent" };
const CLOCKS = ["half-hour", "hour", "day", "week", "month"];

/**
 * The answers to up to 20 questions, each time that one changes, without end: first each whole one; abort `signal` to end it.
 *
 * `questions`: paths of a GET with their parameters, as `/v1/dashboards/inbound?queue=vendas`. Lost connections and unavailable servers are
 * waited for, and the answers go on where they stopped. Other problems are thrown.
 */
export async function* watchAnswers(
  atende: Atende,
  questions: readonly string[],
  options: Following = {},
): AsyncGenerator<WatchedAnswer, void, undefined> {
  const open = async (after: string | undefined, signal: AbortSignal) => {
    const params = { query: { q: [...questions] }, header: after === undefined ? {} : { "Last-Event-ID": after } };
    return (await atende.GET("/v1/watch", { params, parseAs: "stream", signal })).data;
  };
  const answers = new Map<number, Record<string, unknown>>();
  for await (const event of follow(open, undefined, options)) {
    const message: Message = JSON.parse(event.data);
    const { q, position } = message;
    const question = questions[q] ?? "";
    const before = answers.get(q);
    const answer = event.type === "answer" ? message.answer : before && changed(before, message, keysOf(question));
    if (!answer) continue;
    answers.set(q, { ...answer, as_of: position });
    yield { question, position, answer: { ...answer, as_of: position } };
  }
}

/** What tells the rows of each table of an answer apart. */
function keysOf(question: string): Record<string, string> {
  const [path = "", query] = question.split("?", 2);
  const by = new URLSearchParams(query).get("by") ?? REPORTS[path] ?? "";
  return { ...KEYS, items: CLOCKS.includes(by) ? "start" : by };
}

function changed(
  answer: Record<string, unknown>,
  { fields = {}, tables = {} }: Message,
  keys: Record<string, string>,
): Record<string, unknown> {
  const result = { ...answer };
  for (const [path, value] of Object.entries(fields)) {
    const [name = "", part] = path.split(".", 2);
    result[name] = part === undefined ? value : { ...(result[name] as Row), [part]: value };
  }
  for (const [name, rows] of Object.entries(tables)) {
    const table = result[name] as Row[] | Lists;
    const key = keys[name] ?? "";
    result[name] = Array.isArray(table) ? changedLists({ "": table }, rows, key)[""] : changedLists(table, rows, key);
  }
  return result;
}

/** Rows that are gone or have moved are taken out; then the moved ones are put at their places, in the order given. */
function changedLists(lists: Lists, { removed = [], changed = [] }: ChangedRows, key: string): Lists {
  const before = new Map(Object.values(lists).flatMap((rows) => rows.map((row) => [row[key], row] as const)));
  const after = new Map(changed.map(({ _at, _in, ...fields }) => [fields[key], { ...before.get(fields[key]), ...fields } as Row] as const));
  const moved = changed.filter((row) => row._at !== undefined);
  const taken = new Set([...removed, ...moved.map((row) => row[key])]);
  const stay = (rows: Row[]) => rows.filter((row) => !taken.has(row[key])).map((row) => after.get(row[key]) ?? row);
  const result: Lists = Object.fromEntries(Object.entries(lists).map(([name, rows]) => [name, stay(rows)]));
  for (const row of moved) result[row._in ?? ""]?.splice(row._at ?? 0, 0, after.get(row[key]) as Row);
  return result;
}
