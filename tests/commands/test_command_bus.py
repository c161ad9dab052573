from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from msgspec.structs import astuple

from commands.command_bus import Answer, Command, CommandBus, Receipt, Request
from commands.companies import RegisterCompany
from commands.observations import MatchMember
from commands.unit_of_work import UnitOfWork
from commands.users import RegisterUser
from domain.companies import CompanySettings
from domain.errors import DomainError, InvalidField, NotAllowed, NotFound, Refused, VersionConflict
from domain.voice.roster import MemberMatched
from store.database import CommitUnsure
from store.event_store import Store
from store.storage_location import StorageLocation
from tests.commands.tally import OTHER, TENANT, Count, Counted, Look, Noon, Tally, asked_while, caller
from tests.kit.clocks import Settable
from tests.kit.http import operator
from tests.kit.stores import BOTH
from tests.kit.waiting import within

pytestmark = pytest.mark.parametrize("location", BOTH, indirect=True)


def receipt(answer: Answer) -> Receipt:
    assert isinstance(answer, Receipt), answer
    return answer


def totals(store: Store, id: UUID) -> list[int]:
    return [event.by for event in store.stream(id) if isinstance(event, Counted)]


def test_a_receipt_names_the_aggregate_its_version_and_the_position_of_the_last_event(bus: CommandBus) -> None:
    first, second = uuid4(), uuid4()
    bus.execute(Count(tally=first), caller())
    bus.execute(Count(tally=second), caller())

    again = bus.execute(Count(tally=first), caller())

    assert (again.id, again.version, again.position) == (first, 2, 3)
    assert again.result["total"] == 2


def test_a_cached_aggregate_does_not_keep_the_unit_of_work_that_loaded_it(bus: CommandBus) -> None:
    ids = [uuid4() for _ in range(3)]
    for _ in range(2):
        bus.execute_all([(Count(tally=id), caller()) for id in ids])
    assert all(bus.store.cached(id) for id in ids)
    gc.collect()
    assert not any(isinstance(found, UnitOfWork) for found in gc.get_objects())


def test_an_event_records_its_caller_and_its_instant(bus: CommandBus) -> None:
    id = uuid4()
    bus.execute(Count(tally=id), caller())
    (event,) = bus.store.stream(id)
    assert (event.tenant, event.actor, event.cause, event.correlation, event.recorded_at) == (
        TENANT,
        "tester",
        "Count",
        "test",
        Noon().now_us(),
    )


def test_the_events_of_what_a_command_needed_precede_those_of_what_it_was_about(bus: CommandBus) -> None:
    receipt = bus.execute(Count(tally=uuid4(), phone="11988000037"), caller())
    assert [recorded.event.TOPIC for recorded in bus.store.read(0, 9)] == ["contact.appeared", "tally.counted"]
    assert receipt.position == 2


def test_a_caller_without_the_permission_is_refused(bus: CommandBus) -> None:
    with pytest.raises(NotAllowed):
        bus.execute(Count(tally=uuid4()), caller("", TENANT, "something else"))
    assert bus.store.head() == 0


def test_the_id_of_another_kind_of_aggregate_is_not_found(bus: CommandBus) -> None:
    contact = bus.execute(Count(tally=uuid4(), phone="11988000037"), caller()).result["contact"]
    for _ in ("cached", "read from the log"):
        with pytest.raises(NotFound):
            bus.execute(Look(tally=contact), caller())
        bus.store.drop([contact])
    assert bus.execute(Count(tally=uuid4(), phone="11988000037"), caller()).result["contact"] == contact


def test_another_companys_aggregate_does_not_exist(bus: CommandBus) -> None:
    id = uuid4()
    bus.execute(Count(tally=id), caller())
    for command in (Look(tally=id), Count(tally=id)):
        with pytest.raises(NotFound):
            bus.execute(command, caller("", OTHER))
    assert totals(bus.store, id) == [1]


def test_commands_of_a_unit_of_work_see_the_effects_of_those_before_them(bus: CommandBus) -> None:
    id = uuid4()
    answers = bus.execute_all([(Count(tally=id, by=by), caller()) for by in (1, 2, 1)])
    assert [receipt(answer).result["total"] for answer in answers] == [1, 3, 4]
    assert [receipt(answer).position for answer in answers] == [1, 2, 3]


def test_a_refused_command_of_a_unit_of_work_leaves_no_trace(bus: CommandBus) -> None:
    id, other = uuid4(), uuid4()
    commands = [Count(tally=id, by=3), Count(tally=id, by=9, phone="11988000037"), Count(tally=id, by=2), Count(tally=other)]

    answers = bus.execute_all([(command, caller()) for command in commands])

    assert isinstance(answers[1], Refused)
    assert receipt(answers[2]).result["total"] == 5
    assert totals(bus.store, id) == [3, 2]
    assert receipt(bus.execute(Count(tally=other), caller())).result["total"] == 2
    assert [recorded.event.TOPIC for recorded in bus.store.read(0, 100)] == ["tally.counted"] * 4


def test_a_command_without_new_events_returns_the_position_of_the_aggregates_last_event(bus: CommandBus) -> None:
    id = uuid4()
    bus.execute(Count(tally=id), caller())
    bus.execute(Count(tally=uuid4()), caller())
    assert bus.execute(Look(tally=id), caller()).position == 1
    assert bus.store.head() == 2


def test_a_repeated_idempotency_key_executes_once(bus: CommandBus, location: StorageLocation) -> None:
    id = uuid4()
    first = bus.execute(Count(tally=id), caller("k"))
    together = bus.execute_all([(Count(tally=id), caller("k")), (Count(tally=id), caller("m")), (Count(tally=id), caller("m"))])

    assert astuple(receipt(together[0])) == astuple(first)
    assert astuple(together[1]) == astuple(together[2])
    assert totals(bus.store, id) == [1, 1]
    bus.store.close()
    with_new_process = Store(location)
    assert astuple(CommandBus(with_new_process, Noon()).execute(Count(tally=id), caller("k"))) == astuple(first)
    with_new_process.close()


def test_a_receipt_expires_after_a_day_and_its_key_can_be_used_anew(store: Store) -> None:
    clock, id = Settable(), uuid4()
    bus = CommandBus(store, clock)
    bus.execute(Count(tally=id), caller("k"))
    clock.pass_s(24 * 3600 - 1)
    bus.execute(Count(tally=id, by=1), caller("k"))
    assert totals(store, id) == [1]
    clock.pass_s(1)
    bus.execute_all([(Count(tally=id, by=2), caller("k")), (Count(tally=id), caller("m"))])
    assert totals(store, id) == [1, 2, 1]
    assert bus.execute(Count(tally=id, by=2), caller("k")).result["total"] == 3


def test_expired_receipts_are_deleted_and_those_of_a_process_manager_stay(store: Store) -> None:
    clock, id = Settable(), uuid4()
    bus = CommandBus(store, clock)
    bus.execute(Count(tally=id), replace(caller("process"), keeps_receipts=True))
    for number in range(20):
        bus.execute(Count(tally=uuid4()), caller(f"old.{number}"))
    clock.pass_s(24 * 3600)
    bus.execute(Count(tally=uuid4()), caller("new"))
    assert store.recorder.db.execute("SELECT count(*) FROM idempotency") == [(2,)]
    bus.execute(Count(tally=id), replace(caller("process"), keeps_receipts=True))
    assert totals(store, id) == [1]


def test_a_repeated_idempotency_key_for_another_command_is_refused(bus: CommandBus) -> None:
    id = uuid4()
    bus.execute(Count(tally=id), caller("k"))
    with pytest.raises(Refused):
        bus.execute(Count(tally=id, by=2), caller("k"))
    assert totals(bus.store, id) == [1]


def test_an_idempotency_key_is_its_callers_own(bus: CommandBus) -> None:
    ana, id = caller("k"), uuid4()
    crm = replace(ana, actor="key:crm")
    first = bus.execute(Count(tally=id), ana)
    assert bus.execute(Count(tally=id), crm).position == 2
    together = bus.execute_all(
        [(Count(tally=id), crm), (Count(tally=id), ana), (Count(tally=id, by=2), replace(ana, actor="key:wallboard"))]
    )
    assert [receipt(answer).position for answer in together] == [2, first.position, 3]
    assert totals(bus.store, id) == [1, 1, 2]


def test_a_refused_command_does_not_use_up_its_idempotency_key(bus: CommandBus) -> None:
    id = uuid4()
    with pytest.raises(Refused):
        bus.execute(Count(tally=id, by=9), caller("k"))
    assert bus.execute(Count(tally=id, by=2), caller("k")).result["total"] == 2


def test_what_another_process_wrote_meanwhile_is_seen_on_the_second_try(bus: CommandBus, location: StorageLocation) -> None:
    id = uuid4()
    bus.execute(Count(tally=id), caller())
    beside = Store(location)
    CommandBus(beside, Noon()).execute(Count(tally=id, by=2), caller())
    beside.close()

    answers = bus.execute_all(
        [(Count(tally=uuid4(), protocol=True), caller()), (Count(tally=id), caller()), (Count(tally=id, by=9), caller())]
    )

    assert receipt(answers[1]).result["total"] == 4
    assert isinstance(answers[2], Refused)
    assert totals(bus.store, id) == [1, 2, 1]


def test_a_key_that_another_process_used_meanwhile_gives_its_receipt(
    bus: CommandBus, location: StorageLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = uuid4()
    beside = Store(location)
    first = CommandBus(beside, Noon()).execute(Count(tally=id), caller("k"))
    beside.close()
    looked_up = bus.store.receipts.find
    first_look = iter([None])
    monkeypatch.setattr(bus.store.receipts, "find", lambda key, now_us: next(first_look, looked_up(key, now_us)))

    assert astuple(bus.execute(Count(tally=id), caller("k"))) == astuple(first)
    assert totals(bus.store, id) == [1]


def test_only_the_caller_who_conflicts_on_every_try_gets_a_version_conflict(bus: CommandBus, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, free = uuid4(), uuid4()
    bus.execute(Count(tally=stuck), caller())
    stale = Tally(stuck, TENANT)
    monkeypatch.setattr("commands.unit_of_work.UnitOfWork.load", lambda self, kind, key: Tally(key, TENANT) if key == stale.id else None)

    answers = bus.execute_all([(Count(tally=stuck), caller()), (Count(tally=free), caller())])

    assert isinstance(answers[0], VersionConflict)
    assert receipt(answers[1]).position == 2


def test_an_unexpected_error_undoes_the_unit_of_work(bus: CommandBus) -> None:
    id = uuid4()
    with pytest.raises(TypeError):
        bus.execute_all([(Count(tally=id), caller()), (Count(tally=id, by="one"), caller())])  # type: ignore[arg-type]
    assert bus.store.head() == 0
    assert bus.execute(Count(tally=id), caller()).version == 1


def test_commands_of_one_turn_of_the_event_loop_are_saved_together(bus: CommandBus) -> None:
    commits: list[int] = []
    bus.store.subscribe(commits.append)
    ids = [uuid4() for _ in range(32)]

    async def all_at_once() -> list[Receipt | BaseException]:
        soon = [bus.execute_soon(Count(tally=id, by=by), caller()) for id, by in [*((id, 1) for id in ids), (ids[0], 9)]]
        return await asyncio.gather(*soon, return_exceptions=True)

    answers = asyncio.run(all_at_once())

    assert commits == [32]
    assert isinstance(answers.pop(), Refused)
    assert sorted(answer.position for answer in answers if isinstance(answer, Receipt)) == list(range(1, 33))


def test_a_command_that_arrives_one_turn_of_the_event_loop_later_is_saved_with_the_first(bus: CommandBus) -> None:
    commits: list[int] = []
    bus.store.subscribe(commits.append)

    async def after(write_lock: int) -> Receipt:
        for _ in range(write_lock):
            await asyncio.sleep(0)
        return await bus.execute_soon(Count(tally=uuid4()), caller())

    async def one_after_the_other() -> list[Receipt]:
        return await asyncio.gather(*(after(write_lock) for write_lock in range(20)))

    asyncio.run(one_after_the_other())
    assert commits == [20]


def test_a_command_is_saved_before_the_crowd_of_another_company(bus: CommandBus) -> None:
    commits: list[int] = []
    bus.store.subscribe(commits.append)

    async def crowd_and_one() -> Receipt:
        crowd = [bus.execute_soon(Count(tally=uuid4()), caller()) for _ in range(40)]
        return (await asyncio.gather(*crowd, bus.execute_soon(Count(tally=uuid4()), caller(tenant=uuid4()))))[-1]

    assert asyncio.run(crowd_and_one()).position == 9
    assert commits == [9, 41]


def test_a_live_command_waits_for_one_unit_of_work_of_an_import_and_not_for_the_next(bus: CommandBus) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold(*_: object) -> None:
        begun.set()
        assert go_on.wait(30)

    async def beside(threads: ThreadPoolExecutor) -> Receipt:
        first = threads.submit(bus.execute_all, [(Count(tally=uuid4()), caller())], hold)
        assert await asyncio.to_thread(begun.wait, 30)
        live = asyncio.create_task(bus.execute_soon(Count(tally=uuid4()), caller()))
        await asyncio.to_thread(within, lambda: not bus._live_is_through.is_set())
        assert bus.has_kept_waiting()
        assert bus.has_kept_waiting() is bus.store.recorder.db.ON_SERVER
        later = [threads.submit(bus.execute_all, [(Count(tally=uuid4()), caller())]) for _ in range(3)]
        go_on.set()
        receipt = await live
        await asyncio.to_thread(lambda: [one.result(30) for one in (first, *later)])
        return receipt

    with ThreadPoolExecutor() as threads:
        assert asyncio.run(beside(threads)).position == 2


def test_an_unexpected_error_of_one_caller_does_not_affect_the_others(bus: CommandBus) -> None:
    async def both() -> tuple[Receipt | BaseException, ...]:
        wrong = Count(tally=uuid4(), by="one")  # type: ignore[arg-type]
        return await asyncio.gather(
            bus.execute_soon(wrong, caller()), bus.execute_soon(Count(tally=uuid4()), caller()), return_exceptions=True
        )

    wrong, right = asyncio.run(both())
    assert isinstance(wrong, TypeError)
    assert isinstance(right, Receipt)


def test_while_another_thread_holds_the_command_bus_the_event_loop_goes_on(bus: CommandBus) -> None:
    done_meanwhile, answer = asked_while(bus, bus._lock)
    assert not done_meanwhile
    assert answer.position == 1


def test_protocol_numbers_are_never_given_twice(bus: CommandBus, location: StorageLocation) -> None:
    def number(at: CommandBus, tenant: UUID = TENANT) -> int:
        given = at.execute(Count(tally=uuid4(), protocol=True), caller("", tenant)).result["protocol"]
        assert isinstance(given, int)
        return given

    assert [number(bus), number(bus), number(bus, OTHER)] == [1, 2, 1]
    beside = Store(location)
    assert number(CommandBus(beside, Noon())) > 2
    beside.close()
    assert number(bus) == 3
    bus.store.close()
    later = Store(location)
    assert number(CommandBus(later, Noon())) not in (1, 2, 3)
    later.close()


def test_errors_are_refusals_with_a_sentence(bus: CommandBus) -> None:
    with pytest.raises(DomainError, match="no such tally"):
        bus.execute(Look(tally=uuid4()), caller())


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (RegisterCompany(name="Emp\0resa"), "name"),
        (RegisterCompany(name="Empresa", settings=CompanySettings(timezone="\0")), "settings.timezone"),
        (RegisterUser(name="Ana", email="ana@empresa.example", permissions=("ver", "\0")), "permissions.1"),
    ],
)
def test_a_text_that_postgresql_cannot_hold_is_refused_by_its_field(bus: CommandBus, command: Command, field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        bus.execute(command, operator("Empresa"))
    assert refused.value.field == field
    assert bus.store.end() == 0


def test_a_key_that_postgresql_cannot_hold_is_refused(bus: CommandBus) -> None:
    with pytest.raises(InvalidField) as refused:
        bus.execute(Count(tally=uuid4()), caller("a\0b"))
    assert refused.value.field == "idempotency_key"


def test_an_observation_of_a_source_is_not_refused_whatever_it_states(bus: CommandBus) -> None:
    assert bus.execute(MatchMember(interface="PJSIP/\0", member="Ana\0"), operator("Empresa")).position == bus.store.end()
    assert [recorded.event.member for recorded in bus.store.read(0, 9) if isinstance(recorded.event, MemberMatched)] == ["Ana"]


def test_when_a_commit_is_unsure_each_caller_gets_the_error_and_no_command_is_repeated(
    bus: CommandBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute, tallies = bus._execute, [uuid4(), uuid4()]

    def lost(requests: Sequence[Request]) -> list[Answer]:
        execute(requests)
        raise CommitUnsure("lost")

    async def both() -> list[object]:
        return await asyncio.gather(*(bus.execute_soon(Count(tally=id), caller(str(id))) for id in tallies), return_exceptions=True)

    monkeypatch.setattr(bus, "_execute", lost)
    assert [type(answer) for answer in asyncio.run(both())] == [CommitUnsure, CommitUnsure]
    monkeypatch.undo()
    assert [receipt(answer).result["total"] for answer in asyncio.run(both())] == [1, 1]
    assert bus.store.end() == 2
