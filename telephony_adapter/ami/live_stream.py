"""The stream of one Asterisk over all its connections, since this process leads: packets in, observations out."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from domain.base import SECOND
from telephony_adapter.ami.last_known import LastKnown
from telephony_adapter.ami.own_actions import OwnActions
from telephony_adapter.ami.packets import CLOSED, CONNECTED, BrokenPacket, Packet, timestamp
from telephony_adapter.ami.pbx_state import Observation
from telephony_adapter.ami.stream import PacketStream
from telephony_adapter.ami.translator import Translator

log = logging.getLogger(__name__)

_REASONS = 100
"""The most reasons that are logged."""


_OFFERED = 8
"""More calls than join queues in the moment whose lines a PBX that is killed has not written yet."""


class LiveStream:
    """Translates the packets of one Asterisk. `observations`: those that were not taken yet.

    Instants are those of the PBX's clock; a packet without one, as a row of a list, gets that of its arrival, minus the difference of the clocks at the packet before.

    since_us: from when on the Asterisk is followed. unfilled_us: since when its queue_log may have more than was observed; 0 if it does not. offered:
    the calls that joined queues last, and when. broken: how many packets could not be used.
    """

    def __init__(self, name: str, now_us: Callable[[], int], known: LastKnown) -> None:
        self.translator = Translator(f"ami:{name}")
        self.stream = PacketStream(self.translator.interest)
        self.observations: list[Observation] = []
        self.offered: deque[tuple[str, int]] = deque(maxlen=_OFFERED)
        self.unfilled_us = 0
        self.broken = 0
        self._name = name
        self._now_us = now_us
        self._skew_us = 0
        self._reasons: set[str] = set()
        self.since_us = known.covered_since_us or now_us()
        if known.covered_until_us:
            self.stream.last = known.covered_until_us
            self.translator.restore(known)
            self.disconnected()

    @property
    def own(self) -> OwnActions:
        """What Atende itself does with members of queues."""
        return self.translator.pbx.own

    @property
    def has_any_call(self) -> bool:
        """Whether calls are up."""
        return bool(self.translator.pbx.calls)

    def connected(self) -> None:
        """A connection was made."""
        self.own.forget()
        self._translate([self.stream.note(CONNECTED, self._now(), 0)])

    def disconnected(self) -> None:
        """The connection was lost: a gap begins, in which the queue_log may know more."""
        self.closed()
        joined = [call.visit.offered for call in self.translator.pbx.calls.values() if call.visit]
        self.unfilled_us = min([self.unfilled_us or self.stream.last, self.stream.last, *joined])
        self.observations += self.translator.interrupted()

    def closed(self) -> None:
        """The connection was closed, and what follows is for the next process."""
        self._translate([self.stream.note(CLOSED, self._now(), 0)])

    def receive(self, raws: Sequence[str], waited_s: Sequence[float]) -> None:
        """The next packets. waited_s: how long ago each arrived; a slow store or machine must not make later what the PBX has shown."""
        for raw, waited in zip(raws, waited_s, strict=True):
            arrived = self._now_us() - round(waited * SECOND)
            stamp = timestamp(raw)
            if stamp:
                self._skew_us = arrived - stamp
            self._translate(self.stream.packet(raw, stamp or arrived - self._skew_us, self.stream.read))

    def cover(self) -> None:
        """Observe that the stream is complete until now, but for its gaps."""
        self.observations += self.translator.covered(self.stream.first, self.stream.last)

    def taken(self) -> list[Observation]:
        """The observations; they are forgotten here."""
        taken, self.observations = self.observations, []
        return taken

    def _now(self) -> int:
        return self._now_us() - self._skew_us

    def _translate(self, packets: Iterable[Packet]) -> None:
        for packet in packets:
            try:
                self.observations += self.translator.feed(packet)
                if packet.name == "QueueCallerJoin":
                    self.offered.append((packet["Uniqueid"], packet.at))
            except BrokenPacket as broken:
                self._broke(str(broken))
            except Exception as error:  # noqa: BLE001 - one packet that cannot be translated must not end the others
                self._broke(f"{packet.name}: {type(error).__name__}")

    def _broke(self, reason: str) -> None:
        """Count it; each reason is logged once. It names headers, not their values, which may be personal."""
        self.broken += 1
        if reason not in self._reasons and len(self._reasons) < _REASONS:
            self._reasons.add(reason)
            log.warning("asterisk sent a packet that cannot be used name=%s reason=%s", self._name, reason)
