"""The PBX as effects see it: actions over the AMI connection that also reads, ARI for what AMI cannot do, and what Atende says now."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from commands.handler_context import Command
from domain.base import Aggregate
from domain.ids import PLACED
from domain.names import identity
from domain.voice.interaction_events import InteractionEvent
from settings import Asterisk
from store.event_store import Store, project
from store.media import SealedMedia
from telephony_adapter.ami.connection import Answer, Connection
from telephony_adapter.ami.own_actions import Kind, OwnActions

if TYPE_CHECKING:
    import httpx2

A = TypeVar("A", bound=Aggregate)

Row = dict[str, str]
"""A row of QueueStatus: `QueueParams` of a queue, or `QueueMember` of one of its members."""

_ARI_TIMEOUT_S = 10.0
_ALREADY = ("Already there", "Not there")
_LATER_S = 10.0
"""So much later than the end of its ringing the outcome of a call may come."""


class PbxRefuses(Exception):
    """The PBX refused an action. The message is the PBX's own, without any value of the action."""

    def __init__(self, action: str, message: str) -> None:
        super().__init__(f"{action}: {message}")
        self.action = action
        self.message = message

    @property
    def is_so_already(self) -> bool:
        """Whether a queue has a member already that was to be added, or has none that was to be removed."""
        return any(said in self.message for said in _ALREADY)


@dataclass(frozen=True)
class Pbx:
    """A connected PBX of the company `tenant`.

    asterisk: its setting. ari: a client of its ARI whose base is `/ari/`; None if the setting has none. now_us: Atende's clock (microseconds).
    sessions: the names of the agents that are logged in according to Atende. queues: the ids of its queues. media: where recordings are kept, None if nothing is recorded.
    own: what is done here with members of queues. busy: a lock for each agent whose memberships are changed. report: execute a command later, in another thread: what comes of an effect after it was performed.
    """

    asterisk: Asterisk
    tenant: UUID
    connection: Connection
    store: Store
    now_us: Callable[[], int]
    ari: httpx2.Client | None = None
    sessions: Callable[[], list[str]] = list
    queues: Callable[[], list[UUID]] = list
    media: SealedMedia | None = None
    report: Callable[[Command], None] = lambda _: None
    own: OwnActions = field(default_factory=OwnActions)
    busy: dict[str, Lock] = field(default_factory=dict)

    def action(self, name: str, **fields: object) -> Answer:
        """Send an AMI action and return its answer. Raises PbxRefuses, ConnectionEnded, NoAnswer."""
        return _accepted(name, self.connection.send_action({"Action": name, **fields}))

    def alone_with(self, agent: str) -> Lock:
        """To be held while the agent's memberships are read and changed: two effects that do that at once would undo each other's."""
        return self.busy.setdefault(identity(agent), Lock())

    def change_member(self, kind: Kind, action: str, queue: str, interface: str, **fields: object) -> None:
        """Add, remove or pause a member of a queue. kind: what its event means. Raises as `action`."""
        self.own.begin(kind, action, queue, interface)
        try:
            self.action(action, Queue=queue, Interface=interface, **fields)
        except PbxRefuses:
            self.own.cancel(kind, action, queue, interface)
            raise

    def rows(self, name: str, **fields: object) -> list[dict[str, str]]:
        """Send an AMI action whose answer is a list; the headers of each of its events. Raises PbxRefuses, ConnectionEnded, NoAnswer."""
        return _accepted(name, self.connection.list_apart(name, **fields)).items

    def tells_of(self, interaction: UUID, call: str) -> bool:
        """Whether a source has told of the call, or Atende has had it placed.

        A client of the API may give a call any id, also that of a channel whose talk is nobody's business: such a call is neither recorded nor listened to.
        """
        told = (fact.clock for event in self.store.stream(interaction) if isinstance(event, InteractionEvent) for fact in event.facts)
        return call.startswith(PLACED) or any(clock != "live" for clock in told)

    def is_trunk(self, interface: str) -> bool:
        """Whether it is the line by which calls go out, which is nobody's telephone, whoever has chosen it."""
        return self.asterisk.trunk != "" and identity(interface) == identity(f"PJSIP/{self.asterisk.trunk}")

    def ring(self, interface: str, rings_ms: int, **fields: object) -> bool:
        """Let a telephone ring for so long, at most; returns whether it was answered. Then it does what `fields` of Originate say. Raises as `action`."""
        if self.is_trunk(interface):
            raise PbxRefuses("Originate", "the trunk is nobody's telephone")
        outcome = self.connection.outcome(
            "OriginateResponse", rings_ms / 1_000 + _LATER_S, "Originate", Channel=interface, Timeout=rings_ms, Async="true", **fields
        )
        return _accepted("Originate", outcome).items[0].get("Response") == "Success"

    def load(self, kind: type[A], id: UUID) -> A | None:
        """The aggregate as Atende has it now; None if there is none."""
        recorder, mapper = self.store.recorder, self.store.mapper
        if not kind.STATE_IN_EVENT:
            return project(self.store.stream(id), kind)
        return project(map(mapper.to_domain_event, recorder.select_events(id, desc=True, limit=1)), kind)


def _accepted(name: str, answer: Answer) -> Answer:
    if not answer.succeeded:
        raise PbxRefuses(name, answer.headers.get("Message", "refused"))
    return answer


def ari_client(asterisk: Asterisk) -> httpx2.Client | None:
    """A client of the ARI of the setting; None if it has none. The caller closes it."""
    if not asterisk.ari:
        return None
    import httpx2

    return httpx2.Client(
        base_url=f"{asterisk.ari}/ari/",
        auth=(asterisk.ari_user, asterisk.ari_secret),
        timeout=_ARI_TIMEOUT_S,
        trust_env=False,
    )


def trouble_with_ari(asterisk: Asterisk) -> str:
    """Why ARI of the setting cannot be used; "" if it answers."""
    import httpx2

    client = ari_client(asterisk)
    if client is None:
        return "is not in the setting"
    with closing(client):
        try:
            status = client.get("asterisk/info").status_code
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return f"does not answer: {type(error).__name__}"
    return "" if status == httpx2.codes.OK else f"answers {status}"
