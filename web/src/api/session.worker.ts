import { Renewer } from "./renewer";

/** One for all tabs of the browser: the only one that renews the session. */
const renewer = new Renewer();

(self as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = (event) => {
  const port = event.ports[0];
  if (!port) return;
  port.onmessage = async ({ data }) => {
    if ("admitsScreen" in data) renewer.admitsScreen = true;
    else if ("welcome" in data) renewer.set(data.welcome);
    else port.postMessage({ id: data.id, answer: await renewer.renew(data.refused) });
  };
};
