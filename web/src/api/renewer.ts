/** What the server answers to a login and a renewal; `until`: when the access token is to be renewed, in milliseconds since 1970. */
export interface Welcome {
  access_token: string;
  expires_in: number;
  user: string;
  company: string;
  permissions: string[];
  until: number;
}

/** A renewal: a new token; or the session is gone; or neither, because the server is away. */
export interface Renewed {
  welcome: Welcome | null;
  gone: boolean;
}

/** Renews the access token, once for all who ask at the same time. */
export class Renewer {
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
      const answer = await fetch("/v1/auth/refresh", { method: "POST", credentials: "same-origin" });
      if (answer.status === 401 || answer.status === 403) {
        this.#current = null;
        return { welcome: null, gone: true };
      }
      if (!answer.ok) return { welcome: null, gone: false };
      const told = await answer.json();
      this.#current = { ...told, until: Date.now() + (told.expires_in - 30) * 1000 } as Welcome;
      return { welcome: this.#current, gone: false };
    } catch {
      return { welcome: null, gone: false };
    }
  }
}
