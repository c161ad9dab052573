import { useSyncExternalStore } from "react";
import { type Renewed, Renewer, type Welcome, welcomeOf } from "./renewer";
import { sharedWorker } from "./shared";

/** Whether somebody is signed in here. `gone`: the session ended while the page was open; the page stays and asks for the password. */
export type SessionState = "unknown" | "in" | "out" | "gone";

/** Where a session gets its access tokens: a worker that all tabs share, or this tab. */
interface TokenSource {
  renew(refused: string | null): Promise<Renewed>;
  set(welcome: Welcome | null): void;
  /** From now on a device without a user's session may be a screen of a wall. */
  admitScreen(): void;
}

const channel = new BroadcastChannel("atende-session");

/** The one page that a screen of a wall shows. */
export const WALL = "/mural";

class SharedSource implements TokenSource {
  #port: MessagePort;
  #waiting = new Map<number, (answer: Renewed) => void>();
  #last = 0;

  constructor(worker: SharedWorker) {
    this.#port = worker.port;
    this.#port.addEventListener("message", ({ data }) => {
      this.#waiting.get(data.id)?.(data.answer);
      this.#waiting.delete(data.id);
    });
  }

  renew(refused: string | null): Promise<Renewed> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#port.postMessage({ id, refused });
    });
  }

  set(welcome: Welcome | null): void {
    this.#port.postMessage({ welcome });
  }

  admitScreen(): void {
    this.#port.postMessage({ admitsScreen: true });
  }
}

/** For browsers without shared workers: each tab renews, and tells the others, who then need not. */
class OwnSource implements TokenSource {
  #renewer = new Renewer();

  constructor() {
    channel.addEventListener("message", ({ data }) => data.renewed && this.#renewer.set(data.renewed));
  }

  async renew(refused: string | null): Promise<Renewed> {
    const renewed = await this.#renewer.renew(refused);
    if (renewed.welcome) channel.postMessage({ renewed: renewed.welcome });
    return renewed;
  }

  set(welcome: Welcome | null): void {
    this.#renewer.set(welcome);
  }

  admitScreen(): void {
    this.#renewer.admitsScreen = true;
  }
}

function source(): TokenSource {
  return sharedWorker ? new SharedSource(sharedWorker) : new OwnSource();
}

/** The session of this browser: its refresh token is a cookie that no script reads, its access token is in memory alone. */
class Session {
  state: SessionState = "unknown";
  welcome: Welcome | null = null;
  /** The name of the screen that this device was until it was revoked. */
  endedScreen: string | null = null;
  #source = source();
  #listeners = new Set<() => void>();

  constructor() {
    channel.addEventListener("message", ({ data }) => {
      if (data.left) this.#become("out", null);
      if (data.entered && data.entered !== this.welcome?.user_id) location.reload();
      if (data.entered && this.state === "gone") void this.renew(null);
    });
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #become(state: SessionState, welcome: Welcome | null): void {
    // Who is out stays out: a page for strangers would lose its answers at each request.
    if (state === "out" && this.state === "out") return;
    this.state = state;
    if (welcome || state === "out") this.welcome = welcome;
    for (const listener of this.#listeners) listener();
  }

  /** Find out whether the browser has a session. */
  async start(): Promise<void> {
    if (this.state === "unknown") await this.renew(null);
  }

  /** The access token for the next request; `refused`: the one that was just answered 401. */
  async token(refused: string | null = null): Promise<string | null> {
    if (this.welcome && refused === null && this.state === "in" && this.welcome.until > Date.now())
      return this.welcome.access_token;
    await this.renew(refused);
    return this.state === "in" ? (this.welcome?.access_token ?? null) : null;
  }

  async renew(refused: string | null): Promise<void> {
    const { welcome, gone } = await this.#source.renew(refused);
    if (welcome?.screen && !location.pathname.startsWith(WALL))
      return this.#become(this.welcome ? "gone" : "out", null);
    if (welcome && this.welcome && welcome.user_id !== this.welcome.user_id) location.reload();
    if (welcome) this.#become("in", welcome);
    else if (gone && this.welcome?.screen) {
      // Nobody signs in at a wall: what it showed is dropped at once.
      this.endedScreen = this.welcome.screen;
      this.#become("out", null);
    } else if (gone) this.#become(this.welcome ? "gone" : "out", null);
  }

  /** Sign in. Returns the answer when it is a refusal, for the form to explain. */
  async enter(email: string, password: string, company: string): Promise<Response | null> {
    const body = JSON.stringify({ email, password, session: "cookie", ...(company && { company }) });
    const answer = await fetch("/v1/auth/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
    if (!answer.ok) return answer;
    const welcome = welcomeOf(await answer.json());
    const other = this.welcome && this.welcome.user_id !== welcome.user_id;
    this.#source.set(welcome);
    channel.postMessage({ entered: welcome.user_id });
    if (other) location.reload();
    this.#become("in", welcome);
    return null;
  }

  /** Find out whether somebody is signed in here, or else whether this device is a screen of a wall. */
  async startWall(): Promise<void> {
    this.#source.admitScreen();
    // A user whose session has ended makes room for the screen that the device is.
    if (this.state === "gone") this.#source.set(null);
    if (this.state !== "in") await this.renew(null);
  }

  /** Become a screen of a wall by the token of a link. Returns the answer when it is a refusal. */
  async connect(token: string): Promise<Response | null> {
    this.#source.admitScreen();
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch("/v1/auth/screen", { method: "POST", headers, body: JSON.stringify({ token }) });
    if (!answer.ok) return answer;
    const welcome = welcomeOf(await answer.json());
    this.#source.set(welcome);
    this.#become("in", welcome);
    return null;
  }

  async leave(): Promise<void> {
    await fetch("/v1/auth/logout", { method: "POST" }).catch(() => null);
    this.#source.set(null);
    channel.postMessage({ left: true });
    this.#become("out", null);
  }
}

export const session = new Session();

export function useSession(): SessionState {
  return useSyncExternalStore(session.subscribe, () => session.state);
}
