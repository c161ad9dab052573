import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { answerOf, api } from "../api/client";
import { date, instant } from "../figures/format";
import type { Answer, Watchable } from "../live/useLive";
import { instantOf } from "./moments";
import { previousOf } from "./periods";
import type { Period } from "./usePeriod";
import { serverNow } from "./useTravel";

const MINUTE = 60_000;

/** The figures of the period before, and which period that is. */
export interface Previous<T> {
  totals: T;
  from: string;
  to: string;
}

type Dashboard = Extract<Watchable, `/v1/dashboards/${string}`>;

/**
 * The totals of the same question about the period before, to compare with; asked when the page has its answer, and again every minute
 * while the period goes on.
 */
export function usePrevious<P extends Dashboard>(
  path: P,
  { question, filters, zone }: Pick<Period, "question" | "filters" | "zone">,
  isWanted: boolean,
): Previous<Answer<P>["totals"]> | null {
  const minute = useMinute();
  const { from, to } = useMemo(
    () => previousOf(filters, zone, instantOf(filters.em, zone) ?? minute),
    [filters, zone, minute],
  );
  const query = { ...question, from, to, by: "month" };
  const { data } = useQuery({
    queryKey: [path, "previous", query],
    queryFn: ({ signal }) =>
      answerOf((api.GET as unknown as Ask)(path, { params: { query }, signal })) as Promise<Answer<P>>,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: MINUTE,
    enabled: isWanted,
  });
  return useMemo(() => (data ? { totals: data.totals, ...shownOf(data.period) } : null), [data]);
}

type Ask = (path: string, options: { params: { query: unknown }; signal: AbortSignal }) => Promise<{ data?: unknown }>;

/** The instants of a period as a person reads them: its last whole day, or the time at which it was cut. */
function shownOf(period: { from?: string | null; to?: string | null }): { from: string; to: string } {
  const to = period.to ?? "";
  const isWhole = to.slice(11, 19) === "00:00:00";
  return { from: date(period.from ?? ""), to: isWhole ? date(dayBefore(to)) : instant(to) };
}

function dayBefore(iso: string): string {
  const day = new Date(`${iso.slice(0, 10)}T00:00:00Z`);
  return new Date(day.getTime() - 24 * 60 * MINUTE).toISOString();
}

/** Now, in whole minutes of the server's clock. */
function useMinute(): number {
  const now = () => Math.floor(serverNow() / MINUTE) * MINUTE;
  const [minute, setMinute] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => setMinute(Math.floor(serverNow() / MINUTE) * MINUTE), MINUTE / 4);
    return () => clearInterval(timer);
  }, []);
  return minute;
}
