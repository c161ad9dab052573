import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTimezone } from "../api/queries";
import { useFilters } from "../filters/useFilters";
import { useQuestion } from "./useQuestion";

/** What a page about a period is asked: the filters of its URL, and the question that they are to the API. */
export function usePeriod() {
  const { filters, dropped, change } = useFilters();
  const question = useQuestion(filters);
  const own = useTimezone();
  return { filters, dropped, change, question, zone: filters.fuso ?? own };
}

export type Period = ReturnType<typeof usePeriod>;

/** An answer as a page needs it, wherever it comes from. */
export interface Loaded<A> {
  answer: A | undefined;
  error: unknown;
  retry: () => unknown;
  isChanging: boolean;
}

/** The answer to a question that is asked once, not kept current. The one before stays until the next is there. */
export function useReport<A>(path: string, question: object, ask: () => Promise<A>): Loaded<A> {
  const result = useQuery({ queryKey: [path, question], queryFn: ask, placeholderData: keepPreviousData });
  return { answer: result.data, error: result.error, retry: result.refetch, isChanging: result.isPlaceholderData };
}

/** The server's CSV for a question, at the position that the page shows. more: what the CSV is asked beside it. */
export function csvOf(path: string, question: object, position: number, more: Record<string, string> = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries({ as_of: position, ...question, ...more, format: "csv" }))
    for (const one of [value].flat()) if (one != null) query.append(key, String(one));
  return `${path}?${query}`;
}
