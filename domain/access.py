"""Access rules: the permissions, the scope of a reader, and the rule of acting on behalf of another agent.

Every command and every query names one permission. A query is also answered within a `Scope`: which queues and agents of the company
the caller may see.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, get_args
from uuid import UUID

from domain.errors import NotAllowed, PermissionMissing
from domain.refusals import NotAllowedCode

Permission = Literal[
    "gerenciar-empresas",  # companies, access to the platform
    "gerenciar-service",  # queues (Serviços)
    "gerenciar-usuário",  # users, and which agent belongs to which user
    "gerenciar-tag",  # tags (tabulações)
    "gerenciar-phone",  # telephone numbers and IVRs (URA)
    "gerenciar-contatos",  # contacts
    "gerenciar-text",  # shortcuts
    "gerenciar-relatorio",  # reports
    "gerenciar-produtos",  # products
    "gerenciar-canais",  # channels
    "gerenciar-pa",  # the agent's screen, and nothing else
    "gerenciar-call",  # the softphone
    "tela-atendimento",  # the queue of voice and chat, tags, transfers
    "gerenciar-atendimento",  # the monitor of interactions
    "gerenciar-canais-email",
    "gerenciar-canais-boteria",
    "gerenciar-canais-whats",
    "gerenciar-conectores",  # connectors: webhooks out
    "gerenciar-blacklist",
    "gerenciar-api",  # integrations: telephony sources among them
    "gerenciar-pause",  # pause reasons
    "gerenciar-pesquisa",  # surveys
    "gerenciar-pesquisa-relatorio",  # reports of surveys
    # The manual has no names for these.
    "gerenciar-agentes",  # acting for agents other than one's own
    "gerenciar-chaves",  # API keys: who may make and revoke them
    "ouvir-gravacoes",  # listening to recordings of calls
    "supervisionar-ligacoes",  # calls of others: listening, whispering, joining, ending, taking over
    "anonimizar-contatos",  # making a contact's personal data unreadable for ever: the privacy officer's
]
"""The permissions of users and of API keys, by the names of the portal's manual."""

PERMISSIONS: tuple[Permission, ...] = get_args(Permission)

MANAGE_COMPANIES: Final[Permission] = "gerenciar-empresas"
MANAGE_QUEUES: Final[Permission] = "gerenciar-service"
MANAGE_USERS: Final[Permission] = "gerenciar-usuário"
MANAGE_PHONES: Final[Permission] = "gerenciar-phone"
MANAGE_BLACKLIST: Final[Permission] = "gerenciar-blacklist"
MANAGE_CONTACTS: Final[Permission] = "gerenciar-contatos"
FORGET_CONTACTS: Final[Permission] = "anonimizar-contatos"
REPORTS: Final[Permission] = "gerenciar-relatorio"
ATTEND: Final[Permission] = "gerenciar-atendimento"
OBSERVE: Final[Permission] = "gerenciar-api"
SUPERVISE: Final[Permission] = "supervisionar-ligacoes"
ACT_FOR_OTHERS: Final[Permission] = "gerenciar-agentes"
LISTEN: Final[Permission] = "ouvir-gravacoes"
MANAGE_KEYS: Final[Permission] = "gerenciar-chaves"
MANAGE_WEBHOOKS: Final[Permission] = "gerenciar-conectores"

LimitedKeyPermission = Literal[
    "gerenciar-relatorio",
    "gerenciar-atendimento",
    "ouvir-gravacoes",
    "supervisionar-ligacoes",
    "gerenciar-service",
    "gerenciar-usuário",
    "gerenciar-empresas",
]
"""The permissions that open a question about a part of the company, so that an API key which is limited to some queues, and only reads, has a use for them."""

KeyPermission = Literal[
    LimitedKeyPermission,
    "gerenciar-phone",
    "gerenciar-blacklist",
    "anonimizar-contatos",
    "gerenciar-api",
    "gerenciar-agentes",
    "gerenciar-chaves",
    "gerenciar-conectores",
]
"""The permissions of which an API key has a use. The others are a person's, or belong to what the API does not offer yet."""

USED_BY_LIMITED_KEYS: Final[frozenset[str]] = frozenset(get_args(LimitedKeyPermission))
USED_BY_KEYS: Final[frozenset[str]] = frozenset(get_args(KeyPermission))

ANYONE: Final = ""
"""No permission is needed: the command contains its own proof (a one-time link), or the query is open to every user of the company."""

Level = Literal["admin", "manager", "user"]


@dataclass(frozen=True)
class Group:
    """Some agents of a company under one name. The group's leader sees their data."""

    name: str
    agents: frozenset[str]


@dataclass(frozen=True)
class Scope:
    """What the caller of a query may see of a company. None: no restriction of that kind.

    queues: names, including former names. agents: names. groups: those that the caller leads; their agents are visible in addition to `agents`.
    Something is visible when every restriction allows it. A visit is checked by its queue and by the agent who answered it, so a visit that
    nobody answered is not visible to a caller who may see only certain agents.
    """

    queues: frozenset[str] | None = None
    agents: frozenset[str] | None = None
    groups: tuple[Group, ...] | None = None

    @classmethod
    def whole_company(cls) -> Scope:
        """No restriction."""
        return WHOLE_COMPANY

    @property
    def is_whole(self) -> bool:
        """Whether everything of the company may be seen."""
        return self.queues is None and self.people is None

    @cached_property
    def people(self) -> frozenset[str] | None:
        """The names of the agents who may be seen, by themselves or by their groups; None: all."""
        if self.agents is None and self.groups is None:
            return None
        return frozenset(self.agents or ()).union(*(group.agents for group in self.groups or ()))

    def must_be_whole(self) -> None:
        """Refuse (NotAllowed) an asker who does not see the whole company: what only a part of the calls tells would be wrong."""
        if not self.is_whole:
            raise NotAllowed("scope-too-narrow", "this API key is limited to its queues, and this is about the whole company")

    def sees_queue(self, name: str) -> bool:
        """Whether the queue of this name may be seen."""
        return self.queues is None or name in self.queues

    def sees_agent(self, name: str) -> bool:
        """Whether the agent of this name may be seen."""
        return self.people is None or name in self.people

    def queues_of(self, names: Iterable[str]) -> list[str]:
        """Those of these queues that may be seen, in their order."""
        return [name for name in names if self.sees_queue(name)]

    def agents_of(self, names: Iterable[str]) -> list[str]:
        """Those of these agents who may be seen, in their order."""
        return [name for name in names if self.sees_agent(name)]


WHOLE_COMPANY = Scope()


@dataclass(frozen=True, slots=True)
class Asker:
    """The caller of a query: the company, the permissions and the scope. user: None for the operator.

    is_screen: a screen of a wall, which has no permission and may run the queries that are registered for screens.
    """

    tenant: UUID
    permissions: frozenset[str]
    scope: Scope
    user: UUID | None = None
    is_screen: bool = False

    def must_have(self, permission: str) -> None:
        """Raises NotAllowed when the caller lacks the permission."""
        if permission != ANYONE and permission not in self.permissions:
            raise PermissionMissing(permission)


@dataclass(frozen=True, slots=True)
class Actor:
    """A user, or an API key, that sends a command. Sources, the deployment's own integrations and process managers are not actors.

    user: the id of the user or of the key. is_key: an API key. reads_only: an API key that is limited to some queues; it sends no commands.
    """

    user: UUID
    level: Level
    permissions: frozenset[str]
    is_key: bool = False
    reads_only: bool = False

    def must_have(self, permission: str) -> None:
        """Refuse (NotAllowed) a command that needs a permission which the actor lacks."""
        if permission not in self.permissions:
            raise PermissionMissing(permission)

    def must_not_only_read(self) -> None:
        """Refuse (NotAllowed) any command of an actor that only reads: a command may change more than what the actor sees."""
        if self.reads_only:
            raise NotAllowed("api-key-reads-only", "an API key that is limited to some queues only reads")


_BELOW: Final[dict[Level, tuple[Level, ...]]] = {"admin": ("manager", "user"), "manager": ("user",), "user": ()}


def must_be_above(actor: Actor | None, user: UUID, level: Level) -> None:
    """Refuse (NotAllowed) to change the rights of oneself, or of a user who is not below one's own level. The operator (None) is above all."""
    if actor is None:
        return
    if actor.user == user:
        raise NotAllowed("own-rights", "nobody changes their own rights")
    if level not in _BELOW[actor.level]:
        raise NotAllowed("level-too-low", f"a user of level {actor.level} does not manage users of level {level}")


def must_have_all(actor: Actor | None, level: Level, permissions: Iterable[str]) -> None:
    """Refuse (NotAllowed) to give a level or a permission that one does not have. The operator (None) has all."""
    if actor is None:
        return
    if level != actor.level and level not in _BELOW[actor.level]:
        raise NotAllowed("level-too-low", f"a user of level {actor.level} does not make users of level {level}")
    for permission in permissions:
        if permission not in actor.permissions:
            raise PermissionMissing(permission, f"nobody gives a permission that they do not have: {permission}")


def must_not_be_another_key(actor: Actor | None, key: UUID | None = None) -> None:
    """Refuse (NotAllowed) that an API key gets the secret of a key other than itself: one that it made would outlive it, its end and its revocation.

    key: the key that gets a new secret; None for a new key.
    """
    if actor is not None and actor.is_key and actor.user != key:
        raise NotAllowed("api-key-makes-keys", "an API key makes no other keys, and gives none a new secret: a user does")


def must_not_be_a_key(actor: Actor | None) -> None:
    """Refuse (NotAllowed) that an API key lets somebody in, by a new user, a link, a permission or by activating them: they would outlive its end and its revocation."""
    if actor is not None and actor.is_key:
        raise NotAllowed("api-key-makes-users", "an API key lets nobody in, and gives nobody a permission: a user does")


def acts_for_all(actor: Actor | None) -> bool:
    """Whether the actor may act for any agent of the company: a manager or an admin with the permission, or the operator (None)."""
    return actor is None or (actor.level != "user" and ACT_FOR_OTHERS in actor.permissions)


def must_act_for_all(actor: Actor | None, code: NotAllowedCode, message: str) -> None:
    """Refuse who may not act for any agent, with what is refused. Raises NotAllowed; it names the missing permission, unless the actor is of level user."""
    if actor is not None and not acts_for_all(actor):
        raise NotAllowed(code, message, "" if actor.level == "user" else ACT_FOR_OTHERS)


def acts_for_another(actor: Actor | None, owner: UUID | None, permission: str = ACT_FOR_OTHERS) -> bool:
    """Whether the actor acts on behalf of somebody else, as an agent that belongs to `owner` (None: to no user yet).

    Raises NotAllowed: a user of level user may act only as an agent of their own; a manager or an admin needs the permission to act for others.
    """
    if actor is None or actor.user == owner:
        return False
    if actor.level == "user":
        raise NotAllowed("agent-of-another-user", "a user of level user acts only as an agent that belongs to that user")
    if permission not in actor.permissions:
        raise PermissionMissing(permission)
    return True


def must_manage_agents_of(actor: Actor | None, user: UUID, level: Level) -> None:
    """Refuse (NotAllowed) to give a user an agent, or to take one from them: whoever has an agent acts as this agent.

    Users are managed below one's own level only. To oneself only those give agents who may act for others anyway.
    """
    if actor is None or actor.user != user:
        must_be_above(actor, user, level)
    else:
        acts_for_another(actor, None)
