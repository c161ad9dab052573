"""A client of the live stream who is limited to queues hears of the agents of these, from the login to the logout, wherever the stream begins."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from api.live_messages import AgentMessage, LiveAction
from api.live_scope import LiveScope
from domain.access import ATTEND, Asker, Scope

ANA = uuid4()
SALES = Scope(queues=frozenset({"vendas"}))


def said(kind: str, queue: str | None = None, *, queues: tuple[str, ...] = ()) -> AgentMessage:
    steps = [LiveAction(kind=kind, queue=queue)] if kind else []
    return AgentMessage(position=1, occurred_at="2026-03-02T17:05:09.250Z", agent_id=ANA, agent="Ana", queues=list(queues), steps=steps)


def heard(*messages: AgentMessage, scope: Scope = SALES, belonged: bool = False) -> list[tuple[list[str], list[str]] | None]:
    """What a client gets of these messages: the queues and the kinds of the steps of each."""

    async def rows(_: UUID) -> bool:
        return belonged

    async def story() -> list[AgentMessage | None]:
        live = LiveScope(Asker(UUID(int=1), frozenset({ATTEND}), scope), rows, rows)
        found = [await live.of(message) for message in messages]
        assert all(message is None or isinstance(message, AgentMessage) for message in found)
        return found  # type: ignore[return-value]

    return [None if one is None else (one.queues, [step.kind for step in one.steps]) for one in asyncio.run(story())]


def test_an_agent_is_heard_from_the_login_to_the_logout() -> None:
    assert heard(
        said("joined", "suporte", queues=("suporte",)),
        said("paused", queues=("suporte",)),
        said("joined", "vendas", queues=("suporte", "vendas")),
        said("paused", queues=("suporte", "vendas")),
        said("left", "suporte", queues=("vendas",)),
        said("left"),
        said("joined", "suporte", queues=("suporte",)),
    ) == [None, None, (["vendas"], ["joined"]), (["vendas"], ["paused"]), None, ([], ["left"]), None]


def test_an_agent_of_every_queue_is_an_agent_of_each() -> None:
    assert heard(said("joined", queues=("",)), said("paused", queues=("",))) == [([""], ["joined"]), ([""], ["paused"])]


@pytest.mark.parametrize(("belonged", "gets"), [(True, [([], ["left"])]), (False, [None])])
def test_before_the_first_message_of_an_agent_the_rows_know_it(belonged: bool, gets: object) -> None:
    assert heard(said("left"), belonged=belonged) == gets


def test_who_sees_certain_agents_hears_all_that_they_do() -> None:
    assert heard(said("paused", queues=("suporte",)), scope=Scope(agents=frozenset({"Ana"}))) == [(["suporte"], ["paused"])]
    assert heard(said("paused", queues=("suporte",)), scope=Scope(agents=frozenset({"Bia"}))) == [None]
