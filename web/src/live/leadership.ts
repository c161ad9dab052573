import type { Hub } from "./hub";
import type { FromTab, Seat, ToTab } from "./messages";

const BEAT_MS = 1_000;
const SILENT_LEADER_MS = 3_000;

/** What tabs say to each other. A leader's term begins when it takes over; of two leaders the newer one stays. */
type Said =
  | { from: string; beat: number }
  | { from: string; isOver: true }
  | { from: string; state: FromTab }
  | { to: string; from: string; told: ToTab };

/** A channel on which every tab hears what the others post. */
export interface Channel {
  postMessage(said: Said): void;
  onmessage: ((event: MessageEvent<Said>) => void) | null;
  close(): void;
}

/**
 * One hub for all tabs of a browser that has no shared workers, as many phones: it runs in the tab that leads the others. When that one
 * is closed or put to sleep, a tab that is in sight takes over.
 */
export class Leadership {
  readonly id = String(Math.random()).slice(2);
  #hub: Hub | null = null;
  #term = 0;
  #leader: string | null = null;
  #heardAt = Date.now();
  #seats = new Map<string, Seat>();
  #state: FromTab = { watching: [], isHidden: true };
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(
    private readonly channel: Channel,
    private readonly makeHub: () => Hub,
    private readonly post: (message: ToTab) => void,
  ) {
    channel.onmessage = ({ data }) => this.#hear(data);
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
  }

  get isLeading(): boolean {
    return this.#hub !== null;
  }

  /** What this tab watches. */
  send(state: FromTab): void {
    this.#state = { ...state, isNew: false, retry: undefined };
    if (this.#hub) this.#hub.take(this.#own, state);
    else if (this.#leader) this.channel.postMessage({ from: this.id, state });
    // The first tab leads at once when nobody answers; the others hear the leader's next beat.
    if (state.isNew && !this.#leader) this.#heardAt = Date.now() - SILENT_LEADER_MS + 1_200 + Math.random() * 300;
    if (state.isLeaving) this.#resign();
  }

  /** Tell the hub, if it is here, about the session. */
  withHub(act: (hub: Hub) => void): void {
    if (this.#hub) act(this.#hub);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#resign();
    this.channel.close();
  }

  readonly #own: Seat = { post: (message) => this.post(message) };

  #beat(): void {
    if (this.#hub) this.channel.postMessage({ from: this.id, beat: this.#term });
    else if (!this.#state.isHidden && Date.now() - this.#heardAt > SILENT_LEADER_MS) this.#lead();
  }

  #lead(): void {
    this.#term = Date.now() + Math.random();
    this.#leader = this.id;
    this.#hub = this.makeHub();
    this.channel.postMessage({ from: this.id, beat: this.#term });
    this.#hub.take(this.#own, { ...this.#state, isNew: true });
  }

  #resign(): void {
    if (!this.#hub) return;
    this.#hub.stop();
    this.#hub = null;
    this.#leader = null;
    this.#seats.clear();
    this.channel.postMessage({ from: this.id, isOver: true });
  }

  #hear(said: Said): void {
    if ("beat" in said) this.#follow(said.from, said.beat);
    else if ("isOver" in said) this.#succeed(said.from);
    else if ("told" in said) {
      if (said.to === this.id && said.from === this.#leader) this.post(said.told);
    } else this.#hub?.take(this.#seatOf(said.from), said.state);
  }

  #follow(leader: string, term: number): void {
    if (this.#hub) {
      if (term < this.#term) return;
      this.#hub.stop();
      this.#hub = null;
      this.#seats.clear();
    }
    this.#heardAt = Date.now();
    if (this.#leader === leader) return;
    this.#leader = leader;
    this.channel.postMessage({ from: this.id, state: { ...this.#state, isNew: true } });
  }

  #succeed(leader: string): void {
    if (this.#leader !== leader) return;
    this.#leader = null;
    this.#heardAt = 0;
    if (!this.#state.isHidden) setTimeout(() => !this.#leader && this.#lead(), Math.random() * 200);
  }

  #seatOf(tab: string): Seat {
    const known = this.#seats.get(tab);
    if (known) return known;
    const seat = { post: (told: ToTab) => this.channel.postMessage({ to: tab, from: this.id, told }) };
    this.#seats.set(tab, seat);
    return seat;
  }
}
