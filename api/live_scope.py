"""The scope of one client of the live stream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from uuid import UUID

from api.live_messages import AgentMessage, InteractionMessage, IvrMessage, LiveAction, LiveMessage, QueueMessage
from domain.access import Asker
from domain.ids import queue_id

InRows = Callable[[Collection[UUID]], Awaitable[Collection[UUID]]]
"""Which of these may be seen, by the rows."""

_KEPT = 10_000
_TAKEN = ("answered", "dialled")
"""Facts that make a call an agent's; a ring alone does not."""


class LiveScope:
    """Restricts the messages of a company to what the user may see, as the rows of queries are restricted.

    An action that names a queue and an agent is checked by these. One that names none is checked by its call. Whether a call is visible is learnt from
    earlier actions, and for a call that began before the stream from the rows, once. What an agent does is visible while the agent belongs to a
    visible queue, and so is the login by which that begins and the logout by which it ends; before an agent's first message, the rows know it.
    """

    def __init__(self, asker: Asker, seen_in_rows: InRows, belonged_in_rows: InRows) -> None:
        """seen_in_rows: of calls; belonged_in_rows: of agents, by the queues to which they belonged where the stream begins."""
        self._scope = asker.scope
        self._permissions = asker.permissions
        self._queues = None if self._scope.queues is None else {queue_id(asker.tenant, name) for name in self._scope.queues}
        self._seen_in_rows = seen_in_rows
        self._belonged_in_rows = belonged_in_rows
        self._calls: dict[UUID, bool] = {}
        self._agents: dict[UUID, bool] = {}

    async def of(self, messages: Sequence[LiveMessage]) -> list[LiveMessage | None]:
        """The next messages as far as the user may see them; None for one of which they may see nothing."""
        if not self._scope.is_whole:
            await self._learn([message for message in messages if message.PERMISSION in self._permissions])
        return [self._of(message) for message in messages]

    async def _learn(self, messages: Sequence[LiveMessage]) -> None:
        """Ask the rows about all calls and agents of which the messages tell no visible beginning, at once."""
        calls: dict[UUID, bool] = {}
        agents: dict[UUID, bool] = {}
        for message in messages:
            if isinstance(message, InteractionMessage) and message.interaction_id not in self._calls:
                calls.setdefault(message.interaction_id, self._is_own(message))
            elif isinstance(message, AgentMessage) and message.agent_id not in self._agents:
                agents.setdefault(message.agent_id, self._belongs(message) or self._names_visible_queue(message))
        unknown_calls = [id for id, is_known in calls.items() if not is_known]
        unknown_agents = [id for id, is_known in agents.items() if not is_known]
        seen = await self._seen_in_rows(unknown_calls) if unknown_calls else ()
        belonged = await self._belonged_in_rows(unknown_agents) if unknown_agents else ()
        for id in unknown_calls:
            self._note(id, seen=id in seen)
        self._agents.update({id: id in belonged for id in unknown_agents})

    def _of(self, message: LiveMessage) -> LiveMessage | None:
        if message.PERMISSION not in self._permissions:
            return None
        if self._scope.is_whole:
            return message
        match message:
            case InteractionMessage():
                return self._of_call(message)
            case AgentMessage():
                return self._of_agent(message)
            case QueueMessage(queue_id=queue):
                return message if self._queues is None or queue in self._queues else None
            case IvrMessage():
                return message
            case _:
                # Messages about coverage and unreadable events name nobody.
                return message

    def _visible_queues(self, message: AgentMessage) -> list[str]:
        return [queue for queue in message.queues if not queue or self._scope.sees_queue(queue)]

    def _belongs(self, message: AgentMessage) -> bool:
        """Whether the agent belongs to a visible queue after the message."""
        return self._scope.queues is None or bool(self._visible_queues(message))

    def _names_visible_queue(self, message: AgentMessage) -> bool:
        """Whether it is about the login to a visible queue, or the logout."""
        return any(action.queue and self._scope.sees_queue(action.queue) for action in message.steps)

    def _of_agent(self, message: AgentMessage) -> AgentMessage | None:
        id, steps = message.agent_id, message.steps
        left = [action for action in steps if not action.queue or self._scope.sees_queue(action.queue)]
        belongs = self._belongs(message)
        before = belongs or self._names_visible_queue(message) or self._agents[id]
        self._agents[id] = belongs
        if not before or not self._scope.sees_agent(message.agent) or (steps and not left):
            return None
        return message.model_copy(update={"queues": self._visible_queues(message), "steps": left})

    def _of_call(self, message: InteractionMessage) -> InteractionMessage | None:
        id = message.interaction_id
        if self._is_own(message):
            self._note(id, seen=True)
        steps = [action for action in message.steps if self._own(action) or (self._calls[id] and not self._others(action))]
        if not steps and (message.steps or not self._calls[id]):
            return None
        return message.model_copy(update={"steps": steps})

    def _is_own(self, message: InteractionMessage) -> bool:
        """Whether the message makes its call visible."""
        own = [action for action in message.steps if self._own(action)]
        return bool(own) and (self._scope.people is None or any(action.kind in _TAKEN for action in own))

    def _own(self, action: LiveAction) -> bool:
        """Whether the action names a visible queue or agent, for each of the two that is restricted."""
        return all(
            name in allowed
            for name, allowed in ((action.queue, self._scope.queues), (action.agent, self._scope.people))
            if allowed is not None
        ) and not self._others(action)

    def _others(self, action: LiveAction) -> bool:
        """Whether the action names a queue or agent that is not visible."""
        return bool(action.queue and not self._scope.sees_queue(action.queue)) or bool(
            action.agent and not self._scope.sees_agent(action.agent)
        )

    def _note(self, id: UUID, *, seen: bool) -> None:
        self._calls.pop(id, None)
        self._calls[id] = seen
        if len(self._calls) > _KEPT:
            del self._calls[next(iter(self._calls))]
