"""Gap estimation: how much may have happened unobserved in one cut, calculated from the events around it.

- A call that was up may have visited a queue unobserved, unless later events prove that its visit lasted throughout.
- Channels were created in it: the PBX's numbers have a hole. Those that turn out to be legs of another call are no visits.
- A queue counts the visits that ended (Completed, Abandoned), but not those left by key or withdrawn. Its counters are
  trusted, with two exceptions: callers who were in no queue before the cut and may have joined one and left by key; and
  callers who waited in a queue from which another caller left by key.
- Each unobserved visit needs a call that could have made it. Visits that one queue's counters claim are subtracted from
  the others, and a caller in no counter was in one of the queues, not in each of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.base import SECOND
from domain.voice.timeline import ALL_QUEUES, Gap
from telephony_adapter.ami.gap_numbers import named, sequence_of

_FEW_A_SECOND = 10
"""Channels a second that are assumed to be created where no number shows it."""

_INNER = "Local"
"""The technology of channels inside the PBX: both halves of one have the same number, and none is a customer's."""


@dataclass(slots=True)
class CallAtCut:
    """The state of a call when the stream was cut: in no queue (queue ""), waiting since `offered`, or talking since `answered`.

    with_agent: with an agent outside of any queue, as an outbound call is. known: it has observations.
    unbroken: proved to have lasted throughout. shown: observed again in an IVR or a queue. counted: its end was observed
    and is in the queue's counters. gone: its channel has ended.
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
class CounterReading:
    """A queue's counters at a moment, and the ends that were observed until then."""

    at: int
    ended: int
    seen: int


@dataclass(slots=True)
class UnobservedVisits:
    """Unobserved visits whose end the queue has counted: at least, at most, and at most if keys end some waits."""

    least: int
    most: int
    most_with_keys: int


@dataclass(slots=True)
class Cut:
    """One cut. `sequence`, `tails`: the highest numbers before it; `first`, `heads`: the first newer ones.
    from_start: the numbers are known from the PBX's start, so a technology without one has no channel yet.

    legs: channels created in it that belong to another call. inner: channels created in it inside the PBX. shown: calls created in it and observed since, in an IVR or a queue.
    unnumbered: channels that may have been created in it before the PBX restarted, without a known number.
    noticed: the break of the connection was noticed when it began. settled: nothing more can be learned of it, because the PBX restarted.
    published: the gap of the last observation of it.
    """

    opened: int
    closed: int
    up: dict[str, CallAtCut]
    sequence: int | None
    tails: dict[str, int]
    before: dict[str, CounterReading]
    from_start: bool = False
    first: int | None = None
    heads: dict[str, int] = field(default_factory=dict)
    legs: set[str] = field(default_factory=set)
    inner: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    tallies: dict[str, UnobservedVisits] = field(default_factory=dict)
    unnumbered: int = 0
    noticed: bool = False
    settled: bool = False
    published: Gap | None = None

    def restart(self, boot: int) -> None:
        """The PBX restarted in it, at `boot`: its numbers and counters begin at zero, and no call from before is up.

        If its stop was not noticed, it may have run until then.
        """
        if not self.noticed and boot > self.opened:
            self.unnumbered = _FEW_A_SECOND * ((boot - self.opened) // SECOND + 1)
        self.tallies.clear()
        self.sequence, self.tails, self.before, self.from_start = -1, {}, {}, True
        for at_cut in self.up.values():
            at_cut.gone = True

    def holds(self, sequence: int) -> bool:
        """Whether a channel with this number was created in it."""
        return self.sequence is not None and self.sequence < sequence and (self.first is None or sequence < self.first)

    def born(self, channel_id: str, name: str) -> None:
        """A channel was observed to begin after it. Two that begin together may be reported in either order."""
        sequence = sequence_of(channel_id)
        if self.first is None and sequence > (-1 if self.sequence is None else self.sequence):
            self.first = sequence
        elif self.holds(sequence):
            self.legs.add(channel_id)
        technology, number = named(name)
        self.heads.setdefault(technology, number)

    def count(self, queue: str, now: CounterReading, alone: bool) -> None:
        """The queue's counters were read; `alone`: no other cut is between the previous reading and this one."""
        before = self.before.get(queue)
        if before is None or now.ended < before.ended:
            return
        unseen = max(0, (now.ended - before.ended) - (now.seen - before.seen))
        open_ = [at_cut for at_cut in self.up.values() if at_cut.queue == queue and not at_cut.counted]
        over = [at_cut for at_cut in open_ if at_cut.gone]
        talking = sum(1 for at_cut in over if at_cut.answered)
        least = max(0, unseen - len(open_)) if alone else 0
        known = self.tallies.get(queue)
        tally = UnobservedVisits(least, max(0, unseen - len(over)), max(0, unseen - talking))
        if known is None or tally.most < known.most:
            self.tallies[queue] = tally


def estimate(cut: Cut, all_named: bool, by_key: set[str], returning: set[str]) -> Gap:
    """Estimate what may have happened unobserved in `cut`.

    all_named: every channel's name has a number. by_key: queues that a caller was observed to leave uncounted; returning:
    those of them whose caller was in an IVR or a queue again afterwards.
    """
    suspects = [at_cut for at_cut in cut.up.values() if not at_cut.unbroken]
    born, unshown = _born(cut, all_named)
    hidden = sum(1 for at_cut in suspects if not (at_cut.queue or at_cut.shown or at_cut.with_agent))
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
    """How many channels were created in it that are no legs of another call, at most (None if no number shows it); of these, those never observed."""
    if cut.first is None:
        return None, 0
    if cut.sequence is None:
        # All channels since the PBX started: a useful bound only if it started just before.
        few = cut.first <= _FEW_A_SECOND * (cut.closed - cut.opened) // SECOND
        return (cut.first, cut.first) if few else (None, 0)
    born = cut.first - cut.sequence - 1 - len(cut.legs)
    unshown = born - len(cut.shown)
    technologies = {technology for technology in (*cut.tails, *cut.heads) if technology != _INNER}
    if all_named and all(name in cut.heads and (cut.from_start or name in cut.tails) for name in technologies):
        named_ones = sum(max(0, cut.heads[name] - cut.tails.get(name, -1) - 1) for name in technologies) - len(cut.legs - cut.inner)
        born, unshown = min(born, named_ones), min(unshown, named_ones - len(cut.shown - cut.inner))
    return max(0, born) + cut.unnumbered, max(0, unshown) + cut.unnumbered
