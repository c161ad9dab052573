import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Hub } from "./hub";
import type { ToTab } from "./messages";

const BOARD = "/v1/monitoring";
const INBOUND = "/v1/dashboards/inbound";

/** A server whose streams the test holds in its hand. */
class Server {
  streams: {
    url: string;
    headers: Record<string, string>;
    say: (text: string) => void;
    end: () => void;
    cut: () => void;
  }[] = [];
  refuse: (() => Response) | null = null;

  open = (url: string, options: RequestInit): Promise<Response> => {
    if (this.refuse) return Promise.resolve(this.refuse());
    let control: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        control = controller;
      },
    });
    const quietly = (act: () => void) => {
      try {
        act();
      } catch {
        // The stream was given up meanwhile.
      }
    };
    const cut = () => quietly(() => control.error(new TypeError("network error")));
    options.signal?.addEventListener("abort", cut);
    this.streams.push({
      url,
      headers: options.headers as Record<string, string>,
      say: (text) => control.enqueue(new TextEncoder().encode(text)),
      end: () => quietly(() => control.close()),
      cut,
    });
    return Promise.resolve(new Response(body, { headers: { date: new Date().toUTCString() } }));
  };

  get last() {
    return this.streams.at(-1) as Server["streams"][number];
  }
}

/** A tab: what it was told, and the newest state of the line. */
class Tab {
  told: ToTab[] = [];
  post = (message: ToTab) => this.told.push(structuredClone(message));

  get isLost(): boolean {
    const lines = this.told.flatMap((message) => ("line" in message ? [message.line.isLost] : []));
    return lines.at(-1) ?? false;
  }

  get answers(): number {
    return this.told.filter((message) => "answer" in message).length;
  }
}

const message = (part: object) => `data: ${JSON.stringify({ q: 0, now: new Date().toISOString(), ...part })}\n\n`;
const whole = (position: number) => `id: ${position}\n${message({ position, answer: { counts: { available: 1 } } })}`;
const change = (position: number) =>
  `id: ${position}\n${message({ position, fields: { "counts.available": position } })}`;
const settle = () => vi.advanceTimersByTimeAsync(0);

let server: Server;
let hub: Hub;
let gone = false;

beforeEach(() => {
  vi.useFakeTimers();
  gone = false;
  server = new Server();
  hub = new Hub(() => Promise.resolve({ token: gone ? null : "token", user: "ana", gone }), server.open);
});
afterEach(() => {
  hub.stop();
  vi.useRealTimers();
});

async function watching(...tabs: Tab[]): Promise<void> {
  for (const tab of tabs) hub.take(tab, { watching: [BOARD], isHidden: false, isNew: true });
  await settle();
  server.last.say(`: watching\n\n${whole(5)}`);
  await settle();
}

it("holds one stream for all tabs, and gives a later one the answer that it has", async () => {
  const [first, second] = [new Tab(), new Tab()];
  await watching(first);
  hub.take(second, { watching: [BOARD], isHidden: false, isNew: true });
  await settle();
  expect(server.streams).toHaveLength(1);
  expect(second.told.find((one) => "answer" in one)).toMatchObject({ question: BOARD, answer: { as_of: 5 } });
  hub.take(first, { watching: [], isHidden: false, isLeaving: true });
  server.last.say(change(6));
  await settle();
  expect(second.told.at(-1)).toMatchObject({ question: BOARD, position: 6 });
  expect(first.told.some((one) => "change" in one)).toBe(false);
});

it("asks one more question in one stream, and goes on where the others were", async () => {
  const tab = new Tab();
  await watching(tab);
  hub.take(tab, { watching: [BOARD, INBOUND], isHidden: false });
  await settle();
  expect(server.streams).toHaveLength(2);
  expect(server.last.url).toBe(`/v1/watch?q=${encodeURIComponent(BOARD)}&q=${encodeURIComponent(INBOUND)}`);
  expect(server.last.headers["Last-Event-ID"]).toBe("5,0");
  expect(tab.isLost).toBe(false);
});

it("says within a second that the line was reset, and that it lives only when what is shown is current again", async () => {
  const tab = new Tab();
  await watching(tab);
  server.refuse = () => {
    throw new TypeError("connection refused");
  };
  server.last.cut();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(tab.isLost).toBe(true);
  await vi.advanceTimersByTimeAsync(60_000);
  server.refuse = null;
  await vi.advanceTimersByTimeAsync(4_000);
  expect(server.last.headers["Last-Event-ID"]).toBe("5");
  server.last.say(": watching\n\n");
  await settle();
  expect(tab.isLost).toBe(true);
  server.last.say(": alive\nid: 5\n\n");
  await settle();
  expect(tab.isLost).toBe(false);
  expect(tab.answers).toBe(1);
});

it("does not call a stream lost that is only renewed", async () => {
  const tab = new Tab();
  await watching(tab);
  server.last.end();
  await settle();
  expect(server.streams).toHaveLength(2);
  server.last.say(": watching\n\n: alive\nid: 5\n\n");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(tab.told.every((one) => !("line" in one) || !one.line.isLost)).toBe(true);
});

it("finds within 25 seconds that a line has been swallowed, and opens another one", async () => {
  const tab = new Tab();
  await watching(tab);
  await vi.advanceTimersByTimeAsync(19_000);
  expect(tab.isLost).toBe(false);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(tab.isLost).toBe(true);
  expect(server.streams.length).toBeGreaterThan(1);
});

it("gives a hidden tab nothing, and the whole answer when it is seen again", async () => {
  const tab = new Tab();
  await watching(tab);
  hub.take(tab, { watching: [BOARD], isHidden: true });
  const before = tab.told.length;
  for (let position = 6; position < 30; position += 1) server.last.say(change(position));
  await settle();
  expect(tab.told).toHaveLength(before);
  hub.take(tab, { watching: [BOARD], isHidden: false });
  expect(tab.told.at(-1)).toMatchObject({ answer: { as_of: 29, counts: { available: 29 } } });
});

it("tells the tabs of one wrong question and goes on with the others", async () => {
  const [good, bad] = [new Tab(), new Tab()];
  const problem = {
    type: "urn:atende:problem:not-found:no-queue",
    errors: [{ parameter: "q[1].queue", detail: "no such queue" }],
  };
  server.refuse = () => {
    server.refuse = null;
    return new Response(JSON.stringify(problem), { status: 422, headers: { "request-id": "r1" } });
  };
  hub.take(good, { watching: [BOARD], isHidden: false, isNew: true });
  hub.take(bad, { watching: [`${INBOUND}?queue=x`], isHidden: false, isNew: true });
  await settle();
  server.last.say(whole(5));
  await settle();
  expect(bad.told.at(-1)).toMatchObject({ refusal: { status: 422, code: "no-queue", requestId: "r1" } });
  expect(good.answers).toBe(1);
});

it("waits for the password when the session has ended, and then goes on at its position; another user begins anew", async () => {
  const tab = new Tab();
  await watching(tab);
  gone = true;
  server.last.end();
  await settle();
  expect(tab.told.at(-1)).toMatchObject({ line: { isGone: true, isLost: true } });
  const before = server.streams.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.streams).toHaveLength(before);
  gone = false;
  hub.enter("ana");
  await settle();
  expect(server.last.headers["Last-Event-ID"]).toBe("5");
  hub.enter("bia");
  await settle();
  expect(server.last.headers["Last-Event-ID"]).toBeUndefined();
});

it("takes the message that came fastest for the difference of the clocks", async () => {
  const tab = new Tab();
  await watching(tab);
  const now = (ms: number) => new Date(Date.now() + ms).toISOString();
  server.last.say(`id: 6\n${message({ position: 6, now: now(90_000), fields: {} })}`);
  server.last.say(`id: 7\n${message({ position: 7, now: now(60_000), fields: {} })}`);
  await settle();
  expect(tab.told.at(-1)).toMatchObject({ line: { skew: 90_000 } });
});
