import type { Atende } from "./connection.js";
import type { paths } from "./schema.js";

type AnswersCsv = { get: { responses: { 200: { content: { "text/csv": string } } } } };

/** The paths whose GET answers CSV too. */
export type CsvPath = { [Path in keyof paths]: paths[Path] extends AnswersCsv ? Path : never }[keyof paths];

type Parameters<Path extends CsvPath> = paths[Path]["get"]["parameters"];

/** The parameters of a path, but the format, and those of a page: a CSV has everything. */
export type CsvParameters<Path extends CsvPath> = Pick<Parameters<Path>, Extract<keyof Parameters<Path>, "path" | "header">> & {
  query?: Omit<NonNullable<Parameters<Path>["query"]>, "format" | "limit" | "cursor" | "count">;
};

/** A list or a report as CSV, text without a byte order mark: `await csvOf(atende, "/v1/reports/queues", { query: { by: "queue" } })`. */
export async function csvOf<Path extends CsvPath>(atende: Atende, path: Path, params: CsvParameters<Path>): Promise<string> {
  const ask = atende.GET as (path: Path, init: object) => Promise<{ data?: unknown }>;
  const { data } = await ask(path, { params: { ...params, query: { ...params.query, format: "csv" } } });
  return data as string;
}

/** The same answer for who reads JSON: the text of a CSV as a JSON string. */
export async function asJson(response: Response): Promise<Response> {
  return new Response(JSON.stringify(await response.text()), { status: response.status, statusText: response.statusText });
}

/** Whether an answer is a CSV. */
export const isCsv = (response: Response): boolean => response.headers.get("Content-Type")?.startsWith("text/csv") ?? false;
