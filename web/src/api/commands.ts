import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import type { Schemas } from "./client";

/** The receipt of a command: its events are saved, at this position of the log. */
export type Receipt = Schemas["Receipt"];

/** Headers that a command is sent with. */
export type Headers = Record<string, string>;

const last = { position: 0 };

/** The header by which a list covers what this browser has just changed. */
export function fresh(): Headers {
  return last.position ? { "If-Position": String(last.position) } : {};
}

/** Random, also without HTTPS, where `crypto.randomUUID` does not exist. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Sends a command. The same wish keeps its Idempotency-Key until it is answered, so a second click, or one more try after a lost
 * answer, changes nothing twice. Afterwards everything on the page is asked anew.
 */
export function useCommand<I>(
  send: (input: I, headers: Headers) => Promise<Receipt | undefined>,
  then?: (done: Receipt | undefined, input: I) => void,
) {
  const client = useQueryClient();
  const wish = useRef({ of: "", key: "" });
  return useMutation({
    mutationFn: (input: I) => {
      const of = JSON.stringify(input ?? null);
      if (wish.current.of !== of) wish.current = { of, key: newKey() };
      return send(input, { "Idempotency-Key": wish.current.key });
    },
    onSuccess: async (done, input) => {
      wish.current = { of: "", key: "" };
      if (done) last.position = Math.max(last.position, done.position);
      then?.(done, input);
      await client.invalidateQueries();
    },
  });
}
