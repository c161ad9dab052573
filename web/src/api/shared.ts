/** The worker that all tabs of this browser share: it renews the session and holds the stream. null where there are none. */
export const sharedWorker: SharedWorker | null =
  typeof SharedWorker === "undefined"
    ? null
    : new SharedWorker(new URL("./shared.worker.ts", import.meta.url), { type: "module", name: "atende" });

sharedWorker?.port.start();
