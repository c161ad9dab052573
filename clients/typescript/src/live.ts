import type { Atende } from "./connection.js";
import type { components } from "./schema.js";
import { type Following, follow } from "./streams.js";

/** A message of the live stream. `position`: where the stream is resumed after it. Ignore types that you do not know. */
export interface LiveEvent {
  readonly position: number;
  readonly type: string;
  readonly data: components["schemas"]["LiveMessage"];
}

/**
 * What happens in the center after position `after` (by default: from now on), without end; abort `signal` to end it.
 *
 * Lost connections and unavailable servers are waited for, and the stream goes on where it stopped. Other problems are thrown.
 */
export async function* followLiveEvents(
  atende: Atende,
  options: Following & { after?: number } = {},
): AsyncGenerator<LiveEvent, void, undefined> {
  const open = async (after: string | undefined, signal: AbortSignal) => {
    const header = after === undefined ? {} : { "Last-Event-ID": Number(after) };
    return (await atende.GET("/v1/live", { params: { header }, parseAs: "stream", signal })).data;
  };
  for await (const event of follow(open, options.after?.toString(), options))
    if (event.id !== undefined) yield { position: Number(event.id), type: event.type, data: JSON.parse(event.data) };
}
