import { ApiError, answerOf, api, type Schemas, skew } from "../api/client";

export type Credential = Schemas["PhoneSession"];

const AGAIN_MS = 5_000;
/** A credential is renewed after this part of its time. */
const PART = 0.5;

/**
 * Keeps the credential of an agent's phone valid: opens a session, and renews it long before it expires, in a call too.
 *
 * `opened` is called with each new credential (not with a renewed one), `lost` when another browser has taken the phone over, or the
 * server refuses. While the server is away it tries again: a registration outlives that.
 */
export class CredentialKeeper {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #credential: Credential | null = null;
  #isOver = false;

  constructor(
    private readonly agent: string,
    private readonly opened: (credential: Credential) => void,
    private readonly lost: (error: ApiError) => void,
  ) {}

  async start(): Promise<void> {
    const before = this.#credential;
    try {
      const credential = await answerOf(
        api.POST("/v1/phone/session", { body: { agent: this.agent, session: before?.session ?? "" } }),
      );
      if (this.#isOver) return;
      this.#credential = credential;
      if (credential.session !== before?.session) this.opened(credential);
      const left = Date.parse(credential.expires_at) - Date.now() - skew.ms;
      this.#later(Math.max(AGAIN_MS, left * PART));
    } catch (error) {
      this.#failed(error instanceof ApiError ? error : new ApiError(0, "no-connection", ""));
    }
  }

  /** Sign out: the credential is no longer valid. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    const session = this.#credential?.session;
    if (session) {
      const query = { agent: this.agent, session };
      void api.DELETE("/v1/phone/session", { params: { query } }).catch(() => undefined);
    }
  }

  #failed(error: ApiError): void {
    if (this.#isOver) return;
    const credential = this.#credential;
    if (
      error.code === "phone-session-ended" &&
      credential &&
      Date.parse(credential.expires_at) < Date.now() + skew.ms
    ) {
      // This browser was away or asleep for so long that it expired.
      this.#credential = null;
      this.#later(0);
    } else if (error.status === 0 || error.status === 401 || error.status === 429 || error.status >= 500) {
      // Without a session the user is asked for the password meanwhile, over the page.
      this.#later(AGAIN_MS);
    } else {
      this.#isOver = true;
      this.lost(error);
    }
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#isOver) this.#timer = setTimeout(() => void this.start(), ms);
  }
}
