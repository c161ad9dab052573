"""A client of `GET /v1/watch`: keeps the answers to its questions by the messages of the stream, as docs/api.md says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def apply(answer: dict[str, Any], change: dict[str, Any], keys: dict[str, str]) -> None:
    """Make an answer the newer one. keys: the key of each table."""
    for path, value in change.get("fields", {}).items():
        name, _, part = path.partition(".")
        if part:
            answer[name][part] = value
        else:
            answer[name] = value
    for table, rows in change.get("tables", {}).items():
        lists = answer[table] if isinstance(answer[table], dict) else {"": answer[table]}
        known = {row[keys[table]]: row for rows_of_list in lists.values() for row in rows_of_list}
        moved = {row[keys[table]] for row in rows.get("changed", ()) if "_at" in row}
        gone = moved | set(rows.get("removed", ()))
        for rows_of_list in lists.values():
            rows_of_list[:] = [row for row in rows_of_list if row[keys[table]] not in gone]
        for change_of_row in rows.get("changed", ()):
            row = known.get(change_of_row[keys[table]], {})
            row.update({name: value for name, value in change_of_row.items() if name not in ("_at", "_in")})
            if "_at" in change_of_row:
                lists[change_of_row.get("_in", "")].insert(change_of_row["_at"], row)


KEYS = {"agents": "agent", "waiting": "visit_id", "calls": "interaction_id", "queues": "queue", "series": "start"}
"""The key of each table of the board and the dashboards."""


class Watcher:
    """The answers of one client, by question, and the position of each."""

    def __init__(self, keys: dict[str, str] | None = None) -> None:
        self.answers: dict[int, dict[str, Any]] = {}
        self.positions: dict[int, int] = {}
        self.whole = 0
        self.id: str | None = None
        self._keys = KEYS if keys is None else keys

    def take(self, event: dict[str, str]) -> None:
        """Take one event of the stream."""
        self.id = event.get("id", self.id)
        if "data" not in event:
            return
        message = json.loads(event["data"])
        if event["event"] == "answer":
            self.whole += 1
            self.answers[message["q"]] = message["answer"]
        else:
            assert event["event"] == "change"
            apply(self.answers[message["q"]], message, self._keys)
        self.positions[message["q"]] = message["position"]
        self.answers[message["q"]]["as_of"] = message["position"]


def parsed(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """The events of a text/event-stream, as an EventSource has them."""
    event: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            event[name] = value
        elif event:
            yield event
            event = {}
