/**
 * Why a center did not answer. `refused`: nothing listens there. `unknown-host`: the name has no address. `timed-out`: no answer in time.
 * `lost`: any other end of the connection, and all that a browser says.
 */
export type UnreachableReason = "refused" | "unknown-host" | "timed-out" | "lost";

const WORDS: Readonly<Record<UnreachableReason, string>> = {
  refused: "the connection was refused: nothing listens there",
  "unknown-host": "the host is unknown",
  "timed-out": "it did not answer in time",
  lost: "the connection was lost",
};

const REASONS: Readonly<Record<string, UnreachableReason>> = {
  ECONNREFUSED: "refused",
  ENOTFOUND: "unknown-host",
  EAI_AGAIN: "unknown-host",
  ETIMEDOUT: "timed-out",
  UND_ERR_CONNECT_TIMEOUT: "timed-out",
  UND_ERR_HEADERS_TIMEOUT: "timed-out",
  UND_ERR_BODY_TIMEOUT: "timed-out",
  TimeoutError: "timed-out",
};

/** The center did not answer, after all retries. `reason` tells the causes apart; `cause` is the error of `fetch`. */
export class Unreachable extends Error {
  readonly reason: UnreachableReason;

  constructor(error: unknown, url: string) {
    const reason = reasonOf(error);
    super(`cannot reach ${new URL(url).origin}: ${WORDS[reason]} (${error instanceof Error ? error.message : error})`, { cause: error });
    this.name = "Unreachable";
    this.reason = reason;
  }
}

/** The reason that an error, or one that caused it, names. */
function reasonOf(error: unknown): UnreachableReason {
  for (let cause = error; cause instanceof Error || cause instanceof DOMException; cause = cause.cause) {
    const reason = REASONS["code" in cause ? String(cause.code) : ""] ?? REASONS[cause.name];
    if (reason) return reason;
  }
  return "lost";
}
