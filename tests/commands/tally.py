"""A small aggregate with its commands, to test the command bus: a tally that counts up to a limit and has a secret."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from typing import ClassVar
from uuid import UUID, uuid4

from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command, Done, DoneWith, HandlerContext, Receipt, Result, handles
from domain.base import Aggregate, Event, EventMetadata, Personal
from domain.errors import Refused
from domain.ids import company_id
from domain.refusals import UNKNOWN

TENANT = company_id("Empresa")
OTHER = company_id("Outra")
LIMIT = 5


def caller(key: str = "", tenant: UUID = TENANT, *permissions: str) -> Caller:
    return Caller(tenant, "tester", frozenset(permissions or ("count",)), key, "test")


class Noon:
    def now_us(self) -> int:
        return 1_800_000_000_000_000


class Counted(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "tally.counted"
    by: int
    secret: Personal | None = None


class Tally(Aggregate):
    KIND = "tally"
    EVENTS = Counted

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.total = 0
        self.secret: Personal | None = None

    def count(self, by: int, secret: Personal | None, metadata: EventMetadata) -> None:
        self.trigger(Counted, metadata, metadata.recorded_at, by=by, secret=secret)
        if self.total > LIMIT:
            raise Refused("queue-active", "too much")

    def apply(self, event: Event) -> None:
        assert isinstance(event, Counted)
        self.total += event.by
        self.secret = event.secret or self.secret


class TallyNow(Result, frozen=True, kw_only=True):
    total: int
    contact: UUID | None
    protocol: int | None


class Count(Command, frozen=True, kw_only=True):
    permission: ClassVar[str] = "count"
    RESULT: ClassVar[type[Result]] = TallyNow
    tally: UUID
    by: int = 1
    phone: str = ""
    protocol: bool = False

    def concerns(self, tenant: UUID) -> tuple[UUID, ...]:
        return (self.tally,)


class Look(Command, frozen=True, kw_only=True):
    permission: ClassVar[str] = "count"
    tally: UUID


# A kind of the product has a code of its own.
UNKNOWN[Tally.KIND] = "contact-unknown"


@handles(Count)
def count(command: Count, context: HandlerContext) -> DoneWith[TallyNow]:
    tally = context.load(Tally, command.tally) or context.add(Tally(command.tally, context.tenant))
    contact = context.contact_for(command.phone) if command.phone else None
    tally.count(command.by, Personal(contact, command.phone) if contact else None, context.metadata)
    protocol = context.next_protocol() if command.protocol else None
    return DoneWith(tally, TallyNow(total=tally.total, contact=contact, protocol=protocol))


@handles(Look)
def look(command: Look, context: HandlerContext) -> Done:
    return Done(context.get(Tally, command.tally))


def asked_while(bus: CommandBus, held: AbstractContextManager[object]) -> tuple[bool, Receipt]:
    """Whether a command sent while something is held was executed before the release; and its receipt after the release."""

    async def count_while_held() -> tuple[bool, Receipt]:
        with held:
            asking = asyncio.ensure_future(bus.execute_soon(Count(tally=uuid4()), caller()))
            for _ in range(100):
                await asyncio.sleep(0)
            done_meanwhile = asking.done()
        return done_meanwhile, await asking

    return asyncio.run(count_while_held())
