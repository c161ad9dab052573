"""The messages of the live stream: which events have one."""

from __future__ import annotations

from uuid import uuid4

from api.live_messages import QueueMessage, message_of
from domain.queues import QueueNameTaken, QueueRenamed


def test_a_renamed_queue_has_one_message_and_the_reservation_of_its_name_none():
    queue, name, tenant = uuid4(), uuid4(), uuid4()
    common = {"tenant": tenant, "originator_version": 1, "actor": "test", "occurred_at": 1_000_000, "recorded_at": 1_000_000}
    renamed = message_of(QueueRenamed(originator_id=queue, name="comercial", **common), 1, {})
    assert isinstance(renamed, QueueMessage)
    assert renamed.queue_id == queue
    assert message_of(QueueNameTaken(originator_id=name, name="comercial", owner=queue, **common), 2, {}) is None
