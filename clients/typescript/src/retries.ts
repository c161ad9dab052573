import { retryAfter } from "./problem.js";
import { Unreachable } from "./unreachable.js";

export type Fetch = (request: Request) => Promise<Response>;
export type Sleep = (seconds: number) => Promise<void>;

const KEY = "Idempotency-Key";
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
const AGAIN = new Set([429, 503]);
const FIRST_WAIT_S = 0.25;
const LONGEST_WAIT_S = 30;

export const sleepFor: Sleep = (seconds) => new Promise((wake) => setTimeout(wake, seconds * 1000));

/**
 * `fetch` that repeats what may be repeated, after a lost connection, 429 or 503: queries, and commands by their idempotency key.
 * Each command gets a key, and every retry sends the same one. Requests to /v1/auth/ have no key and are never repeated.
 */
export function withRetries(fetch: Fetch, retries: number, sleep: Sleep): Fetch {
  return async (request) => {
    const repeatable = !new URL(request.url).pathname.startsWith("/v1/auth/");
    if (repeatable && !SAFE.has(request.method) && !request.headers.has(KEY)) request.headers.set(KEY, crypto.randomUUID());
    for (let repeated = 0; ; repeated += 1) {
      const last = !repeatable || repeated >= retries;
      let wait = FIRST_WAIT_S * 2 ** repeated * (0.5 + Math.random() / 2);
      try {
        const response = await fetch(request.clone());
        if (last || !AGAIN.has(response.status)) return response;
        wait = retryAfter(response) ?? wait;
        await response.body?.cancel();
      } catch (error) {
        if (request.signal.aborted) throw error;
        if (last) throw new Unreachable(error, request.url);
      }
      await sleep(Math.min(wait, LONGEST_WAIT_S));
    }
  };
}
