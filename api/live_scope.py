"""What one client of the live stream may see of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from api.live_messages import AgentMessage, InteractionMessage, IvrMessage, LiveMessage, LiveStep, QueueMessage
from domain.access import Asker
from domain.ids import queue_id

_KEPT = 10_000
_TAKEN = ("answered", "dialled")
"""By these a call becomes an agent's; one that only rang is not."""


class Sight:
    """Narrows the messages of a company to what the asker may see, as the rows of every query are narrowed.

    A step says itself whose it is when it names a queue and an agent. Where it names none it belongs to its call; which calls are seen is learnt from
    the steps before, and for a call that had begun before the stream from the rows, once.
    """

    def __init__(self, asker: Asker, seen_in_rows: Callable[[UUID], Awaitable[bool]]) -> None:
        self._scope = asker.scope
        self._permissions = asker.permissions
        self._queues = None if self._scope.queues is None else {queue_id(asker.tenant, name) for name in self._scope.queues}
        self._seen_in_rows = seen_in_rows
        self._calls: dict[UUID, bool] = {}

    async def of(self, message: LiveMessage) -> LiveMessage | None:
        """The message as far as it may be seen; None where nothing of it may."""
        if message.PERMISSION not in self._permissions:
            return None
        if self._scope.is_whole:
            return message
        match message:
            case InteractionMessage():
                return await self._of_call(message)
            case AgentMessage(name=name, steps=steps):
                if not self._scope.sees_agent(name):
                    return None
                left = [step for step in steps if not step.queue or self._scope.sees_queue(step.queue)]
                return message.model_copy(update={"steps": left}) if left or not steps else None
            case QueueMessage(queue=queue):
                return message if self._queues is None or queue in self._queues else None
            case IvrMessage():
                return message
            case _:
                # What a source covers, and what could not be told, name nobody.
                return message

    async def _of_call(self, message: InteractionMessage) -> InteractionMessage | None:
        id = message.interaction
        own = [step for step in message.steps if self._own(step)]
        if own and (self._scope.people is None or any(step.what in _TAKEN for step in own)):
            self._note(id, seen=True)
        elif id not in self._calls:
            self._note(id, seen=await self._seen_in_rows(id))
        steps = [step for step in message.steps if self._own(step) or (self._calls[id] and not self._others(step))]
        if not steps and (message.steps or not self._calls[id]):
            return None
        return message.model_copy(update={"steps": steps})

    def _own(self, step: LiveStep) -> bool:
        """Whether the step names by itself what may be seen, of every kind that is restricted."""
        return all(
            bool(name) and name in allowed
            for name, allowed in ((step.queue, self._scope.queues), (step.agent, self._scope.people))
            if allowed is not None
        ) and not self._others(step)

    def _others(self, step: LiveStep) -> bool:
        """Whether the step names what may not be seen."""
        return bool(step.queue and not self._scope.sees_queue(step.queue)) or bool(step.agent and not self._scope.sees_agent(step.agent))

    def _note(self, id: UUID, *, seen: bool) -> None:
        self._calls.pop(id, None)
        self._calls[id] = seen
        if len(self._calls) > _KEPT:
            del self._calls[next(iter(self._calls))]
