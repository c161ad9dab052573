/** What the server answers to a login and a renewal; `until`: when the access token is to be renewed, in milliseconds since 1970. */
export interface Welcome {
  access_token: string;
  expires_in: number;
  user_id: string;
  company_id: string;
  permissions: string[];
  until: number;
  /** The name of the screen of a wall that this device is; without it, it is a user's session. */
  screen?: string;
}

/** A renewal: a new token; or the session is gone; or neither, because the server is away. */
export interface Renewed {
  welcome: Welcome | null;
  gone: boolean;
}

/** Renews the access token, once for all who ask at the same time. */
export class Renewer {
  /** Whether a device without a user's session may be a screen: a page of the wall is open in this browser. */
  admitsScreen = false;
  #current: Welcome | null = null;
  #underWay: Promise<Renewed> | null = null;

  set(welcome: Welcome | null): void {
    this.#current = welcome;
  }

  /** A token that is not the `refused` one. */
  renew(refused: string | null): Promise<Renewed> {
    const current = this.#current;
    if (current && current.access_token !== refused && current.until > Date.now()) {
      return Promise.resolve({ welcome: current, gone: false });
    }
    this.#underWay ??= this.#ask().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  async #ask(): Promise<Renewed> {
    try {
      let answer = await post("/v1/auth/refresh");
      if (answer.status === 401 && this.admitsScreen) answer = await post("/v1/auth/screen/refresh");
      if (answer.status === 401 || answer.status === 403) {
        this.#current = null;
        return { welcome: null, gone: true };
      }
      if (!answer.ok) return { welcome: null, gone: false };
      this.#current = welcomeOf(await answer.json());
      return { welcome: this.#current, gone: false };
    } catch {
      return { welcome: null, gone: false };
    }
  }
}

function post(path: string): Promise<Response> {
  return fetch(path, { method: "POST", credentials: "same-origin" });
}

/** What a login, a renewal or the link of a screen is answered, as pages use it. */
export function welcomeOf(answer: Record<string, unknown>): Welcome {
  const until = Date.now() + (Number(answer.expires_in) - 30) * 1000;
  if (!("screen_id" in answer)) return { ...(answer as unknown as Welcome), until };
  const { access_token, expires_in, company_id, screen_id, name } = answer as Record<string, string>;
  return {
    access_token,
    expires_in: Number(expires_in),
    company_id,
    user_id: screen_id,
    screen: name,
    permissions: [],
    until,
  } as Welcome;
}
