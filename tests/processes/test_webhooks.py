"""Messages are queued once, for the webhooks that want them, over a log in a directory and on PostgreSQL; a replay queues none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import UUID

import pytest
from msgspec.structs import replace

from commands.agents import LogIn, LogOut, PauseAgent, ResumeAgent
from commands.interactions import (
    AbandonCall,
    AnswerCall,
    AnswerDial,
    DialOut,
    EndCall,
    FailDial,
    HoldCall,
    OfferCall,
    ReleaseCall,
    ResumeCall,
    RingAgent,
    StartCall,
    WrapUp,
)
from commands.queues import DeactivateQueue, RegisterQueue, RenameQueue
from commands.webhooks import ChangeWebhook, DeleteWebhook, PauseWebhook, ResumeWebhook
from domain.base import SECOND
from domain.known_before import Before
from domain.webhook_messages import KINDS as KINDS_OF_ALL
from domain.webhook_messages import LATEST_US
from processes.webhooks import Subscribed, Webhooks, _deliveries
from projections.queries.webhooks import all_webhooks
from store.database import StoreUnavailable
from store.event_store import Store
from store.process_progress import be_quiet
from store.storage_location import StorageLocation
from tests.commands.tally import OTHER, TENANT
from tests.kit.stores import BOTH, behind, location, on_server, own_database, written
from tests.processes.posting import KINDS, Posting

__all__ = ["location", "on_server", "own_database"]

pytestmark = pytest.mark.parametrize("location", BOTH, indirect=True)


@pytest.fixture
def posting(location: StorageLocation) -> Iterator[Posting]:
    store = Store(location)
    yield Posting(store)
    store.close()


def test_each_message_is_queued_once_and_says_what_happened_and_to_whom(posting: Posting) -> None:
    webhook = posting.create().id
    call = posting.call()
    posting.queued()
    found = posting.deliveries(webhook)
    assert [one.type for one in found] == list(KINDS)
    assert {one.subject for one in found} == {call}
    assert '"direction":"inbound"' in found[1].body
    assert '"queue":"vendas"' in found[1].body
    posting.begin()
    posting.queued()
    assert posting.deliveries(webhook) == found


def test_what_happens_in_a_talk_names_the_agent_who_talks(posting: Posting) -> None:
    webhook = posting.create(events=tuple(KINDS_OF_ALL)).id
    posting.do(RegisterQueue(name="vendas"))
    call = posting.do(StartCall(call="c1")).id
    for agent in ("Ana", "Bia"):
        posting.do(LogIn(agent=agent))
        for command in (
            OfferCall(interaction=call, queue="vendas"), RingAgent(interaction=call, agent=agent), AnswerCall(interaction=call, agent=agent),
            HoldCall(interaction=call), ResumeCall(interaction=call), ReleaseCall(interaction=call, by="transfer"),
        ):  # fmt: skip
            posting.clock.pass_s(1)
            posting.do(command)
    posting.queued()
    told = [
        (one.type.partition(".")[2], json.loads(one.body)["data"]["agent"]) for one in posting.deliveries(webhook) if one.subject == call
    ]
    of_one = [("offered", None), *((kind, "{agent}") for kind in ("rang", "answered", "held", "resumed", "released"))]
    assert told[1:] == [(kind, agent and name) for name in ("Ana", "Bia") for kind, agent in of_one]


def test_what_happens_to_a_dialled_call_names_the_agent_who_dialled_and_the_queue(posting: Posting) -> None:
    webhook = posting.create(events=tuple(KINDS_OF_ALL)).id
    posting.do(RegisterQueue(name="vendas"))
    posting.do(LogIn(agent="Ana"))
    reached, missed = (DialOut(call=call, to_number="+5511987654321", queue="vendas", agent="Ana") for call in ("c1", "c2"))
    for begin, then in (
        (reached, (AnswerDial, HoldCall, ResumeCall, ReleaseCall, WrapUp)),
        (missed, (FailDial,)),
    ):
        call = posting.do(begin).id
        for command in then:
            posting.clock.pass_s(1)
            posting.do(command(interaction=call))
    posting.queued()
    told = [json.loads(one.body) for one in posting.deliveries(webhook)]
    kinds = ("dialled", "dial_answered", "held", "resumed", "released", "wrap_up", "dialled", "dial_failed")
    assert [
        (one["type"], one["data"]["agent"], one["data"]["queue"], one["data"]["queues"])
        for one in told
        if one["data"]["direction"] == "outbound"
    ] == [(f"interaction.{kind}", "Ana", "vendas", ["vendas"]) for kind in kinds]


def test_each_message_of_a_call_has_the_ids_by_which_a_program_of_the_company_finds_it(posting: Posting) -> None:
    webhook = posting.create(events=(*KINDS, "queue.changed")).id
    posting.do(RegisterQueue(name="vendas"))
    begun = posting.do(StartCall(call="crm-4711", from_number="+5511987654321"))
    for command in (OfferCall(interaction=begun.id, queue="vendas"), EndCall(interaction=begun.id)):
        posting.clock.pass_s(1)
        posting.do(command)
    posting.queued()
    told = [json.loads(one.body) for one in posting.deliveries(webhook)]
    assert [(one["type"], one["data"]["call"], one["data"]["protocol"]) for one in told] == [
        ("queue.changed", None, None),
        *((kind, "crm-4711", begun.result["protocol"]) for kind in KINDS),
    ]


def test_a_message_holds_no_number_of_a_customer(posting: Posting) -> None:
    webhook = posting.create().id
    begun = posting.do(StartCall(call="crm-11987654321", from_number="+5511987654321"))
    posting.do(EndCall(interaction=begun.id))
    posting.queued()
    bodies = [one.body for one in posting.deliveries(webhook)]
    assert {json.loads(body)["data"]["call"] for body in bodies} == {begun.result["call"]}, (
        "an own id that may name a person has one in its place"
    )
    assert all("98765" not in body for body in bodies)


def test_messages_are_saved_with_the_position_or_not_at_all(posting: Posting, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook = posting.create().id
    posting.queued()
    posting.call()
    position = posting.execution.progress.position()

    def away(*_: object) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr("store.webhook_deliveries._in_order", away)
        posting.execution.round()
    assert (posting.deliveries(webhook), posting.execution.progress.position()) == ([], position)
    posting.queued()
    assert len(posting.deliveries(webhook)) == len(KINDS)


def test_only_the_webhooks_of_the_company_get_its_messages(posting: Posting) -> None:
    ours, theirs = posting.create().id, posting.create(OTHER).id
    posting.call(TENANT)
    posting.queued()
    assert (len(posting.deliveries(ours)), posting.deliveries(theirs)) == (len(KINDS), [])
    posting.call(OTHER)
    posting.queued()
    assert {one.tenant for one in posting.deliveries(theirs)} == {OTHER}
    assert {one.tenant for one in posting.deliveries(ours)} == {TENANT}


def test_filters_by_queue_and_direction_let_through_what_they_name(posting: Posting) -> None:
    sales, out = posting.create(queues=("vendas",)).id, posting.create(direction="outbound").id
    posting.call(queue="suporte")
    call = posting.call(queue="vendas")
    posting.queued()
    assert [(one.subject, one.type) for one in posting.deliveries(sales)] == [(call, "interaction.offered"), (call, "interaction.hung_up")]
    assert posting.deliveries(out) == []


def test_a_webhook_with_queues_gets_everything_of_a_call_that_has_been_in_one_of_them(posting: Posting) -> None:
    kinds = tuple(KINDS_OF_ALL)
    sales, support = posting.create(queues=("VENDAS",), events=kinds).id, posting.create(queues=("suporte",), events=kinds).id
    posting.do(LogIn(agent="Ana", queues=()))
    for queue in ("vendas", "suporte"):
        posting.do(RegisterQueue(name=queue))
    call = posting.do(StartCall(call="c1")).id
    for command in (
        OfferCall(interaction=call, queue="vendas"), RingAgent(interaction=call, agent="Ana"), AnswerCall(interaction=call, agent="Ana"),
        HoldCall(interaction=call), ResumeCall(interaction=call), ReleaseCall(interaction=call, by="transfer"),
        OfferCall(interaction=call, queue="suporte"), AbandonCall(interaction=call), EndCall(interaction=call),
    ):  # fmt: skip
        posting.clock.pass_s(1)
        posting.do(command)
    posting.queued()

    def about_it(webhook: UUID) -> list[tuple[str, list[str]]]:
        return [(one.type, json.loads(one.body)["data"]["queues"]) for one in posting.deliveries(webhook) if one.subject == call]

    later = ["offered", "abandoned", "hung_up"]
    assert [type for type, _ in about_it(sales)] == [
        f"interaction.{kind}" for kind in ("offered", "rang", "answered", "held", "resumed", "released", *later)
    ]
    assert about_it(support) == [(f"interaction.{kind}", ["vendas", "suporte"]) for kind in later]
    assert about_it(sales) == [(type, ["vendas"]) for type, _ in about_it(sales)[:-3]] + about_it(support)


def test_what_an_agent_does_belongs_to_the_queues_that_the_agent_is_in(posting: Posting) -> None:
    kinds = ("agent.logged_in", "agent.paused", "agent.resumed", "agent.logged_out")
    sales, support = posting.create(queues=("vendas",), events=kinds).id, posting.create(queues=("suporte",), events=kinds).id
    for queue in ("vendas", "suporte"):
        posting.do(RegisterQueue(name=queue))
    for agent, queues in (("Ana", ("vendas",)), ("Bia", ()), ("Caio", ("vendas", "suporte"))):
        for command in (
            LogIn(agent=agent, queues=queues),
            PauseAgent(agent=agent, reason="almoço"),
            ResumeAgent(agent=agent),
            LogOut(agent=agent),
        ):
            posting.clock.pass_s(1)
            posting.do(command)
    posting.queued()
    by_agent: dict[UUID, dict[str, list[str]]] = {sales: {}, support: {}}
    for webhook, found in by_agent.items():
        for one in posting.deliveries(webhook):
            data = json.loads(one.body)["data"]
            found.setdefault(data["agent"], []).append(one.type)
            assert (data["every_queue"], data["queues"]) == {
                "Ana": (False, ["vendas"]), "Bia": (True, []), "Caio": (False, ["suporte", "vendas"]),
            }[data["agent"]]  # fmt: skip
    assert {agent: tuple(types) for agent, types in by_agent[support].items()} == {"Bia": kinds, "Caio": ("agent.logged_in", *kinds)}
    assert {agent: tuple(types) for agent, types in by_agent[sales].items()} == {
        "Ana": kinds,
        "Bia": kinds,
        "Caio": ("agent.logged_in", *kinds),
    }


def test_the_settings_of_a_queue_belong_to_it_under_its_former_and_its_new_name(posting: Posting) -> None:
    events = {"events": ("queue.changed",)}
    old, new, other = (posting.create(queues=(name,), **events).id for name in ("vendas", "comercial", "suporte"))
    queue = posting.do(RegisterQueue(name="vendas")).id
    posting.do(RenameQueue(queue=queue, name="comercial"))
    posting.do(DeactivateQueue(queue=queue))
    posting.queued()
    of = {webhook: [json.loads(one.body)["data"]["queue"] for one in posting.deliveries(webhook)] for webhook in (old, new, other)}
    assert of[old] == ["vendas", "comercial"]
    assert of[new] == ["comercial", "comercial"], "the reservation of a name is no queue"
    assert of[other] == []


def test_what_agents_and_dialled_calls_do_in_a_renamed_queue_is_posted_under_its_new_name(posting: Posting) -> None:
    queue = posting.do(RegisterQueue(name="vendas")).id
    posting.do(LogIn(agent="Ana", queues=("vendas",)))
    posting.do(RenameQueue(queue=queue, name="Comercial"))
    posting.clock.pass_s(1)
    webhook = posting.create(queues=("Comercial",), events=tuple(KINDS_OF_ALL)).id
    for command in (
        PauseAgent(agent="Ana", reason="almoço"),
        LogOut(agent="Ana", queues=("vendas",)),
        LogIn(agent="Ana", queues=("Comercial",)),
        DialOut(to_number="+5511987654321", queue="Comercial", agent="Ana"),
    ):
        posting.clock.pass_s(1)
        posting.do(command)
    posting.queued()
    told = [(one.type, json.loads(one.body)["data"]["queue"]) for one in posting.deliveries(webhook)]
    assert told == [
        ("agent.paused", None),
        ("agent.logged_out", "Comercial"),
        ("agent.logged_in", "Comercial"),
        ("interaction.dialled", "Comercial"),
    ]


def test_what_happened_before_the_webhook_and_during_a_pause_is_not_queued(posting: Posting) -> None:
    posting.call()
    posting.clock.pass_s(1)
    webhook = posting.create().id
    posting.queued()
    posting.do(PauseWebhook(webhook=webhook))
    posting.call()
    posting.queued()
    assert posting.deliveries(webhook) == []
    posting.do(ResumeWebhook(webhook=webhook))
    posting.call()
    posting.queued()
    assert len(posting.deliveries(webhook)) == len(KINDS)


def test_a_webhook_and_the_calls_right_after_it_are_read_in_one_round(posting: Posting) -> None:
    posting.queued()
    assert all(topic.startswith("webhook.") for topic in posting.execution.manager.reads()), "nobody pays for what nobody uses"
    webhook = posting.create().id
    posting.call()
    posting.execution.round()
    assert len(posting.deliveries(webhook)) == len(KINDS)


def test_an_imported_past_is_not_posted(posting: Posting) -> None:
    webhook = posting.create().id
    posting.queued()
    now = posting.clock.now_us()
    for number, at in enumerate((now - LATEST_US - SECOND, now - LATEST_US)):
        posting.do(StartCall(call=f"past-{number}", at=at))
    posting.queued()
    assert len(posting.deliveries(webhook)) == 1


@pytest.mark.parametrize("reads_the_past", [False, True])
def test_a_replay_of_a_restored_log_queues_nothing_and_what_comes_after_it_does(
    posting: Posting, location: StorageLocation, monkeypatch: pytest.MonkeyPatch, reads_the_past: bool
) -> None:
    monkeypatch.setattr(Webhooks, "SETS_TIMERS", reads_the_past)
    webhook = posting.create().id
    posting.call()
    posting.queued()
    behind(location, "DELETE FROM webhook_deliveries")
    behind(location, "UPDATE process_positions SET position = 0")
    be_quiet(posting.store.recorder.db, posting.store.head())
    posting.begin()
    posting.queued()
    assert posting.deliveries(webhook) == []
    call = posting.call()
    posting.queued()
    assert {one.subject for one in posting.deliveries(webhook)} == {call}


def test_reading_the_same_events_again_queues_them_once(posting: Posting, location: StorageLocation) -> None:
    webhook = posting.create().id
    posting.call()
    posting.queued()
    found = posting.deliveries(webhook)
    behind(location, "UPDATE process_positions SET position = 0")
    posting.begin()
    posting.queued()
    assert posting.deliveries(webhook) == found


def test_messages_about_agents_and_a_change_of_types(posting: Posting) -> None:
    webhook = posting.create(events=("agent.logged_in",)).id
    posting.do(LogIn(agent="Ana"))
    posting.queued()
    assert [one.type for one in posting.deliveries(webhook)] == ["agent.logged_in"]
    posting.do(ChangeWebhook(webhook=webhook, events=("agent.paused",)))
    posting.do(LogIn(agent="Bia"))
    posting.queued()
    assert len(posting.deliveries(webhook)) == 1


def test_nothing_readable_of_url_and_secret_is_in_the_store_and_nothing_at_all_after_it_is_deleted(
    posting: Posting, location: StorageLocation
) -> None:
    receipt = posting.create(url="https://crm.example.com/very-secret-path")
    webhook: UUID = receipt.id
    posting.call()
    posting.queued()
    posting.store.recorder.db.shred()
    everything = written(location)
    assert b"very-secret-path" not in everything
    assert str(receipt.result["secret"]).encode() not in everything
    posting.do(DeleteWebhook(webhook=webhook))
    posting.queued()
    assert posting.deliveries(webhook) == []
    assert not posting.store.keyring.knows(webhook)


def test_more_messages_of_one_event_than_a_thousand_have_numbers_of_their_own(posting: Posting) -> None:
    webhook = posting.create().id
    call = posting.call()
    posting.queued()
    event = next(one.event for one in posting.store.read(0, 10_000) if one.event.originator_id == call)
    facts = tuple(replace(event.facts[0], at=event.recorded_at, nth=nth) for nth in range(1_200))
    state = Subscribed(tuple(all_webhooks(posting.store)), 7, Before(event.change.call))
    numbers = [one.number for one in _deliveries(replace(event, facts=facts), state)]
    assert len(set(numbers)) == 1_200
    assert numbers == sorted(numbers)
    assert {one.webhook for one in _deliveries(event, state)} == {webhook}


def test_changes_of_one_webhook_read_no_other(posting: Posting, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook, other = posting.create().id, posting.create().id
    posting.queued()
    monkeypatch.setattr(posting.store, "stream", lambda webhook: pytest.fail(f"read {webhook}"))
    for number in range(5):
        posting.do(ChangeWebhook(webhook=webhook, url=f"https://crm.example.com/{number}"))
    posting.do(PauseWebhook(webhook=other))
    posting.queued()
    monkeypatch.undo()
    call = posting.call()
    posting.queued()
    assert {one.subject for one in posting.deliveries(webhook)} == {call}
    assert posting.deliveries(other) == []
