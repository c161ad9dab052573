"""`topics`: create the topics that Kafka needs before anything is relayed."""

from __future__ import annotations

from contextlib import closing

from cli.console import Console, Mistake
from settings import Settings
from streams.brokers import Brokers, BrokersAway, BrokersRefuse
from streams.deployment_topics import make_topics


def topics(settings: Settings, replication: int, console: Console) -> int:
    """Create the missing topics; exit status 1 when an existing one cannot be used."""
    must_be_distributed(settings)
    try:
        with closing(Brokers(settings.kafka)) as brokers:
            found = make_topics(brokers, settings.topics, settings.partitions, replication)
    except (BrokersAway, BrokersRefuse) as error:
        raise Mistake(str(error)) from error
    for name in found.made:
        console.out(f"{name} is made, with {settings.partitions} partitions\n")
    for name in found.there:
        console.out(f"{name} is there\n")
    for fault in found.faults:
        console.warn(fault)
    return 1 if found.faults else 0


def must_be_distributed(settings: Settings) -> None:
    """Refuse a command that an embedded center, which is one process, does not have."""
    if settings.mode != "distributed":
        raise Mistake("ATENDE_MODE is not distributed: an embedded center has no topics and no relay")
