"""Supervisors listen, whisper and join by ChanSpy on the exact channel of the agent, on one leg whose mode is switched; they hang up and take calls over."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from threading import Lock
from uuid import UUID

from commands.handler_context import Command
from commands.supervision import ConcludeSupervision, Outcome
from domain.agents import Agent
from domain.base import Event
from domain.companies import Company
from domain.ids import PULL, agent_id
from domain.names import identity
from domain.supervision import Mode, Reason, Supervised, SupervisionRequested
from telephony_adapter.ami.pbx_state import device
from telephony_adapter.control.dialling import auto_answer
from telephony_adapter.control.effects import Effect, Why
from telephony_adapter.control.pbx import Pbx

RINGS_MS = 20_000
_BEGINS_WITHIN_S = 5.0
_KEYS: dict[Mode, str] = {"listen": "4", "whisper": "5", "barge": "6"}
_SPIES = "qdES"
"""No beep; the mode is switched by keys; the leg ends with the call, and with the channel that is spied on."""
_TAKES = "xt"
"""The customer is hung up with the supervisor. With t the PBX hears the keys: without it, it would connect the two by a way on which the supervisor is not heard."""
_NORMAL_CLEARING = 16

Row = dict[str, str]
"""A channel, as CoreShowChannels lists it."""


class Supervising(Effect):
    """Does what supervisors ask for. The legs that last are kept, so that their ends are reported."""

    TOPICS = (SupervisionRequested.TOPIC,)

    def __init__(self) -> None:
        self._legs: dict[str, tuple[UUID, Mode]] = {}
        self._lock = Lock()

    def perform(self, event: Event, pbx: Pbx) -> Iterable[Command]:
        """Do it. The answer of the supervisor's telephone is awaited."""
        assert isinstance(event, SupervisionRequested)
        if not pbx.tells_of(event.of.interaction, event.of.call):
            return (_concluded(event, "failed", "refused"),)
        of, channels = event.of, pbx.rows("CoreShowChannels")
        customers, leg = _by_id(channels, of.call), _by_id(channels, of.leg)
        if event.mode == "leave":
            if leg is not None:
                pbx.action("Hangup", Channel=leg["Channel"], Cause=_NORMAL_CLEARING)
            return (_concluded(event, "ended"),)
        if customers is None:
            return (_concluded(event, "failed", "call-ended"),)
        if event.mode == "hang-up":
            pbx.action("Hangup", Channel=customers["Channel"], Cause=_NORMAL_CLEARING)
            return (_concluded(event, "done"),)
        if event.mode == "pull":
            return (_pull(event, pbx, customers, leg),)
        return (self._listen(event, pbx, channels, leg),)

    def unperformed(self, event: Event, why: Why) -> Iterable[Command]:
        """It failed, and why."""
        assert isinstance(event, SupervisionRequested)
        return (_concluded(event, "failed", why),)

    def resynchronise(self, pbx: Pbx) -> Iterable[Command]:
        """Legs that have ended while there was no connection."""
        with self._lock:
            legs = dict(self._legs)
        lasting = {row["Uniqueid"] for row in pbx.rows("CoreShowChannels")} if legs else set()
        for leg, (supervision, mode) in legs.items():
            if leg in lasting:
                self._watch(pbx, leg, supervision, mode, anew=True)
            else:
                self._ended(pbx, leg)
        return ()

    def _listen(self, event: SupervisionRequested, pbx: Pbx, channels: list[Row], leg: Row | None) -> Command:
        of = event.of
        if leg is None:
            agents = _channel_of(pbx, of, channels)
            if agents is None:
                return _concluded(event, "failed", "call-ended")
            begun = pbx.connection.expect("ChanSpyStart", "SpyerUniqueid", of.leg)
            if not _rings(pbx, of, Application="ChanSpy", Data=f"{agents['Channel']},{_SPIES}"):
                begun.cancel()
                return _concluded(event, "failed", "no-answer")
            leg = _begun(pbx, of.leg, begun)
            if leg is None:
                return _concluded(event, "failed", "call-ended")
            _tell_the_agent(pbx, of, agents)
        pbx.action("PlayDTMF", Channel=leg["Channel"], Digit=_KEYS[event.mode], Receive="true")
        self._watch(pbx, of.leg, event.originator_id, event.mode)
        return _concluded(event, "begun")

    def _watch(self, pbx: Pbx, leg: str, supervision: UUID, mode: Mode, *, anew: bool = False) -> None:
        with self._lock:
            known = leg in self._legs
            self._legs[leg] = supervision, mode
        if anew or not known:
            pbx.connection.expect("Hangup", "Uniqueid", leg).add_done_callback(partial(self._hung_up, pbx, leg))

    def _hung_up(self, pbx: Pbx, leg: str, seen: Future[None]) -> None:
        """In the thread that reads: nothing is done here but to hand it on. After a lost connection the next one shows what has ended."""
        if seen.exception() is None:
            self._ended(pbx, leg)

    def _ended(self, pbx: Pbx, leg: str) -> None:
        with self._lock:
            known = self._legs.pop(leg, None)
        if known is not None:
            supervision, mode = known
            pbx.report(ConcludeSupervision(supervision=supervision, leg=leg, outcome="ended", mode=mode))


def _begun(pbx: Pbx, id: str, begun: Future[None]) -> Row | None:
    """The supervisor's channel, when it listens; None if there is nothing to listen to any more, and then nobody is left on the telephone."""
    with suppress(TimeoutError):
        begun.result(_BEGINS_WITHIN_S)
    leg = _by_id(pbx.rows("CoreShowChannels"), id)
    if leg is not None and not begun.done():
        begun.cancel()
        pbx.action("Hangup", Channel=leg["Channel"], Cause=_NORMAL_CLEARING)
        return None
    return leg


def _pull(event: SupervisionRequested, pbx: Pbx, customers: Row, leg: Row | None) -> Command:
    """The supervisor's telephone is connected with the customer; the agent's is hung up by that."""
    if leg is not None:
        pbx.action("Hangup", Channel=leg["Channel"], Cause=_NORMAL_CLEARING)
    if _rings(pbx, event.of, Application="Bridge", Data=f"{customers['Channel']},{_TAKES}", ChannelId=f"{PULL}{event.of.call}"):
        return _concluded(event, "done")
    return _concluded(event, "failed", "no-answer")


def _concluded(event: SupervisionRequested, outcome: Outcome, reason: Reason = "") -> Command:
    return ConcludeSupervision(supervision=event.originator_id, leg=event.of.leg, outcome=outcome, mode=event.mode, reason=reason)


def _by_id(channels: list[Row], id: str) -> Row | None:
    return next((row for row in channels if row["Uniqueid"] == id), None)


def _channel_of(pbx: Pbx, of: Supervised, channels: list[Row]) -> Row | None:
    """The channel of the agent in this call: by the agent's telephones, or else the only other leg that is no half of a Local channel."""
    agent = pbx.load(Agent, agent_id(pbx.tenant, of.agent))
    phones = {identity(interface) for interface in agent.interfaces} if agent is not None else set()
    legs = [row for row in channels if row.get("Linkedid") == of.call and not row["Channel"].startswith("Local/")]
    others = [row for row in legs if row["Uniqueid"] != of.call]
    return next((row for row in legs if identity(device(row["Channel"])) in phones), others[0] if len(others) == 1 else None)


def _rings(pbx: Pbx, of: Supervised, **fields: object) -> bool:
    """Whether the supervisor's telephone was answered."""
    supervisor = pbx.load(Agent, agent_id(pbx.tenant, of.supervisor))
    if supervisor is None or not supervisor.interfaces:
        return False
    interface = supervisor.interfaces[0]
    rest = {"ChannelId": of.leg, "CallerID": f'"Atende" <{interface.rpartition("/")[2]}>', "Variable": auto_answer(supervisor)}
    return pbx.ring(interface, RINGS_MS, **(rest | fields))


def _tell_the_agent(pbx: Pbx, of: Supervised, agents: Row) -> None:
    """By a text on the agent's telephone, if the company wants it. One that shows no texts shows none."""
    company = pbx.load(Company, pbx.tenant)
    if company is not None and company.settings.supervision_notice:
        pbx.connection.send_action(Action="SendText", Channel=agents["Channel"], Message=f"Supervisor: {of.supervisor}")
