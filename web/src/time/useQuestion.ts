import { useMemo } from "react";
import { useTimezone } from "../api/queries";
import type { Filters, View } from "../filters/filters";
import { datesOf, questionOf, todayIn, viewsOf } from "./periods";

const BY = { hora: "hour", dia: "day", semana: "week", mes: "month" } as const;

/** The view that an answer's grouping is. */
export function viewOf(by: string | null | undefined): View {
  return (Object.keys(BY) as View[]).find((view) => BY[view] === by) ?? "hora";
}

/** What the API is asked for by the filters of a page about a period. */
export function useQuestion(filters: Filters) {
  const own = useTimezone();
  const zone = filters.fuso ?? own;
  return useMemo(() => {
    const allowed = viewsOf(datesOf(filters, todayIn(zone)));
    const view = filters.visao && allowed.includes(filters.visao) ? filters.visao : filters.visao && allowed[0];
    return {
      queue: filters.servico,
      agent: filters.agente,
      ...questionOf(filters, zone),
      ...(view && { by: BY[view] }),
      ...(filters.em && { as_of: filters.em }),
      ...(filters.fuso && { timezone: filters.fuso }),
    };
  }, [filters, zone]);
}
