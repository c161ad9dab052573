import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Hub } from "./hub";
import { type Channel, Leadership } from "./leadership";
import type { FromTab, Seat, ToTab } from "./messages";

const WATCHING: FromTab = { watching: ["/v1/monitoring"], isHidden: false, isNew: true };

/** Tabs of one browser: what one posts all others hear. */
class Browser {
  tabs: { leadership: Leadership; told: ToTab[] }[] = [];
  #asleep = new Set<Channel>();
  #channelOf = new Map<Leadership, Channel>();
  hubs: { seats: Map<Seat, FromTab>; isStopped: boolean }[] = [];
  #channels = new Set<Channel>();

  open(state: FromTab = WATCHING): Leadership {
    const channel: Channel = {
      onmessage: null,
      postMessage: (said) => {
        if (this.#asleep.has(channel)) return;
        for (const other of this.#channels)
          if (other !== channel && !this.#asleep.has(other))
            queueMicrotask(() => other.onmessage?.({ data: structuredClone(said) } as never));
      },
      close: () => this.#channels.delete(channel),
    };
    this.#channels.add(channel);
    const told: ToTab[] = [];
    const leadership = new Leadership(
      channel,
      () => this.#hub(),
      (message) => told.push(message),
    );
    this.#channelOf.set(leadership, channel);
    this.tabs.push({ leadership, told });
    leadership.send(state);
    return leadership;
  }

  /** A tab that is put to sleep says and hears nothing. */
  sleep(leadership: Leadership, isAsleep: boolean): void {
    const channel = this.#channelOf.get(leadership) as Channel;
    if (isAsleep) this.#asleep.add(channel);
    else this.#asleep.delete(channel);
  }

  #hub(): Hub {
    const hub = { seats: new Map<Seat, FromTab>(), isStopped: false };
    this.hubs.push(hub);
    return {
      take: (seat: Seat, state: FromTab) => hub.seats.set(seat, state),
      stop: () => {
        hub.isStopped = true;
      },
    } as never;
  }

  get leading(): Leadership[] {
    return this.tabs.map((tab) => tab.leadership).filter((leadership) => leadership.isLeading);
  }
}

let browser: Browser;
beforeEach(() => {
  vi.useFakeTimers();
  browser = new Browser();
});
afterEach(() => {
  for (const { leadership } of browser.tabs) leadership.stop();
  vi.useRealTimers();
});

it("has one stream for ten tabs, and every tab gets what the leader's hub says to it", async () => {
  for (let tab = 0; tab < 10; tab += 1) browser.open();
  await vi.advanceTimersByTimeAsync(6_000);
  expect(browser.leading).toHaveLength(1);
  const hub = browser.hubs.find((one) => !one.isStopped);
  expect(hub?.seats.size).toBe(10);
  const line = { isLost: false, isGone: false, sign: 1, skew: null, problem: null };
  for (const seat of hub?.seats.keys() ?? []) seat.post({ line });
  await vi.advanceTimersByTimeAsync(0);
  expect(browser.tabs.map(({ told }) => told.length)).toEqual(Array(10).fill(1));
});

it("has another leader at once when the leading tab is closed, and soon when it falls asleep", async () => {
  for (let tab = 0; tab < 4; tab += 1) browser.open();
  await vi.advanceTimersByTimeAsync(6_000);
  const [first] = browser.leading as [Leadership];
  first.send({ ...WATCHING, isLeaving: true, isNew: false });
  await vi.advanceTimersByTimeAsync(300);
  const [second] = browser.leading as [Leadership];
  expect(second).not.toBe(first);
  browser.sleep(second, true);
  await vi.advanceTimersByTimeAsync(6_000);
  const third = browser.leading.find((one) => one !== second);
  expect(third).toBeDefined();
  browser.sleep(second, false);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(browser.leading).toEqual([third]);
});

it("lets only a tab in sight lead", async () => {
  browser.open({ ...WATCHING, isHidden: true });
  const seen = browser.open();
  await vi.advanceTimersByTimeAsync(8_000);
  expect(browser.leading).toEqual([seen]);
});
