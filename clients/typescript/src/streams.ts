import { Problem, Unavailable } from "./problem.js";
import { type Sleep, sleepFor } from "./retries.js";

/** The server sends a keep-alive each 15 s: a connection that is silent for longer is lost. */
const QUIET_MS = 60_000;
const LONGEST_WAIT_S = 30;

/** An event of a text/event-stream. `id`: by which the stream is resumed after it; undefined where it cannot be. `data`: "" in a keep-alive. */
export interface StreamEvent {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: string;
}

export interface Following {
  readonly signal?: AbortSignal;
  readonly sleep?: Sleep;
}

/** Asks for the stream after the event with an id (undefined: from now on). */
type Open = (after: string | undefined, signal: AbortSignal) => Promise<unknown>;

/** The events of a stream, over lost connections and unavailable servers, without end; abort `signal` to end it. Other problems are thrown. */
export async function* follow(
  open: Open,
  after: string | undefined,
  { signal, sleep }: Following,
): AsyncGenerator<StreamEvent, void, undefined> {
  let last = after;
  let failures = 0;
  while (!signal?.aborted) {
    const quiet = new AbortController();
    const silence = () => setTimeout(() => quiet.abort(), QUIET_MS);
    let timer = silence();
    try {
      const stream = await open(last, signal ? AbortSignal.any([signal, quiet.signal]) : quiet.signal);
      for await (const event of parsed(stream as ReadableStream<Uint8Array>)) {
        clearTimeout(timer);
        timer = silence();
        // Without an id what the client then has is at no position: a stream that is lost there is asked for anew.
        last = event.id;
        failures = 0;
        if (event.data) yield event;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof Problem && !(error instanceof Unavailable)) throw error;
      failures += 1;
    } finally {
      clearTimeout(timer);
      quiet.abort();
    }
    // Also after an end by the server, for example with the token: the next request renews it.
    await (sleep ?? sleepFor)(Math.min(2 ** failures, LONGEST_WAIT_S) * (0.25 + Math.random() / 4));
  }
}

type Fields = { id?: string; event?: string; data?: string };

/** The events of a text/event-stream that have an id or data: no comments. */
async function* parsed(stream: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
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
        if (fields.id || fields.data) yield { id: fields.id || undefined, type: fields.event ?? "message", data: fields.data ?? "" };
        fields = {};
      }
    }
  }
}
