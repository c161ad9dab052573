"""The topics of Kafka: one for each slice, so that all events of one aggregate are in one partition, in order."""

from __future__ import annotations

import discovery
from domain.base import CATALOGUE

discovery.modules("domain")

_SLICE_OF = {name: kind.SLICE for name, kind in CATALOGUE.items() if kind.SLICE}
"""The slice by an event's name."""

SLICES = tuple(sorted(set(_SLICE_OF.values())))


def slice_of(event: str) -> str:
    """The slice to which an event of this name belongs. Raises KeyError for one that this release does not know."""
    return _SLICE_OF[event]


def topic(prefix: str, slice_: str) -> str:
    """The topic of a slice, for a deployment whose topics begin with `prefix`."""
    return f"{prefix}.{slice_}"


def dead_letters(prefix: str) -> str:
    """The topic of the events of which no rows could be made."""
    return f"{prefix}.dead-letters"


def partition_name(topic: str, partition: int) -> str:
    """The name of a partition, under which the positions of rows and relay are recorded."""
    return f"{topic}:{partition}"
