import { ApiError, skew } from "../api/client";
import { session } from "../api/session";
import { type Answer, applied } from "./answers";
import { connected, type Link } from "./link";
import type { Refusal, StreamState, ToTab } from "./messages";

/** What a page sees of one question. isFresh: whether the answer is that of the stream, or one that is kept from before. */
export interface Watched {
  answer: Answer | undefined;
  error: ApiError | null;
  isFresh: boolean;
}

const NOTHING: Watched = { answer: undefined, error: null, isFresh: false };
/** Answers that nobody watches are shown for a moment when a page is opened again. */
const MOST_KEPT = 6;
const BEAT_MS = 30_000;

/** The answers that this tab watches, and the state of the line. Pages read it by `useSyncExternalStore`. */
class LiveStore {
  line: StreamState = { isLost: false, isGone: false, sign: 0, skew: null, problem: null };
  #questions = new Map<string, Watched>();
  #watching = new Map<string, number>();
  #listeners = new Set<() => void>();
  #link: Link | null = null;
  #isSending = false;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  of(question: string | null): Watched {
    return (question !== null && this.#questions.get(question)) || NOTHING;
  }

  /** Keep the answer to a question current until the returned function is called. */
  watch(question: string): () => void {
    this.#link ??= this.#connected();
    this.#watching.set(question, (this.#watching.get(question) ?? 0) + 1);
    this.#sendSoon();
    return () => {
      const left = (this.#watching.get(question) ?? 1) - 1;
      if (left) this.#watching.set(question, left);
      else this.#forget(question);
      this.#sendSoon();
    };
  }

  /** Ask a refused question again. */
  retry(question: string): void {
    this.#questions.delete(question);
    this.#link?.send({ ...this.#state(), retry: question });
    this.#link?.hurry();
    this.#changed();
  }

  #forget(question: string): void {
    this.#watching.delete(question);
    const known = this.#questions.get(question);
    this.#questions.delete(question);
    if (known?.answer) this.#questions.set(question, { ...known, error: null, isFresh: false });
    const kept = [...this.#questions.keys()].filter((one) => !this.#watching.has(one));
    for (const old of kept.slice(0, -MOST_KEPT)) this.#questions.delete(old);
  }

  #connected(): Link {
    const link = connected((message) => this.#take(message));
    const send = (part: object = {}) => link.send({ ...this.#state(), ...part });
    document.addEventListener("visibilitychange", () => send());
    addEventListener("pagehide", () => send({ isLeaving: true }));
    addEventListener("pageshow", (event) => event.persisted && send({ isNew: true }));
    addEventListener("online", () => link.hurry());
    setInterval(send, BEAT_MS);
    session.subscribe(() => {
      if (session.state === "out") this.#questions.clear();
      link.enter(session.state === "in" ? (session.welcome?.user_id ?? null) : null);
    });
    send({ isNew: true });
    return link;
  }

  #state() {
    return { watching: [...this.#watching.keys()], isHidden: document.visibilityState === "hidden" };
  }

  /** Once for all questions that a page begins and ends to watch while it is drawn. */
  #sendSoon(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    queueMicrotask(() => {
      this.#isSending = false;
      this.#link?.send(this.#state());
    });
  }

  #take(message: ToTab): void {
    if ("line" in message) this.#takeLine(message.line);
    if ("question" in message && this.#watching.has(message.question)) {
      const known = this.#questions.get(message.question);
      if ("refusal" in message) this.#questions.set(message.question, { ...NOTHING, error: errorOf(message.refusal) });
      else if ("answer" in message) this.#set(message.question, message.answer);
      else if (known?.answer && known.isFresh)
        this.#set(message.question, applied(known.answer, message.change, message.position));
    }
    this.#changed();
  }

  #set(question: string, answer: Answer): void {
    this.#questions.set(question, { answer, error: null, isFresh: true });
  }

  #takeLine(line: StreamState): void {
    const isNews =
      line.isLost !== this.line.isLost || line.isGone !== this.line.isGone || line.problem !== this.line.problem;
    if (line.skew !== null) Object.assign(skew, { ms: line.skew, isExact: true });
    if (line.isGone && session.state === "in") void session.renew(session.welcome?.access_token ?? null);
    // A line that lives is one and the same for the pages: they need not be drawn for each sign of life.
    if (isNews) this.line = line;
    else Object.assign(this.line, line);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

export function errorOf(refusal: Refusal): ApiError {
  return new ApiError(refusal.status, refusal.code, refusal.requestId, refusal.permission, refusal.retryAfter);
}

export const live = new LiveStore();
