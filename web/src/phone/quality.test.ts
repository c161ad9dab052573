import { expect, it } from "vitest";
import { heardOf } from "./quality";

const stats = (values: object) => values as RTCStats;
const inbound = (values: object) => stats({ type: "inbound-rtp", kind: "audio", ...values });

it("takes jitter in milliseconds, and the lost ones of all packets", () => {
  const sent = stats({ type: "outbound-rtp", kind: "audio" });
  expect(heardOf([sent, inbound({ jitter: 0.0125, packetsLost: 4, packetsReceived: 996 })])).toEqual({
    jitter_ms: 12.5,
    loss_percent: 0.4,
  });
});

it("knows nothing before any packet came, and of no less than none lost", () => {
  expect(heardOf([inbound({ jitter: 0, packetsLost: 0, packetsReceived: 0 })])).toBeNull();
  expect(heardOf([])).toBeNull();
  expect(heardOf([inbound({ jitter: 0, packetsLost: -2, packetsReceived: 50 })])?.loss_percent).toBe(0);
});
