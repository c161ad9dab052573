import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { type CallFilters, callFiltersOf, callSearchOf } from "./calls";
import type { Search } from "./codec";
import { type Filters, filtersOf, type Period, searchOf } from "./filters";

/** Changes some filters: a step in the browser's history, or in place of the newest one. */
export type Change = (part: Partial<Filters>, options?: { replace?: boolean }) => void;

/** The filters in the page's URL, and a function that changes some of them. */
export function useFilters(otherwise: Period = "hoje") {
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const { filters, dropped } = useMemo(() => filtersOf(search, otherwise), [search, otherwise]);
  const change: Change = useCallback(
    (part, options) => {
      const known = new Set([
        "servico",
        "agente",
        "-servico",
        "-agente",
        "periodo",
        "de",
        "ate",
        "visao",
        "em",
        "fuso",
      ]);
      const others = Object.fromEntries(Object.entries(search).filter(([key]) => !known.has(key)));
      void navigate({
        to: ".",
        search: { ...others, ...searchOf({ ...filters, ...part }, otherwise) } as never,
        ...options,
      });
    },
    [search, filters, otherwise, navigate],
  );
  return { filters, dropped, change };
}

/** The filters of calls in the page's URL, and a function that changes some of them. */
export function useCallFilters() {
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const filters = useMemo(() => callFiltersOf(search), [search]);
  const change = (part: Partial<CallFilters>) =>
    void navigate({ to: ".", search: { ...search, ...callSearchOf({ ...filters, ...part }) } as never });
  return { filters, change };
}

/** The search of Rastreio de Interações that shows the calls behind a figure of this page: its filters, and what the figure counts. */
export function useCallsSearch(otherwise: Period = "hoje") {
  const { filters } = useFilters(otherwise);
  const { ura } = useCallFilters().filters;
  const { visao: _, ...shared } = filters;
  return (more: Search): Search => ({
    ...searchOf({ ...shared, visao: undefined }, "hoje"),
    ...(ura.length && { ura }),
    ...more,
  });
}
