"""A cached aggregate and one that is read from the log are equal, field by field, after every command."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

import domain
from commands.agents import LogIn
from commands.api_keys import CreateApiKey, RevokeApiKey, RotateApiKey
from commands.callbacks import ConcludeCallback, RequestCallback
from commands.command_bus import CommandBus
from commands.companies import RegisterCompany, SetCompanySettings
from commands.contacts import ForgetContact, RegisterContact
from commands.handler_context import Caller, Command
from commands.interactions import AnswerCall, EndCall, OfferCall, StartCall
from commands.ivr import DeleteIvr
from commands.observations import MatchMember, ObserveAgent, ObserveCall, ObserveTimeline
from commands.phones import ClosePhone, OpenPhone
from commands.queues import ChangeQueueSettings, RegisterQueue
from commands.recordings import (
    BeginRecording,
    ConfirmRecording,
    KeepRecording,
    ListenToRecording,
    PauseRecording,
    ResumeRecording,
    StartRecording,
    StopRecording,
)
from commands.screens import ConnectScreen, CreateScreen, IssueScreenLink, RevokeScreen
from commands.supervision import ConcludeSupervision, SuperviseCall
from commands.users import AppointAdministrator, RegisterUser
from commands.webhooks import ChangeWebhook, CreateWebhook, DeleteWebhook, DisableWebhook, PauseWebhook, ResumeWebhook, RotateWebhookSecret
from domain.access import PERMISSIONS
from domain.base import NOBODY, SECOND, Aggregate, Event, Personal
from domain.companies import CompanySettings
from domain.ids import company_id, interaction_id, ivr_id, queue_id
from domain.recordings import Sound
from domain.supervision import Supervision
from domain.voice.facts import Fact
from domain.voice.timeline import CoverageSpan
from simulator.center import busy_center
from simulator.model import Model
from simulator.speaking import commands_of, settings_of
from store.event_store import Store, project
from tests.kit.facts import T0, ami, log

COMPANY = company_id("Empresa")
CALLER = Caller(COMPANY, "test", frozenset(PERMISSIONS))
MORNING = int(datetime(2026, 3, 2, 14, tzinfo=UTC).timestamp()) * SECOND
NOT_STATE = frozenset({"pending", "history", "_evidence", "_known"})
"""The attributes that are not state: events that are not saved yet, access to the history, and what is derived from the facts when needed."""


def aggregates() -> set[type[Aggregate]]:
    for module in pkgutil.walk_packages(domain.__path__, "domain."):
        importlib.import_module(module.name)
    return {kind for kind in Aggregate.__subclasses__() if kind.__module__.startswith("domain.")}


def state_of(aggregate: Aggregate) -> dict[str, Any]:
    return {name: value for name, value in vars(aggregate).items() if name not in NOT_STATE}


def conflicting_call() -> list[tuple[Fact, ...]]:
    """A call that two clocks report out of order, with a conflict and a late line."""
    return [
        (ami("offered", 0.4), ami("rang", 1, agent="Ana"), ami("rang", 1, agent="Bia")),
        (ami("answered", 8.1, agent="Ana", wait_ms=7_700),),
        (log("abandoned", 30, wait_ms=30_000),),
        (log("released", 68, agent="Ana", by="agent", talk_ms=20_000), log("offered", 0)),
        (ami("arrived", 0.1, queue="", text="4000", private=Personal(NOBODY, "5511988000037")),),
        (ami("part_of", 0.2, queue="", text="1.0"),),
    ]


def story() -> Iterator[Command]:
    """Commands about aggregates of every kind."""
    yield RegisterCompany(name="Empresa")
    yield SetCompanySettings(settings=CompanySettings(sla_ms=10_000))
    yield AppointAdministrator(email="ana@example.com", name="Ana")
    yield RegisterUser(name="Bia", email="bia@example.com")
    yield RegisterContact(name="Carla", phones=("5521977000037",))
    center = busy_center()
    yield from settings_of(center)
    happens = Model(center, 7, MORNING).play()
    yield from itertools.islice((command for at, action in happens for command in commands_of(COMPANY, at, action)), 500)
    for facts in conflicting_call():
        yield ObserveCall(call="1.1", facts=facts)
    yield ObserveCall(call="1.2", facts=(log("offered", 0),))
    yield ObserveTimeline(span=CoverageSpan("ami", "run", T0 * SECOND, (T0 + 90) * SECOND), restart_at=(T0 + 50) * SECOND)
    yield ObserveCall(call="1.2", facts=())
    yield ObserveAgent(agent="PJSIP/1001", facts=(log("logged_in", 0), log("paused", 9, text="Almoço")))
    yield MatchMember(interface="PJSIP/1001", member="Caio")
    yield ObserveAgent(agent="Caio", facts=(ami("resumed", 30), log("logged_in", -9)))
    yield StartCall(call="last", from_number="5521977000037")
    yield EndCall(interaction=interaction_id(COMPANY, "last"))
    yield ChangeQueueSettings(queue=queue_id(COMPANY, center.queues[0].name), sla_ms=15_000)
    yield DeleteIvr(ivr=ivr_id(COMPANY, center.ivrs[0].name))


@pytest.mark.parametrize("cached", [4096, 8], ids=["cached", "loaded-from-the-log-each-time"])
def test_an_aggregate_read_from_the_log_equals_the_one_that_its_commands_changed(tmp_path: Path, cached: int) -> None:
    met: set[type[Aggregate]] = set()
    with Store(tmp_path, cached=cached) as store:
        bus = CommandBus(store)
        for command in story():
            head = store.head()
            bus.execute(command, CALLER)
            met |= {
                same_as_in_the_log(store, id)
                for id in {recorded.event.originator_id for recorded in store.read(head, 1_000)}
                if store.cached(id)
            }
        met |= {same_as_in_the_log(store, id) for id in itertools.chain(_machines(bus), _telephony(bus))}
        carla = store.keyring.find(store.keyring.tag(COMPANY, "phone", "5521977000037"))
        assert carla is not None
        bus.execute(ForgetContact(contact=carla, interactions=(interaction_id(COMPANY, "last"),)), CALLER)
        met.add(same_as_in_the_log(store, carla))
    assert met == aggregates()


def _machines(bus: CommandBus) -> Iterator[UUID]:
    """An API key and a webhook, after each change of them."""
    key = bus.execute(CreateApiKey(name="CRM", permissions=()), CALLER).id
    yield key
    for change in (RotateApiKey(key=key), RevokeApiKey(key=key)):
        yield bus.execute(change, CALLER).id
    screen = bus.execute(CreateScreen(name="Sala 2"), CALLER)
    yield screen.id
    for change in (ConnectScreen(token=screen.result["token"]), IssueScreenLink(screen=screen.id), RevokeScreen(screen=screen.id)):
        yield bus.execute(change, CALLER).id
    hook = bus.execute(CreateWebhook(url="https://crm.example/hook", events=("interaction.arrived",)), CALLER).id
    yield hook
    for command in (
        ChangeWebhook(webhook=hook, direction="inbound"),
        RotateWebhookSecret(webhook=hook, overlap_ms=60_000),
        PauseWebhook(webhook=hook),
        ResumeWebhook(webhook=hook),
        DisableWebhook(webhook=hook, reason="410 Gone"),
        DeleteWebhook(webhook=hook),
    ):
        yield bus.execute(command, CALLER).id


def _telephony(bus: CommandBus) -> Iterator[UUID]:
    """Phones in the browser, a recording, a supervisor and a callback, after each change of them."""

    def done(command: Command) -> UUID:
        return bus.execute(command, CALLER).id

    for agent in ("Dora", "Eva"):
        done(LogIn(agent=agent))
        opened = bus.execute(OpenPhone(agent=agent), CALLER)
        yield opened.id
        yield done(OpenPhone(agent=agent, session=opened.result["session"]))
    call = done(StartCall(call="1772470800.9", from_number="5521977000038"))
    done(RegisterQueue(name="gravada"))
    done(OfferCall(interaction=call, queue="gravada"))
    done(AnswerCall(interaction=call, agent="Dora"))
    recording = done(StartRecording(interaction=call))
    yield recording
    for change in (
        BeginRecording(recording=recording, monitor="0x1"),
        PauseRecording(interaction=call),
        ConfirmRecording(recording=recording, action="pause"),
        ResumeRecording(interaction=call),
        StopRecording(interaction=call),
        KeepRecording(recording=recording, sound=Sound(uuid4(), 4, "audio/wav", "00" * 32, 1_000), content_key="11" * 32),
        ListenToRecording(recording=recording),
    ):
        yield done(change)
    supervision = done(SuperviseCall(interaction=call, supervisor="Eva", mode="listen"))
    yield supervision
    asked = project(bus.store.stream(supervision), Supervision)
    assert asked is not None
    assert asked.of is not None
    for outcome in ("begun", "ended"):
        yield done(ConcludeSupervision(supervision=supervision, leg=asked.of.leg, outcome=outcome, mode="listen"))
    callback = done(RequestCallback(call="1772470800.9", ivr="principal", queue="gravada", number="5521977000038", at=MORNING))
    yield callback
    yield done(ConcludeCallback(callback=callback, outcome="reached"))
    yield done(ClosePhone(agent="Dora"))


def same_as_in_the_log(store: Store, id: UUID) -> type[Aggregate]:
    """The kind of the cached aggregate, after a check that it equals what its events give: all of them, or the last one if that holds the state."""
    kept = store.cached(id)
    assert kept is not None
    events: list[Event] = store.stream(id)
    again = project(events[-1:] if kept.STATE_IN_EVENT else events, type(kept))
    assert again is not None
    assert state_of(again) == state_of(kept), events[-1]
    return type(kept)


def test_a_reported_conflict_is_not_reported_again_after_the_call_is_loaded(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        bus, reported = CommandBus(store), []
        for facts in conflicting_call():
            reported += bus.execute(ObserveCall(call="1.1", facts=facts), CALLER).result["conflicts"]
            store.drop([interaction_id(COMPANY, "1.1")])
    assert reported
    assert len(reported) == len(set(reported))
