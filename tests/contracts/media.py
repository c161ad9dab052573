"""What every media store does, whatever is behind it."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from store.media import MediaMissing, MediaStore

TENANT = UUID("0d3c5a52-6a52-5f8e-9d42-0d6cb0a5a001")


class MediaStoreContract:
    """A subclass gives the store by the fixture `store`."""

    def test_what_was_put_is_read_as_a_whole_or_by_ranges(self, store: MediaStore) -> None:
        id = uuid4()
        store.put(TENANT, id, [b"abc", b"", b"defgh"])
        assert store.size(TENANT, id) == 8
        for start, length, expected in ((0, 8, b"abcdefgh"), (2, 3, b"cde"), (6, 100, b"gh"), (8, 5, b"")):
            with store.open(TENANT, id, start, length) as stream:
                assert stream.read(length) == expected

    def test_what_is_put_again_replaces_what_was_there(self, store: MediaStore) -> None:
        id = uuid4()
        store.put(TENANT, id, [b"first"])
        store.put(TENANT, id, [b"2"])
        with store.open(TENANT, id, 0, 10) as stream:
            assert stream.read(10) == b"2"

    def test_what_is_missing_or_deleted_is_said_to_be_missing(self, store: MediaStore) -> None:
        id = uuid4()
        store.delete(TENANT, id)
        store.put(TENANT, id, [b"gone"])
        assert store.exists(TENANT, id)
        store.delete(TENANT, id)
        assert not store.exists(TENANT, id)
        for read in (lambda: store.open(TENANT, id, 0, 1), lambda: store.size(TENANT, id)):
            with pytest.raises(MediaMissing):
                read()

    def test_companies_have_names_of_their_own(self, store: MediaStore) -> None:
        id = uuid4()
        store.put(TENANT, id, [b"ours"])
        assert not store.exists(uuid4(), id)

    def test_a_put_that_fails_leaves_what_was_there(self, store: MediaStore) -> None:
        id = uuid4()
        store.put(TENANT, id, [b"whole"])

        def broken() -> object:
            yield b"half"
            raise RuntimeError("the source is gone")

        with pytest.raises(RuntimeError):
            store.put(TENANT, id, broken())  # type: ignore[arg-type]
        with store.open(TENANT, id, 0, 10) as stream:
            assert stream.read(10) == b"whole"
