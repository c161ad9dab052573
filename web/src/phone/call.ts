import type { RTCSession } from "jssip/lib/RTCSession";
import { type Heard, listenTo } from "./quality";
import { type Refusal, refer } from "./refer";
import { play } from "./sound";

/** A call as the page shows it. since: when it entered its stage, milliseconds since 1970 by this machine's clock. */
export interface CallView {
  id: number;
  isIncoming: boolean;
  stage: "ringing" | "dialling" | "talking" | "ended";
  number: string;
  name: string;
  since: number;
  isHeld: boolean;
  isMuted: boolean;
  /** Its microphone and what is heard of the far side, while somebody talks. */
  near: MediaStream | null;
  far: MediaStream | null;
}

const GATHERS_MS = 200;
const TONE = { duration: 160, interToneGap: 120, transportType: "RFC2833" as never };
let calls = 0;

/** One call of the phone: a session of SIP and its sound. `changed` is called after every change of `view`. */
export class PhoneCall {
  view: CallView;
  #silence: () => void = () => undefined;
  #heard: () => Heard | null = () => null;
  /** The quality of what was heard; null before the end, and if nothing was heard. */
  heard: Heard | null = null;
  /** Whether it rings so that Atende can call somebody for the agent, who is connected at once. */
  readonly isOwn: boolean;

  constructor(
    readonly session: RTCSession,
    isIncoming: boolean,
    isOwn: boolean,
    private readonly changed: (call: PhoneCall) => void,
  ) {
    calls += 1;
    this.isOwn = isOwn;
    const { uri, display_name: name } = session.remote_identity;
    this.view = {
      id: calls,
      isIncoming,
      stage: isIncoming ? "ringing" : "dialling",
      number: uri.user ?? "",
      name: name && name !== uri.user ? name : "",
      since: Date.now(),
      isHeld: false,
      isMuted: false,
      near: null,
      far: null,
    };
    if (session.connection) this.#listen(session.connection);
    session.on("peerconnection", ({ peerconnection }) => this.#listen(peerconnection));
    let gathering: ReturnType<typeof setTimeout>;
    // The PBX is reached directly: what was found in a moment is enough.
    session.on("icecandidate", ({ ready }) => {
      clearTimeout(gathering);
      gathering = setTimeout(ready, GATHERS_MS);
    });
    session.on("confirmed", () => {
      this.#heard = listenTo(this.connection);
      this.#become({ stage: "talking", since: Date.now(), near: this.#microphone() });
    });
    session.on("hold", ({ originator }) => String(originator) === "local" && this.#become({ isHeld: true }));
    session.on("unhold", ({ originator }) => String(originator) === "local" && this.#become({ isHeld: false }));
    session.on("muted", () => this.#become({ isMuted: true }));
    session.on("unmuted", () => this.#become({ isMuted: false }));
    session.on("ended", () => this.#end());
    session.on("failed", () => this.#end());
  }

  get connection(): RTCPeerConnection {
    return this.session.connection;
  }

  hangUp(): void {
    if (this.session.isEnded()) return;
    // A call that rings is refused as busy, so that the queue rings somebody else at once.
    this.session.terminate(
      this.view.stage === "ringing" ? { status_code: 486, reason_phrase: "Busy Here" } : undefined,
    );
  }

  hold(isHeld: boolean): Promise<void> {
    return new Promise((resolve) => {
      const isAsked = isHeld ? this.session.hold({}, resolve) : this.session.unhold({}, resolve);
      if (!isAsked) resolve();
    });
  }

  mute(isMuted: boolean): void {
    if (isMuted) this.session.mute({ audio: true });
    else this.session.unmute({ audio: true });
  }

  dial(tones: string): void {
    this.session.sendDTMF(tones, TONE);
  }

  /** Hand the call over to `target`: at once, or to the one with whom `consulted` talks. Resolves with null if it was taken, or has ended, else with why not. */
  transfer(target: string, consulted?: PhoneCall): Promise<Refusal | null> {
    const ended = new Promise<null>((resolve) => this.session.once("ended", () => resolve(null)));
    // The PBX has joined the others: this leg ends by itself only if the page ends it.
    const made = () => {
      for (const call of [this, consulted]) call?.hangUp();
    };
    const to = consulted ? consulted.session.remote_identity.uri : target;
    return Promise.race([ended, refer(this.session, to, consulted?.session, made)]);
  }

  /** After the connection to the PBX was away: tell it where this call is now. One that it no longer knows ends. */
  refresh(): void {
    if (this.session.isEstablished()) this.session.renegotiate();
  }

  #listen(connection: RTCPeerConnection): void {
    connection.addEventListener("track", ({ track, streams }) => {
      const far = streams[0] ?? new MediaStream([track]);
      this.#silence();
      this.#silence = play(far);
      this.#become({ far });
    });
    connection.addEventListener("iceconnectionstatechange", () => {
      if (connection.iceConnectionState === "failed") this.hangUp();
    });
  }

  #microphone(): MediaStream | null {
    const track = this.connection.getSenders().find((sender) => sender.track?.kind === "audio")?.track;
    return track ? new MediaStream([track]) : null;
  }

  #end(): void {
    this.#silence();
    this.heard = this.#heard();
    this.#become({ stage: "ended", since: Date.now(), near: null, far: null });
  }

  #become(changed: Partial<CallView>): void {
    this.view = { ...this.view, ...changed };
    this.changed(this);
  }
}
