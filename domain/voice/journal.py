"""State whose latest changes can be taken back, and which knows what they were.

Facts of one instant come one after another, yet their order is decided among all of them: what the first ones made of a call is
taken back when another comes, and made anew. The same record of changes says what of a call may read differently now.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")

_ABSENT: Any = object()


class Journal:
    """The changes since the last checkpoint, in order: what changed, where in it, what was there before."""

    __slots__ = ("changes",)

    def __init__(self) -> None:
        self.changes: list[tuple[Any, Any, Any]] = []

    def checkpoint(self) -> None:
        """Keep all changes so far for good."""
        self.changes.clear()

    def roll_back(self, mark: int = 0) -> None:
        """Take back all changes since there were `mark` of them."""
        while len(self.changes) > mark:
            target, place, before = self.changes.pop()
            target.put_back(place, before)


class Journaled:
    """An object whose attributes can be put back. `journal` and what begins with it are set by `start`."""

    journal: Journal

    def start(self, **values: Any) -> None:
        """Set attributes of a new object, which nobody takes back one by one."""
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: Any) -> None:
        self.journal.changes.append((self, name, getattr(self, name)))
        self.__dict__[name] = value

    def put_back(self, name: str, value: Any) -> None:
        self.__dict__[name] = value


class JournaledList(Generic[T]):
    """A list that grows at its end and whose elements can be replaced. `of`: what it is a part of."""

    __slots__ = ("items", "journal", "of")

    def __init__(self, journal: Journal, of: object = None) -> None:
        self.journal = journal
        self.of = of
        self.items: list[T] = []

    def append(self, value: T) -> None:
        self.journal.changes.append((self, len(self.items), _ABSENT))
        self.items.append(value)

    def __setitem__(self, place: int, value: T) -> None:
        if place < 0:
            place += len(self.items)
        self.journal.changes.append((self, place, self.items[place]))
        self.items[place] = value

    def __getitem__(self, place: int) -> T:
        return self.items[place]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def put_back(self, place: int, value: T) -> None:
        if value is _ABSENT:
            self.items.pop()
        else:
            self.items[place] = value


class JournaledDict(MutableMapping[K, V]):
    """A dict whose entries can be put back; its values are not changed in place. `of`: what it is a part of."""

    __slots__ = ("entries", "journal", "of")

    def __init__(self, journal: Journal, of: object = None) -> None:
        self.journal = journal
        self.of = of
        self.entries: dict[K, V] = {}

    def __getitem__(self, key: K) -> V:
        return self.entries[key]

    def __setitem__(self, key: K, value: V) -> None:
        self.journal.changes.append((self, key, self.entries.get(key, _ABSENT)))
        self.entries[key] = value

    def __delitem__(self, key: K) -> None:
        self.journal.changes.append((self, key, self.entries[key]))
        del self.entries[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def put_back(self, key: K, value: V) -> None:
        if value is _ABSENT:
            del self.entries[key]
        else:
            self.entries[key] = value
