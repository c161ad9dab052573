"""The OpenAPI document is the truth: every response to any request is one that it documents."""

from __future__ import annotations

from itertools import count

import pytest
import schemathesis
from schemathesis.config import (
    ChecksConfig,
    GenerationConfig,
    PhasesConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
    StatefulPhaseConfig,
)
from schemathesis.engine import events, from_schema
from schemathesis.generation.meta import TestPhase
from schemathesis.python.asgi import shutdown_lifespans

from api.access_tokens import ACCESS_S
from api.app import create_app
from tests.kit.http import TimedCenter, administrator
from tests.kit.openapi import STREAMS
from tests.kit.pasts import live_through

STREAM_S = 0.2
"""The clock stops this long before the token ends, and the live stream with it."""


@pytest.fixture
def app(tmp_path):
    """The app of a company with a past, and the token of its administrator."""
    center = TimedCenter(tmp_path / "data")
    live_through(center, "Empresa", 2)
    app = create_app(center)
    # Schemathesis checks each message of a stream by the word of OpenAPI 3.2 for its schema.
    for path in STREAMS:
        stream = app.openapi()["paths"][path]["get"]["responses"]["200"]["content"]["text/event-stream"]
        stream["itemSchema"] = stream["x-item-schema"]
    token = administrator(app, center, "Empresa")
    center.clock.pass_s(ACCESS_S - STREAM_S)
    yield app, token
    shutdown_lifespans()
    center.close()


def ask_everything(app, token, one_of: int = 1, **generation) -> None:
    """Fail with what schemathesis finds wrong in the answers to what it makes up: valid and invalid, ids known and unknown.

    one_of: of the thousands of requests at the boundaries of each field, every so manieth is sent.
    """
    # What is valid by its form may still be refused: a time zone that does not exist, a position behind the end of the log.
    accepted = PositiveDataAcceptanceConfig(expected_statuses=["2xx", "401", "403", "404", "409", "422", "429"])
    project = ProjectConfig(
        headers={"Authorization": f"Bearer {token}"},
        generation=GenerationConfig(**generation),
        phases=PhasesConfig(stateful=StatefulPhaseConfig(enabled=False)),
        checks=ChecksConfig(positive_data_acceptance=accepted),
    )
    config = SchemathesisConfig(projects=ProjectsConfig(default=project))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    made = count()

    @schema.hook
    def filter_case(context, case):
        return case.meta.phase.name is not TestPhase.COVERAGE or next(made) % one_of == 0

    requested, wrong = set(), []
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            requested.add(event.recorder.label)
            wrong += [
                _told(event.recorder.label, check) for checks in event.recorder.checks.values() for check in checks if check.failure_info
            ]
        elif isinstance(event, events.NonFatalError | events.FatalError):
            wrong.append(repr(event))
    assert len(requested) == sum(map(len, app.openapi()["paths"].values()))
    assert not wrong, "\n\n".join(wrong)


def _told(label, check) -> str:
    failure = check.failure_info.failure
    return f"{label}: {failure.title}\n{failure.message}\n{check.failure_info.code_sample}"


def test_every_answer_is_documented(app):
    ask_everything(*app, one_of=3, max_examples=2, deterministic=True)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_every_answer_is_documented_whatever_is_asked(app):
    ask_everything(*app, max_examples=150)
