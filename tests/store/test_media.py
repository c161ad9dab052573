"""Sealed media: ranges without the whole, and what is changed, cut or exchanged is seen."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.media import CHUNK, MediaBroken, MediaFolder, MediaMissing, Sealed, SealedMedia

TENANT = UUID("0d3c5a52-6a52-5f8e-9d42-0d6cb0a5a001")
CONTENT = os.urandom(2 * CHUNK + 1000)
_TAG = 16


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> SealedMedia:
    return SealedMedia(MediaFolder(tmp_path_factory.mktemp("media")))


def put(media: SealedMedia, content: bytes = CONTENT) -> tuple[UUID, Sealed]:
    id = uuid4()
    return id, media.put(TENANT, id, [content[:10], content[10:]])


def file_of(media: SealedMedia, id: UUID) -> Path:
    assert isinstance(media.store, MediaFolder)
    (path,) = media.store.folder.rglob(str(id))
    return path


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, len(CONTENT)])
def test_what_was_put_is_read_again_and_nothing_of_it_lies_in_plain(media: SealedMedia, size: int) -> None:
    content = CONTENT[:size]
    id, sealed = put(media, content)
    assert b"".join(media.read(TENANT, id, sealed.key, sealed.size)) == content
    assert (sealed.size, sealed.sha256) == (size, sha256(content).hexdigest())
    assert not size or content[:64] not in file_of(media, id).read_bytes()


@given(st.integers(0, len(CONTENT)), st.integers(0, len(CONTENT) + 10))
def test_any_range_is_that_part_of_the_whole(media: SealedMedia, start: int, end: int) -> None:
    global _whole  # noqa: PLW0603 - one file for all examples
    _whole = _whole or put(media)
    id, sealed = _whole
    assert b"".join(media.read(TENANT, id, sealed.key, sealed.size, range(start, max(start, end)))) == CONTENT[start : max(start, end)]


_whole: tuple[UUID, Sealed] | None = None


def test_a_range_is_read_though_another_part_of_the_file_is_broken(media: SealedMedia) -> None:
    id, sealed = put(media)
    _flip(0)(file_of(media, id))
    assert b"".join(media.read(TENANT, id, sealed.key, sealed.size, range(CHUNK, CHUNK + 5))) == CONTENT[CHUNK : CHUNK + 5]


def _flip(at: int) -> Callable[[Path], object]:
    def change(path: Path) -> None:
        raw = bytearray(path.read_bytes())
        raw[at] ^= 1
        path.write_bytes(raw)

    return change


def _swap(path: Path) -> None:
    raw, whole = path.read_bytes(), CHUNK + _TAG
    path.write_bytes(raw[whole : 2 * whole] + raw[:whole] + raw[2 * whole :])


def _cut(by: int) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(path.read_bytes()[:-by])


@pytest.mark.parametrize(
    "damage",
    [
        _flip(0),
        _flip(CHUNK + _TAG + 5),
        _flip(-1),
        _swap,
        _cut(1),
        _cut(1000 + _TAG),
        lambda path: path.write_bytes(path.read_bytes() + b"x"),
    ],
    ids=["first bit", "middle", "last tag", "swapped chunks", "cut by a byte", "cut at a chunk", "longer"],
)
def test_what_was_changed_cut_or_reordered_is_seen(media: SealedMedia, damage: Callable[[Path], object]) -> None:
    id, sealed = put(media)
    damage(file_of(media, id))
    with pytest.raises(MediaBroken):
        b"".join(media.read(TENANT, id, sealed.key, sealed.size))


def test_a_file_that_ends_at_a_chunk_is_not_taken_for_a_shorter_one(media: SealedMedia) -> None:
    id, sealed = put(media)
    _cut(1000 + _TAG)(file_of(media, id))
    with pytest.raises(MediaBroken):
        b"".join(media.read(TENANT, id, sealed.key, 2 * CHUNK))


def test_another_recordings_file_and_another_key_are_seen(media: SealedMedia) -> None:
    (one, sealed), (other, others) = put(media), put(media)
    file_of(media, one).write_bytes(file_of(media, other).read_bytes())
    for key in (sealed.key, others.key):
        with pytest.raises(MediaBroken):
            b"".join(media.read(TENANT, one, key, sealed.size))


def test_a_missing_file_is_said_at_once(media: SealedMedia) -> None:
    id, sealed = put(media)
    media.delete(TENANT, id)
    with pytest.raises(MediaMissing):
        media.read(TENANT, id, sealed.key, sealed.size)
