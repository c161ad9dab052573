"""A client of the live stream who is limited to queues hears of the agents of these, from the login to the logout, wherever the stream begins."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from uuid import UUID, uuid4

import pytest

from api.live_messages import AgentMessage, InteractionMessage, LiveAction, LiveMessage
from api.live_scope import LiveScope
from domain.access import ATTEND, Asker, Scope

ANA = uuid4()
SALES = Scope(queues=frozenset({"vendas"}))


def said(kind: str, queue: str | None = None, *, queues: tuple[str, ...] = ()) -> AgentMessage:
    steps = [LiveAction(kind=kind, queue=queue)] if kind else []
    return AgentMessage(position=1, occurred_at="2026-03-02T17:05:09.250Z", agent_id=ANA, agent="Ana", queues=list(queues), steps=steps)


def heard(*messages: AgentMessage, scope: Scope = SALES, belonged: bool = False) -> list[tuple[list[str], list[str]] | None]:
    """What a client gets of these messages, whether they come one by one or at once: the queues and the kinds of the steps of each."""

    async def rows(agents: Collection[UUID]) -> Collection[UUID]:
        return agents if belonged else ()

    async def story(pages: Sequence[Sequence[AgentMessage]]) -> list[LiveMessage | None]:
        live = LiveScope(Asker(UUID(int=1), frozenset({ATTEND}), scope), rows, rows)
        return [message for page in pages for message in await live.of(page)]

    one_by_one, at_once = asyncio.run(story([[message] for message in messages])), asyncio.run(story([messages]))
    assert one_by_one == at_once
    assert all(message is None or isinstance(message, AgentMessage) for message in at_once)
    return [(one.queues, [step.kind for step in one.steps]) if isinstance(one, AgentMessage) else None for one in at_once]


def test_an_agent_is_heard_from_the_login_to_the_logout() -> None:
    assert heard(
        said("logged_in", "suporte", queues=("suporte",)),
        said("paused", queues=("suporte",)),
        said("logged_in", "vendas", queues=("suporte", "vendas")),
        said("paused", queues=("suporte", "vendas")),
        said("logged_out", "suporte", queues=("vendas",)),
        said("logged_out"),
        said("logged_in", "suporte", queues=("suporte",)),
    ) == [None, None, (["vendas"], ["logged_in"]), (["vendas"], ["paused"]), None, ([], ["logged_out"]), None]


def test_an_agent_of_every_queue_is_an_agent_of_each() -> None:
    assert heard(said("logged_in", queues=("",)), said("paused", queues=("",))) == [([""], ["logged_in"]), ([""], ["paused"])]


@pytest.mark.parametrize(("belonged", "gets"), [(True, [([], ["logged_out"])]), (False, [None])])
def test_before_the_first_message_of_an_agent_the_rows_know_it(belonged: bool, gets: object) -> None:
    assert heard(said("logged_out"), belonged=belonged) == gets


def test_who_sees_certain_agents_hears_all_that_they_do() -> None:
    assert heard(said("paused", queues=("suporte",)), scope=Scope(agents=frozenset({"Ana"}))) == [(["suporte"], ["paused"])]
    assert heard(said("paused", queues=("suporte",)), scope=Scope(agents=frozenset({"Bia"}))) == [None]


def happened(call: UUID, steps: Sequence[LiveAction] = ()) -> InteractionMessage:
    return InteractionMessage(
        position=1, occurred_at="2026-03-02T17:05:09.250Z", interaction_id=call, call="crm-1", protocol=7, steps=[*steps]
    )


def test_the_rows_are_asked_once_about_all_that_a_page_tells_of() -> None:
    asked: list[tuple[str, list[UUID]]] = []

    async def seen(calls: Collection[UUID]) -> Collection[UUID]:
        asked.append(("calls", list(calls)))
        return [calls[0]] if isinstance(calls, list) else ()

    async def belonged(agents: Collection[UUID]) -> Collection[UUID]:
        asked.append(("agents", list(agents)))
        return ()

    calls, agents = [uuid4() for _ in range(5)], [uuid4() for _ in range(3)]
    other = [LiveAction(kind="answered", queue="suporte", agent="Bia")]
    page = [
        *(happened(call) for call in calls),
        happened(calls[1], other),
        *(said("logged_out").model_copy(update={"agent_id": agent}) for agent in agents),
    ]
    live = LiveScope(Asker(UUID(int=1), frozenset({ATTEND}), SALES), seen, belonged)
    found = asyncio.run(live.of(page))
    assert asked == [("calls", calls), ("agents", agents)]
    assert [message is not None for message in found] == [True] + [False] * 8
    asyncio.run(live.of(page))
    assert len(asked) == 2
