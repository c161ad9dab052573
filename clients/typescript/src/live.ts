import type { Atende } from "./connection.js";
import { Problem, Unavailable } from "./problem.js";
import { type Sleep, sleepFor } from "./retries.js";
import type { components } from "./schema.js";

/** A message of the live stream. `position`: where the stream is resumed after it. Ignore types that you do not know. */
export interface LiveEvent {
  readonly position: number;
  readonly type: string;
  readonly data: components["schemas"]["LiveMessage"];
}

/** The server sends a keep-alive each 15 s: a connection that is silent for longer is lost. */
const QUIET_MS = 60_000;
const LONGEST_WAIT_S = 30;

/**
 * What happens in the center after position `after` (by default: from now on), without end; abort `signal` to end it.
 *
 * Lost connections and unavailable servers are waited for, and the stream goes on where it stopped. Other problems are thrown.
 */
export async function* followLiveEvents(
  atende: Atende,
  options: { after?: number; signal?: AbortSignal; sleep?: Sleep } = {},
): AsyncGenerator<LiveEvent, void, undefined> {
  let position = options.after;
  let failures = 0;
  while (!options.signal?.aborted) {
    const quiet = new AbortController();
    const silence = () => setTimeout(() => quiet.abort(), QUIET_MS);
    let timer = silence();
    try {
      const { data } = await atende.GET("/v1/live", {
        params: { header: position === undefined ? {} : { "last-event-id": position } },
        parseAs: "stream",
        signal: options.signal ? AbortSignal.any([options.signal, quiet.signal]) : quiet.signal,
      });
      for await (const event of parsed(data as unknown as ReadableStream<Uint8Array>)) {
        clearTimeout(timer);
        timer = silence();
        position = Number(event.id);
        failures = 0;
        if (event.data) yield { position, type: event.event ?? "message", data: JSON.parse(event.data) };
      }
    } catch (error) {
      if (options.signal?.aborted) return;
      if (error instanceof Problem && !(error instanceof Unavailable)) throw error;
      failures += 1;
    } finally {
      clearTimeout(timer);
      quiet.abort();
    }
    // Also after an end by the server, for example with the token: the next request renews it.
    await (options.sleep ?? sleepFor)(Math.min(2 ** failures, LONGEST_WAIT_S) * (0.25 + Math.random() / 4));
  }
}

type Fields = { id?: string; event?: string; data?: string };

/** The events of a text/event-stream that have an id. */
async function* parsed(stream: ReadableStream<Uint8Array>): AsyncGenerator<Fields & { id: string }> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let fields: Fields = {};
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    const lines = (rest + decoder.decode(value, { stream: true })).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, name, text = ""] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
      if (name === "data") fields.data = fields.data === undefined ? text : `${fields.data}\n${text}`;
      else if (name === "id" || name === "event") fields[name] = text;
      else if (line === "") {
        if (fields.id !== undefined) yield { ...fields, id: fields.id };
        fields = {};
      }
    }
  }
}
