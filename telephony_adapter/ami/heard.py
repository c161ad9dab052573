"""What a PBX's RTCP reports say of one stream of sound that it gets."""

from __future__ import annotations

from dataclasses import dataclass

_OF = 256
_CLOCKS = (8_000, 16_000, 48_000)
"""Those of the usual codecs; jitter is counted by them."""


@dataclass(slots=True)
class Heard:
    """The reports of one channel so far. first, last: packets lost, and the highest sequence number with its cycles. fraction: of the first report, of 256.

    jitter: the sum over all reports, in units of the codec's clock. began, sent: instant (s) and RTP timestamp of what the PBX itself sent, first and last.
    """

    first: tuple[int, int]
    last: tuple[int, int]
    fraction: int
    reports: int = 0
    jitter: int = 0
    began: tuple[float, int] | None = None
    sent: tuple[float, int] | None = None

    @property
    def loss_percent(self) -> float:
        """From the first report to the last; of a single one, what it says."""
        expected = self.last[1] - self.first[1]
        if expected <= 0:
            return 100 * self.fraction / _OF
        return min(100.0, max(0.0, 100 * (self.last[0] - self.first[0]) / expected))

    @property
    def jitter_ms(self) -> float:
        """The mean over the reports."""
        return 1000 * self.jitter / self.reports / self.clock

    @property
    def clock(self) -> int:
        """The codec's clock (Hz), as the PBX's own timestamps advance by it; that of telephony if that is not known."""
        if self.began is None or self.sent is None or self.sent[0] - self.began[0] < 1:
            return _CLOCKS[0]
        rate = (self.sent[1] - self.began[1]) % (1 << 32) / (self.sent[0] - self.began[0])
        return min(_CLOCKS, key=lambda clock: abs(clock - rate))
