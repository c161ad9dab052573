"""Holds, REFERs of a desk phone, queues that ring all, and calls of diallers, interrupted: Atende's figures are those of Asterisk's own queue log, and within bounds without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from time import monotonic

import pytest

from bootstrap import Embedded
from cli.asterisk import following
from telephony_adapter.ami.adapter import Adapter
from tests.journeys.test_asterisk import CUT_S, Followed, connected_again, same
from tests.journeys.test_asterisk_scenarios import dialled
from tests.kit import asterisk
from tests.kit.asterisk import AGENTS, COBRANCA, SUPORTE, VENDAS, Cable, Lab, members
from tests.kit.live_center import center
from tests.kit.sip_phone import SipPhone
from tests.kit.waiting import within

__all__ = ["center"]

HOLDS, REFERS = "Gilda", "Heitor"
ALL = "5todos"


@dataclass(frozen=True)
class Floor:
    """A center that two adapters follow, one of which reads the queue log, and its desk phones: one that holds (vendas), one that refers (cobranca)."""

    lab: Lab
    cable: Cable
    seeing: Followed
    blind: Followed
    adapters: tuple[Adapter, Adapter]
    holding: SipPhone
    referring: SipPhone
    members: tuple[tuple[str, str, str], ...]

    def have_caught_up(self) -> None:
        """Wait until both have translated what the PBX has told up to now, and the queue log has it: a PBX that is killed writes no more."""
        within(lambda: sum(line[4] == "ENTERQUEUE" for line in self.lab.log()) >= self.lab.joined(), 20)
        for followed, adapter in zip((self.seeing, self.blind), self.adapters, strict=True):
            followed.has_caught_up(adapter, self.lab)

    def kill(self) -> None:
        """kill -9. What the PBX had not written down by then of telephones and members is told to it again."""
        self.lab.kill()
        for phone in (self.holding, self.referring):
            phone.register()
        for queue, interface, name in self.members:
            self.lab.pbx.send_action(Action="QueueAdd", Queue=queue, Interface=interface, MemberName=name)


Kind = Callable[[Floor], Iterator[None]]
"""What goes on with a kind of call: before an interruption; in it, if it is a cut; after it."""


@contextmanager
def floor(center: Embedded, lab: Lab) -> Iterator[Floor]:
    with ExitStack() as stack:
        cable = stack.enter_context(closing(Cable(lab.server.ports[0])))
        seeing, blind = (Followed(center, lab, sees_log=sees, port=cable.port) for sees in (True, False))
        (one,), (other,) = (stack.enter_context(following(center, followed.settings)) for followed in (seeing, blind))
        holding, referring = (stack.enter_context(closing(SipPhone(lab.server.ari))) for _ in range(2))
        within(lambda: one.figures.connected and other.figures.connected, 20)
        of_queues = {"todos": (1001, 1002), "suporte": (1003, 1004, 1005)}
        answering = [(queue, f"PJSIP/{agent}", AGENTS[agent]) for queue, agents in of_queues.items() for agent in agents]
        joining = (("vendas", holding.interface, HOLDS), ("cobranca", referring.interface, REFERS), *answering)
        stack.enter_context(members(lab, *joining))
        yield Floor(lab, cable, seeing, blind, (one, other), holding, referring, joining)


def holds(on: Floor) -> Iterator[None]:
    """A customer is on hold, is taken off it and put on it again in the cut, and is off it after it."""
    answer = on.lab.connected(on.lab.call(VENDAS), 30)
    on.holding.hold()
    yield
    on.holding.resume()
    on.holding.hold()
    yield
    on.holding.resume()
    on.lab.pbx.send_action(Action="Hangup", Channel=answer["Channel"], Cause=16)


def refers(on: Floor) -> Iterator[None]:
    """A desk phone has transferred a call by REFER, and transfers another in the cut."""
    for _ in range(2):
        on.lab.connected(on.lab.call(COBRANCA, ring=1, talk=3), 30)
        joined = on.lab.joined()
        on.referring.refer(SUPORTE, on.lab.server.ports[2])
        within(lambda joined=joined: on.lab.joined() > joined, 20)  # type: ignore[misc]
        yield


def rings_all(on: Floor) -> Iterator[None]:
    """All telephones of a queue ring, and one answers in the cut; they ring again in it."""

    def rung() -> int:
        return sum(event["Event"] == "AgentCalled" and event["Queue"] == "todos" for event in on.lab.events)

    for ring in (4, 1):
        before = rung()
        on.lab.call(ALL, ring=ring, talk=2)
        within(lambda before=before: rung() > before, 20)  # type: ignore[misc]
        yield


def diallers(on: Floor) -> Iterator[None]:
    """Diallers reach customers, by the trunk and through the dialplan, who wait in a queue or talk, and others who have not answered; and dial again in the cut."""
    for _ in range(2):
        joined = on.lab.joined()
        dialled(on.lab, "PJSIP/90000612345@tronco", "4002", "90000612345")
        dialled(on.lab, "Local/90030354321@saida", "4002", "90030354321")
        dialled(on.lab, "PJSIP/91000112346@tronco", "4002", "91000112346")
        within(lambda joined=joined: on.lab.joined() > joined, 20)  # type: ignore[misc]
        yield


KINDS = (holds, refers, rings_all, diallers)


def interrupt(on: Floor, kinds: Sequence[Kind], interruption: str) -> None:
    """Interrupt calls of these kinds, and wait until the connections are there again."""
    going_on = [kind(on) for kind in kinds]

    def advance() -> None:
        for each in going_on:
            next(each, None)

    def cut() -> None:
        on.cable.cut()
        since = monotonic()
        advance()
        within(lambda: monotonic() - since > CUT_S, 30)
        on.cable.mend()

    advance()
    # Of a queue of which the blind one has never heard it would have no row.
    on.have_caught_up()
    tails = on.adapters[0].figures.tails
    connected_again(on.adapters, {"cut": cut, "restart": on.lab.restart, "kill": on.kill}[interruption])
    if interruption == "cut":
        advance()
    on.lab.be_quiet()
    within(lambda: on.adapters[0].figures.tails > tails, 60)


def must_be_those_of_the_log(on: Floor) -> None:
    within(lambda: not on.adapters[0].figures.unfilled, 60)
    on.have_caught_up()
    lines = on.lab.log()
    true = asterisk.queues_of(lines)
    assert true, "nothing was called"
    same(on.seeing.queues(), true)
    on.blind.is_within_bounds(true)
    agents, of_log = on.seeing.report("agents", "agent"), asterisk.agents_of(lines)
    assert {agent: {name: agents[agent][name] for name in row} for agent, row in of_log.items()} == of_log
    killed = asterisk.left_open(lines)
    assert {queue: on.seeing.queues()[queue]["unknown"] for queue in killed} == killed
    for followed in (on.seeing, on.blind):
        assert sum(row["waiting"] for row in followed.queues().values()) == 0
        assert "" not in followed.results()


def test_calls_that_desk_phones_hold_and_refer_that_ring_all_and_of_diallers_are_known_over_a_cut_a_restart_and_a_kill(
    center: Embedded, lab: Lab
) -> None:
    with floor(center, lab) as on:
        for interruption in ("cut", "restart", "kill"):
            interrupt(on, KINDS, interruption)
        must_be_those_of_the_log(on)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("interruption", ["cut", "restart", "kill"])
def test_one_kind_of_call_alone_is_known_over_an_interruption_and_so_is_what_comes_after_it(
    center: Embedded, lab: Lab, interruption: str, kind: Kind
) -> None:
    with floor(center, lab) as on:
        interrupt(on, [kind], interruption)
        interrupt(on, [kind], interruption)
        must_be_those_of_the_log(on)
