import { useEffect, useMemo, useState } from "react";
import { useTimezone } from "../api/queries";
import type { Filters, View } from "../filters/filters";
import { datesOf, questionOf, todayIn, viewsOf } from "./periods";

const BY = { hora: "hour", dia: "day", semana: "week", mes: "month" } as const;

/** The view that an answer's grouping is. */
export function viewOf(by: string | null | undefined): View {
  return (Object.keys(BY) as View[]).find((view) => BY[view] === by) ?? "hora";
}

/** The date of today in a time zone; a page that stays open learns that a new day has begun. */
function useToday(zone: string): string {
  const [today, setToday] = useState("");
  const now = todayIn(zone).toString();
  useEffect(() => {
    setToday(now);
    const timer = setInterval(() => setToday(todayIn(zone).toString()), 15_000);
    return () => clearInterval(timer);
  }, [zone, now]);
  return today || now;
}

/** What the API is asked for by the filters of a page about a period. */
export function useQuestion(filters: Filters) {
  const own = useTimezone();
  const zone = filters.fuso ?? own;
  const today = useToday(zone);
  // biome-ignore lint/correctness/useExhaustiveDependencies: relative periods are others on another day
  return useMemo(() => {
    const allowed = viewsOf(datesOf(filters, todayIn(zone)));
    const view = filters.visao && allowed.includes(filters.visao) ? filters.visao : filters.visao && allowed[0];
    return {
      queue: filters.servico,
      agent: filters.agente,
      ...(filters["-servico"].length && { except_queue: filters["-servico"] }),
      ...(filters["-agente"].length && { except_agent: filters["-agente"] }),
      ...questionOf(filters, zone),
      ...(view && { by: BY[view] }),
      ...(filters.em && { as_of: filters.em }),
      ...(filters.fuso && { timezone: filters.fuso }),
    };
  }, [filters, zone, today]);
}

export type Question = ReturnType<typeof useQuestion>;
