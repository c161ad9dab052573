"""What a live command may do to a call, and which facts it produces."""

from __future__ import annotations

from typing import Any

import pytest

from domain.base import SECOND
from domain.errors import DomainError, InvalidField, NotFound, Refused
from domain.voice.facts import Fact, FactKind
from domain.voice.interactions import Interaction
from tests.kit.facts import STAMP, T0, TENANT, context


def live(kind: FactKind, second: float, **fields: Any) -> Fact:
    return Fact(kind, round((T0 + second) * SECOND), ref=kind, **fields)


def call(*facts: Fact) -> Interaction:
    interaction = Interaction(TENANT, TENANT)
    for fact in facts:
        interaction.observe(interaction.command([fact]) if interaction.call else [fact], context(), STAMP)
    return interaction


ARRIVED = live("arrived", 0)
OFFERED = (ARRIVED, live("offered", 1, queue="vendas"))
TALKING = (*OFFERED, live("rang", 2, agent="Ana"), live("answered", 5, agent="Ana"))
RELEASED = (*TALKING, live("released", 60, by="agent"))
IN_IVR = (ARRIVED, live("ivr_entered", 1, text="Principal"))
DIALLED = (live("dialled", 0, agent="Ana"),)


def test_a_command_about_a_visit_is_about_its_queue() -> None:
    assert [fact.queue for fact in call(*OFFERED).command([live("rang", 2, agent="Ana")])] == ["vendas"]
    assert [fact.queue for fact in call(*TALKING).command([live("held", 9)])] == ["vendas"]


def test_a_caller_who_hangs_up_while_waiting_has_abandoned() -> None:
    facts = call(*OFFERED).command([live("hung_up", 9)])
    assert [(fact.kind, fact.queue) for fact in facts] == [("abandoned", "vendas"), ("hung_up", "")]


def test_a_caller_who_hangs_up_while_talking_has_ended_the_talk() -> None:
    facts = call(*TALKING).command([live("hung_up", 9)])
    assert [(fact.kind, fact.queue, fact.by) for fact in facts] == [("released", "vendas", "caller"), ("hung_up", "", "")]


def test_a_caller_who_hangs_up_after_the_talk_ends_nothing_else() -> None:
    assert [fact.kind for fact in call(*RELEASED).command([live("hung_up", 61)])] == ["hung_up"]


def test_the_wrap_up_lasts_from_the_end_of_the_talk() -> None:
    wrapped, tagged = call(*RELEASED).command([live("wrap_up", 72.5), live("tagged", 72.5, text="Venda")])
    assert (wrapped.queue, wrapped.wrap_ms, tagged.text) == ("vendas", 12_500, "Venda")


REFUSED: list[tuple[tuple[Fact, ...], Fact, type[DomainError], str]] = [
    ((), live("hung_up", 1), NotFound, "no such interaction"),
    (OFFERED, live("rang", 0.5), InvalidField, "earlier"),
    ((*OFFERED, live("hung_up", 9)), live("rang", 10), Refused, "has ended"),
    ((ARRIVED,), live("abandoned", 1), Refused, "not waiting"),
    (OFFERED, live("held", 2), Refused, "no agent is talking"),
    ((*TALKING, live("held", 9)), live("held", 10), Refused, "on hold already"),
    (TALKING, live("resumed", 9), Refused, "not on hold"),
    (TALKING, live("wrap_up", 9), Refused, "no talk to wrap up"),
    (OFFERED, live("offered", 2, queue="suporte"), Refused, "withdraw or release it"),
    (DIALLED, live("offered", 2, queue="vendas"), Refused, "nobody has answered"),
    ((ARRIVED,), live("dial_answered", 2), Refused, "no number"),
    (OFFERED, live("ivr_entered", 2, text="Principal"), Refused, "offered to a queue already"),
    ((*IN_IVR, live("ivr_left", 2)), live("ivr_entered", 3, text="Principal"), Refused, "left the IVR"),
    ((ARRIVED,), live("ivr_option", 2, text="1"), Refused, "in no IVR"),
    ((*IN_IVR, live("ivr_left", 2)), live("ivr_option", 3, text="1"), Refused, "in no IVR"),
]


@pytest.mark.parametrize(("before", "fact", "error", "why"), REFUSED)
def test_a_command_that_the_calls_state_does_not_allow_is_refused(
    before: tuple[Fact, ...], fact: Fact, error: type[DomainError], why: str
) -> None:
    interaction = call(*before)
    version = interaction.version
    with pytest.raises(error, match=why):
        interaction.command([fact])
    assert interaction.version == version
