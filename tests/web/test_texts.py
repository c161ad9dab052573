"""The console's texts cover what the API can answer."""

from __future__ import annotations

import json

import pytest

import domain.voice.interaction_events as events
from tests.kit.compose import ROOT


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_event_of_a_call_has_a_name(language: str) -> None:
    texts = json.loads((ROOT / "web" / "src" / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
    topics = [one.TOPIC for one in vars(events).values() if isinstance(one, type) and getattr(one, "TOPIC", "")]
    assert len(topics) > 30
    assert [topic for topic in topics if f"event.{topic}" not in texts] == []
