/** An answer of the API, as JSON. */
export type Answer = Record<string, unknown> & { as_of?: number };
type Row = Record<string, unknown>;

/** The rows of one table that are other than before, as `GET /v1/watch` describes them. */
interface ChangedRows {
  removed?: unknown[];
  changed?: (Row & { _at?: number; _in?: string })[];
}

/** What changed in an answer. */
export interface Change {
  fields?: Record<string, unknown>;
  tables?: Record<string, ChangedRows>;
}

/** What tells the rows of each table apart; docs/api.md names them. */
const KEYS: Record<string, string> = {
  agents: "agent",
  waiting: "visit_id",
  calls: "interaction_id",
  queues: "queue",
  series: "start",
};

/**
 * The answer after a change. Nothing is changed in place: rows and lists that stay equal stay the same objects, so a page draws only
 * what is other than before.
 */
export function applied(answer: Answer, change: Change, position: number): Answer {
  const next: Answer = { ...answer, as_of: position };
  for (const [path, value] of Object.entries(change.fields ?? {})) {
    const [name, part] = path.split(".", 2) as [string, string?];
    next[name] = part === undefined ? value : { ...(next[name] as Row), [part]: value };
  }
  for (const [name, rows] of Object.entries(change.tables ?? {})) {
    const key = KEYS[name] as string;
    const table = next[name] as Row[] | Record<string, Row[]>;
    next[name] = Array.isArray(table) ? changedLists({ "": table }, key, rows)[""] : changedLists(table, key, rows);
  }
  return next;
}

function changedLists(lists: Record<string, Row[]>, key: string, rows: ChangedRows): Record<string, Row[]> {
  const changed = rows.changed ?? [];
  const taken = new Set(rows.removed ?? []);
  for (const row of changed) if (row._at !== undefined) taken.add(row[key]);
  const wanted = new Set(changed.map((row) => row[key]));
  const before = new Map<unknown, Row>();
  const next = { ...lists };
  for (const [name, list] of Object.entries(lists)) {
    for (const row of list) if (wanted.has(row[key])) before.set(row[key], row);
    if (list.some((row) => taken.has(row[key]))) next[name] = list.filter((row) => !taken.has(row[key]));
  }
  for (const { _at, _in, ...fields } of changed) {
    const row = { ...before.get(fields[key]), ...fields };
    if (_at === undefined) {
      replaceRow(next, lists, key, row);
      continue;
    }
    const name = _in ?? "";
    if (next[name] === lists[name]) next[name] = [...(lists[name] ?? [])];
    next[name]?.splice(_at, 0, row);
  }
  return next;
}

function replaceRow(next: Record<string, Row[]>, lists: Record<string, Row[]>, key: string, row: Row): void {
  for (const [name, list] of Object.entries(next)) {
    const at = list.findIndex((other) => other[key] === row[key]);
    if (at < 0) continue;
    if (list === lists[name]) next[name] = [...list];
    (next[name] as Row[])[at] = row;
    return;
  }
}
