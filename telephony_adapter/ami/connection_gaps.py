"""Connection gaps: where the stream was cut off and came back, where the PBX restarted, and the lists requested then.

After a lost connection nothing is replayed. Lists (CoreShowChannels, QueueStatus) have the present state. A PBX that
is stopped sends Shutdown, and most calls' ends before it; one that is killed sends nothing. A boot later than the
last known one, or later than the last sign of life, is a restart: the Uptime of FullyBooted gives its instant.
"""

from __future__ import annotations

from commands.observations import ObserveTimeline
from domain.base import MS, SECOND
from telephony_adapter.ami import direct_calls
from telephony_adapter.ami.agents import listing_complete
from telephony_adapter.ami.gaps import LATE_US
from telephony_adapter.ami.packets import CLOSED, CONNECTED, Packet
from telephony_adapter.ami.pbx_state import Call, Channel, PbxState, Visit, born_at
from telephony_adapter.ami.queues import cut_short
from telephony_adapter.ami.stream import QUIET_US
from telephony_adapter.callers import personal

JUST_BOOTED_S = 60
"""A PBX with a shorter uptime has numbered all its channels, from zero on, within the stream."""

AHEAD_US = 1 * SECOND
"""A list may be this far ahead of the events."""

SAME_BOOT_US = 3 * SECOND
"""Uptime is in whole seconds: two calculations of the same boot differ by at most this. So do those of two boots in quick succession, but the second is later than the last sign of life."""


LINGER_US = 10 * SECOND
"""A stopping PBX sends a hang-up before the end of the talk: a call is kept for this long after its channel is gone."""


def disconnected(pbx: PbxState, packet: Packet) -> None:
    """The connection was lost, or a new one begins: the time between the last sign of life and the next is unobserved."""
    pbx.noted |= packet.name in (CLOSED, CONNECTED)
    if packet.last:
        pbx.cuts.open(packet.last, pbx.calls_up())
    if packet.name == CLOSED:
        # With calls up a stream is not silent: after a long silence the end of the connection was noticed too late.
        pbx.cuts.noticed |= packet.at - packet.last <= QUIET_US or not pbx.calls
    elif not pbx.noted:
        pbx.cuts.noticed = True


def silent(pbx: PbxState, packet: Packet) -> None:
    """Nothing was received for a while. This matters only if something turns out to be missing."""
    pbx.cuts.silent(packet.last, packet.at, pbx.calls_up())


def resumed(pbx: PbxState, packet: Packet) -> None:
    """The first event after a new connection: a cut ends here. For a call that had left its queue, the event that shows how was lost."""
    if not pbx.cuts.opened:
        return
    cut = pbx.cuts.close(packet.at)
    for call in list(pbx.calls.values()):
        cut_short(pbx, call)
    pbx.cut_off(cut)
    pbx.observations.extend(ObserveTimeline(gap=gap) for gap in pbx.cuts.news())


def shutting_down(pbx: PbxState, packet: Packet) -> None:
    """Shutdown: the PBX stops in order."""
    pbx.stopped = packet.at


def fully_booted(pbx: PbxState, packet: Packet) -> None:
    """FullyBooted: the instant of the boot, which shows whether the PBX has restarted."""
    boot = packet.at - packet.whole("Uptime") * SECOND
    known, pbx.booted, pbx.stopped, stopped = pbx.booted, boot, 0, pbx.stopped
    alive = pbx.cuts.last.opened if pbx.cuts.last is not None else packet.at
    if known and abs(boot - known) <= SAME_BOOT_US and boot <= alive and not stopped:
        pbx.booted = known
        return
    # While it stops it may answer once more, with its old uptime.
    boot = max(boot, stopped)
    if stopped and pbx.cuts.last is not None:
        pbx.cuts.last.noticed = True
    pbx.observations.append(ObserveTimeline(restart_at=boot))
    if known or boot > pbx.started:
        _restart(pbx, boot)
    elif packet.whole("Uptime") <= JUST_BOOTED_S:
        pbx.cuts.numbers.start()


def _restart(pbx: PbxState, boot: int, until: int = 0) -> None:
    """The PBX restarted: calls end; members and their pauses stay (Asterisk keeps them). until: the latest instant of the restart."""
    for call in pbx.calls.values():
        if call.known and not call.gone:
            pbx.observe(call, "restarted", boot)
    for channel_id in list(pbx.direct):
        direct_calls.end(pbx, channel_id, boot)
    pbx.calls.clear()
    pbx.ending.clear()
    pbx.channels.clear()
    pbx.ringing.clear()
    pbx.talks.clear()
    pbx.handed_on.clear()
    pbx.behind.clear()
    pbx.cuts.restarted(until or boot)


def watch(pbx: PbxState, packet: Packet) -> None:
    """Check each packet first: whether its channel shows that the PBX restarted unobserved."""
    id = packet.headers.get("Uniqueid", "")
    numbers = pbx.cuts.numbers
    if id in pbx.channels or not numbers.starts_again(id):
        return
    pbx.contradict(numbers.second * SECOND)
    cut = pbx.cuts.last
    if cut is None:
        return
    # The restart may have been at any moment of the cut: calls from before have ended, calls since then continue.
    restart = cut.opened + 1
    pbx.booted = pbx.stopped = 0
    pbx.observations.append(ObserveTimeline(restart_at=restart))
    _restart(pbx, restart, until=cut.closed)


def queue_counted(pbx: PbxState, packet: Packet) -> None:
    """QueueParams: the number of visits that have ended in the queue since its counters began (Abandoned includes time-outs)."""
    pbx.listed.setdefault(packet["Queue"], set())
    pbx.counted[packet["Queue"]] = packet.whole("Completed") + packet.whole("Abandoned")


def queues_listed(pbx: PbxState, _: Packet) -> None:
    """QueueStatusComplete: the list is complete."""
    listing_complete(pbx)
    for queue, ended in pbx.counted.items():
        pbx.cuts.counted(queue, ended, pbx.at)
    pbx.counted.clear()
    pbx.observations.extend(ObserveTimeline(gap=gap) for gap in pbx.cuts.news())


def entry_listed(pbx: PbxState, packet: Packet) -> None:
    """QueueEntry: a caller who waits now. It adds something only for a caller who joined in a cut."""
    queue, wait_ms = packet["Queue"], packet.whole("Wait") * 1000
    if _may_follow(pbx, pbx.at - wait_ms * MS):
        return
    call = pbx.call(pbx.line(packet))
    if not call.cut and call.visit is not None:
        return
    pbx.cuts.reaches(call.id, queue, pbx.at - wait_ms * MS)
    if call.visit is None or call.visit.queue != queue:
        call.visit = Visit(queue, pbx.at - wait_ms * MS)
        call.past_ivr = True
    call.listed = pbx.at
    pbx.observe(call, "waiting", queue=queue, wait_ms=wait_ms, private=personal(packet.get("CallerIDNum")))


def channel_listed(pbx: PbxState, packet: Packet) -> None:
    """CoreShowChannel: a channel that is up."""
    id = packet["Uniqueid"]
    pbx.alive.add(id)
    if id in pbx.channels or not _may_follow(pbx, born_at(id) + SECOND):
        direct_calls.state_shown(pbx, pbx.line(packet), packet)


def _may_follow(pbx: PbxState, began: int) -> bool:
    """Whether the event of something that began just before a list may still follow: events take longer than lists. Not if a cut has hidden it."""
    return began > pbx.at - AHEAD_US and not pbx.cuts.covers(began - SECOND, began)


def channels_listed(pbx: PbxState, packet: Packet) -> None:
    """CoreShowChannelsComplete: a call from before a cut that had no event since and is not in a complete list has ended.

    Another call that is missing in the list may be hanging up at this moment; else its end was missed.
    """
    alive, pbx.alive = pbx.alive, set()
    if len(alive) != packet.whole("ListItems"):
        return
    since = pbx.cuts.latest
    for channel in list(pbx.channels.values()):
        call = pbx.calls.get(channel.id)
        sign = call.sign if call else channel.born
        if channel.id in alive or (call and call.gone):
            continue
        if sign < since:
            _gone_unseen(pbx, channel)
        elif call is not None and call.sign < pbx.at - LATE_US:
            pbx.absent.setdefault(call.id, pbx.at)


def settle(pbx: PbxState, now: int) -> None:
    """Release calls whose channels have been gone for a while; check whether something is missing by now."""
    missing = pbx.cuts.missing(now)
    if missing:
        pbx.contradict(*missing)
    while pbx.absent:
        id, at = next(iter(pbx.absent.items()))
        if now - at <= LATE_US:
            break
        del pbx.absent[id]
        _was_absent(pbx, id, at)
    while pbx.handed_on:
        id, visit = next(iter(pbx.handed_on.items()))
        if now - visit.left <= LATE_US:
            break
        del pbx.handed_on[id]
        if id in pbx.calls and not pbx.calls[id].cut:
            pbx.contradict(visit.left)
    while pbx.ending:
        id, call = next(iter(pbx.ending.items()))
        if now - call.gone < LINGER_US:
            break
        _release(pbx, call)


def _was_absent(pbx: PbxState, id: str, at: int) -> None:
    """The call was not in the list of channels at `at`: unless it hung up just then, its end was missed."""
    call, channel = pbx.calls.get(id), pbx.channels.get(id)
    if call is None or channel is None or call.gone or call.sign > at:
        return
    pbx.contradict(call.sign, at)
    _gone_unseen(pbx, channel)


def _release(pbx: PbxState, call: Call) -> None:
    del pbx.ending[call.id]
    pbx.calls.pop(call.id, None)
    pbx.channels.pop(call.id, None)
    if call.id in pbx.talks.values():
        pbx.talks = {leg: talk for leg, talk in pbx.talks.items() if talk != call.id}
    if call.visit is not None and not call.cut:
        pbx.contradict(call.sign)


def _gone_unseen(pbx: PbxState, channel: Channel) -> None:
    """The channel ended at an unknown instant."""
    pbx.cuts.gone(channel.id)
    direct_calls.end(pbx, channel.id, by="list")
    call = pbx.calls.get(channel.id)
    if call is None:
        del pbx.channels[channel.id]
        return
    call.gone = pbx.at
    pbx.ending[call.id] = call
    if call.known:
        pbx.observe(call, "hung_up", by="gap", until=pbx.at)
