import { queryOptions } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { ApiError, answerOf, api, checked, type Schemas } from "./client";
import { session } from "./session";

export type Import = Schemas["ImportDetail"];
export type FileKind = "queue-log" | "ami" | "members";

const UNFINISHED = ["receiving", "waiting", "running"];

export function goesOn(one: Import): boolean {
  return UNFINISHED.includes(one.state);
}

/** The company's imports, read again while one goes on. */
export const imports = queryOptions({
  queryKey: ["imports"],
  queryFn: () => answerOf(api.GET("/v1/imports")),
  refetchInterval: ({ state }) => (sending.isBusy || state.data?.items.some(goesOn) ? 1_000 : false),
});

/** What files are. timezone: of instants of a table that has none; "": the company's. */
interface Described {
  kind: FileKind;
  timezone: string;
}

interface Waiting extends Described {
  key: number;
  file: File;
}

/** A file that did not come to the server at all; what the server refused is in its own list. */
export interface Unsent {
  key: number;
  name: string;
  code: string;
}

/** The files that were chosen, sent one after another whatever page is open. */
class Sending {
  #queue: Waiting[] = [];
  #last = 0;
  #listeners = new Set<() => void>();
  #changed: () => void = () => undefined;
  isBusy = false;
  shown: { waiting: readonly string[]; unsent: readonly Unsent[] } = { waiting: [], unsent: [] };

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** changed: called when the server's list is another. */
  add(files: readonly File[], of: Described, changed: () => void): void {
    this.#changed = changed;
    for (const file of files) {
      this.#last += 1;
      this.#queue.push({ key: this.#last, file, ...of });
    }
    this.#show(this.shown.unsent);
    if (!this.isBusy) void this.#sendAll();
  }

  forget(key: number): void {
    this.#show(this.shown.unsent.filter((one) => one.key !== key));
  }

  #show(unsent: readonly Unsent[]): void {
    this.shown = { waiting: this.#queue.map((one) => one.file.name), unsent };
    for (const listener of this.#listeners) listener();
  }

  async #sendAll(): Promise<void> {
    this.isBusy = true;
    addEventListener("beforeunload", stay);
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      this.#show(this.shown.unsent);
      const sent = this.#send(next);
      this.#changed();
      const refusal = await sent;
      if (refusal) this.#show([...this.shown.unsent, { key: next.key, name: next.file.name, code: refusal }]);
      this.#changed();
    }
    removeEventListener("beforeunload", stay);
    this.isBusy = false;
    this.#changed();
  }

  /** The code of a refusal that the server's list does not have; "" otherwise. */
  async #send({ file, kind, timezone }: Waiting): Promise<string> {
    const address = `/v1/imports?${new URLSearchParams({ kind, name: file.name, ...(timezone && { timezone }) })}`;
    // The file itself is the body: a request that is copied for a second try would be held in memory.
    const post = (token: string | null) =>
      fetch(address, {
        method: "POST",
        body: file,
        headers: { "Content-Type": "application/octet-stream", Authorization: `Bearer ${token}` },
      });
    try {
      await checked(async () => {
        const token = await session.token();
        const answer = await post(token);
        return answer.status === 401 ? post(await session.token(token ?? "")) : answer;
      });
      return "";
    } catch (error) {
      const code = error instanceof ApiError ? error.code : "page";
      return code === "file-not-recognised" || code === "import-ended" ? "" : code;
    }
  }
}

function stay(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

export const sending = new Sending();

export function useSending(): typeof sending.shown {
  return useSyncExternalStore(sending.subscribe, () => sending.shown);
}
