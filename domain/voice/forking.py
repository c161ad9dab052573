"""State that goes on two ways: facts of one instant are taken in anew, in another order, when one more of them comes."""

from __future__ import annotations

from typing import Self


class Forkable:
    """An object that can be copied at little cost: its attributes hold values that are never changed in place."""

    def fork(self) -> Self:
        """A copy to go on with; this one stays as it is."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        return copy
