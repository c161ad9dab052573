from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.keyring import Additions, Keyring, WrongMasterKey, master_key
from domain.base import FORGOTTEN, NOBODY, Personal

MASTER = bytes(range(32))
TENANT = uuid4()


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    opened = Keyring(tmp_path / "keys.db", MASTER, cached=2)
    yield opened
    opened.close()


def again(keyring: Keyring, tmp_path: Path) -> Keyring:
    keyring.close()
    return Keyring(tmp_path / "keys.db", MASTER)


def sealed(keyring: Keyring, subject: UUID, plain: str) -> Personal:
    return Personal(subject, sealed=keyring.seal(subject, plain))


@given(plain=st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_sealed_opens_to_the_same(keyring: Keyring, plain: str) -> None:
    assert keyring.open(sealed(keyring, uuid4(), plain)) == plain


def test_a_key_is_on_disk_once_it_is_saved(keyring: Keyring, tmp_path: Path) -> None:
    datum = sealed(keyring, uuid4(), "Ana")
    keyring.save(Additions())
    reopened = again(keyring, tmp_path)
    assert reopened.open(datum) == "Ana"
    reopened.close()


def test_equal_data_are_sealed_differently(keyring: Keyring) -> None:
    subject = uuid4()
    assert keyring.seal(subject, "Ana") != keyring.seal(subject, "Ana")


def test_a_datum_without_a_subject_cannot_be_sealed(keyring: Keyring) -> None:
    with pytest.raises(ValueError, match="subject"):
        keyring.seal(NOBODY, "Ana")


def test_once_forgotten_nothing_can_be_read_and_nothing_more_is_kept(keyring: Keyring, tmp_path: Path) -> None:
    ana, bia = uuid4(), uuid4()
    before, others = sealed(keyring, ana, "Ana"), sealed(keyring, bia, "Bia")
    keyring.save(Additions())

    keyring.destroy(ana)
    keyring.destroy(ana)
    after = sealed(keyring, ana, "Ana")

    for ring in (keyring, again(keyring, tmp_path)):
        if ring is not keyring:
            assert [ring.open(before), ring.open(after), ring.open(others)] == [FORGOTTEN, FORGOTTEN, "Bia"]
            ring.close()
    assert len(after.sealed) < len(before.sealed)


def test_what_a_subject_owns_is_forgotten_with_it(keyring: Keyring) -> None:
    contact, call, leg = uuid4(), uuid4(), uuid4()
    data = [sealed(keyring, subject, "11988000037") for subject in (contact, call, leg)]
    additions = Additions()
    additions.owners = {call: contact, leg: call}
    keyring.save(additions)
    assert [keyring.open(datum) for datum in data] == ["11988000037"] * 3
    keyring.destroy(contact)
    assert [keyring.open(datum) for datum in data] == [FORGOTTEN] * 3


def test_a_phone_finds_its_contact_until_that_is_forgotten(keyring: Keyring, tmp_path: Path) -> None:
    ana, tag = uuid4(), keyring.tag(TENANT, "phone", "11988000037")
    additions = Additions()
    additions.names[tag] = ana
    keyring.save(additions)
    assert keyring.find(tag) == ana
    assert keyring.find(keyring.tag(uuid4(), "phone", "11988000037")) is None
    assert keyring.find(keyring.tag(TENANT, "email", "11988000037")) is None
    reopened = again(keyring, tmp_path)
    assert reopened.find(reopened.tag(TENANT, "phone", "11988000037")) == ana
    reopened.destroy(ana)
    assert reopened.find(tag) is None
    reopened.close()


def test_nothing_of_a_destroyed_key_is_left_in_any_file(keyring: Keyring, tmp_path: Path) -> None:
    subjects = [uuid4() for _ in range(300)]
    additions = Additions()
    additions.names = {keyring.tag(TENANT, "phone", str(number)): subject for number, subject in enumerate(subjects)}
    for subject in subjects:
        keyring.seal(subject, "somebody")
    keyring.save(additions)
    ana = subjects[7]
    (wrapped,) = keyring._db.execute("SELECT wrapped FROM keys WHERE subject = ?", (ana.bytes,)).fetchone()
    tag = keyring.tag(TENANT, "phone", "7")

    def written() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert wrapped in written()
    assert tag in written()
    keyring.destroy(ana)
    assert wrapped not in written()
    assert tag not in written()
    assert (tmp_path / "keys.db-wal").stat().st_size == 0


def test_text_that_only_looks_sealed_is_nothing_to_read(keyring: Keyring) -> None:
    forged = keyring.seal(uuid4(), "Ana")[:-8] + "AAAAAAA="
    assert [keyring.open_text(text) for text in ("Ana", "sealed:", "sealed:???", forged)] == ["Ana", FORGOTTEN, FORGOTTEN, FORGOTTEN]


def test_another_master_key_is_noticed_at_once(keyring: Keyring, tmp_path: Path) -> None:
    keyring.close()
    with pytest.raises(WrongMasterKey):
        Keyring(tmp_path / "keys.db", bytes(32))


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
