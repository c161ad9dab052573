import { queryOptions, useQuery } from "@tanstack/react-query";
import { answerOf, api, type Schemas } from "./client";
import { fresh } from "./commands";

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
/** The tags that calls of the company have. */
export const tags = queryOptions({
  queryKey: ["tags"],
  queryFn: async () => (await answerOf(api.GET("/v1/tags"))).items.map((one) => one.tag),
});
export const queues = queryOptions({
  queryKey: ["queues"],
  staleTime: LONG,
  queryFn: () =>
    everything<Schemas["QueueSummary"]>((cursor) =>
      answerOf(api.GET("/v1/queues", { params: { query: { limit: 1000, cursor } }, headers: fresh() })),
    ),
});
export const agents = queryOptions({
  queryKey: ["agents"],
  staleTime: LONG,
  queryFn: () =>
    everything<Schemas["AgentDetail"]>((cursor) =>
      answerOf(api.GET("/v1/agents", { params: { query: { limit: 1000, cursor } }, headers: fresh() })),
    ),
});
export const users = queryOptions({
  queryKey: ["users"],
  queryFn: () =>
    everything<Schemas["UserDetail"]>((cursor) =>
      answerOf(api.GET("/v1/users", { params: { query: { limit: 1000, cursor } }, headers: fresh() })),
    ),
});
export const ivrs = queryOptions({
  queryKey: ["ivrs"],
  queryFn: () =>
    everything<Schemas["IvrSummary"]>((cursor) =>
      answerOf(api.GET("/v1/ivrs", { params: { query: { limit: 1000, cursor } }, headers: fresh() })),
    ),
});
export const apiKeys = queryOptions({
  queryKey: ["api-keys"],
  queryFn: () =>
    everything<Schemas["ApiKeyDetail"]>((cursor) =>
      answerOf(api.GET("/v1/api-keys", { params: { query: { limit: 1000, cursor } }, headers: fresh() })),
    ),
});
export const screens = queryOptions({
  queryKey: ["screens"],
  queryFn: () =>
    everything<Schemas["ScreenDetail"]>((cursor) =>
      answerOf(api.GET("/v1/screens", { params: { query: { limit: 1000, cursor } }, headers: fresh() })),
    ),
});
export const webhooks = queryOptions({
  queryKey: ["webhooks"],
  queryFn: async () => (await answerOf(api.GET("/v1/webhooks"))).items,
});

/** One of them as it is now, not as it was when the page was loaded. */
export const queueOf = (queue: string) =>
  queryOptions({
    queryKey: ["queues", queue],
    staleTime: 0,
    queryFn: () => answerOf(api.GET("/v1/queues/{queue_id}", { params: { path: { queue_id: queue } } })),
  });
export const userOf = (user: string) =>
  queryOptions({
    queryKey: ["users", user],
    staleTime: 0,
    queryFn: () => answerOf(api.GET("/v1/users/{user_id}", { params: { path: { user_id: user } } })),
  });
export const ivrOf = (ivr: string) =>
  queryOptions({
    queryKey: ["ivrs", ivr],
    staleTime: 0,
    queryFn: () => answerOf(api.GET("/v1/ivrs/{ivr_id}", { params: { path: { ivr_id: ivr } } })),
  });
export const callbacks = queryOptions({
  queryKey: ["callbacks"],
  staleTime: 0,
  refetchInterval: 10_000,
  queryFn: async () => (await answerOf(api.GET("/v1/callbacks", { params: { query: { limit: 1_000 } } }))).items,
});
export const blockedCallersOf = (ivr: string) =>
  queryOptions({
    queryKey: ["ivrs", ivr, "blocked-callers"],
    staleTime: 0,
    queryFn: () => answerOf(api.GET("/v1/ivrs/{ivr_id}/blocked-callers", { params: { path: { ivr_id: ivr } } })),
  });
export const webhookOf = (webhook: string) =>
  queryOptions({
    queryKey: ["webhooks", webhook],
    staleTime: 0,
    queryFn: () => answerOf(api.GET("/v1/webhooks/{webhook_id}", { params: { path: { webhook_id: webhook } } })),
  });

/** What a new password must be. */
export const passwordRules = queryOptions({
  queryKey: ["password-rules"],
  queryFn: () => answerOf(api.GET("/v1/auth/password-rules")),
});

export function useTimezone(): string {
  return useQuery(company).data?.timezone ?? "America/Sao_Paulo";
}
