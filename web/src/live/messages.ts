import type { Answer, Change } from "./answers";

/** A line on which nothing came for so long is dead; the server gives a sign of life every 15 seconds. */
export const STALE_MS = 20_000;

/** Why a question has no answer; `code` ends the problem's `type`. Status 0: the server was not reached. */
export interface Refusal {
  status: number;
  code: string;
  requestId: string;
  permission: string | null;
  retryAfter: number;
}

/** The state of the stream. sign: the last sign of life, by this machine's clock; 0 before the first. skew: how far the server's clock is ahead. */
export interface StreamState {
  isLost: boolean;
  isGone: boolean;
  sign: number;
  skew: number | null;
  problem: Refusal | null;
}

/** What a tab says to the hub: always everything that it watches, so that it may be repeated. */
export interface FromTab {
  watching: string[];
  isHidden: boolean;
  /** The hub is new to the tab, or the tab to the hub: everything is to be sent. */
  isNew?: boolean;
  isLeaving?: boolean;
  /** A refused question that is to be asked again. */
  retry?: string;
}

/** What the hub says to a tab. */
export type ToTab =
  | { question: string; answer: Answer; line: StreamState }
  | { question: string; change: Change; position: number; line: StreamState }
  | { question: string; refusal: Refusal }
  | { line: StreamState };

/** A tab, as the hub sees it. */
export interface Seat {
  post(message: ToTab): void;
}
