import createClient, { type Client } from "openapi-fetch";
import { asJson, isCsv } from "./csv.js";
import { problemOf } from "./problem.js";
import { type Fetch, type Sleep, sleepFor, withRetries } from "./retries.js";
import type { paths } from "./schema.js";

/** The version of the API (`Atende-Version`) that this client was made for. */
export const API_VERSION = "2026-11-29";

/** A connection to a center: `GET`, `POST` ... with the paths, parameters, bodies and answers of the API as types. For CSV: `csvOf`. */
export type Atende = Client<paths, "application/json">;

export interface Options {
  /** An access token or an API key. */
  token?: string;
  /** Renews the access token when it has expired. */
  refreshToken?: string;
  /** How often a request is repeated at most; 5 by default. */
  retries?: number;
  /** Replaced by tests. */
  fetch?: Fetch;
  /** Replaced by tests. */
  sleep?: Sleep;
}

/** A connection to the center at `url`. Responses that are errors are thrown as a `Problem`. */
export function connect(url: string, options: Options = {}): Atende {
  const fetch = options.fetch ?? ((request) => globalThis.fetch(request));
  const client = createClient<paths, "application/json">({
    baseUrl: url,
    headers: { "Atende-Version": API_VERSION },
    fetch: withToken(withRetries(fetch, options.retries ?? 5, options.sleep ?? sleepFor), options),
  });
  client.use({
    async onResponse({ response, options }) {
      const problem = await problemOf(response);
      if (problem) throw problem;
      return options.parseAs === "json" && isCsv(response) ? asJson(response) : undefined;
    },
  });
  return client;
}

/** A connection of the user, whose tokens are renewed for as long as the server allows. Throws Unauthenticated, TooManyRequests. */
export async function logIn(
  url: string,
  user: { email: string; password: string; company: string },
  options: Options = {},
): Promise<Atende> {
  const tokens = await answerOf(connect(url, options).POST("/v1/auth/login", { body: user }));
  return connect(url, { ...options, token: tokens.access_token, refreshToken: tokens.refresh_token ?? "" });
}

/** The answer of a request: `await answerOf(atende.GET("/v1/me"))`. */
export async function answerOf<T>(request: Promise<{ data?: T }>): Promise<T> {
  // Errors have been thrown, so that what is left is an answer.
  return (await request).data as T;
}

/** The header by which an answer waits for a position of the log: `params: { header: ifPosition(position) }`. */
export const ifPosition = (position: number) => ({ "If-Position": position }) as const;

function withToken(fetch: Fetch, options: Options): Fetch {
  let token = options.token ?? "";
  let refreshToken = options.refreshToken ?? "";
  let renewal: Promise<void> | undefined;

  async function renew(origin: string): Promise<void> {
    const request = new Request(new URL("/v1/auth/refresh", origin), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ refresh_token: refreshToken }),
    });
    const response = await fetch(request);
    if (!response.ok) return;
    const tokens: { access_token: string; refresh_token: string } = await response.json();
    token = tokens.access_token;
    refreshToken = tokens.refresh_token;
  }

  return async (request) => {
    if (!token) return fetch(request);
    const used = token;
    request.headers.set("Authorization", `Bearer ${used}`);
    const again = request.clone();
    const response = await fetch(request);
    if (response.status !== 401 || !refreshToken) return response;
    // A refresh token is good for one renewal: requests that find the token expired share it.
    if (token === used) {
      renewal ??= renew(request.url).finally(() => {
        renewal = undefined;
      });
      await renewal;
    }
    if (token === used) return response;
    again.headers.set("Authorization", `Bearer ${token}`);
    return fetch(again);
  };
}
