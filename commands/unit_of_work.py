"""The unit of work: commands that are decided one after the other and saved together."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

import msgspec
from eventsourcing.persistence import IntegrityError
from msgspec.structs import replace

from commands.command_text import as_json, refused_text
from commands.handler_context import DEPLOYMENT, HANDLERS, Caller, Command, HandlerContext, Receipt, RepeatedReceipt
from commands.outcomes import Alongside, Answer, Decision, Outcome, Repeat, Request
from commands.rights import current_actor
from domain.access import ANYONE
from domain.base import Aggregate, Event
from domain.errors import Barred, DomainError, NotAllowed, PermissionMissing, Refused, VersionConflict
from store.database import Database, NoRoom
from store.event_store import Store, project
from store.heartbeats import last_heard, note_heartbeats
from store.keyring import Additions
from store.receipts import ReceiptKey, StoredReceipt

log = logging.getLogger(__name__)

A = TypeVar("A", bound=Aggregate)

RECEIPT_VALID_US = 24 * 3600 * 1_000_000
"""How long a repeated idempotency key gets the first receipt (microseconds)."""


def _must_be_expected(about: Aggregate, caller: Caller) -> None:
    """Raises VersionConflict if the aggregate was changed since the caller has read it."""
    before = about.version - len(about.pending)
    if caller.expected_version not in (None, before):
        raise VersionConflict("it was changed since it was read: read it again")


class UnitOfWork:
    """The aggregates after the accepted commands, and what these commands will write. Used by one thread."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._since = store.recorder.known
        self.additions = Additions()
        self._loaded: dict[UUID, Aggregate] = {}
        self._read: dict[UUID, list[Event]] = {}
        self._without_events: set[UUID] = set()
        """Ids without events in the log."""
        self._waiting: dict[UUID, list[Event]] = {}
        self._keys: dict[ReceiptKey, Decision] = {}
        self._receipts: dict[ReceiptKey, StoredReceipt | None] = {}
        self.recorded_us = 0
        """When its last event was recorded (microseconds); 0 without one."""
        self._heartbeats: dict[UUID, int] = {}
        self._heard: dict[UUID, int] = {}
        """The stored last heartbeats (microseconds) by which commands were decided."""

    # What a handler context reads

    def prefetch(self, requests: Sequence[Request], now_us: int) -> None:
        """Read by few queries the aggregates and receipts that these commands will need."""
        ids = {id for command, caller in requests for id in command.concerns(caller.tenant)}
        ids.update(caller.user.user for _, caller in requests if caller.user is not None)
        missing = [id for id in ids if self.store.cached(id) is None]
        if len(missing) > 1:
            self._read = self.store.streams(missing)
            self._without_events.update(id for id in missing if id not in self._read)
        keys = {caller.receipt_key for _, caller in requests if caller.idempotency_key}
        if len(keys) > 1:
            self._receipts = {**dict.fromkeys(keys), **self.store.receipts.find_all(keys, now_us)}

    def load(self, kind: type[A], id: UUID) -> Aggregate | None:
        """The aggregate with all events accepted in this unit of work; None if it has none."""
        found = self._loaded.get(id)
        if found is None:
            found = self._found(kind, id)
            if found is None:
                return None
            self._loaded[id] = found
        found.history = lambda: self._stream(id)
        return found

    def _found(self, kind: type[A], id: UUID) -> Aggregate | None:
        waiting = self._waiting.get(id)
        if waiting is None:
            if id in self._without_events:
                return None
            cached = self.store.cached(id)
            if cached is not None:
                return cached
        if not kind.STATE_IN_EVENT:
            return project(self._stream(id), kind)
        return project(waiting[-1:] if waiting else self._logged(id, self.store.last), kind)

    def _stream(self, id: UUID) -> list[Event]:
        """All events of an aggregate, in the log and in this unit of work."""
        return [*self._logged(id, self.store.stream_of), *self._waiting.get(id, ())]

    def _logged(self, id: UUID, read: Callable[[UUID], list[Event]]) -> list[Event]:
        """The aggregate's events in the log: the prefetched ones, else those that `read` returns. An empty result is not read again in this unit of work."""
        if id in self._without_events:
            return []
        events = self._read.pop(id, None) or read(id)
        if not events:
            self._without_events.add(id)
        return events

    def exists(self, id: UUID) -> bool:
        """Whether this aggregate has any event."""
        return id in self._loaded or id in self._waiting or self.store.cached(id) is not None or self.store.recorder.position_of(id) > 0

    def last_heard(self, agent: UUID) -> int:
        """The last heartbeat of the agent's client (microseconds), 0 if there was none."""
        if agent in self._heartbeats:
            return self._heartbeats[agent]
        self._heard[agent] = last_heard(self.store.recorder.db, agent)
        return self._heard[agent]

    # Deciding

    def decide(self, command: Command, caller: Caller, now_us: int) -> Outcome:
        """Authorise the command and let its handler decide; a refused command leaves no trace."""
        try:
            caller = self._authorised(command, caller, now_us)
        except (NotAllowed, Barred) as refused:
            return refused
        if (refusal := refused_text(command, caller)) is not None:
            return refusal
        digest = b""
        if caller.idempotency_key:
            try:
                digest, repeat = self._repeat(command, caller, now_us)
            except Refused as used:
                return used
            if repeat is not None:
                return repeat
        context = HandlerContext(self, caller, command, now_us)
        try:
            done = HANDLERS[type(command)](command, context)
            assert type(done.result) is command.RESULT, f"{type(command).__name__} declares other results than {done.result}"
            result, shown_once = done.told()
            _must_be_expected(done.aggregate, caller)
        except BaseException as error:
            self._discard(context)
            if isinstance(error, DomainError):
                return error
            raise
        context.attribute(done.aggregate.id)
        events = self._accept(context, done.aggregate)
        expires_at = 0 if caller.keeps_receipts else now_us + RECEIPT_VALID_US
        keeps_digest = bool(context.additions.destroyed) and done.known_again
        decision = Decision(
            done.aggregate.id,
            done.aggregate.version,
            result,
            events,
            caller,
            digest,
            shown_once,
            keeps_digest,
            now_us,
            expires_at,
        )
        if caller.idempotency_key:
            self._keys[caller.receipt_key] = decision
        return decision

    def _authorised(self, command: Command, caller: Caller, now_us: int) -> Caller:
        """The caller with the rights that the log gives it now. Raises NotAllowed, Barred."""
        permission = command.permission
        if permission != ANYONE and permission not in caller.permissions:
            raise PermissionMissing(permission)
        actor = current_actor(self, caller, permission, now_us)
        if actor is None:
            return caller
        actor.must_not_only_read()
        if command.permission_for_others == DEPLOYMENT:
            raise NotAllowed("deployment-only", "the deployment itself does this, and no user")
        return caller if actor == caller.user else dataclasses.replace(caller, user=actor)

    def _repeat(self, command: Command, caller: Caller, now_us: int) -> tuple[bytes, Repeat | None]:
        """The command's digest, and the result of an earlier use of its key. Raises Refused if the key was, or may have been, used for another command."""
        # Keyed: a plain digest of a command with a phone number would reveal the number to anybody who tries all numbers.
        text = type(command).__name__ + as_json(command).decode()
        digest = self.store.keyring.tag(caller.tenant, "command", text)
        key = caller.receipt_key
        first = self._keys.get(key)
        if first is not None:
            known, repeat = first.digest, Repeat(first)
        else:
            stored = self._receipts[key] if key in self._receipts else self.store.receipts.find(key, now_us)
            if stored is None:
                return digest, None
            known, repeat = stored.digest, Repeat(msgspec.json.decode(stored.receipt, type=Receipt))
        if not known and not caller.keeps_receipts:
            # A person was forgotten since, and with them the contents of the commands.
            raise Refused(
                "idempotency-key-forgotten",
                "a command with this idempotency key was executed; a person was forgotten since, so it cannot be told whether this is the same command",
            )
        if known and known != digest:
            raise Refused("idempotency-key-reused", "this idempotency key was used for another command")
        return digest, repeat

    def _accept(self, context: HandlerContext, about: Aggregate) -> list[Event]:
        """The events of the command: first those of what it needed (a new contact, a new queue), last those of what it was about."""
        events: list[Event] = []
        context.touched[about.id] = context.touched.pop(about.id, about)
        for id, aggregate in context.touched.items():
            self._loaded[id] = aggregate
            if aggregate.pending:
                happened = aggregate.collect()
                self.recorded_us = max(self.recorded_us, happened[-1].recorded_at)
                self._waiting.setdefault(id, []).extend(happened)
                events += happened
        self.additions.take_over(context.additions)
        self._heartbeats |= context.heartbeats
        return events

    def _discard(self, context: HandlerContext) -> None:
        """Drop the aggregates that the refused command may have changed, which are loaded anew with the events accepted before, and give back its protocol numbers."""
        for id in context.touched:
            self._loaded.pop(id, None)
        self.store.drop(context.touched)
        for number in reversed(context.protocols):
            self.store.protocols.give_back(context.tenant, number)

    # Saving

    def write(self, outcomes: Sequence[Outcome], alongside: Alongside | None = None) -> list[Answer]:
        """Save what was decided, in the current transaction or a new one. Returns receipts and refusals in the commands' order."""
        decisions = [outcome for outcome in outcomes if isinstance(outcome, Decision)]
        events = [event for decision in decisions for event in decision.events]
        unneeded = not events and not self.additions and not self._heartbeats and not any(decision.digest for decision in decisions)
        if unneeded and alongside is None:
            return self._answers(outcomes, [])
        stored = self.store.sealed(events)
        with self.store.recorder.transaction() as db:
            if self._changed_by_others(db):
                raise IntegrityError("another process has changed an aggregate on which this decision depends")
            self.store.save_keys(self.additions)
            answers = self._answers(outcomes, self.store.recorder.append(stored) if stored else [])
            if self.additions.destroyed:
                self.store.receipts.forget_digests({decision.caller.tenant for decision in decisions})
            self.store.receipts.note(self._receipts_of(outcomes, answers), max((one.decided_at for one in decisions), default=0))
            note_heartbeats(db, self._heartbeats)
            if alongside is not None:
                alongside(db, answers)
        return answers

    def _receipts_of(self, outcomes: Sequence[Outcome], answers: Sequence[Answer]) -> dict[ReceiptKey, StoredReceipt]:
        """What is stored for the commands with idempotency keys. Beside a forgetting the digests of other commands are not stored."""
        noted: dict[ReceiptKey, StoredReceipt] = {}
        for outcome, answer in zip(outcomes, answers, strict=True):
            if isinstance(outcome, Decision) and outcome.digest and isinstance(answer, Receipt):
                stored = msgspec.json.encode(replace(answer, result=outcome.result))
                digest = outcome.digest if outcome.keeps_digest or not self.additions.destroyed else b""
                noted[outcome.caller.receipt_key] = StoredReceipt(digest, stored, outcome.expires_at)
        return noted

    def _changed_by_others(self, db: Database) -> bool:
        decided_on = (*self._loaded, *self._read, *self._without_events)
        return self.store.recorder.changed_by_others(decided_on, self._since) or any(
            last_heard(db, agent) != heard for agent, heard in self._heard.items()
        )

    def _answers(self, outcomes: Sequence[Outcome], positions: Sequence[int]) -> list[Answer]:
        given = iter(positions)
        last: dict[UUID, int] = {}
        receipts: dict[int, Receipt] = {}
        answers: list[Answer] = []
        for outcome in outcomes:
            match outcome:
                case Decision():
                    position = 0
                    for event in outcome.events:
                        position = last[event.originator_id] = next(given)
                    position = position or last.get(outcome.id) or self.store.recorder.position_of(outcome.id)
                    receipts[id(outcome)] = receipt = Receipt(outcome.id, outcome.version, position, outcome.result)
                    answers.append(replace(receipt, result=outcome.result | outcome.shown_once) if outcome.shown_once else receipt)
                case Repeat(before=before):
                    first = before if isinstance(before, Receipt) else receipts[id(before)]
                    answers.append(RepeatedReceipt(first.id, first.version, first.position, first.result))
                case DomainError():
                    answers.append(outcome)
        return answers

    def saved(self) -> None:
        """The events are saved: keep the aggregates in the cache."""
        for aggregate in self._loaded.values():
            # A cached aggregate must not keep the whole unit of work in memory.
            aggregate.history = tuple
        self.store.keep((aggregate for aggregate in self._loaded.values() if aggregate.version > 0), self._since)
        try:
            if self.additions.destroyed:
                self.store.keyring.shred()
            else:
                self.store.keyring.shred_late()
        except NoRoom as full:
            # The commands stand: what they destroyed reads as forgotten. The next saved command tries again.
            log.warning("copies of destroyed keys wait for room: %s", full)

    def failed(self) -> None:
        """The events are not saved: drop the aggregates from the cache."""
        self.store.drop(self._loaded)
        self.store.drop(self._waiting)
