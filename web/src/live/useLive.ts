import { keepPreviousData, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { type ApiError, answerOf, api, skew } from "../api/client";
import type { paths } from "../api/schema";
import { ahead } from "../time/ahead";
import { questionText } from "./question";
import { errorOf, live } from "./store";

/** A question that can be watched: the path of a GET with its parameters. */
export type Watchable =
  | "/v1/monitoring"
  | "/v1/wall"
  | "/v1/dashboards/inbound"
  | "/v1/dashboards/outbound"
  | "/v1/dashboards/ivr";
export type Answer<P extends Watchable> = paths[P]["get"]["responses"][200]["content"]["application/json"];
export type Parameters<P extends Watchable> = NonNullable<paths[P]["get"]["parameters"]["query"]>;

/** How the answers arrive: `live`; `wait`: late; `dead`: for minutes; `past`: asked about a moment, so nothing moves. */
export interface Line {
  state: "live" | "wait" | "dead" | "past";
  /** The last sign of life, milliseconds since 1970 by the server's clock. Clocks on the page stop here when the line is not live. */
  sign: number;
}

const DEAD_MS = 120_000;
const PAST_KEPT_MS = 10_000;

/**
 * The answer to a question, kept current by the browser's one stream; of the past it is asked once.
 *
 * The one place that knows the transport: a page sees whole answers and the state of the line. Rows that did not change are the same
 * objects as before.
 */
export function useLive<P extends Watchable>(path: P, query: Parameters<P>) {
  const isPast = (query as { as_of?: unknown }).as_of != null;
  const question = isPast ? null : questionText(path, query);
  const past = useQuery({ ...pastOf(path, query), placeholderData: keepPreviousData, enabled: isPast });
  useAhead(path, query);
  const now = useWatched(question);
  const line = useLine(isPast, past.dataUpdatedAt);
  const current = isPast ? past.data : (now.answer as Answer<P> | undefined);
  const shown = useRef<Answer<P> | undefined>(undefined);
  if (current) shown.current = current;
  const error = isPast ? past.error : now.error;
  return {
    answer: error && !current ? undefined : shown.current,
    error,
    retry: () => (question === null ? void past.refetch() : live.retry(question)),
    isChanging: isPast ? past.isPlaceholderData || past.isFetching : !now.isFresh,
    line,
  };
}

/** An answer about the past is the same for ever; it is large and rarely wanted again, so it is not kept for long. */
function pastOf<P extends Watchable>(path: P, query: Parameters<P>) {
  return queryOptions<Answer<P>, ApiError>({
    queryKey: [path, query],
    queryFn: ({ signal }) =>
      answerOf((api.GET as unknown as Ask)(path, { params: { query }, signal })) as Promise<Answer<P>>,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: PAST_KEPT_MS,
  });
}

/** Fetches what a play shows next. */
function useAhead<P extends Watchable>(path: P, query: Parameters<P>): void {
  const client = useQueryClient();
  const moments = useSyncExternalStore(ahead.subscribe, ahead.moments);
  const newest = useRef(query);
  newest.current = query;
  useEffect(() => {
    for (const as_of of moments) void client.prefetchQuery(pastOf(path, { ...newest.current, as_of } as Parameters<P>));
  }, [client, path, moments]);
}

type Ask = (path: string, options: { params: { query: unknown }; signal: AbortSignal }) => Promise<{ data?: unknown }>;

function useWatched(question: string | null) {
  useEffect(() => (question === null ? undefined : live.watch(question)), [question]);
  const watched = useSyncExternalStore(live.subscribe, () => live.of(question));
  const problem = useSyncExternalStore(live.subscribe, () => (live.line.isLost ? live.line.problem : null));
  return watched.answer || watched.error || !problem ? watched : { ...watched, error: errorOf(problem) };
}

function useLine(isPast: boolean, askedAt: number): Line {
  const line = useSyncExternalStore(live.subscribe, () => live.line);
  const [, setSeconds] = useState(0);
  const isLost = !isPast && line.isLost;
  useEffect(() => {
    if (!isLost) return;
    const timer = setInterval(() => setSeconds((before) => before + 1), 1_000);
    return () => clearInterval(timer);
  }, [isLost]);
  if (isPast) return { state: "past", sign: askedAt + skew.ms };
  const state = !line.isLost ? "live" : Date.now() - line.sign < DEAD_MS ? "wait" : "dead";
  return { state, sign: line.sign + skew.ms };
}
