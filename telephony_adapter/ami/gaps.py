"""Where the stream was cut off: every cut, what was known before it, and what is learned about it since.

A cut is open from the last sign of life before it to the first after it. What may have happened in it is reckoned in
`gaps_reckoning`, anew as better evidence comes: numbers of lines, calls that prove to have gone on, lists of what is
up, counters of the queues.

A cut may leave no mark at all: lines are simply missing. Then something told later cannot be (a talk ends that never
began, a line hangs up that was never born, a number of a line is jumped over), and the longest silence in the time in
which it must have been missed is taken for the cut; without a silence, all of that time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from domain.base import SECOND
from domain.voice.timeline import Gap
from telephony_adapter.ami.gap_estimation import CallAtCut, Cut, Reading, reckon
from telephony_adapter.ami.gap_numbers import Numbers, sequence_of

SAME_US = 2 * SECOND
"""A duration told in whole seconds reaches back to an instant within so much."""

LATE_US = 1 * SECOND
"""The event of an end may come so much later than the queue counts it."""

_REMEMBERED = 64
_SILENCES = 16


class Cuts:
    """All that is known of the cuts of one stream."""

    def __init__(self) -> None:
        self.numbers = Numbers()
        self.opened = 0
        self.noticed = False
        self._standing: dict[str, CallAtCut] = {}
        self._cuts: deque[Cut] = deque(maxlen=_REMEMBERED)
        self._silences: deque[Cut] = deque(maxlen=_SILENCES)
        self._readings: dict[str, Reading] = {}
        self._unchecked: list[tuple[str, Reading, Reading]] = []
        self._ends: dict[str, int] = {}
        self._by_key: set[str] = set()
        self._returning: set[str] = set()

    # the cuts themselves

    def open(self, last: int, up: dict[str, CallAtCut]) -> None:
        """The connection is lost; `last`: the last sign of life; `up`: the calls that are up."""
        if not self.opened:
            self.opened, self._standing = last, up

    def close(self, at: int) -> Cut:
        """The stream is back: the cut that was open ends with this sign of life."""
        cut = self._cut(self.opened, at, self._standing)
        cut.noticed = self.noticed
        self.opened, self._standing, self.noticed = 0, {}, False
        self._cuts.append(cut)
        return cut

    def silent(self, last: int, at: int, up: dict[str, CallAtCut]) -> None:
        """Nothing came from `last` to `at`: remembered, in case something proves that it was a cut."""
        if not self.opened:
            self._silences.append(self._cut(last, at, up))

    def contradict(self, since: int, until: int, up: dict[str, CallAtCut]) -> Cut | None:
        """Something was missed between the two. None when a cut is known there."""
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
        """The PBX started anew at `boot`, in the latest cut."""
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
        """Whether some of that time lies in a cut."""
        return any(cut.opened <= until and since <= cut.closed for cut in self._cuts)

    @property
    def latest(self) -> int:
        """When the stream last came back; 0 when it was never cut."""
        return self._cuts[-1].closed if self._cuts else 0

    @property
    def last(self) -> Cut | None:
        """The latest cut."""
        return self._cuts[-1] if self._cuts else None

    # evidence

    def born(self, channel_id: str, name: str, at: int) -> None:
        """A line was seen to begin."""
        for cut in self._learning():
            cut.born(channel_id, name)
        self.numbers.born(channel_id, name, at)

    def met_leg(self, channel_id: str) -> None:
        """A line whose beginning was not seen belongs to another call."""
        sequence = sequence_of(channel_id)
        for cut in self._learning():
            if cut.holds(sequence):
                cut.legs.add(channel_id)

    def met_inner(self, channel_id: str) -> None:
        """A line inside the PBX: a half of a Local channel."""
        sequence = sequence_of(channel_id)
        for cut in self._learning():
            if cut.holds(sequence):
                cut.inner.add(channel_id)

    def shown(self, call_id: str) -> None:
        """The call is in an IVR or a queue, where we can see it."""
        sequence = sequence_of(call_id)
        for cut in self._learning():
            standing = cut.up.get(call_id)
            if standing is not None:
                standing.shown = True
            elif cut.holds(sequence):
                cut.shown.add(call_id)
                cut.legs.discard(call_id)

    def reaches(self, call_id: str, queue: str, offered: int, answered: int = 0) -> None:
        """What was just told proves that this call has waited in `queue` since `offered`, or talked since `answered`."""
        self.shown(call_id)
        for standing in self._standings(call_id):
            if standing.queue == queue and standing.answered:
                standing.unbroken |= answered > 0 and abs(standing.answered - answered) <= SAME_US
            elif standing.queue == queue:
                standing.unbroken |= abs(standing.offered - offered) <= SAME_US

    def ended(self, call_id: str, queue: str) -> None:
        """The queue has counted the end of this call's visit, and it was seen."""
        self._ends[queue] = self._ends.get(queue, 0) + 1
        for standing in self._standings(call_id):
            if standing.queue == queue:
                standing.counted = True

    def gone(self, call_id: str) -> None:
        """The line is free."""
        for standing in self._standings(call_id):
            standing.gone = True

    def left_uncounted(self, queue: str) -> None:
        """Somebody left the queue by key, or was taken out: its counters do not hold all ends."""
        self._by_key.add(queue)

    def came_again(self, queue: str) -> None:
        """Somebody who had left the queue so came into a queue again."""
        self._returning.add(queue)

    def counted(self, queue: str, ended: int, at: int) -> None:
        """The queue tells how many visits have ended in it since it began to count."""
        now = Reading(at, ended, self._ends.get(queue, 0))
        for cut in self._cuts:
            if not cut.settled:
                cut.count(queue, now, self._alone(cut.before.get(queue), now))
        before = self._readings.get(queue)
        if before is not None and not self.covers(before.at, at):
            self._unchecked.append((queue, before, now))
        self._readings[queue] = now

    def _alone(self, before: Reading | None, now: Reading) -> bool:
        """Whether a single cut lies between the two readings."""
        return before is not None and sum(1 for cut in self._cuts if before.at < cut.closed <= now.at) == 1

    def missing(self, at: int) -> tuple[int, int] | None:
        """The time in which something must have been missed, if that has come out by now."""
        while self._unchecked and at - self._unchecked[0][2].at > LATE_US:
            queue, before, now = self._unchecked.pop(0)
            silence = any(before.at <= silence.opened and silence.closed <= now.at for silence in self._silences)
            if silence and now.ended - before.ended > self._ends.get(queue, 0) - before.seen:
                return before.at, now.at
        return self.numbers.overdue(at)

    def _learning(self) -> Iterator[Cut]:
        yield from (cut for cut in self._cuts if not cut.settled)
        yield from self._silences

    def _standings(self, call_id: str) -> Iterator[CallAtCut]:
        for cut in self._learning():
            standing = cut.up.get(call_id)
            if standing is not None:
                yield standing

    # the reckoning

    def news(self) -> list[Gap]:
        """The gaps whose numbers are new, or other than told before."""
        news = []
        for cut in self._cuts:
            gap = cut.told if cut.settled and cut.told else reckon(cut, self.numbers.all_named, self._by_key, self._returning)
            if gap != cut.told:
                cut.told = gap
                news.append(gap)
        return news
