"""The topics that a deployment needs: made once, and checked by every process that uses them.

They keep everything for ever: the log and all rows can be made anew from them alone. How many partitions a topic has is
decided when it is made: with another number an aggregate's events would go on in another partition, and their order would be lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from streams.brokers import LARGEST_MESSAGE, Brokers, Topic
from streams.topics import SLICES, dead_letters, topic

FOR_EVER = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}
"""With no limits "delete" deletes nothing; any other policy would."""

_LARGEST = "max.message.bytes"
_SAFE_REPLICATION = 3
_NO_SUCH = "there is no topic {}: `atende topics` makes it"


@dataclass
class Found:
    """The topics that were made and that existed. faults: what is wrong with those that existed, a line each."""

    made: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def names(prefix: str) -> list[str]:
    """The names of the topics of a deployment."""
    return [*(topic(prefix, slice_) for slice_ in SLICES), dead_letters(prefix)]


def make_topics(brokers: Brokers, prefix: str, partitions: int, replication: int) -> Found:
    """Make the topics that are missing and check the others. Raises BrokersAway and BrokersRefuse."""
    there = brokers.topics(names(prefix))
    settings = {**FOR_EVER, _LARGEST: str(LARGEST_MESSAGE), "min.insync.replicas": "2" if replication >= _SAFE_REPLICATION else "1"}
    missing = [name for name in names(prefix) if name not in there]
    made = brokers.make(missing, partitions, replication, settings)
    return Found(made, [name for name in names(prefix) if name not in made], _faults_of(there, prefix, partitions))


def faults(brokers: Brokers, prefix: str, partitions: int) -> list[str]:
    """Why the topics cannot be used, a line each. Raises BrokersAway and BrokersRefuse."""
    there = brokers.topics(names(prefix))
    missing = [_NO_SUCH.format(name) for name in names(prefix) if name not in there]
    return missing + _faults_of(there, prefix, partitions)


def _faults_of(there: Mapping[str, Topic], prefix: str, partitions: int) -> list[str]:
    return [fault for name in names(prefix) if name in there for fault in _faults(there[name], partitions)]


def _faults(topic: Topic, partitions: int) -> Iterator[str]:
    if topic.partitions != partitions:
        yield f"topic {topic.name} has {topic.partitions} partitions, ATENDE_PARTITIONS is {partitions}"
    for name, value in FOR_EVER.items():
        if topic.settings.get(name) != value:
            yield f"topic {topic.name} does not keep everything: {name} is {topic.settings.get(name)}, must be {value}"
    if int(topic.settings[_LARGEST]) < LARGEST_MESSAGE:
        yield f"topic {topic.name} refuses large events: {_LARGEST} is {topic.settings[_LARGEST]}, must be {LARGEST_MESSAGE} or more"
    if not topic.writable:
        yield f"topic {topic.name}: no right to write to it"
