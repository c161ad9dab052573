"""Seams of the stream: where it was cut off and came back, where the PBX started anew, and the lists asked for then.

After a lost connection nothing is replayed. Lists (CoreShowChannels, QueueStatus) tell how all stands then. A PBX that
was stopped tells Shutdown, and most calls' ends before it; one that was killed tells nothing. A boot later than the
last one known, or later than the last sign of life, is a restart: FullyBooted tells by Uptime when it was.
"""

from __future__ import annotations

from commands.observations import ObserveTimeline
from domain.base import MS, SECOND
from telephony_adapter.ami.agents import listing_complete
from telephony_adapter.ami.gaps import LATE_US
from telephony_adapter.ami.packets import CLOSED, CONNECTED, Packet
from telephony_adapter.ami.pbx_state import Call, Channel, PbxState, Visit, born_at
from telephony_adapter.ami.queues import cut_short
from telephony_adapter.ami.recording import QUIET_US
from telephony_adapter.callers import personal

JUST_BOOTED_S = 60
"""A PBX that is up for so short a time may be taken to have numbered its lines from zero, all of them within the stream."""

AHEAD_US = 1 * SECOND
"""A list may be ahead of the events by so much."""

SAME_BOOT_US = 3 * SECOND
"""Uptime is in whole seconds: two reckonings of the same boot differ by little."""


LINGER_US = 10 * SECOND
"""A stopping PBX tells a hang-up before the end of the talk: a call is remembered for so long after its line is gone."""


def disconnected(board: PbxState, packet: Packet) -> None:
    """The connection was lost, or a new one begins: what lies between its last sign of life and the next is unseen."""
    board.noted |= packet.name in (CLOSED, CONNECTED)
    if packet.last:
        board.cuts.open(packet.last, board.standings())
    if packet.name == CLOSED:
        # With calls up a stream is not silent: what was cut off before its end is no break that was seen.
        board.cuts.noticed |= packet.at - packet.last <= QUIET_US or not board.calls
    elif not board.noted:
        board.cuts.noticed = True


def silent(board: PbxState, packet: Packet) -> None:
    """Nothing came for a while. Nothing follows from that, unless something turns out to be missing."""
    board.cuts.silent(packet.last, packet.at, board.standings())


def resumed(board: PbxState, packet: Packet) -> None:
    """The first event after a new connection: a cut ends here. What would have said how a call left its queue did not come."""
    if not board.cuts.opened:
        return
    cut = board.cuts.close(packet.at)
    for call in list(board.calls.values()):
        cut_short(board, call)
    board.cut_off(cut)
    board.told.extend(ObserveTimeline(gap=gap) for gap in board.cuts.news())


def shutting_down(board: PbxState, packet: Packet) -> None:
    """Shutdown: the PBX stops in order."""
    board.stopped = packet.at


def fully_booted(board: PbxState, packet: Packet) -> None:
    """FullyBooted: since when this PBX is up, and so whether it is another run than the one we saw."""
    boot = packet.at - packet.whole("Uptime") * SECOND
    known, board.booted, board.stopped, stopped = board.booted, boot, 0, board.stopped
    if known and abs(boot - known) <= SAME_BOOT_US and not stopped:
        board.booted = known
        return
    if stopped and board.cuts.last is not None:
        board.cuts.last.noticed = True
    board.told.append(ObserveTimeline(restart_at=boot))
    if known or boot > board.started:
        _start_anew(board, boot)
    elif packet.whole("Uptime") <= JUST_BOOTED_S:
        board.cuts.numbers.start()


def _start_anew(board: PbxState, boot: int, until: int = 0) -> None:
    """Nothing of before goes on; members and their pauses stay (Asterisk keeps them). until: it was then at the latest."""
    for call in board.calls.values():
        if call.known and not call.gone:
            board.observe(call, "restarted", boot)
    board.calls.clear()
    board.ending.clear()
    board.channels.clear()
    board.ringing.clear()
    board.talks.clear()
    board.behind.clear()
    board.cuts.restarted(until or boot)


def watch(board: PbxState, packet: Packet) -> None:
    """Before anything else is made of a packet: whether its line shows that the PBX started anew while nobody saw."""
    id = packet.headers.get("Uniqueid", "")
    numbers = board.cuts.numbers
    if id in board.channels or not numbers.begin_anew(id):
        return
    board.contradict(numbers.second * SECOND)
    cut = board.cuts.last
    if cut is None:
        return
    # It may have been at any moment of the cut: what was up before has ended, whatever came since goes on.
    restart = cut.opened + 1
    board.booted = board.stopped = 0
    board.told.append(ObserveTimeline(restart_at=restart))
    _start_anew(board, restart, until=cut.closed)


def queue_counted(board: PbxState, packet: Packet) -> None:
    """QueueParams: how many visits have ended in the queue since it began to count (Abandoned includes time-outs)."""
    board.listed.setdefault(packet["Queue"], set())
    board.counted[packet["Queue"]] = packet.whole("Completed") + packet.whole("Abandoned")


def queues_listed(board: PbxState, _: Packet) -> None:
    """QueueStatusComplete: the list is whole."""
    listing_complete(board)
    for queue, ended in board.counted.items():
        board.cuts.counted(queue, ended, board.at)
    board.counted.clear()
    board.told.extend(ObserveTimeline(gap=gap) for gap in board.cuts.news())


def entry_listed(board: PbxState, packet: Packet) -> None:
    """QueueEntry: a caller who waits now. News only of one whom a cut has hidden."""
    queue, wait_ms = packet["Queue"], packet.whole("Wait") * 1000
    if _told_right_after(board, board.at - wait_ms * MS):
        return
    call = board.call(board.line(packet))
    if not call.cut and call.visit is not None:
        return
    board.cuts.reaches(call.id, queue, board.at - wait_ms * MS)
    if call.visit is None or call.visit.queue != queue:
        call.visit = Visit(queue, board.at - wait_ms * MS)
        call.past_ivr = True
    call.listed = board.at
    board.observe(call, "waiting", queue=queue, wait_ms=wait_ms, private=personal(packet.get("CallerIDNum")))


def channel_listed(board: PbxState, packet: Packet) -> None:
    """CoreShowChannel: a line that is up."""
    id = packet["Uniqueid"]
    board.alive.add(id)
    if id in board.channels or not _told_right_after(board, born_at(id) + SECOND):
        board.line(packet)


def _told_right_after(board: PbxState, began: int) -> bool:
    """What a list shows to have just begun may not have been told yet: events take longer than lists. Unless a cut has hidden it."""
    return began > board.at - AHEAD_US and not board.cuts.covers(began - SECOND, began)


def channels_listed(board: PbxState, packet: Packet) -> None:
    """CoreShowChannelsComplete: of a call that was up before a cut, gave no sign since and is not in a whole list, the line is free.

    One that should be in the list and is not may hang up this very moment; else something was missed.
    """
    alive, board.alive = board.alive, set()
    if len(alive) != packet.whole("ListItems"):
        return
    since = board.cuts.latest
    for channel in list(board.channels.values()):
        call = board.calls.get(channel.id)
        sign = call.sign if call else channel.born
        if channel.id in alive or (call and call.gone):
            continue
        if sign < since:
            _gone_unseen(board, channel)
        elif call is not None and call.sign < board.at - LATE_US:
            board.absent.setdefault(call.id, board.at)


def settle(board: PbxState, now: int) -> None:
    """Let go of calls whose lines have been gone for a while; see whether something is missing by now."""
    missing = board.cuts.missing(now)
    if missing:
        board.contradict(*missing)
    while board.absent:
        id, at = next(iter(board.absent.items()))
        if now - at <= LATE_US:
            break
        del board.absent[id]
        _was_absent(board, id, at)
    while board.ending:
        id, call = next(iter(board.ending.items()))
        if now - call.gone < LINGER_US:
            break
        _let_go(board, call)


def _was_absent(board: PbxState, id: str, at: int) -> None:
    """The call was not in the list of what was up at `at`: unless it hung up just then, its end was missed."""
    call, channel = board.calls.get(id), board.channels.get(id)
    if call is None or channel is None or call.gone or call.sign > at:
        return
    board.contradict(call.sign, at)
    _gone_unseen(board, channel)


def _let_go(board: PbxState, call: Call) -> None:
    del board.ending[call.id]
    board.calls.pop(call.id, None)
    board.channels.pop(call.id, None)
    if call.id in board.talks.values():
        board.talks = {leg: talk for leg, talk in board.talks.items() if talk != call.id}
    if call.visit is not None and not call.cut:
        board.contradict(call.sign)


def _gone_unseen(board: PbxState, channel: Channel) -> None:
    """The line is free, and nobody saw when that was."""
    board.cuts.gone(channel.id)
    call = board.calls.get(channel.id)
    if call is None:
        del board.channels[channel.id]
        return
    call.gone = board.at
    board.ending[call.id] = call
    if call.known:
        board.observe(call, "hung_up", by="gap", until=board.at)
