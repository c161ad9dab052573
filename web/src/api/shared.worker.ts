import { Hub } from "../live/hub";
import type { Seat } from "../live/messages";
import { Renewer } from "./renewer";

/** One for all tabs of the browser: the only one that renews the session, and the only one that holds a stream. */
const renewer = new Renewer();
const hub = new Hub(async (refused) => {
  const { welcome, gone } = await renewer.renew(refused);
  return { token: welcome?.access_token ?? null, user: welcome?.user_id ?? null, gone };
});

(self as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = (event) => {
  const port = event.ports[0];
  if (!port) return;
  const seat: Seat = { post: (live) => port.postMessage({ live }) };
  port.onmessage = async ({ data }) => {
    if ("live" in data) hub.take(seat, data.live);
    else if ("hurry" in data) hub.hurry();
    else if ("admitsScreen" in data) renewer.admitsScreen = true;
    else if ("welcome" in data) {
      renewer.set(data.welcome);
      hub.enter(data.welcome?.user_id ?? null);
    } else port.postMessage({ id: data.id, answer: await renewer.renew(data.refused) });
  };
};
