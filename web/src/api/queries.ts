import { queryOptions, useQuery } from "@tanstack/react-query";
import { answerOf, api, type Schemas } from "./client";

const LONG = 5 * 60_000;

async function everything<T>(page: (cursor?: string) => Promise<{ items: T[]; next?: string | null }>): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  do {
    const answer = await page(cursor);
    all.push(...answer.items);
    cursor = answer.next ?? undefined;
  } while (cursor);
  return all;
}

export const me = queryOptions({ queryKey: ["me"], staleTime: LONG, queryFn: () => answerOf(api.GET("/v1/me")) });
export const company = queryOptions({
  queryKey: ["company"],
  staleTime: LONG,
  queryFn: () => answerOf(api.GET("/v1/company")),
});
export const definitions = queryOptions({
  queryKey: ["definitions"],
  staleTime: LONG,
  queryFn: () => answerOf(api.GET("/v1/definitions")),
});
export const queues = queryOptions({
  queryKey: ["queues"],
  staleTime: LONG,
  queryFn: () =>
    everything<Schemas["QueueSummary"]>((cursor) =>
      answerOf(api.GET("/v1/queues", { params: { query: { limit: 1000, cursor } } })),
    ),
});
export const agents = queryOptions({
  queryKey: ["agents"],
  staleTime: LONG,
  queryFn: () =>
    everything<Schemas["AgentDetail"]>((cursor) =>
      answerOf(api.GET("/v1/agents", { params: { query: { limit: 1000, cursor } } })),
    ),
});

export function useTimezone(): string {
  return useQuery(company).data?.timezone ?? "America/Sao_Paulo";
}
