"""How much may have happened unseen in one cut: the reckoning of a `Gap` from what surrounds it.

- A call that was up may have visited a queue unseen, unless what follows proves that its visit went on throughout.
- Lines were born in it: the PBX's numbers jump over them. Those met later as legs of another call are no visits.
- A queue counts the visits that ended (Completed, Abandoned), but not those left by key or taken out. Its counters are
  believed, but for callers who were in no queue before the cut and of whom nothing shows that they had not come and
  gone by key; and for callers who waited in a queue from which somebody was seen to leave so.
- Each unseen visit needs a call that could have made it: what one queue's counters claim is taken from the others, and who
  is in no counter was in one of the queues, not in each of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.base import SECOND
from domain.voice.timeline import ALL_QUEUES, Gap
from telephony_adapter.ami.gap_numbers import named, sequence_of

_FEW_A_SECOND = 10
"""So many lines a second are assumed to be born where no number tells."""

_INNER = "Local"
"""The technology of lines inside the PBX: both halves of one have the same number, and none is a customer's."""


@dataclass(slots=True)
class CallAtCut:
    """How a call stood when the stream was cut: in no queue (queue ""), waiting since `offered`, or talking since `answered`.

    with_agent: in the hands of an agent outside any queue, as an outbound call is. known: something was told of it.
    unbroken: proved to have gone on throughout. shown: seen again in an IVR or a queue. counted: its end was seen and
    is in the queue's counters. gone: its line is free.
    """

    queue: str = ""
    offered: int = 0
    answered: int = 0
    with_agent: bool = False
    known: bool = False
    unbroken: bool = False
    shown: bool = False
    counted: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A queue's counters at a moment, beside the ends that were seen until then."""

    at: int
    ended: int
    seen: int


@dataclass(slots=True)
class Tally:
    """Visits of which nothing was seen and whose end the queue has counted: at least, at most, and at most if keys end some waits."""

    least: int
    most: int
    most_with_keys: int


@dataclass(slots=True)
class Cut:
    """One cut. `sequence`, `tails`: the highest numbers before it; `first`, `heads`: the first newer ones.
    from_start: the numbers were seen from the PBX's start, so that a technology without one has none yet.

    legs: lines born in it that belong to another call. inner: lines born in it inside the PBX. shown: calls born in it and seen since, in an IVR or a queue.
    unnumbered: lines that may have been born in it before the PBX started anew, of which no number tells.
    noticed: the connection was seen to break just when it began. settled: nothing more can be learned of it, for the PBX started anew.
    """

    opened: int
    closed: int
    up: dict[str, CallAtCut]
    sequence: int | None
    tails: dict[str, int]
    before: dict[str, Reading]
    from_start: bool = False
    first: int | None = None
    heads: dict[str, int] = field(default_factory=dict)
    legs: set[str] = field(default_factory=set)
    inner: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    tallies: dict[str, Tally] = field(default_factory=dict)
    unnumbered: int = 0
    noticed: bool = False
    settled: bool = False
    told: Gap | None = None

    def restart(self, boot: int) -> None:
        """The PBX started anew in it, at `boot`: its numbers and counters begin at zero, and nothing of before is up.

        Where nobody noticed that it went down, it may have lived on until then.
        """
        if not self.noticed and boot > self.opened:
            self.unnumbered = _FEW_A_SECOND * ((boot - self.opened) // SECOND + 1)
        self.tallies.clear()
        self.sequence, self.tails, self.before, self.from_start = -1, {}, {}, True
        for standing in self.up.values():
            standing.gone = True

    def holds(self, sequence: int) -> bool:
        """Whether a line with this number was born in it."""
        return self.sequence is not None and self.sequence < sequence and (self.first is None or sequence < self.first)

    def born(self, channel_id: str, name: str) -> None:
        """A line was seen to begin after it. Two that begin together may be told in either order."""
        sequence = sequence_of(channel_id)
        if self.first is None and (self.sequence is None or sequence > self.sequence):
            self.first = sequence
        elif self.holds(sequence):
            self.legs.add(channel_id)
        technology, number = named(name)
        self.heads.setdefault(technology, number)

    def count(self, queue: str, now: Reading, alone: bool) -> None:
        """The queue's counters were read; `alone`: no other cut lies between the reading before and this one."""
        before = self.before.get(queue)
        if before is None or now.ended < before.ended:
            return
        unseen = max(0, (now.ended - before.ended) - (now.seen - before.seen))
        open_ = [standing for standing in self.up.values() if standing.queue == queue and not standing.counted]
        over = [standing for standing in open_ if standing.gone]
        talking = sum(1 for standing in over if standing.answered)
        least = max(0, unseen - len(open_)) if alone else 0
        known = self.tallies.get(queue)
        tally = Tally(least, max(0, unseen - len(over)), max(0, unseen - talking))
        if known is None or tally.most < known.most:
            self.tallies[queue] = tally


def reckon(cut: Cut, all_named: bool, by_key: set[str], returning: set[str]) -> Gap:
    """What may have happened unseen in `cut`.

    all_named: every line's name has a number. by_key: queues in which somebody was seen to leave uncounted; returning:
    those of them from which he came into an IVR or a queue again.
    """
    suspects = [standing for standing in cut.up.values() if not standing.unbroken]
    born, unshown = _born(cut, all_named)
    hidden = sum(1 for standing in suspects if not (standing.queue or standing.shown or standing.with_agent))
    claimed = sum(tally.least for tally in cut.tallies.values())
    missed = {}
    counted = beside = 0
    for queue, tally in cut.tallies.items():
        most = tally.most_with_keys if queue in by_key else tally.most
        counted += most
        if born is None:
            missed[queue] = most + hidden
            beside = hidden
            continue
        anybody = len(suspects) + born
        uncounted = anybody if queue in returning else hidden + unshown
        more = max(0, uncounted - claimed)
        beside = max(beside, more)
        missed[queue] = max(tally.least, min(most + more, anybody - (claimed - tally.least)))
    if len(missed) > 1:
        missed[ALL_QUEUES] = max(claimed, min(counted + beside, sum(missed.values())))
    return Gap(cut.opened, cut.closed, len(suspects), born, missed)


def _born(cut: Cut, all_named: bool) -> tuple[int | None, int]:
    """How many lines that are legs of no other call were born in it, at most (None when no number tells); of these, those never shown."""
    if cut.first is None:
        return None, 0
    if cut.sequence is None:
        # All lines since the PBX started: worth knowing of a PBX that started just before.
        few = cut.first <= _FEW_A_SECOND * (cut.closed - cut.opened) // SECOND
        return (cut.first, cut.first) if few else (None, 0)
    born = cut.first - cut.sequence - 1 - len(cut.legs)
    unshown = born - len(cut.shown)
    technologies = {technology for technology in (*cut.tails, *cut.heads) if technology != _INNER}
    if all_named and all(name in cut.heads and (cut.from_start or name in cut.tails) for name in technologies):
        named_ones = sum(max(0, cut.heads[name] - cut.tails.get(name, -1) - 1) for name in technologies) - len(cut.legs - cut.inner)
        born, unshown = min(born, named_ones), min(unshown, named_ones - len(cut.shown - cut.inner))
    return max(0, born) + cut.unnumbered, max(0, unshown) + cut.unnumbered
