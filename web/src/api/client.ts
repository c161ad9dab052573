import createClient from "openapi-fetch";
import type { components, paths } from "./schema";
import { session } from "./session";

export type Schemas = components["schemas"];

/** A refusal of the server, or no answer at all (status 0). `code` ends the problem's `type`; the console has its own words for it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly requestId: string,
    readonly permission: string | null = null,
    readonly retryAfter: number = 0,
    /** The fields of the request that are wrong: a JSON pointer into its body, and why, in the server's words. */
    readonly fields: readonly { pointer: string; detail: string }[] = [],
  ) {
    super(code);
  }
}

/** How far this machine's clock is behind the server's, milliseconds. isExact: known from the stream, not from a header in whole seconds. */
export const skew = { ms: 0, isExact: false };

async function sent(request: Request): Promise<Response> {
  const token = await session.token();
  const attempt = (value: string | null) => {
    const copy = request.clone();
    if (value) copy.headers.set("Authorization", `Bearer ${value}`);
    return fetch(copy);
  };
  const answer = await attempt(token);
  if (answer.status !== 401) return answer;
  const next = await session.token(token ?? "");
  return next ? attempt(next) : answer;
}

/** The answer of what `send` sends; a refusal, or no answer at all, is thrown. */
export async function checked(send: () => Promise<Response>): Promise<Response> {
  let answer: Response;
  try {
    answer = await send();
  } catch {
    throw new ApiError(0, "no-connection", "");
  }
  const date = Date.parse(answer.headers.get("date") ?? "");
  if (!Number.isNaN(date) && !skew.isExact) skew.ms = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0;
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  const code =
    String(problem.type ?? "")
      .split(":")
      .pop() || `http-${answer.status}`;
  const wait = Number(answer.headers.get("retry-after") ?? 0);
  const fields = (problem.errors ?? []).filter((one: { pointer?: string }) => one.pointer);
  const id = answer.headers.get("request-id") ?? "";
  throw new ApiError(answer.status, code, id, problem.permission ?? null, wait, fields);
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: (request) => checked(() => sent(request)) });

/** The answer of a request by `api`; refusals are thrown by the transport already. A report may be text, but only where CSV is asked for. */
export async function answerOf<T>(request: Promise<{ data?: T }>): Promise<Exclude<T, string>> {
  return (await request).data as Exclude<T, string>;
}

/** A sound of the server, whole. An element of the page cannot carry the access token, so the page fetches it. */
export async function soundOf(path: string): Promise<Blob> {
  return (await checked(() => sent(new Request(new URL(path, location.origin))))).blob();
}

/** Save the server's file under `name`. A link cannot carry the access token, so the page fetches it. */
export async function download(path: string, name: string): Promise<void> {
  const answer = await checked(() => sent(new Request(new URL(path, location.origin))));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
