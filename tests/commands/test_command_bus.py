from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from commands.command_bus import Answer, Command, Door, Receipt, Request
from commands.observations import MatchMember
from commands.unit_of_work import Batch
from commands.users import RegisterCompany, RegisterUser
from domain.errors import DomainError, InvalidField, NotAllowed, NotFound, Refused, VersionConflict
from domain.users import CompanySettings
from domain.voice.roster import MemberMatched
from store.database import CommitUnsure
from store.event_store import Store
from store.storage_location import Place
from tests.commands.tally import OTHER, TENANT, Count, Counted, Look, Noon, Tally, asked_while, caller
from tests.kit.http import operator
from tests.kit.stores import BOTH

pytestmark = pytest.mark.parametrize("place", BOTH, indirect=True)


def receipt(answer: Answer) -> Receipt:
    assert isinstance(answer, Receipt), answer
    return answer


def totals(store: Store, id: UUID) -> list[int]:
    return [event.by for event in store.stream(id) if isinstance(event, Counted)]


def test_a_receipt_names_the_aggregate_its_version_and_the_position_of_the_last_event(door: Door) -> None:
    first, second = uuid4(), uuid4()
    door.execute(Count(tally=first), caller())
    door.execute(Count(tally=second), caller())

    again = door.execute(Count(tally=first), caller())

    assert (again.id, again.version, again.position) == (first, 2, 3)
    assert again.result["total"] == 2


def test_an_aggregate_at_hand_does_not_keep_the_batch_that_loaded_it(door: Door) -> None:
    ids = [uuid4() for _ in range(3)]
    for _ in range(2):
        door.execute_all([(Count(tally=id), caller()) for id in ids])
    assert all(door.store.cached(id) for id in ids)
    gc.collect()
    assert not any(isinstance(found, Batch) for found in gc.get_objects())


def test_an_event_says_who_asked_for_it_and_when(door: Door) -> None:
    id = uuid4()
    door.execute(Count(tally=id), caller())
    (event,) = door.store.stream(id)
    assert (event.tenant, event.actor, event.cause, event.correlation, event.recorded_at) == (
        TENANT,
        "tester",
        "Count",
        "test",
        Noon().now_us(),
    )


def test_what_a_command_needed_happens_before_what_it_was_about(door: Door) -> None:
    receipt = door.execute(Count(tally=uuid4(), phone="11988000037"), caller())
    assert [recorded.event.TOPIC for recorded in door.store.read(0, 9)] == ["contact.appeared", "tally.counted"]
    assert receipt.position == 2


def test_a_caller_without_the_permission_is_refused(door: Door) -> None:
    with pytest.raises(NotAllowed):
        door.execute(Count(tally=uuid4()), caller("", TENANT, "something else"))
    assert door.store.head() == 0


def test_the_id_of_something_else_is_nobodys(door: Door) -> None:
    contact = door.execute(Count(tally=uuid4(), phone="11988000037"), caller()).result["contact"]
    for _ in ("at hand", "read from the log"):
        with pytest.raises(NotFound):
            door.execute(Look(tally=contact), caller())
        door.store.drop([contact])
    assert door.execute(Count(tally=uuid4(), phone="11988000037"), caller()).result["contact"] == contact


def test_another_companys_aggregate_does_not_exist(door: Door) -> None:
    id = uuid4()
    door.execute(Count(tally=id), caller())
    for command in (Look(tally=id), Count(tally=id)):
        with pytest.raises(NotFound):
            door.execute(command, caller("", OTHER))
    assert totals(door.store, id) == [1]


def test_commands_of_a_batch_see_what_those_before_them_did(door: Door) -> None:
    id = uuid4()
    answers = door.execute_all([(Count(tally=id, by=by), caller()) for by in (1, 2, 1)])
    assert [receipt(answer).result["total"] for answer in answers] == [1, 3, 4]
    assert [receipt(answer).position for answer in answers] == [1, 2, 3]


def test_a_refused_command_of_a_batch_leaves_no_trace(door: Door) -> None:
    id, other = uuid4(), uuid4()
    commands = [Count(tally=id, by=3), Count(tally=id, by=9, phone="11988000037"), Count(tally=id, by=2), Count(tally=other)]

    answers = door.execute_all([(command, caller()) for command in commands])

    assert isinstance(answers[1], Refused)
    assert receipt(answers[2]).result["total"] == 5
    assert totals(door.store, id) == [3, 2]
    assert receipt(door.execute(Count(tally=other), caller())).result["total"] == 2
    assert [recorded.event.TOPIC for recorded in door.store.read(0, 100)] == ["tally.counted"] * 4


def test_nothing_new_answers_with_the_position_of_the_aggregates_last_event(door: Door) -> None:
    id = uuid4()
    door.execute(Count(tally=id), caller())
    door.execute(Count(tally=uuid4()), caller())
    assert door.execute(Look(tally=id), caller()).position == 1
    assert door.store.head() == 2


def test_the_same_idempotency_key_is_done_once(door: Door, place: Place) -> None:
    id = uuid4()
    first = door.execute(Count(tally=id), caller("k"))
    together = door.execute_all([(Count(tally=id), caller("k")), (Count(tally=id), caller("m")), (Count(tally=id), caller("m"))])

    assert receipt(together[0]) == first
    assert together[1] == together[2]
    assert totals(door.store, id) == [1, 1]
    door.store.close()
    with_new_process = Store(place)
    assert Door(with_new_process, Noon()).execute(Count(tally=id), caller("k")) == first
    with_new_process.close()


def test_the_same_idempotency_key_for_something_else_is_refused(door: Door) -> None:
    id = uuid4()
    door.execute(Count(tally=id), caller("k"))
    with pytest.raises(Refused):
        door.execute(Count(tally=id, by=2), caller("k"))
    assert totals(door.store, id) == [1]


def test_a_refused_command_does_not_use_up_its_idempotency_key(door: Door) -> None:
    id = uuid4()
    with pytest.raises(Refused):
        door.execute(Count(tally=id, by=9), caller("k"))
    assert door.execute(Count(tally=id, by=2), caller("k")).result["total"] == 2


def test_what_another_process_wrote_meanwhile_is_seen_on_the_second_try(door: Door, place: Place) -> None:
    id = uuid4()
    door.execute(Count(tally=id), caller())
    beside = Store(place)
    Door(beside, Noon()).execute(Count(tally=id, by=2), caller())
    beside.close()

    answers = door.execute_all(
        [(Count(tally=uuid4(), protocol=True), caller()), (Count(tally=id), caller()), (Count(tally=id, by=9), caller())]
    )

    assert receipt(answers[1]).result["total"] == 4
    assert isinstance(answers[2], Refused)
    assert totals(door.store, id) == [1, 2, 1]


def test_a_key_that_another_process_used_meanwhile_gives_its_receipt(door: Door, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    id = uuid4()
    beside = Store(place)
    first = Door(beside, Noon()).execute(Count(tally=id), caller("k"))
    beside.close()
    looked_up = door.store.receipt_for
    first_look = iter([None])
    monkeypatch.setattr(door.store, "receipt_for", lambda *key: next(first_look, looked_up(*key)))

    assert door.execute(Count(tally=id), caller("k")) == first
    assert totals(door.store, id) == [1]


def test_who_conflicts_every_time_gets_a_version_conflict_and_nobody_else(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, free = uuid4(), uuid4()
    door.execute(Count(tally=stuck), caller())
    stale = Tally(stuck, TENANT)
    monkeypatch.setattr("commands.unit_of_work.Batch.load", lambda self, kind, key: Tally(key, TENANT) if key == stale.id else None)

    answers = door.execute_all([(Count(tally=stuck), caller()), (Count(tally=free), caller())])

    assert isinstance(answers[0], VersionConflict)
    assert receipt(answers[1]).position == 2


def test_an_unexpected_error_undoes_the_batch(door: Door) -> None:
    id = uuid4()
    with pytest.raises(TypeError):
        door.execute_all([(Count(tally=id), caller()), (Count(tally=id, by="one"), caller())])  # type: ignore[arg-type]
    assert door.store.head() == 0
    assert door.execute(Count(tally=id), caller()).version == 1


def test_what_arrives_in_one_turn_of_the_loop_is_saved_together(door: Door) -> None:
    commits: list[int] = []
    door.store.subscribe(commits.append)
    ids = [uuid4() for _ in range(32)]

    async def all_at_once() -> list[Receipt | BaseException]:
        soon = [door.execute_soon(Count(tally=id, by=by), caller()) for id, by in [*((id, 1) for id in ids), (ids[0], 9)]]
        return await asyncio.gather(*soon, return_exceptions=True)

    answers = asyncio.run(all_at_once())

    assert commits == [32]
    assert isinstance(answers.pop(), Refused)
    assert sorted(answer.position for answer in answers if isinstance(answer, Receipt)) == list(range(1, 33))


def test_who_arrives_a_turn_of_the_loop_after_another_comes_along(door: Door) -> None:
    commits: list[int] = []
    door.store.subscribe(commits.append)

    async def after(turns: int) -> Receipt:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await door.execute_soon(Count(tally=uuid4()), caller())

    async def one_after_the_other() -> list[Receipt]:
        return await asyncio.gather(*(after(turns) for turns in range(20)))

    asyncio.run(one_after_the_other())
    assert commits == [20]


def test_one_callers_unexpected_error_is_not_the_others(door: Door) -> None:
    async def both() -> tuple[Receipt | BaseException, ...]:
        wrong = Count(tally=uuid4(), by="one")  # type: ignore[arg-type]
        return await asyncio.gather(
            door.execute_soon(wrong, caller()), door.execute_soon(Count(tally=uuid4()), caller()), return_exceptions=True
        )

    wrong, right = asyncio.run(both())
    assert isinstance(wrong, TypeError)
    assert isinstance(right, Receipt)


def test_while_somebody_else_holds_the_door_the_loop_goes_on(door: Door) -> None:
    done_meanwhile, answer = asked_while(door, door._lock)
    assert not done_meanwhile
    assert answer.position == 1


def test_protocol_numbers_are_never_given_twice(door: Door, place: Place) -> None:
    def number(at: Door, tenant: UUID = TENANT) -> int:
        given = at.execute(Count(tally=uuid4(), protocol=True), caller("", tenant)).result["protocol"]
        assert isinstance(given, int)
        return given

    assert [number(door), number(door), number(door, OTHER)] == [1, 2, 1]
    beside = Store(place)
    assert number(Door(beside, Noon())) > 2
    beside.close()
    assert number(door) == 3
    door.store.close()
    later = Store(place)
    assert number(Door(later, Noon())) not in (1, 2, 3)
    later.close()


def test_errors_are_refusals_with_a_sentence(door: Door) -> None:
    with pytest.raises(DomainError, match="no such tally"):
        door.execute(Look(tally=uuid4()), caller())


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (RegisterCompany(name="Emp\0resa"), "name"),
        (RegisterCompany(name="Empresa", settings=CompanySettings(timezone="\0")), "settings.timezone"),
        (RegisterUser(name="Ana", email="ana@empresa.example", permissions=("ver", "\0")), "permissions.1"),
    ],
)
def test_a_text_that_postgresql_cannot_hold_is_refused_by_its_field(door: Door, command: Command, field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        door.execute(command, operator("Empresa"))
    assert refused.value.field == field
    assert door.store.end() == 0


def test_a_key_that_postgresql_cannot_hold_is_refused(door: Door) -> None:
    with pytest.raises(InvalidField) as refused:
        door.execute(Count(tally=uuid4()), caller("a\0b"))
    assert refused.value.field == "idempotency_key"


def test_what_a_source_says_is_not_refused_whatever_it_says(door: Door) -> None:
    assert door.execute(MatchMember(interface="PJSIP/\0", member="Ana\0"), operator("Empresa")).position == door.store.end()
    assert [recorded.event.member for recorded in door.store.read(0, 9) if isinstance(recorded.event, MemberMatched)] == ["Ana\0"]


def test_when_a_commit_is_unsure_each_is_told_so_and_none_is_done_again(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    execute, tallies = door._execute, [uuid4(), uuid4()]

    def lost(requests: Sequence[Request]) -> list[Answer]:
        execute(requests)
        raise CommitUnsure("lost")

    async def both() -> list[object]:
        return await asyncio.gather(*(door.execute_soon(Count(tally=id), caller(str(id))) for id in tallies), return_exceptions=True)

    monkeypatch.setattr(door, "_execute", lost)
    assert [type(answer) for answer in asyncio.run(both())] == [CommitUnsure, CommitUnsure]
    monkeypatch.undo()
    assert [receipt(answer).result["total"] for answer in asyncio.run(both())] == [1, 1]
    assert door.store.end() == 2
