import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type ApiError, answerOf, api, skew } from "../api/client";
import type { paths } from "../api/schema";

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

const STALE_MS = 20_000;
const DEAD_MS = 120_000;
const EVERY_MS: Record<Watchable, number> = {
  "/v1/monitoring": 2_000,
  "/v1/wall": 2_000,
  "/v1/dashboards/inbound": 5_000,
  "/v1/dashboards/outbound": 5_000,
  "/v1/dashboards/ivr": 5_000,
};

/**
 * The answer to a question, kept current.
 *
 * The one place that knows the transport. Today it asks again every few seconds, and not while the tab is hidden; a stream of row
 * changes can take its place without a change of any page, because a page sees whole answers and the state of the line alone.
 */
export function useLive<P extends Watchable>(path: P, query: Parameters<P>) {
  const isPast = (query as { as_of?: unknown }).as_of != null;
  const result = useQuery<Answer<P>, ApiError>({
    queryKey: [path, query],
    queryFn: () => answerOf((api.GET as unknown as Ask)(path, { params: { query } })) as Promise<Answer<P>>,
    placeholderData: keepPreviousData,
    refetchInterval: isPast ? false : EVERY_MS[path],
    staleTime: isPast ? Number.POSITIVE_INFINITY : 1_000,
  });
  return {
    answer: result.data,
    error: result.error,
    retry: result.refetch,
    isChanging: result.isPlaceholderData,
    line: useLine(result.dataUpdatedAt, isPast),
  };
}

type Ask = (path: string, options: { params: { query: unknown } }) => Promise<{ data?: unknown }>;

function useLine(updatedAt: number, isPast: boolean): Line {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const age = updatedAt ? now - updatedAt : 0;
  const state = isPast ? "past" : age < STALE_MS ? "live" : age < DEAD_MS ? "wait" : "dead";
  return { state, sign: updatedAt + skew.ms };
}
