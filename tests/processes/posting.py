"""A center with webhooks: its calls, the process manager that queues their messages, and a sender with a receiver that a test instructs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command, Receipt
from commands.interactions import EndCall, OfferCall, StartCall
from commands.queues import RegisterQueue
from commands.webhooks import CreateWebhook
from domain.access import PERMISSIONS
from domain.errors import AlreadyExists
from domain.webhook_destinations import Destinations
from domain.webhooks import Webhook
from processes.execution import Execution
from processes.manager import Ports
from processes.webhook_posts import Answer, Poster
from processes.webhook_sender import WebhookSender
from processes.webhooks import Webhooks
from projections.queries.webhooks import all_webhooks, known_before
from store import webhook_deliveries as queue
from store.event_store import Store, project
from store.webhook_deliveries import Delivery
from tests.commands.tally import TENANT
from tests.kit.clocks import Settable

URL = "https://crm.example.com/atende"
KINDS = ("interaction.arrived", "interaction.offered", "interaction.hung_up")
OK = Answer(200)
AWAY = Answer(0, "no connection: ConnectError")
WRONG = Answer(500, "the receiver refused it")
GONE = Answer(410, "the receiver refused it")


@dataclass(frozen=True)
class Post:
    """A post that the receiver got."""

    url: str
    headers: dict[str, str]
    body: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def step(self) -> tuple[str, str]:
        """The interaction, and what happened to it."""
        return self.message["data"]["id"], self.message["type"]


class Receiver(Poster):
    """Answers each post as a test says."""

    def __init__(self) -> None:
        super().__init__(Destinations())
        self.posts: list[Post] = []
        self.answer: Callable[[Post], Answer] = lambda _: OK
        self.silent = ""
        """The URL that answers no post."""
        self.at_once: dict[str, int] = {}
        self.most_at_once: dict[str, int] = {}

    async def post(self, company: UUID, url: str, headers: dict[str, str], body: str) -> Answer:
        post = Post(url, headers, body)
        self.posts.append(post)
        self.at_once[url] = self.at_once.get(url, 0) + 1
        self.most_at_once[url] = max(self.most_at_once.get(url, 0), self.at_once[url])
        for _ in range(3):
            await asyncio.sleep(0)
        if url == self.silent:
            await asyncio.Event().wait()
        self.at_once[url] -= 1
        return self.answer(post)

    def steps(self, call: UUID) -> list[str]:
        """What was posted about a call, in the order of the posts."""
        return [what for id, what in (post.step for post in self.posts) if id == str(call)]


class Posting:
    """Everything over one store, driven step by step."""

    def __init__(self, store: Store) -> None:
        self.clock = Settable()
        self.store = store
        self.bus = CommandBus(store, self.clock)
        self.receiver = Receiver()
        self.begin()
        self.execution.progress.register()

    def begin(self) -> None:
        """As after a crash: all that is known is what was saved."""
        ports = Ports(
            lambda *_: [], lambda: 0, lambda _: 0, lambda: all_webhooks(self.store), lambda event: known_before(self.store, event)
        )
        self.execution = Execution(Webhooks(ports), self.bus)
        self.sender = WebhookSender(self.bus, self.receiver)

    def do(self, command: Command, tenant: UUID = TENANT) -> Receipt:
        return self.bus.execute(command, Caller(tenant, "user:test", frozenset(PERMISSIONS)))

    def create(self, tenant: UUID = TENANT, url: str = URL, events: tuple[str, ...] = KINDS, **filters: Any) -> Receipt:
        return self.do(CreateWebhook(url=url, events=events, **filters), tenant)

    def call(self, tenant: UUID = TENANT, queue: str = "vendas") -> UUID:
        """A call that comes in, is offered and ends: three messages."""
        call = self.do(StartCall(call=uuid4().hex, from_number="+5511987654321"), tenant).id
        self.clock.pass_s(1)
        with suppress(AlreadyExists):
            self.do(RegisterQueue(name=queue), tenant)
        self.do(OfferCall(interaction=call, queue=queue), tenant)
        self.clock.pass_s(1)
        self.do(EndCall(interaction=call), tenant)
        return call

    def queued(self) -> None:
        """Let the process manager do what there is to do."""
        for _ in range(4):
            self.execution.round()
        assert (self.execution.figures.failures, self.execution.figures.position) == (0, self.store.head())

    def post(self) -> None:
        """Post everything that is due now, and what is due after that."""
        self.queued()

        async def all_due() -> None:
            for _ in range(1_000):
                tasks = await self.sender.look()
                if not tasks:
                    return
                await asyncio.gather(*tasks)
                await asyncio.sleep(0)
            raise AssertionError("there is always more due")

        asyncio.run(all_due())
        self.queued()

    def wait(self, seconds: float) -> None:
        """Time passes, and what is due then is posted."""
        self.clock.pass_s(seconds)
        self.post()

    def deliveries(self, webhook: UUID, status: str = "") -> list[Delivery]:
        """The oldest first."""
        return queue.page(self.store.recorder.db, webhook, 2**62, 1_000, status)[::-1]

    def webhook(self, id: UUID) -> Webhook:
        found = project(self.store.stream(id), Webhook)
        assert found is not None
        return found


HOUR = 3_600
DAY = 24 * HOUR
