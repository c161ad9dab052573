"""What is kept of imports, on both databases."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from store import imports as kept
from store.event_store import Store
from store.imports import MOST_KEPT, Import, RefusedLine
from tests.kit.stores import BOTH

pytestmark = pytest.mark.parametrize("location", BOTH, indirect=True)
COMPANY, OTHER, OWNER = UUID(int=1), UUID(int=2), UUID(int=3)


def new(tenant: UUID, created: int) -> Import:
    return Import(id=uuid4(), tenant=tenant, kind="queue-log", name="queue_log", actor="operator", state="running", created=created)


def add(store: Store, *some: Import) -> None:
    with store.recorder.transaction() as db:
        for one in some:
            kept.add(db, one, OWNER)


def test_progress_is_read_as_it_was_written_and_the_end_is_asked_for_once_for_all_processes(store: Store) -> None:
    one, another = new(COMPANY, 10), new(OTHER, 11)
    add(store, one, another)
    further = replace(one, lines=5, notes=("no column data4",))
    with store.recorder.transaction() as db:
        assert not kept.save(db, further, 20)
        kept.save_refused(db, one.id, (RefusedLine("queue_log", 3, "no verb"),))
        kept.ask_to_cancel(db, one.id)
        assert kept.save(db, further, 30)
    db = store.recorder.db
    (found,) = kept.all_of(db, COMPANY)
    assert (found.content, found.owner, found.beat) == (further, OWNER, 30)
    assert kept.one_of(db, OTHER, one.id) is None
    assert kept.refused_of(db, one.id) == (RefusedLine("queue_log", 3, "no verb"),)
    assert kept.refused_of(db, another.id) == ()


def test_the_latest_imports_of_a_company_are_kept_and_those_of_others_do_not_count(store: Store) -> None:
    others = new(OTHER, 1)
    goes_on = new(COMPANY, 2)
    add(store, others, goes_on, *(replace(new(COMPANY, created), state="done") for created in range(3, MOST_KEPT + 5)))
    created = [one.content.created for one in kept.all_of(store.recorder.db, COMPANY)]
    assert created == [*sorted(range(5, MOST_KEPT + 5), reverse=True), goes_on.created], "one that goes on can still be cancelled"
    assert [one.content for one in kept.all_of(store.recorder.db, OTHER)] == [others]


def test_a_company_has_any_call_once_one_was_given_a_protocol_number(store: Store) -> None:
    assert not store.protocols.any_given(COMPANY)
    store.protocols.next(COMPANY)
    assert store.protocols.any_given(COMPANY)
    assert not store.protocols.any_given(OTHER)
