"""An agent with a lease whose client was not heard of for that long is logged out, at the instant due; nobody else is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from commands.agents import Heartbeat, LogIn, LogOut, PauseAgent, ResumeAgent
from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command
from commands.interactions import AnswerCall, OfferCall, StartCall
from commands.observations import ObserveAgent
from commands.queues import RegisterQueue
from domain.agent_events import LoggedOut
from domain.agents import Agent
from domain.base import SECOND
from domain.errors import AlreadyExists, InvalidField, Refused
from domain.ids import agent_id, interaction_id
from domain.users import PERMISSIONS
from domain.voice.facts import Fact
from processes.execution import Execution
from processes.leases import Leases
from processes.manager import Ports
from store.event_store import Store, project
from store.heartbeats import forget_all, last_heard
from store.process_progress import be_quiet
from store.storage_location import StorageLocation
from tests.kit.clocks import Settable
from tests.kit.stores import BOTH, location, on_server, own_database

__all__ = ["location", "on_server", "own_database"]

TENANT = uuid4()
CALLER = Caller(TENANT, "user:test", frozenset(PERMISSIONS))
ANA = agent_id(TENANT, "Ana")
MINUTE = 60


class Watched:
    """A center whose leases are watched by rounds that a test asks for."""

    def __init__(self, location: StorageLocation | Path) -> None:
        self.clock = Settable()
        self.store = Store(location)
        self.bus = CommandBus(self.store, self.clock)
        for queue in ("vendas", "a", "b"):
            with suppress(AlreadyExists):
                self.do(RegisterQueue(name=queue))
        self.begin()
        self.execution.progress.register()

    def begin(self) -> None:
        """As after a crash: all that is known is what was saved."""
        ports = Ports(lambda *_: [], lambda: 0, lambda agent: last_heard(self.store.recorder.db, agent))
        self.execution = Execution(Leases(ports), self.bus)

    def do(self, command: Command) -> None:
        self.bus.execute(command, CALLER)

    def wait(self, seconds: float) -> None:
        """Time passes, and each instant's timers are looked at."""
        self.clock.pass_s(seconds)
        self.look()

    def look(self) -> None:
        for _ in range(3):
            self.execution.round()
        assert self.execution.figures.failures == 0

    def agent(self, id: UUID = ANA) -> Agent:
        found = project(self.store.stream(id), Agent)
        assert found is not None
        return found

    def is_in(self) -> bool:
        return bool(self.agent().standing.queues)

    def logged_out(self) -> list[LoggedOut]:
        return [event for event in self.store.stream(ANA) if isinstance(event, LoggedOut)]


@pytest.fixture
def watched(location: StorageLocation) -> Iterator[Watched]:
    center = Watched(location)
    with closing(center.store):
        yield center


both = pytest.mark.parametrize("location", BOTH, indirect=True)


@both
def test_whoever_is_not_heard_of_is_logged_out_at_the_instant_due_and_the_event_says_why(watched: Watched) -> None:
    watched.do(LogIn(agent="Ana", queues=("vendas",), lease_ms=300_000))
    due = watched.clock.us + 5 * MINUTE * SECOND
    watched.wait(5 * MINUTE - 0.000_001)
    assert watched.is_in()
    watched.wait(120)
    assert not watched.is_in()
    (left,) = watched.logged_out()
    assert (left.occurred_at, left.facts[0].by, left.facts[0].kind) == (due, "lease", "logged_out")
    assert (left.actor, left.cause, left.lease_ms) == ("system:leases", "ExpireLease", 0)
    watched.wait(3600)
    assert len(watched.logged_out()) == 1


@both
def test_a_heartbeat_is_no_event_outlives_a_crash_and_renews_the_lease(watched: Watched) -> None:
    watched.do(LogIn(agent="Ana", lease_ms=300_000))
    position = watched.store.head()
    watched.wait(4 * MINUTE)
    watched.do(Heartbeat(agent="Ana"))
    assert watched.store.head() == position
    watched.begin()
    watched.wait(4 * MINUTE)
    assert watched.is_in()
    watched.wait(1 * MINUTE)
    assert not watched.is_in()
    assert watched.store.head() == position + 1


@both
def test_a_heartbeat_at_the_last_moment_counts(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.do(LogIn(agent="Ana", lease_ms=300_000))
    watched.look()
    watched.clock.pass_s(5 * MINUTE)
    decide = watched.execution.manager.on_timer

    def meanwhile(*asked: object) -> object:
        decisions = decide(*asked)  # type: ignore[arg-type]
        watched.do(Heartbeat(agent="Ana"))
        return decisions

    with monkeypatch.context() as patched:
        patched.setattr(watched.execution.manager, "on_timer", meanwhile)
        watched.look()
    assert watched.is_in()
    watched.wait(5 * MINUTE)
    assert not watched.is_in()


def test_whatever_the_agents_client_asks_for_counts_as_a_heartbeat(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "data")
    call = interaction_id(TENANT, "1.1")
    with closing(watched.store):
        watched.do(LogIn(agent="Ana", queues=("vendas",), lease_ms=300_000))
        for command in (
            PauseAgent(agent="Ana", reason="almoço"),
            ResumeAgent(agent="Ana"),
            StartCall(call="1.1"),
            OfferCall(interaction=call, queue="vendas"),
            AnswerCall(interaction=call, agent="Ana"),
        ):
            watched.do(command)
            watched.wait(1.2 * MINUTE)
        watched.wait(3.6 * MINUTE)
        assert watched.is_in()
        talk = watched.store.stream(call)
        watched.wait(5 * MINUTE)
        assert not watched.is_in()
        assert watched.store.stream(call) == talk, "a call that is being talked is left as it is"


def test_after_a_restore_without_heartbeats_clients_have_one_lease_to_be_heard_of(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "data")
    with closing(watched.store):
        watched.do(LogIn(agent="Ana", lease_ms=300_000))
        db = watched.store.recorder.db
        forget_all(db)
        be_quiet(db, watched.store.head())
        watched.wait(600 * MINUTE)
        assert watched.is_in()
        watched.wait(5 * MINUTE)
        assert watched.logged_out()[-1].occurred_at == watched.clock.us


def test_whoever_names_no_lease_is_never_logged_out_by_one(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "data")
    with closing(watched.store):
        watched.do(LogIn(agent="Ana", queues=("vendas",)))
        watched.do(Heartbeat(agent="Ana"))
        watched.wait(48 * 60 * MINUTE)
        assert watched.is_in()
        assert last_heard(watched.store.recorder.db, ANA) == 0


def test_what_a_source_tells_of_an_agent_renews_no_lease(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "data")
    with closing(watched.store):
        watched.do(LogIn(agent="Ana", queues=("vendas",), lease_ms=300_000))
        watched.wait(3 * MINUTE)
        watched.do(ObserveAgent(agent="Ana", facts=(Fact("seen", watched.clock.us, "ami", queue="vendas"),)))
        watched.wait(2 * MINUTE)
        assert not watched.is_in()


def test_a_lease_has_bounds_and_a_heartbeat_is_of_one_who_is_in(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "data")
    with closing(watched.store):
        for lease_ms in (59_999, 24 * 3600 * 1000 + 1):
            with pytest.raises(InvalidField, match="lease"):
                watched.do(LogIn(agent="Ana", lease_ms=lease_ms))
        watched.do(LogIn(agent="Ana", lease_ms=60_000))
        watched.do(LogOut(agent="Ana"))
        with pytest.raises(Refused, match="not logged in"):
            watched.do(Heartbeat(agent="Ana"))


class LeaseMachine(RuleBasedStateMachine):
    """Whatever agents and their clients do, and however often the process dies: out exactly when the last sign of life is a lease ago."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.center = Watched(Path(self._folder.name) / "data")
        self.lease_s: int | None = None
        self.heard = 0
        self.known = False
        self.inside = False

    @rule(minutes=st.sampled_from([None, 1, 3]), queue=st.sampled_from(["a", "b"]))
    def log_in(self, minutes: int | None, queue: str) -> None:
        self.center.clock.us += 1
        self.center.do(LogIn(agent="Ana", queues=(queue,), lease_ms=None if minutes is None else minutes * 60_000))
        if minutes is not None:
            self.lease_s = minutes * MINUTE
        self.inside = self.known = True
        self.heard = self.center.clock.us

    @precondition(lambda self: self.inside)
    @rule()
    def log_out(self) -> None:
        self.center.clock.us += 1
        self.center.do(LogOut(agent="Ana"))
        self._leaves()

    @precondition(lambda self: self.inside)
    @rule()
    def beat(self) -> None:
        self.center.do(Heartbeat(agent="Ana"))
        self.heard = self.center.clock.us

    @rule(seconds=st.sampled_from([1, 30, 59, 60, 61, 179, 180]))
    def wait(self, seconds: int) -> None:
        self.center.look()
        self.center.wait(seconds)
        if self.inside and self.lease_s is not None and self.center.clock.us >= self.heard + self.lease_s * SECOND:
            assert self.center.logged_out()[-1].occurred_at == self.heard + self.lease_s * SECOND
            self._leaves()

    @rule()
    def die(self) -> None:
        self.center.begin()

    def _leaves(self) -> None:
        self.inside, self.lease_s = False, None

    @invariant()
    def in_as_expected(self) -> None:
        if self.known:
            assert self.center.is_in() == self.inside

    def teardown(self) -> None:
        self.center.store.close()
        self._folder.cleanup()


TestLeaseMachine = LeaseMachine.TestCase
TestLeaseMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
