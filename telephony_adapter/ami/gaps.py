"""The cuts of a stream: the state before each cut, and the evidence about it since.

A cut lasts from the last sign of life before it to the first after it. `gap_estimation` estimates what may have
happened in it, again whenever there is better evidence: numbers of channels, calls that prove to have lasted
throughout, lists of channels, counters of the queues.

A cut may leave no mark: packets are just missing. Then a later event contradicts the state (a talk ends that never
began, a channel ends that was never created, a number of a channel is skipped). The longest silence in the time in
which the packets must have been missed is taken as the cut; without a silence, all of that time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from domain.base import SECOND
from domain.voice.timeline import Gap
from telephony_adapter.ami.gap_estimation import CallAtCut, CounterReading, Cut, estimate
from telephony_adapter.ami.gap_numbers import Numbers, sequence_of

SAME_US = 2 * SECOND
"""An instant that is calculated from a duration in whole seconds is this exact."""

LATE_US = 1 * SECOND
"""The event of an end may come this much later than the queue counts it."""

_REMEMBERED = 64
_SILENCES = 16


class Cuts:
    """All that is known of the cuts of one stream."""

    def __init__(self) -> None:
        self.numbers = Numbers()
        self.opened = 0
        self.noticed = False
        self._up: dict[str, CallAtCut] = {}
        self._cuts: deque[Cut] = deque(maxlen=_REMEMBERED)
        self._silences: deque[Cut] = deque(maxlen=_SILENCES)
        self._readings: dict[str, CounterReading] = {}
        self._unchecked: list[tuple[str, CounterReading, CounterReading]] = []
        self._ends: dict[str, int] = {}
        self._by_key: set[str] = set()
        self._returning: set[str] = set()

    # cuts

    def open(self, last: int, up: dict[str, CallAtCut]) -> None:
        """The connection was lost; `last`: the last sign of life; `up`: the calls that are up."""
        if not self.opened:
            self.opened, self._up = last, up

    def close(self, at: int) -> Cut:
        """The stream is back: the open cut ends with this sign of life."""
        cut = self._cut(self.opened, at, self._up)
        cut.noticed = self.noticed
        self.opened, self._up, self.noticed = 0, {}, False
        self._cuts.append(cut)
        return cut

    def silent(self, last: int, at: int, up: dict[str, CallAtCut]) -> None:
        """Nothing was received from `last` to `at`: kept, in case something proves that it was a cut."""
        if not self.opened:
            self._silences.append(self._cut(last, at, up))

    def contradict(self, since: int, until: int, up: dict[str, CallAtCut]) -> Cut | None:
        """Something was missed between the two instants. None if a cut is known there."""
        if self.covers(since, until):
            return None
        within = [silence for silence in self._silences if silence.closed >= since and silence.opened <= until]
        cut = max(within, key=lambda silence: silence.closed - silence.opened) if within else self._cut(since, until, up)
        if within:
            self._silences.remove(cut)
        self._cuts.append(cut)
        for queue, reading in self._readings.items():
            if reading.at > cut.closed:
                cut.count(queue, reading, self._alone(cut.before.get(queue), reading))
        return cut

    def _cut(self, opened: int, closed: int, up: dict[str, CallAtCut]) -> Cut:
        return Cut(opened, closed, up, self.numbers.sequence, dict(self.numbers.named), dict(self._readings), self.numbers.from_start)

    def restarted(self, boot: int) -> None:
        """The PBX restarted at `boot`, in the latest cut."""
        for cut in self._cuts:
            cut.settled = True
        if self._cuts:
            self._cuts[-1].restart(boot)
            self._cuts[-1].settled = False
        self.numbers.start()
        self._silences.clear()
        self._readings.clear()
        self._unchecked.clear()
        self._ends.clear()

    def covers(self, since: int, until: int) -> bool:
        """Whether a part of that time is in a cut."""
        return any(cut.opened <= until and since <= cut.closed for cut in self._cuts)

    @property
    def latest(self) -> int:
        """The end of the latest cut; 0 if there is none."""
        return self._cuts[-1].closed if self._cuts else 0

    @property
    def last(self) -> Cut | None:
        """The latest cut."""
        return self._cuts[-1] if self._cuts else None

    # evidence

    def born(self, channel_id: str, name: str, at: int) -> None:
        """A channel was observed to begin."""
        for cut in self._learning():
            cut.born(channel_id, name)
        self.numbers.born(channel_id, name, at)

    def met_leg(self, channel_id: str) -> None:
        """A channel whose beginning was not observed belongs to another call."""
        sequence = sequence_of(channel_id)
        for cut in self._learning():
            if cut.holds(sequence):
                cut.legs.add(channel_id)

    def met_inner(self, channel_id: str) -> None:
        """A channel inside the PBX: a half of a Local channel."""
        sequence = sequence_of(channel_id)
        for cut in self._learning():
            if cut.holds(sequence):
                cut.inner.add(channel_id)

    def shown(self, call_id: str) -> None:
        """The call is in an IVR or a queue, where it is observed."""
        sequence = sequence_of(call_id)
        for cut in self._learning():
            at_cut = cut.up.get(call_id)
            if at_cut is not None:
                at_cut.shown = True
            elif cut.holds(sequence):
                cut.shown.add(call_id)
                cut.legs.discard(call_id)

    def reaches(self, call_id: str, queue: str, offered: int, answered: int = 0) -> None:
        """An event proves that this call has waited in `queue` since `offered`, or talked since `answered`."""
        self.shown(call_id)
        for at_cut in self._at_cuts(call_id):
            if at_cut.queue == queue and at_cut.answered:
                at_cut.unbroken |= answered > 0 and abs(at_cut.answered - answered) <= SAME_US
            elif at_cut.queue == queue:
                at_cut.unbroken |= abs(at_cut.offered - offered) <= SAME_US

    def ended(self, call_id: str, queue: str) -> None:
        """The queue has counted the end of this call's visit, and it was observed."""
        self._ends[queue] = self._ends.get(queue, 0) + 1
        for at_cut in self._at_cuts(call_id):
            if at_cut.queue == queue:
                at_cut.counted = True

    def gone(self, call_id: str) -> None:
        """The call's channel has ended."""
        for at_cut in self._at_cuts(call_id):
            at_cut.gone = True

    def left_uncounted(self, queue: str) -> None:
        """A caller left the queue by key or was withdrawn: its counters do not have all ends."""
        self._by_key.add(queue)

    def came_again(self, queue: str) -> None:
        """A caller who had left the queue uncounted joined a queue again."""
        self._returning.add(queue)

    def counted(self, queue: str, ended: int, at: int) -> None:
        """The queue's counters: the number of visits that have ended in it."""
        now = CounterReading(at, ended, self._ends.get(queue, 0))
        for cut in self._cuts:
            if not cut.settled:
                cut.count(queue, now, self._alone(cut.before.get(queue), now))
        before = self._readings.get(queue)
        if before is not None and not self.covers(before.at, at):
            self._unchecked.append((queue, before, now))
        self._readings[queue] = now

    def _alone(self, before: CounterReading | None, now: CounterReading) -> bool:
        """Whether exactly one cut is between the two readings."""
        return before is not None and sum(1 for cut in self._cuts if before.at < cut.closed <= now.at) == 1

    def missing(self, at: int) -> tuple[int, int] | None:
        """The time in which something must have been missed, if that is known by now."""
        while self._unchecked and at - self._unchecked[0][2].at > LATE_US:
            queue, before, now = self._unchecked.pop(0)
            silence = any(before.at <= silence.opened and silence.closed <= now.at for silence in self._silences)
            if silence and now.ended - before.ended > self._ends.get(queue, 0) - before.seen:
                return before.at, now.at
        return self.numbers.overdue(at)

    def _learning(self) -> Iterator[Cut]:
        yield from (cut for cut in self._cuts if not cut.settled)
        yield from self._silences

    def _at_cuts(self, call_id: str) -> Iterator[CallAtCut]:
        for cut in self._learning():
            at_cut = cut.up.get(call_id)
            if at_cut is not None:
                yield at_cut

    # estimation

    def news(self) -> list[Gap]:
        """The gaps whose estimation is new or has changed."""
        news = []
        for cut in self._cuts:
            gap = cut.published if cut.settled and cut.published else estimate(cut, self.numbers.all_named, self._by_key, self._returning)
            if gap != cut.published:
                cut.published = gap
                news.append(gap)
        return news
