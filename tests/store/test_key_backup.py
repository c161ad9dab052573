"""A key backup has all that its log needs, in one file that only its owner may read."""

from __future__ import annotations

import stat
from pathlib import Path
from uuid import uuid4

import pytest

from commands.command_bus import CommandBus
from commands.contacts import ForgetContact
from commands.handler_context import Caller
from domain.access import PERMISSIONS
from store.chain import Head
from store.key_backup import KEYS, NoBackup, back_up_keys, copy, opened_backup
from store.keyring import Keyring
from store.master_key import WrongMasterKey, master_key, must_open
from store.storage_location import InDirectory, StorageLocation
from tests.commands.tally import TENANT, Count, caller
from tests.kit.stores import BOTH, behind

pytestmark = pytest.mark.parametrize("location", BOTH, indirect=True)

PHONE, OTHER = "5511988000037", "5511988000038"


def _told(bus: CommandBus, phone: str) -> bytes:
    """Save data of a new person; the entry of the index by which the phone finds them."""
    bus.execute(Count(tally=uuid4(), phone=phone), caller())
    return bus.store.keyring.tag(TENANT, "phone", phone)


def test_a_backup_is_made_while_the_store_is_used_and_goes_back_whole(bus: CommandBus, location: StorageLocation, tmp_path: Path) -> None:
    tag = _told(bus, PHONE)
    gone = bus.store.keyring.find(_told(bus, OTHER))
    assert gone is not None
    bus.execute(ForgetContact(contact=gone), Caller(TENANT, "ana", frozenset(PERMISSIONS)))
    file = tmp_path / "keys.backup"
    noted = back_up_keys(location, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("keys.backup*")] == ["keys.backup"]
    assert noted is not None
    assert noted.position <= bus.store.head()
    with opened_backup(file) as backup:
        assert backup.head == noted
        must_open(master_key(location.directory), backup.index)
        with pytest.raises(WrongMasterKey):
            must_open(bytes(32), backup.index)
        other = InDirectory(tmp_path / "other")
        other.directory.mkdir()
        Keyring(other.keys(), master_key(location.directory)).close()
        target = other.keys()
        steps: list[int] = []
        assert copy(backup.keys, target, KEYS, steps.append) == steps[-1]
    keyring = Keyring(target, master_key(location.directory))
    found = keyring.find(tag)
    assert found is not None
    assert (keyring.knows(found), keyring.knows(gone)) == (True, False)
    for table in KEYS:
        statement = f"SELECT {', '.join(table.columns)} FROM {table.name}"
        assert sorted(behind(other, statement, keys=True), key=repr) == sorted(behind(location, statement, keys=True), key=repr)
    keyring.close()


def test_the_head_in_a_backup_is_one_that_its_keys_cover(
    bus: CommandBus, location: StorageLocation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _told(bus, PHONE)
    keys_now = type(location).keys_now

    def late(self: StorageLocation) -> object:
        """Save data of another person between the reading of the head and of the keys."""
        _told(bus, OTHER)
        return keys_now(self)

    monkeypatch.setattr(type(location), "keys_now", late)
    head = back_up_keys(location, tmp_path / "keys.backup")
    assert isinstance(head, Head)
    assert head.position < bus.store.head()


def test_nothing_is_overwritten(bus: CommandBus, location: StorageLocation, tmp_path: Path) -> None:
    file = tmp_path / "keys.backup"
    file.write_text("the backup of yesterday")
    with pytest.raises(NoBackup, match="is there already"):
        back_up_keys(location, file)
    with pytest.raises(NoBackup, match="No such file or directory"):
        back_up_keys(location, tmp_path / "nowhere" / "keys.backup")
    assert file.read_text() == "the backup of yesterday"
    assert [path.name for path in tmp_path.glob("keys.backup*")] == ["keys.backup"]
    assert bus.store.head() == 0
