import { UA, WebSocketInterface } from "jssip";
import type { IncomingRTCSessionEvent, OutgoingRTCSessionEvent } from "jssip/lib/UA";
import { useSyncExternalStore } from "react";
import { type ApiError, api } from "../api/client";
import { session } from "../api/session";
import { type CallView, PhoneCall } from "./call";
import { type Credential, CredentialKeeper } from "./credential";
import { keep } from "./kept";
import { onlyTab } from "./lock";
import { connected, loadAgainIfBarred } from "./policy";
import { microphoneOf, preferences } from "./preferences";
import type { Refusal } from "./refer";
import { mixed, ring } from "./sound";

/**
 * Whether the phone can be called. `off`: not switched on; `insecure`: the page did not come by HTTPS, so there is no microphone;
 * `waiting`: another tab is the phone; `connecting`: not registered at the PBX (yet); `lost`: refused, or taken over by another browser.
 */
export type PhoneState = "off" | "insecure" | "deaf" | "waiting" | "connecting" | "ready" | "lost";

export interface Snapshot {
  state: PhoneState;
  agent: string;
  problem: ApiError | null;
  calls: readonly CallView[];
  isConference: boolean;
}

const EXPIRES_S = 120;
const FIRST_AGAIN_MS = 300;
const AGAIN_MS = 3_000;
const TRIES = 20;
const BEATS_MS = 30_000;

/** The phone of this browser. It goes on while other pages are shown, comes back when the page is loaded again, and ends with the tab. */
export class Softphone {
  snapshot: Snapshot = { state: "off", agent: "", problem: null, calls: [], isConference: false };
  #listeners = new Set<() => void>();
  #ua: UA | null = null;
  #domain = "";
  #user = "";
  #keeper: CredentialKeeper | null = null;
  #release: () => void = () => undefined;
  #calls: PhoneCall[] = [];
  #quiet: (() => void) | null = null;
  #endConference: (() => void) | null = null;
  #unwatch: () => void = () => undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;

  constructor() {
    // To load the page again or to close it hangs up: the browser asks before that.
    addEventListener("beforeunload", (event) => {
      if (this.#calls.some((call) => call.view.stage === "talking")) event.preventDefault();
    });
    // The caller is told at once; the PBX itself would notice only some seconds later.
    addEventListener("pagehide", () => this.#hangUpAll());
    // Whoever signs out is no telephone for the next one.
    session.subscribe(() => {
      if (session.state === "out" && this.snapshot.agent) this.stop();
    });
    // An agent who logged in here is logged out when nothing is heard of this page any more.
    setInterval(() => this.#beat(), BEATS_MS);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Become the telephone of this agent. */
  async start(agent: string): Promise<void> {
    if (this.snapshot.agent === agent && this.snapshot.state !== "lost") return;
    this.stop();
    keep({ agent, user: session.welcome?.user_id ?? "" });
    this.#become({ agent, state: "connecting", problem: null });
    if (!isSecureContext || !navigator.mediaDevices) return this.#become({ state: "insecure" });
    try {
      // The browser asks for the microphone now, and not while a customer waits.
      const stream = await navigator.mediaDevices.getUserMedia({ audio: microphoneOf(preferences()) });
      for (const track of stream.getTracks()) track.stop();
    } catch {
      return this.#become({ state: "deaf" });
    }
    if (this.snapshot.agent !== agent) return;
    this.#release = onlyTab(
      agent,
      () => {
        this.#become({ state: "connecting" });
        this.#keeper = new CredentialKeeper(
          agent,
          (credential) => this.#register(credential),
          (problem) => {
            // Another browser has the phone: loading this page again must not take it back.
            keep(null);
            this.#become({ state: "lost", problem });
            // Who talks with a customer goes on to the end of the call.
            if (this.#calls.length === 0) this.#end();
          },
        );
        void this.#keeper.start();
      },
      () => this.#become({ state: "waiting" }),
    );
  }

  /** Be no telephone any more. */
  stop(): void {
    keep(null);
    this.#keeper?.stop();
    this.#end();
    this.#become({ state: "off", agent: "", problem: null });
  }

  answer(id: number): void {
    this.#of(id)?.session.answer(this.#media());
  }

  hangUp(id: number): void {
    this.#of(id)?.hangUp();
  }

  mute(id: number, isMuted: boolean): void {
    this.#of(id)?.mute(isMuted);
  }

  dial(id: number, tones: string): void {
    this.#of(id)?.dial(tones);
  }

  async hold(id: number, isHeld: boolean): Promise<void> {
    await this.#of(id)?.hold(isHeld);
  }

  /** Hand a call over at once. Resolves with null if it was taken, or has ended, else with why not. */
  async transfer(id: number, target: string): Promise<Refusal | null> {
    return (await this.#of(id)?.transfer(this.#uri(target))) ?? null;
  }

  /** Put a call on hold and call somebody to ask. */
  async consult(id: number, target: string): Promise<void> {
    await this.#of(id)?.hold(true);
    this.#ua?.call(this.#uri(target), this.#media());
  }

  /** Hand the call on hold over to the one who was asked. Resolves as `transfer`. */
  async join(held: number, consulted: number): Promise<Refusal | null> {
    const [call, other] = [this.#of(held), this.#of(consulted)];
    return call && other ? call.transfer("", other) : null;
  }

  /** All calls hear each other. */
  async confer(): Promise<void> {
    for (const call of this.#calls) if (call.view.isHeld) await call.hold(false);
    this.#endConference?.();
    this.#endConference = mixed(this.#calls.map((call) => call.connection));
    this.#become({ isConference: true });
  }

  #register(credential: Credential): void {
    this.#ua?.stop();
    this.#domain = new URL(credential.websocket_url).hostname;
    this.#user = credential.username;
    this.#unwatch();
    this.#unwatch = loadAgainIfBarred(credential.websocket_url);
    const ua = new UA({
      sockets: [new WebSocketInterface(credential.websocket_url)],
      uri: credential.uri,
      password: credential.password,
      register_expires: EXPIRES_S,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 4,
      user_agent: "Atende",
    });
    this.#ua = ua;
    let wasAway = false;
    const own = (act: () => void) => () => {
      if (this.#ua === ua) act();
    };
    ua.on(
      "registered",
      own(() => {
        this.#tries = 0;
        connected();
        if (this.snapshot.state !== "lost") this.#become({ state: "ready" });
        if (wasAway) for (const call of this.#calls) call.refresh();
        wasAway = false;
      }),
    );
    ua.on(
      "disconnected",
      own(() => {
        wasAway = true;
        if (this.snapshot.state === "ready") this.#become({ state: "connecting" });
      }),
    );
    ua.on(
      "registrationFailed",
      own(() => {
        // The PBX gets to know a new credential some moments after it was made.
        if (this.snapshot.state === "ready") this.#become({ state: "connecting" });
        this.#tries += 1;
        // Refused for long: another browser may have taken the phone over.
        if (this.#tries === TRIES) void this.#keeper?.start();
        clearTimeout(this.#again);
        this.#again = setTimeout(
          () => ua.isConnected() && ua.register(),
          this.#tries < TRIES ? FIRST_AGAIN_MS : AGAIN_MS,
        );
      }),
    );
    ua.on("newRTCSession", (event: IncomingRTCSessionEvent | OutgoingRTCSessionEvent) => this.#add(event));
    ua.start();
  }

  #add({ session, originator, request }: IncomingRTCSessionEvent | OutgoingRTCSessionEvent): void {
    const isIncoming = String(originator) === "remote";
    const asked = `${request.getHeader("Alert-Info") ?? ""} ${request.getHeader("Call-Info") ?? ""}`;
    const isOwn = isIncoming && /auto.?answer|answer-after=0/i.test(asked);
    const call = new PhoneCall(session, isIncoming, isOwn, (changed) => this.#changed(changed));
    this.#calls = [...this.#calls, call];
    if (isOwn) session.answer(this.#media());
    this.#show();
  }

  #changed(call: PhoneCall): void {
    if (call.view.stage === "ended") {
      this.#calls = this.#calls.filter((other) => other !== call);
      this.#report(call);
      this.#endConference?.();
      this.#endConference = null;
      if (this.snapshot.state === "lost" && this.#calls.length === 0) this.#end();
    }
    this.#show();
  }

  #show(): void {
    const calls = this.#calls.map((call) => call.view);
    const rings = this.#calls.some((call) => call.view.stage === "ringing" && !call.isOwn);
    if (rings) this.#quiet ??= ring();
    else {
      this.#quiet?.();
      this.#quiet = null;
    }
    this.#become({ calls, isConference: this.#endConference !== null });
  }

  #media() {
    return {
      mediaConstraints: { audio: microphoneOf(preferences()), video: false },
      pcConfig: { iceServers: [] },
    };
  }

  /** What was heard in a customer's call, as one leg of it. A call to ask somebody is not the customer's, nor is one in which a supervisor listens: it shows this phone itself as the caller. */
  #report({ heard, view }: PhoneCall): void {
    const { agent } = this.snapshot;
    if (agent && heard && view.isIncoming && view.number !== this.#user)
      void api.POST("/v1/phone/quality", { body: { agent, ...heard } }).catch(() => undefined);
  }

  #beat(): void {
    const { agent, state } = this.snapshot;
    if (agent && (state === "ready" || state === "connecting"))
      void api.POST("/v1/agents/heartbeat", { body: { agent } }).catch(() => undefined);
  }

  #uri(target: string): string {
    return `sip:${encodeURIComponent(target)}@${this.#domain}`;
  }

  #of(id: number): PhoneCall | undefined {
    return this.#calls.find((call) => call.view.id === id);
  }

  #hangUpAll(): void {
    for (const call of this.#calls) call.hangUp();
  }

  #end(): void {
    this.#hangUpAll();
    this.#unwatch();
    clearTimeout(this.#again);
    this.#ua?.stop();
    this.#ua = null;
    this.#keeper = null;
    this.#release();
    this.#release = () => undefined;
  }

  #become(changed: Partial<Snapshot>): void {
    this.snapshot = { ...this.snapshot, ...changed };
    for (const listener of this.#listeners) listener();
  }
}

export const softphone = new Softphone();

export function useSoftphone(): Snapshot {
  return useSyncExternalStore(softphone.subscribe, () => softphone.snapshot);
}
