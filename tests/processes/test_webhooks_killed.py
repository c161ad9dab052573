"""Killed between a post and its record, the sender posts again, with the same id; and nothing is lost, doubled or out of order beyond that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from uuid import UUID, uuid4

from commands.command_bus import CommandBus
from commands.handler_context import Caller
from commands.interactions import EndCall, OfferCall, StartCall
from commands.queues import RegisterQueue
from commands.webhooks import CreateWebhook
from domain.access import PERMISSIONS
from store import webhook_deliveries as queue
from store.event_store import Store
from store.storage_location import OnServers
from tests.commands.tally import TENANT
from tests.kit.killed import ROOT
from tests.kit.stores import on_server, own_database
from tests.kit.waiting import within
from tests.processes.posting import KINDS
from tests.processes.posting_child import runner_in
from tests.processes.reacting_child import URL, location_in
from tests.processes.receiving import receiver, status

__all__ = ["on_server", "own_database"]

CALLER = Caller(TENANT, "user:test", frozenset(PERMISSIONS))
CALLS = 3


def test_a_post_that_was_not_recorded_is_repeated_in_a_directory(tmp_path: Path) -> None:
    is_killed_while_it_posts(tmp_path)


def test_a_post_that_was_not_recorded_is_repeated_on_a_server(tmp_path: Path, on_server: OnServers) -> None:
    (tmp_path / URL).write_text(on_server.store_url)
    is_killed_while_it_posts(tmp_path)


def is_killed_while_it_posts(directory: Path) -> None:
    ids: list[str] = []
    steps: list[tuple[str, str]] = []
    children: list[subprocess.Popen[bytes]] = []

    def reply(handler: BaseHTTPRequestHandler) -> None:
        ids.append(handler.headers["webhook-id"])
        if children and children[0].returncode is None:
            children[0].kill()
            children[0].wait()
        status(200)(handler)

    with receiver(reply) as (port, got):
        webhook = prepare(directory, port)
        command = [sys.executable, "-m", "tests.processes.posting_child", str(directory)]
        children.append(subprocess.Popen(command, cwd=ROOT, env=dict(os.environ)))
        within(lambda: children[0].poll() is not None)
        assert ids
        with closing(Store(location_in(directory))) as store:
            assert all(one.attempts == 0 for one in queue.page(store.recorder.db, webhook, 2**62, 100)), "none was recorded"
            before = set(ids)
            runner = runner_in(directory, store)
            runner.start()
            within(lambda: len(queue.page(store.recorder.db, webhook, 2**62, 100, "delivered")) == CALLS * len(KINDS))
            runner.close()
    assert len(set(ids)) == CALLS * len(KINDS)
    assert {id for id in ids if ids.count(id) > 1} == before, "what was posted and not recorded came again, nothing else"
    for message in (json.loads(body) for _, _, body in got):
        step = message["data"]["id"], message["type"]
        if step not in steps:
            steps.append(step)
    for call in {id for id, _ in steps}:
        assert tuple(what for id, what in steps if id == call) == KINDS


def prepare(directory: Path, port: int) -> UUID:
    """A webhook, and calls of which nothing was posted yet."""
    with closing(Store(location_in(directory))) as store:
        runner_in(directory, store)
        bus = CommandBus(store)
        webhook = bus.execute(CreateWebhook(url=f"http://127.0.0.1:{port}/", events=KINDS), CALLER).id
        bus.execute(RegisterQueue(name="vendas"), CALLER)
        for _ in range(CALLS):
            call = bus.execute(StartCall(call=uuid4().hex), CALLER).id
            bus.execute(OfferCall(interaction=call, queue="vendas"), CALLER)
            bus.execute(EndCall(interaction=call), CALLER)
        return webhook
