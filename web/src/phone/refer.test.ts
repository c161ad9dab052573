import type { RTCSession } from "jssip/lib/RTCSession";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { refer } from "./refer";

type Handlers = Record<string, (told: object) => void>;

/** A call whose PBX says of each REFER in turn what `said` has; of those that come later, nothing. */
function callOf(...said: ((handlers: Handlers) => void)[]) {
  const asked: string[] = [];
  const made = vi.fn();
  const session = {
    isUp: true,
    isEstablished: () => session.isUp,
    refer: (target: string, { eventHandlers }: { eventHandlers: Handlers }) => {
      said[asked.push(target) - 1]?.(eventHandlers);
    },
  };
  const transfer = () => refer(session as unknown as RTCSession, "sip:4002@pbx", undefined, made);
  return { asked, made, session, transfer };
}

const refused = (status_code: number, reason_phrase: string) => (handlers: Handlers) =>
  handlers.failed?.({ status_line: { status_code, reason_phrase } });
const notJoined = refused(400, "Bad Request");
const performed = (handlers: Handlers) => handlers.accepted?.({});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("is made when the PBX says so, and only then", async () => {
  const call = callOf(performed);
  expect(await call.transfer()).toBeNull();
  expect(call.made).toHaveBeenCalledTimes(1);
});

it("is asked for again as long as the PBX has not joined agent and customer", async () => {
  const call = callOf(notJoined, refused(500, "Internal Server Error"), performed);
  const told = call.transfer();
  await vi.runAllTimersAsync();
  expect(await told).toBeNull();
  expect(call.asked).toHaveLength(3);
  expect(call.made).toHaveBeenCalledTimes(1);
});

it("says what the PBX says when they are not joined for seconds", async () => {
  const call = callOf(...Array.from({ length: 20 }, () => notJoined));
  const told = call.transfer();
  await vi.runAllTimersAsync();
  expect(await told).toEqual({ reason: "400 Bad Request" });
  expect(call.asked.length).toBeLessThan(15);
  expect(call.made).not.toHaveBeenCalled();
});

it("is not asked for again when the PBX knows no such destination", async () => {
  const call = callOf(refused(404, "Not Found"));
  expect(await call.transfer()).toEqual({ reason: "404 Not Found" });
  expect(call.asked).toHaveLength(1);
});

it("says that nothing was said when the PBX accepts it and is silent, and is made all the same if it is told so later", async () => {
  let later: Handlers = {};
  const call = callOf((handlers) => {
    later = handlers;
  });
  const told = call.transfer();
  await vi.runAllTimersAsync();
  expect(await told).toEqual({ reason: "" });
  expect(call.made).not.toHaveBeenCalled();
  performed(later);
  expect(call.made).toHaveBeenCalledTimes(1);
});

it("says what became of a request that did not reach the PBX", async () => {
  const call = callOf((handlers) => handlers.requestFailed?.({ response: null, cause: "Connection Error" }));
  expect(await call.transfer()).toEqual({ reason: "Connection Error" });
});

it("is not asked for, nor again, for a call that is not up", async () => {
  const call = callOf(notJoined);
  const told = call.transfer();
  call.session.isUp = false;
  await vi.runAllTimersAsync();
  expect(await told).toEqual({ reason: "" });
  expect(call.asked).toHaveLength(1);
});
