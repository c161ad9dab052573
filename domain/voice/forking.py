"""State that can be forked: facts of one instant are applied anew, in another order, when one more of them arrives."""

from __future__ import annotations

from typing import Self


class Forkable:
    """An object that is cheap to copy, because its attributes hold values that are never changed in place."""

    def fork(self) -> Self:
        """Return a copy to continue with; this object stays unchanged."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        return copy
