"""When a contact can be forgotten."""

from __future__ import annotations

from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.contacts import Contact, ContactForgotten
from domain.errors import Refused
from domain.voice.facts import Fact
from domain.voice.interactions import Interaction
from tests.kit.facts import STAMP, TENANT, ami, context

CARLA = UUID(int=9)


def call(*facts: Fact, contact: UUID = CARLA) -> Interaction:
    interaction = Interaction(UUID(int=3), TENANT)
    interaction.observe(facts, replace(context(), contact=contact), STAMP)
    return interaction


def carla() -> Contact:
    contact = Contact(CARLA, TENANT)
    contact.appear("5511988000037", STAMP)
    return contact


def test_a_contact_whose_call_goes_on_cannot_be_forgotten() -> None:
    contact = carla()
    with pytest.raises(Refused, match="open interaction"):
        contact.forget([call(ami("arrived", 0, queue=""))], STAMP)
    assert not contact.forgotten


@pytest.mark.parametrize(
    "calls",
    [[], [call(ami("arrived", 0, queue=""), ami("hung_up", 9, queue=""))], [call(ami("arrived", 0, queue=""), contact=UUID(int=8))]],
)
def test_ended_calls_and_calls_of_others_do_not_prevent_it(calls: list[Interaction]) -> None:
    contact = carla()
    contact.forget(calls, STAMP)
    assert contact.forgotten
    assert isinstance(contact.pending[-1], ContactForgotten)
    contact.forget(calls, STAMP)
    assert len(contact.pending) == 2
