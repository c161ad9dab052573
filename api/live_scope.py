"""The scope of one client of the live stream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from api.live_messages import AgentMessage, InteractionMessage, IvrMessage, LiveAction, LiveMessage, QueueMessage
from domain.access import Asker
from domain.ids import queue_id

_KEPT = 10_000
_TAKEN = ("answered", "dialled")
"""Facts that make a call an agent's; a ring alone does not."""


class LiveScope:
    """Restricts the messages of a company to what the user may see, as the rows of queries are restricted.

    An action that names a queue and an agent is checked by these. One that names none is checked by its call. Whether a call is visible is learnt from
    earlier actions, and for a call that began before the stream from the rows, once. What an agent does is visible while the agent belongs to a
    visible queue, and so is the login by which that begins and the logout by which it ends; before an agent's first message, the rows know it.
    """

    def __init__(
        self, asker: Asker, seen_in_rows: Callable[[UUID], Awaitable[bool]], belonged_in_rows: Callable[[UUID], Awaitable[bool]]
    ) -> None:
        """belonged_in_rows: whether an agent belonged to a visible queue where the stream begins."""
        self._scope = asker.scope
        self._permissions = asker.permissions
        self._queues = None if self._scope.queues is None else {queue_id(asker.tenant, name) for name in self._scope.queues}
        self._seen_in_rows = seen_in_rows
        self._belonged_in_rows = belonged_in_rows
        self._calls: dict[UUID, bool] = {}
        self._agents: dict[UUID, bool] = {}

    async def of(self, message: LiveMessage) -> LiveMessage | None:
        """The message as far as the user may see it; None if they may see nothing of it."""
        if message.PERMISSION not in self._permissions:
            return None
        if self._scope.is_whole:
            return message
        match message:
            case InteractionMessage():
                return await self._of_call(message)
            case AgentMessage():
                return await self._of_agent(message)
            case QueueMessage(queue_id=queue):
                return message if self._queues is None or queue in self._queues else None
            case IvrMessage():
                return message
            case _:
                # Messages about coverage and unreadable events name nobody.
                return message

    async def _of_agent(self, message: AgentMessage) -> AgentMessage | None:
        id, steps = message.agent_id, message.steps
        queues = [queue for queue in message.queues if not queue or self._scope.sees_queue(queue)]
        left = [action for action in steps if not action.queue or self._scope.sees_queue(action.queue)]
        belongs = self._scope.queues is None or bool(queues)
        if belongs or any(action.queue for action in left):
            before = True
        else:
            before = self._agents[id] if id in self._agents else await self._belonged_in_rows(id)
        self._agents[id] = belongs
        if not before or not self._scope.sees_agent(message.agent) or (steps and not left):
            return None
        return message.model_copy(update={"queues": queues, "steps": left})

    async def _of_call(self, message: InteractionMessage) -> InteractionMessage | None:
        id = message.interaction
        own = [action for action in message.steps if self._own(action)]
        if own and (self._scope.people is None or any(action.kind in _TAKEN for action in own)):
            self._note(id, seen=True)
        elif id not in self._calls:
            self._note(id, seen=await self._seen_in_rows(id))
        steps = [action for action in message.steps if self._own(action) or (self._calls[id] and not self._others(action))]
        if not steps and (message.steps or not self._calls[id]):
            return None
        return message.model_copy(update={"steps": steps})

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
