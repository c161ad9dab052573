// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import { createRoot } from "react-dom/client";
import { expect, it, vi } from "vitest";
import { useCommand } from "./commands";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);

const SOURCES = import.meta.glob<string>(["../**/*.ts", "../**/*.tsx", "!../**/*.test.*", "!../**/*.d.ts"], {
  query: "?raw",
  import: "default",
  eager: true,
});

/** What makes nothing that a second request would make again. */
const REPEATABLE = [
  "/v1/agents/heartbeat",
  "/v1/auth/own-password",
  "/v1/auth/password",
  "/v1/interactions/search",
  "/v1/ivrs/speech",
  "/v1/ivrs/{ivr_id}/dry-run",
  "/v1/phone/quality",
  "/v1/phone/session",
  "/v1/simulation",
  "/v1/webhooks/{webhook_id}/test",
];

const sent = { keys: [] as string[], answer: () => {}, mutate: (_name: string) => {} };

function Form() {
  sent.mutate = useCommand<string>(async (_, headers) => {
    sent.keys.push(headers["Idempotency-Key"] ?? "");
    await new Promise<void>((done) => {
      sent.answer = done;
    });
    return undefined;
  }).mutate;
  return null;
}

it("gives each wish one key until it is answered, and another wish another key", async () => {
  const root = createRoot(document.createElement("div"));
  await act(async () =>
    root.render(
      <QueryClientProvider client={new QueryClient()}>
        <Form />
      </QueryClientProvider>,
    ),
  );
  for (const name of ["vendas", "vendas", "suporte"]) await act(async () => sent.mutate(name));
  await act(async () => sent.answer());
  await act(async () => sent.mutate("suporte"));
  await act(async () => sent.answer());
  const [first, second, other, later] = sent.keys;
  expect(second).toBe(first);
  expect(new Set([first, other, later]).size).toBe(3);
  expect(first).toMatch(/^[0-9a-f]{32}$/);
});

it("sends every command of every page with a key, unless a second one does nothing", () => {
  const bare: string[] = [];
  let found = 0;
  for (const source of Object.values(SOURCES)) {
    for (const [call, path = ""] of source.matchAll(
      /api\.(?:POST|PUT|PATCH|DELETE)\(\s*"([^"]+)"[\s\S]*?(?:\}\),|\}\);|\}\)\)|\),\n)/g,
    )) {
      found += 1;
      if (!/\bheaders\b/.test(call)) bare.push(path);
    }
  }
  expect(found).toBeGreaterThan(30);
  expect(bare.filter((path) => !REPEATABLE.includes(path))).toEqual([]);
});
