"""The console's texts cover what the API can answer."""

from __future__ import annotations

import json
import re

import pytest

import domain.voice.interaction_events as events
from domain.webhook_messages import KINDS
from tests.commands.catalogue import all_events
from tests.kit.compose import ROOT


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_event_of_a_call_has_a_name(language: str) -> None:
    texts = json.loads((ROOT / "web" / "src" / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
    topics = [one.TOPIC for one in vars(events).values() if isinstance(one, type) and getattr(one, "TOPIC", "")]
    assert len(topics) > 30
    assert [topic for topic in topics if f"event.{topic}" not in texts] == []


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_nothing_else_has_the_name_of_an_event(language: str) -> None:
    texts = json.loads((ROOT / "web" / "src" / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
    named = {key.removeprefix("event.") for key in texts if key.startswith("event.")}
    assert named - all_events().keys() == KINDS.keys() - all_events().keys() == {"queue.changed"}


def test_the_form_of_webhooks_offers_every_type_of_message() -> None:
    source = (ROOT / "web" / "src" / "ui" / "webhookEvents.ts").read_text(encoding="utf-8")
    assert re.findall(r'"([a-z_.]+)"', source) == sorted(KINDS)
