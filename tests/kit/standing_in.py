"""A process of a house that is not there yet, in a few lines: `python -m tests.kit.standing_in relay`."""

from __future__ import annotations

import sys
import time
from collections import deque

import psycopg

import settings
from streams.brokers import Producer
from streams.messages import Carried, message
from streams.topics import SLICES, slice_of, topic


def main() -> None:
    told = settings.read()
    sys.stdout.write("relay begins\n")
    sys.stdout.flush()
    producer = Producer(told.kafka, {topic(told.topics, slice_): told.partitions for slice_ in SLICES})
    reached = 0
    with psycopg.connect(told.store_url, autocommit=True) as db:
        while True:
            sent = deque()
            for row in db.execute(
                "SELECT * FROM store.stored_events WHERE position > %s ORDER BY position LIMIT 2000", (reached,)
            ).fetchall():
                position, id, version, event, state, digest = row
                reached = position
                sent.append(
                    producer.send(topic(told.topics, slice_of(event)), message(Carried(position, id, version, event, state, digest)))[1]
                )
            if sent:
                assert producer.acknowledged(sent, 60)
            else:
                time.sleep(0.05)


if __name__ == "__main__":
    main()
