"""The console's texts cover what the API can answer."""

from __future__ import annotations

import json
import re

import pytest

import domain.voice.interaction_events as events
from domain.webhook_messages import KINDS
from projections.figures.definitions import TABLE
from projections.queries import titles
from projections.queries.interactions_report import COLUMNS
from projections.queries.labels import LABELS
from tests.commands.catalogue import all_events
from tests.kit.compose import ROOT

PAGES = {
    "agentReport": {
        "answered": "answered", "outboundAnswered": "outbound_answered", "talk": "talk_ms", "outboundTalk": "outbound_ms", "directCalls": "direct_ms",
        "hold": "hold_ms", "wrapUp": "wrap_up_ms", "rona": "ring_no_answer", "logged": "logged_ms", "paused": "paused_ms",
    },
    "csv": {
        "abandoned_in_ivr": "abandoned_in_ivr", "abandoned_percent": "abandoned_percent", "aht_ms": "aht_ms", "entered": "entered",
        "ivr_abandoned": "abandoned", "ivr_timed_out": "timed_out", "sla_percent": "sla_percent",
    },
    "calls": {
        "protocol": "protocol", "queues": "queues", "agents": "agents", "origin": "origin", "type": "direction_label", "to": "to_number",
        "contact": "contact", "from": "from_number", "duration": "duration_ms", "status": "status_label", "tag": "tags", "jitter": "jitter_ms",
        "loss": "loss_percent", "quality": "quality_label",
    },
}  # fmt: skip
"""The console's titles by the beginning of their keys, each with the key of the column that it names."""

VIEWS = {"hora": "hour", "dia": "day", "semana": "week", "mes": "month"}

CALLS = {column.key: column.title for column in COLUMNS}


def texts_in(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((ROOT / "web" / "src" / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_event_of_a_call_has_a_name(language: str) -> None:
    texts = texts_in(language)
    topics = [one.TOPIC for one in vars(events).values() if isinstance(one, type) and getattr(one, "TOPIC", "")]
    assert len(topics) > 30
    assert [topic for topic in topics if f"event.{topic}" not in texts] == []


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_a_figure_is_called_on_a_page_as_its_definition_calls_it(language: str) -> None:
    defined = {f"figure.{one.key}": one.label_pt if language == "pt-BR" else one.label for one in TABLE if one.kind == "figure"}
    shown = {key: text for key, text in texts_in(language).items() if key in defined}
    assert len(shown) > 15
    assert shown == {key: defined[key] for key in shown}


@pytest.mark.parametrize(("page", "named"), [("agentReport", titles.OF_AN_AGENT), ("csv", titles.D2), ("calls", CALLS)])
def test_a_column_is_called_on_a_page_as_in_csv_and_on_the_command_line(page: str, named: dict[str, str]) -> None:
    texts = texts_in("pt-BR")
    assert {key: texts[f"{page}.{key}"] for key in PAGES[page]} == {key: named[column] for key, column in PAGES[page].items()}


def test_a_row_is_called_on_a_page_as_in_csv_and_on_the_command_line() -> None:
    texts = texts_in("pt-BR")
    assert (texts["queues.queue"], texts["filters.agent"]) == (titles.NAMES["queue"], titles.NAMES["agent"])
    assert {length: texts[f"view.{view}"] for view, length in VIEWS.items()} == {
        length: titles.INTERVALS[length] for length in VIEWS.values()
    }


@pytest.mark.parametrize(
    ("begins", "kind"),
    [
        ("state.one", "agent_state"),
        ("ongoing.state", "ongoing_state"),
        ("band", "band"),
        ("ivr.end", "ivr_end"),
        ("calls.direction", "direction"),
    ],
)
def test_a_code_is_called_on_a_page_as_its_label_calls_it(begins: str, kind: str) -> None:
    texts, labels = texts_in("pt-BR"), LABELS[kind]
    shown = {code: texts[f"{begins}.{code}"].casefold() for code in labels if f"{begins}.{code}" in texts}
    assert shown
    assert shown == {code: labels[code].casefold() for code in shown}


def test_the_status_of_a_call_begins_with_its_label() -> None:
    """The console explains the manual's English words in Portuguese behind them."""
    texts = texts_in("pt-BR")
    for code, label in LABELS["status"].items():
        assert texts[f"status.{code}"].startswith(f"{label} (")


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_nothing_else_has_the_name_of_an_event(language: str) -> None:
    texts = json.loads((ROOT / "web" / "src" / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
    named = {key.removeprefix("event.") for key in texts if key.startswith("event.")}
    assert named - all_events().keys() == KINDS.keys() - all_events().keys() == {"queue.changed"}


def test_the_form_of_webhooks_offers_every_type_of_message() -> None:
    source = (ROOT / "web" / "src" / "ui" / "webhookEvents.ts").read_text(encoding="utf-8")
    assert re.findall(r'"([a-z_.]+)"', source) == sorted(KINDS)
