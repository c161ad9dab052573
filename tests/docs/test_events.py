"""docs/events.md has every event and every message, as their classes describe them."""

from __future__ import annotations

from tests.commands.catalogue import all_events
from tests.kit.events_page import PAGE, page


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.kit.events_page writes it"


def test_every_event_says_what_it_means() -> None:
    text = page()
    for topic, event in all_events().items():
        assert f"\n### {topic}\n" in text
        assert event.__dict__.get("__doc__"), topic
