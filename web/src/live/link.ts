import { session } from "../api/session";
import { sharedWorker } from "../api/shared";
import { Hub } from "./hub";
import { type Channel, Leadership } from "./leadership";
import type { FromTab, ToTab } from "./messages";

/** How a tab reaches the hub. */
export interface Link {
  send(state: FromTab): void;
  enter(user: string | null): void;
  hurry(): void;
}

/** The hub of this browser: in the worker that all tabs share, else in the tab that leads them. */
export function connected(take: (message: ToTab) => void): Link {
  return sharedWorker ? byWorker(sharedWorker.port, take) : byLeader(take);
}

function byWorker(port: MessagePort, take: (message: ToTab) => void): Link {
  port.addEventListener("message", ({ data }) => data.live && take(data.live));
  return {
    send: (state) => port.postMessage({ live: state }),
    // The worker knows the session itself.
    enter: () => undefined,
    hurry: () => port.postMessage({ hurry: true }),
  };
}

function byLeader(take: (message: ToTab) => void): Link {
  const tokens = async (refused: string | null) => {
    const token = await session.token(refused);
    return { token, user: session.welcome?.user_id ?? null, gone: session.state === "gone" || session.state === "out" };
  };
  const channel = new BroadcastChannel("atende-live") as unknown as Channel;
  const leadership = new Leadership(channel, () => new Hub(tokens), take);
  return {
    send: (state) => leadership.send(state),
    enter: (user) => leadership.withHub((hub) => hub.enter(user)),
    hurry: () => leadership.withHub((hub) => hub.hurry()),
  };
}
