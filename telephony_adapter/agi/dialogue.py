"""Leads one call through the flow of an IVR (`domain.ivr_flow`): plays, waits for keys, hands the call to a queue, and records each step."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from domain.base import SECOND
from domain.ivr import Ivr
from domain.ivr_flow import START, Arrived, Input, Keyed, Measured, Returned, Step, next_step
from domain.ivr_settings import DIGITS, LONGEST_QUEUE_WAIT_MS, Message
from domain.personal_data import has_number_of_person
from domain.voice.facts import CallKind
from sounds.children import Stopping
from sounds.conversion import LONGEST_S
from sounds.folder import NotUploaded, Sounds
from sounds.speech import SpeechUnavailable
from telephony_adapter.agi.calls import Calls
from telephony_adapter.agi.session import ANSWERS_WITHIN_S, BrokenAgi, HungUp, Session

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_MORE_KEYS_MS = 700
"""After a key that is no option, further keys that come so fast belong to the same input: a CPF, a card."""
_MOST_KEYS = 20
_TALKS_WITHIN_S = 24 * 3600
"""The connection lasts as long as the caller waits and talks: a talk of a day is none."""
_GAVE_BACK = frozenset({"TIMEOUT", "FULL", "JOINEMPTY", "LEAVEEMPTY", "JOINUNAVAIL", "LEAVEUNAVAIL", "WITHDRAW"})
"""QUEUESTATUS of a caller whom nobody answered. After a key that the queue itself knows it is empty: the dialplan goes on where the key leads."""
_UNQUOTABLE = re.compile(r"[,()$\[\]{}|\"\\;\x00-\x1f]")


@dataclass
class Dialogue:
    """One call in an IVR. ahead_us: by how much the PBX's clock is ahead of Atende's."""

    session: Session
    calls: Calls
    sounds: Sounds
    now_us: Callable[[], int]
    ahead_us: int = 0

    async def run(self, ivr: Ivr) -> None:
        """Lead the call to its end, or to the place where the dialplan goes on. Raises HungUp, BrokenAgi."""
        session, calls = self.session, self.calls
        await session.command("ANSWER", within_s=30)
        await self._compare_clocks()
        await self._record("ivr_entered", ivr.spelling)
        blocked = await _thread(calls.is_blocked, ivr, session.number)
        protocol = await _thread(calls.protocol, session.call)
        call = Arrived(self._pbx_now_us(), blocked, protocol, has_number_of_person(session.number))
        state, step = next_step(ivr.settings, START, call)
        happened: Input | None = call
        while happened is not None:
            await self._record_step(ivr, happened, step)
            happened = await self._perform(ivr, step)
            if happened is not None:
                if isinstance(happened, Keyed) and state.phase == "choosing":
                    options = [option.digit for option in ivr.settings.menu]
                    await _thread(calls.record_keys, session.call, happened.keys, options, self._pbx_now_us())
                state, step = next_step(ivr.settings, state, happened)

    # Steps

    async def _perform(self, ivr: Ivr, step: Step) -> Input | None:
        """Do what a step says. Returns what happened then; None if the call has left the IVR."""
        key = await self._play(step.messages, is_asking=step.kind == "ask")
        match step.kind:
            case "ask":
                return Keyed(await self._keys(ivr, key, step.wait_ms))
            case "measure":
                return await self._measure(step.queue)
            case "queue":
                return await self._queue(step)
        await self.session.command("HANGUP")
        return None

    async def _keys(self, ivr: Ivr, key: str, wait_ms: int) -> str:
        """What the caller keys: an option, or all keys that follow fast on one that is none."""
        keys = key or await self._wait_for_key(wait_ms)
        options = {option.digit for option in ivr.settings.menu}
        while keys and keys not in options and len(keys) < _MOST_KEYS:
            more = await self._wait_for_key(_MORE_KEYS_MS)
            if not more:
                break
            keys += more
        return keys

    async def _wait_for_key(self, wait_ms: int) -> str:
        reply = await self.session.command("WAIT", "FOR", "DIGIT", str(wait_ms), within_s=wait_ms / 1_000 + ANSWERS_WITHIN_S)
        return reply.key

    async def _play(self, messages: tuple[Message, ...], *, is_asking: bool) -> str:
        """Play messages; a key ends them if the caller is asked for one. Returns the key."""
        # All are at hand before the first is played: a key that is pressed between two commands is lost in Asterisk.
        files = [await self._file(message) for message in messages]
        for file in files:
            if file is None:
                continue
            name = self.sounds.name_for_asterisk(file)
            reply = await self.session.command("STREAM", "FILE", name, DIGITS if is_asking else "", within_s=LONGEST_S + ANSWERS_WITHIN_S)
            if reply.key:
                return reply.key
            if reply.samples == 0:
                log.warning("agi message was not played: the Asterisk cannot read the folder of sounds (ATENDE_SOUNDS, ATENDE_AGI?sounds=)")
        return ""

    async def _file(self, message: Message) -> Path | None:
        """The file of a message; None, and a line in the log, if there is none: the call goes on without it."""
        try:
            return await _thread(self.sounds.file, self.calls.caller.tenant, message)
        except (NotUploaded, SpeechUnavailable, Stopping, OSError) as error:
            log.warning("agi message is silent reason=%s", type(error).__name__)
            return None

    async def _measure(self, queue: str) -> Measured:
        """How many wait, by Asterisk's own counters."""
        name = await _thread(self.calls.spelling, queue)
        if _UNQUOTABLE.search(name):
            return Measured(0)
        await self._variable(f"QUEUE_VARIABLES({name})")
        return Measured(_number(await self._variable("QUEUECALLS")), 1_000 * _number(await self._variable("QUEUEHOLDTIME")))

    async def _queue(self, step: Step) -> Returned | None:
        """Let the caller wait, and talk. None if the dialplan goes on."""
        name = await _thread(self.calls.spelling, step.queue)
        if _UNQUOTABLE.search(name):
            log.error("agi queue cannot be named: it has characters that mean something in a dialplan")
            return Returned()
        wait_s = min(step.wait_ms, LONGEST_QUEUE_WAIT_MS) // 1_000
        await self.session.command("EXEC", "Queue", f"{name},t,,,{wait_s}", within_s=wait_s + _TALKS_WITHIN_S)
        status = await self._variable("QUEUESTATUS")
        return Returned() if status in _GAVE_BACK else None

    async def _variable(self, expression: str) -> str:
        reply = await self.session.command("GET", "FULL", "VARIABLE", f"${{{expression}}}")
        return reply.value

    # Facts

    async def _record_step(self, ivr: Ivr, happened: Input, step: Step) -> None:
        """Record what the step means for the call's path, before the caller hears it."""
        match step.kind, step.reason:
            case "hang-up", "closed" | "holiday":
                await self._record("ivr_out_of_hours", ivr.spelling)
            case "hang-up", "blocked":
                await self._record("ivr_blacklisted", ivr.spelling)
            case "hang-up", _ if not isinstance(happened, Returned):
                await self._record("ivr_left", "hangup")
            case "callback", _:
                call, number = self.session.call, self.session.number
                await _thread(self.calls.request_callback, call, ivr.spelling, step.queue, number, self._pbx_now_us())
                await self._record("ivr_left", "callback")

    async def _record(self, kind: CallKind, text: str) -> None:
        await _thread(self.calls.record, self.session.call, kind, self._pbx_now_us(), text)

    # The clock

    async def _compare_clocks(self) -> None:
        """The clock of the PBX counts, as for everything else that it reports."""
        sent = self.now_us()
        text = await self._variable("STRFTIME(,,%s.%6q)")
        received = self.now_us()
        seconds, _, fraction = text.partition(".")
        if seconds.isdecimal() and fraction.isdecimal() and len(fraction) == 6:
            self.ahead_us = int(seconds) * SECOND + int(fraction) - (sent + received) // 2

    def _pbx_now_us(self) -> int:
        return self.now_us() + self.ahead_us


async def _thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await asyncio.to_thread(partial(function, *args, **kwargs))


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


__all__ = ["BrokenAgi", "Dialogue", "HungUp"]
