"""The processes of a house that are not there yet, in a few lines: `python -m tests.kit.standing_in migrate|relay`."""

from __future__ import annotations

import sys
import time
from collections import deque
from contextlib import closing

import psycopg

import settings
from commands.place import OnServers
from commands.store import Store
from migrations.runner import migrate
from projections.clickhouse_warehouse import ClickhouseWarehouse
from streams.brokers import Producer
from streams.messages import Carried, message
from streams.topics import SLICES, slice_of, topic


def main(what: str) -> None:
    told = settings.read()
    if what == "migrate":
        told.data.mkdir(exist_ok=True)
        Store(OnServers(told.data, told.store_url), master=told.master_key).close()
        with closing(ClickhouseWarehouse(told.clickhouse_url)) as warehouse:
            migrate(warehouse)
        return
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
    main(sys.argv[1])
