/** What was heard in a call: jitter, and how many of the packets that came or should have come were lost. */
export interface Heard {
  jitter_ms: number;
  loss_percent: number;
}

const LOOKS_EVERY_MS = 2_000;

/** What the browser's statistics say of the sound that comes in; null before any came. */
export function heardOf(statistics: Iterable<RTCStats>): Heard | null {
  for (const one of statistics) {
    if (one.type !== "inbound-rtp" || (one as RTCInboundRtpStreamStats).kind !== "audio") continue;
    const { packetsLost = 0, packetsReceived = 0, jitter = 0 } = one as RTCInboundRtpStreamStats;
    // Packets that came twice count as less than none lost.
    const lost = Math.max(0, packetsLost);
    if (packetsReceived === 0) continue;
    return { jitter_ms: jitter * 1000, loss_percent: (100 * lost) / (lost + packetsReceived) };
  }
  return null;
}

/** Looks at the statistics while a call lasts: a connection that is closed has none any more. Returns what ends it, with the last figures. */
export function listenTo(connection: RTCPeerConnection): () => Heard | null {
  let last: Heard | null = null;
  const look = () =>
    void connection.getStats().then(
      (statistics) => {
        last = heardOf((statistics as unknown as Map<string, RTCStats>).values()) ?? last;
      },
      () => undefined,
    );
  const every = setInterval(look, LOOKS_EVERY_MS);
  return () => {
    clearInterval(every);
    return last;
  };
}
