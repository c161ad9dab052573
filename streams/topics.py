"""Which topic of Kafka carries which events: one for each slice, so that all events of one aggregate lie in one partition, in order."""

from __future__ import annotations

SLICES = ("interactions", "agents", "queues", "ivr", "timeline", "contacts", "identity")

_SLICE_OF = {
    "interaction": "interactions",
    "visit": "interactions",
    "agent": "agents",
    "roster": "agents",
    "queue": "queues",
    "ivr": "ivr",
    "source": "timeline",
    "contact": "contacts",
    "company": "identity",
    "user": "identity",
}
"""By the first word of an event's name."""


def slice_of(event: str) -> str:
    """The slice to which an event of this name belongs."""
    return _SLICE_OF[event.partition(".")[0]]


def topic(prefix: str, slice_: str) -> str:
    """The topic of a slice, for a deployment whose topics begin with `prefix`."""
    return f"{prefix}.{slice_}"


def dead_letters(prefix: str) -> str:
    """The topic of the events of which no rows could be made."""
    return f"{prefix}.dead-letters"


def partition_name(topic: str, partition: int) -> str:
    """A partition as the positions that rows and relay have reached are noted."""
    return f"{topic}:{partition}"
