import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Search } from "./codec";
import { type Filters, filtersOf, type Period, searchOf } from "./filters";

/** Changes some filters: a step in the browser's history, or in place of the newest one. */
export type Change = (part: Partial<Filters>, options?: { replace?: boolean }) => void;

/** The filters in the page's URL, and a function that changes some of them. */
export function useFilters(otherwise: Period = "hoje") {
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const { filters, dropped } = useMemo(() => filtersOf(search, otherwise), [search, otherwise]);
  const change: Change = (part, options) => {
    const known = new Set(["servico", "agente", "periodo", "de", "ate", "visao", "em", "fuso"]);
    const others = Object.fromEntries(Object.entries(search).filter(([key]) => !known.has(key)));
    void navigate({
      to: ".",
      search: { ...others, ...searchOf({ ...filters, ...part }, otherwise) } as never,
      ...options,
    });
  };
  return { filters, dropped, change };
}
