"""The contract of media stores, for a folder."""

from __future__ import annotations

import stat
from pathlib import Path
from uuid import uuid4

import pytest

from store.media import MediaFolder, MediaStore, MediaUnavailable
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
