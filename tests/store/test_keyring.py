from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.base import FORGOTTEN, NOBODY, Personal
from store.keyring import Additions, Keyring
from store.master_key import WrongMasterKey, master_key
from store.storage_location import InDirectory, StorageLocation
from tests.kit.stores import BOTH, behind
from tests.kit.waiting import within

MASTER = bytes(range(32))
TENANT = uuid4()


on_both = pytest.mark.parametrize("location", BOTH, indirect=True)


@pytest.fixture
def keyring(location: StorageLocation) -> Iterator[Keyring]:
    location.directory.mkdir()
    opened = Keyring(location.keys(), MASTER, cached=2)
    yield opened
    opened.close()


def again(keyring: Keyring, location: StorageLocation) -> Keyring:
    keyring.close()
    return Keyring(location.keys(), MASTER)


def sealed(keyring: Keyring, subject: UUID, plain: str) -> Personal:
    return Personal(subject, sealed=keyring.seal(subject, plain))


@on_both
@given(plain=st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_sealed_opens_to_the_same(keyring: Keyring, plain: str) -> None:
    assert keyring.open(sealed(keyring, uuid4(), plain)) == plain


@on_both
def test_a_key_is_on_disk_once_it_is_saved(keyring: Keyring, location: StorageLocation) -> None:
    datum = sealed(keyring, uuid4(), "Ana")
    keyring.save(Additions())
    reopened = again(keyring, location)
    assert reopened.open(datum) == "Ana"
    reopened.close()


@on_both
def test_equal_data_are_sealed_differently(keyring: Keyring) -> None:
    subject = uuid4()
    assert keyring.seal(subject, "Ana") != keyring.seal(subject, "Ana")


@on_both
def test_a_datum_without_a_subject_cannot_be_sealed(keyring: Keyring) -> None:
    with pytest.raises(ValueError, match="subject"):
        keyring.seal(NOBODY, "Ana")


@on_both
def test_once_forgotten_nothing_can_be_read_and_nothing_more_is_kept(keyring: Keyring, location: StorageLocation) -> None:
    ana, bia = uuid4(), uuid4()
    before, others = sealed(keyring, ana, "Ana"), sealed(keyring, bia, "Bia")
    keyring.save(Additions())

    keyring.destroy(ana)
    keyring.destroy(ana)
    after = sealed(keyring, ana, "Ana")

    for ring in (keyring, again(keyring, location)):
        if ring is not keyring:
            assert [ring.open(before), ring.open(after), ring.open(others)] == [FORGOTTEN, FORGOTTEN, "Bia"]
            ring.close()
    assert len(after.sealed) < len(before.sealed)


@on_both
def test_what_a_subject_owns_is_forgotten_with_it(keyring: Keyring) -> None:
    contact, call, leg = uuid4(), uuid4(), uuid4()
    data = [sealed(keyring, subject, "11988000037") for subject in (contact, call, leg)]
    additions = Additions()
    additions.owners = {call: contact, leg: call}
    keyring.save(additions)
    assert [keyring.open(datum) for datum in data] == ["11988000037"] * 3
    keyring.destroy(contact)
    assert [keyring.open(datum) for datum in data] == [FORGOTTEN] * 3


@on_both
def test_a_phone_finds_its_contact_until_that_is_forgotten(keyring: Keyring, location: StorageLocation) -> None:
    ana, tag = uuid4(), keyring.tag(TENANT, "phone", "11988000037")
    additions = Additions()
    additions.names[tag] = ana
    keyring.save(additions)
    assert keyring.find(tag) == ana
    assert keyring.find(keyring.tag(uuid4(), "phone", "11988000037")) is None
    assert keyring.find(keyring.tag(TENANT, "email", "11988000037")) is None
    reopened = again(keyring, location)
    assert reopened.find(reopened.tag(TENANT, "phone", "11988000037")) == ana
    reopened.destroy(ana)
    assert reopened.find(tag) is None
    reopened.close()


def files(location: StorageLocation) -> bytes:
    """The files of the key store on the disk; those of its tables, for a server."""
    if isinstance(location, InDirectory):
        return b"".join(path.read_bytes() for path in location.directory.glob("keys.db*"))
    behind(location, "CHECKPOINT")
    relations = behind(
        location,
        "SELECT pg_read_binary_file(pg_relation_filepath(oid)) FROM pg_class WHERE relkind IN ('r', 'i') AND relnamespace = 'keys'::regnamespace",
    )
    return b"".join(content for (content,) in relations)


@on_both
def test_nothing_of_a_destroyed_key_is_left_in_any_file(keyring: Keyring, location: StorageLocation) -> None:
    subjects = [uuid4() for _ in range(300)]
    additions = Additions()
    additions.names = {keyring.tag(TENANT, "phone", str(number)): subject for number, subject in enumerate(subjects)}
    for subject in subjects:
        keyring.seal(subject, "somebody")
    keyring.save(additions)
    ana = subjects[7]
    ((wrapped,),) = behind(location, "SELECT wrapped FROM keys WHERE subject = ?", ana.bytes, keys=True)
    tag = keyring.tag(TENANT, "phone", "7")

    assert wrapped in files(location)
    assert tag in files(location)
    keyring.destroy(ana)
    assert wrapped not in files(location)
    assert tag not in files(location)


def test_nothing_of_a_destroyed_key_is_left_in_the_write_ahead_log_of_a_file(keyring: Keyring, location: StorageLocation) -> None:
    keyring.destroy(uuid4())
    assert (location.directory / "keys.db-wal").stat().st_size == 0


@on_both
def test_text_that_only_looks_sealed_is_nothing_to_read(keyring: Keyring) -> None:
    forged = keyring.seal(uuid4(), "Ana")[:-8] + "AAAAAAA="
    assert [keyring.open_text(text) for text in ("Ana", "sealed:", "sealed:???", forged)] == ["Ana", FORGOTTEN, FORGOTTEN, FORGOTTEN]


@on_both
def test_another_master_key_is_noticed_at_once(keyring: Keyring, location: StorageLocation) -> None:
    keys = location.keys()
    with closing(keys), pytest.raises(WrongMasterKey):
        Keyring(keys, bytes(32))


# Two processes with one key store


@pytest.fixture
def beside(keyring: Keyring, location: StorageLocation) -> Iterator[Keyring]:
    """The keyring of another process."""
    opened = Keyring(location.keys(), MASTER)
    yield opened
    opened.close()


@on_both
def test_of_two_keys_for_one_subject_the_first_one_saved_is_kept(keyring: Keyring, beside: Keyring) -> None:
    ana = uuid4()
    first, second = sealed(keyring, ana, "Ana"), sealed(beside, ana, "Ana")
    keyring.save(Additions())
    with pytest.raises(IntegrityError):
        beside.save(Additions())
    again = sealed(beside, ana, "Ana")
    beside.save(Additions())
    assert [ring.open(datum) for ring in (keyring, beside) for datum in (first, again)] == ["Ana"] * 4
    assert beside.open(second) == FORGOTTEN


@on_both
def test_a_phone_that_another_process_gave_to_somebody_is_not_taken_away(keyring: Keyring, beside: Keyring) -> None:
    tag = keyring.tag(TENANT, "phone", "11988000037")
    ana, bia = Additions(), Additions()
    ana.names[tag], bia.names[tag] = uuid4(), uuid4()
    keyring.save(ana)
    with pytest.raises(IntegrityError):
        beside.save(bia)
    assert beside.find(tag) == keyring.find(tag) == ana.names[tag]


@on_both
def test_a_phone_that_another_process_gave_to_nobody_is_free(keyring: Keyring, beside: Keyring) -> None:
    tag = keyring.tag(TENANT, "phone", "11988000037")
    ghost, bia = Additions(), Additions()
    ghost.names[tag], bia.names[tag] = uuid4(), uuid4()
    keyring.save(ghost)
    beside.save(bia, lambda subject: subject != ghost.names[tag])
    assert beside.find(tag) == bia.names[tag]


@pytest.mark.parametrize("location", ["postgresql"], indirect=True)
def test_what_one_process_forgets_no_other_can_read(keyring: Keyring, beside: Keyring) -> None:
    datum = sealed(keyring, uuid4(), "Ana")
    keyring.save(Additions())
    assert beside.open(datum) == "Ana"
    keyring.destroy(datum.subject)
    within(lambda: beside.open(datum) == FORGOTTEN)


def test_a_master_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    made = master_key(tmp_path)
    assert made == master_key(tmp_path)
    assert stat.S_IMODE((tmp_path / "master.key").stat().st_mode) == 0o600


def test_a_master_key_can_be_given_as_hex_or_base64(tmp_path: Path) -> None:
    assert master_key(tmp_path, MASTER.hex()) == MASTER
    assert master_key(tmp_path, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=") == MASTER
    assert not os.listdir(tmp_path)
    for wrong in ("abc", MASTER.hex()[:-2], "é" * 64):
        with pytest.raises(WrongMasterKey):
            master_key(tmp_path, wrong)
