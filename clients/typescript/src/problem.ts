/** One wrong field. `place`: a JSON pointer into the body, a parameter or a header. */
export interface FieldProblem {
  readonly place: string;
  readonly detail: string;
}

interface Body {
  type?: string;
  detail?: string;
  permission?: string;
  errors?: { pointer?: string; parameter?: string; header?: string; detail: string }[];
}

/**
 * The API refused a request, or could not answer it (RFC 9457).
 *
 * `code` is the last part of the problem's `type`, for programs ("call-ended", "queue-unknown" ...); the message is for people.
 */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** The permission whose lack is the reason; "" for other reasons. */
  readonly permission: string;
  readonly errors: readonly FieldProblem[];
  /** Seconds after which to try again; undefined if the server did not say. */
  readonly retryAfter: number | undefined;

  constructor(response: Response, body: Body) {
    const code = body.type?.split(":").at(-1) ?? "";
    const detail = body.detail ?? response.statusText;
    super(`${response.status} ${code}: ${detail}`);
    this.name = new.target.name;
    this.status = response.status;
    this.code = code;
    this.detail = detail;
    this.permission = body.permission ?? "";
    this.errors = (body.errors ?? []).map((error) => ({
      place: error.pointer ?? error.parameter ?? error.header ?? "",
      detail: error.detail,
    }));
    this.retryAfter = retryAfter(response);
  }
}

/** 401: the access token is missing, wrong or has expired. */
export class Unauthenticated extends Problem {}
/** 403: the caller may not do this; `permission` is the one that they lack, "" if `code` is another reason. */
export class NotAllowed extends Problem {}
/** 404: the company has nothing with this id. */
export class NotFound extends Problem {}
/** 409: the command is not possible in the current state; `code` says why. */
export class Conflict extends Problem {}
/** 422: `errors` names each wrong field. */
export class Invalid extends Problem {}
/** 429, after all retries. */
export class TooManyRequests extends Problem {}
/** 503, after all retries. */
export class Unavailable extends Problem {}

const BY_STATUS: Readonly<Record<number, typeof Problem>> = {
  401: Unauthenticated,
  403: NotAllowed,
  404: NotFound,
  409: Conflict,
  422: Invalid,
  429: TooManyRequests,
  503: Unavailable,
};

/** The problem that a response is; undefined for a successful one. */
export async function problemOf(response: Response): Promise<Problem | undefined> {
  if (response.ok) return undefined;
  // A proxy may answer with a page of its own.
  const body: unknown = await response.json().catch(() => ({}));
  const kind = BY_STATUS[response.status] ?? Problem;
  return new kind(response, typeof body === "object" && body !== null ? body : {});
}

/** The seconds of the header Retry-After. */
export function retryAfter(response: Response): number | undefined {
  const value = response.headers.get("Retry-After") ?? "";
  return /^\d+$/.test(value) ? Number(value) : undefined;
}
