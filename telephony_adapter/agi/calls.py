"""What the IVR knows and records of its calls: settings and blacklist from the log, each step as a fact of the call.

The facts carry the PBX's clock and the id by which its AMI stream names the call, so the IVR's steps and what AMI shows of the same channel are one
interaction. AMI shows no step of a call that runs AGI (it reports applications of the dialplan), so no step is recorded twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from commands.callbacks import RequestCallback
from commands.command_bus import CommandBus
from commands.contacts import known_contact
from commands.handler_context import Caller, Command
from commands.observations import ObserveCall
from domain.errors import DomainError, VersionConflict
from domain.ids import interaction_id, ivr_id, queue_id
from domain.ivr import Ivr
from domain.personal_data import has_number_of_person, keyed_option
from domain.queues import Queue
from domain.voice.facts import CallKind, Fact
from domain.voice.interactions import Interaction
from domain.voice.outbound_and_ivr import BY_IVR
from store.event_store import project

log = logging.getLogger(__name__)

_TRIES = 5


class UnknownIvr(Exception):
    """There is no IVR of this name, or it was deleted."""


@dataclass(frozen=True)
class Calls:
    """The calls of one company's IVRs. caller: as whom the commands run. Its methods wait for the store: call them in a thread."""

    bus: CommandBus
    caller: Caller

    def ivr(self, name: str) -> Ivr:
        """The IVR of this name, as it is now. Raises UnknownIvr."""
        found = project(self.bus.store.stream(ivr_id(self.caller.tenant, name)), Ivr)
        if found is None or not found.exists:
            raise UnknownIvr(name)
        return found

    def is_blocked(self, ivr: Ivr, number: str) -> bool:
        """Whether calls from this number are turned away."""
        if not ivr.blocked or not has_number_of_person(number):
            return False
        contact = known_contact(self.bus.store, self.caller.tenant, phone=number)
        return contact is not None and contact.id in ivr.blocked

    def spelling(self, queue: str) -> str:
        """The name by which Asterisk knows a queue: its first one."""
        found = project(self.bus.store.stream(queue_id(self.caller.tenant, queue)), Queue)
        return found.spelling if found is not None and found.spelling else queue

    def protocol(self, call: str) -> str:
        """The protocol number of a call of which something was recorded."""
        found = project(self.bus.store.stream(interaction_id(self.caller.tenant, call)), Interaction)
        return str(found.call.protocol) if found is not None and found.call is not None else ""

    def record(self, call: str, kind: CallKind, at_us: int, text: str = "") -> None:
        """Record a step of the IVR. What the caller keyed goes to `record_keys`."""
        self._execute(ObserveCall(call=call, facts=(Fact(kind, at_us, "ami", by=BY_IVR, text=text, ref=f"agi:{kind}"),)))

    def record_keys(self, call: str, keys: str, options: Sequence[str], at_us: int) -> None:
        """Record what the caller keyed: what is no option of the menu may identify a person, so it is a personal datum."""
        text, private = keyed_option(keys, options)
        fact = Fact("ivr_option", at_us, "ami", by=BY_IVR, text=text, private=private, ref="agi:ivr_option")
        self._execute(ObserveCall(call=call, facts=(fact,)))

    def request_callback(self, call: str, ivr: str, queue: str, number: str, at_us: int) -> None:
        """Record that the caller asked to be called back."""
        self._execute(RequestCallback(call=call, ivr=ivr, queue=queue, number=number, at=at_us))

    def _execute(self, command: Command) -> None:
        """Execute it. A version conflict is another process that records something of the same call."""
        for left in reversed(range(_TRIES)):
            try:
                self.bus.execute(command, self.caller)
            except VersionConflict:
                if not left:
                    raise
            except DomainError as error:
                log.warning("agi step refused command=%s code=%s", type(command).__name__, error.code)
                return
            else:
                return


CallsOf = Callable[[str, str], Calls]
"""The calls of the company of a name ("" = the oldest), for a connection from an address.

Raises LookupError for a company that does not exist, NotAdmitted for an address that is none of its Asterisks.
"""
