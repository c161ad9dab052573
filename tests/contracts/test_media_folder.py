"""The contract of media stores, for a folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from store.media import MediaBroken, MediaFolder, MediaStore, MediaUnavailable
from tests.contracts.media import TENANT, MediaStoreContract


class TestMediaFolder(MediaStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> MediaStore:
        return MediaFolder(tmp_path / "media")


def test_only_the_user_of_the_process_can_read_the_files_and_nothing_unfinished_stays(tmp_path: Path) -> None:
    MediaFolder(tmp_path / "media").put(TENANT, uuid4(), [b"voice"])
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_folder_that_is_none_is_unavailable_not_missing(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("a file")
    store = MediaFolder(tmp_path / "media")
    with pytest.raises(MediaUnavailable):
        store.put(TENANT, uuid4(), [b"voice"])
    with pytest.raises(MediaUnavailable):
        store.exists(TENANT, uuid4())


def test_a_link_instead_of_a_file_or_of_a_folder_is_never_followed(tmp_path: Path) -> None:
    store, id = MediaFolder(tmp_path / "media"), uuid4()
    store.put(TENANT, id, [b"voice"])
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    elsewhere = tmp_path / "elsewhere"
    file.parent.rename(elsewhere)
    file.parent.symlink_to(elsewhere)
    for reach in (store.size, store.delete, lambda *name: store.put(*name, [b"other"]), lambda *name: store.open(*name, 0, 5)):
        with pytest.raises(MediaUnavailable):
            reach(TENANT, id)
    assert [path.read_bytes() for path in elsewhere.iterdir()] == [b"voice"]
    file.parent.unlink()
    file.parent.mkdir()
    for instead in (lambda: file.symlink_to(elsewhere / str(id)), lambda: os.mkfifo(file)):
        instead()
        for read in (lambda: store.open(TENANT, id, 0, 5), lambda: store.size(TENANT, id)):
            with pytest.raises(MediaBroken):
                read()
        store.delete(TENANT, id)
    assert (elsewhere / str(id)).read_bytes() == b"voice"


def test_folders_and_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        MediaFolder(tmp_path / "media").put(TENANT, UUID(int=7), [b"voice"])
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")} == {0o700, 0o600}
