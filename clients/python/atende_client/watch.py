"""Watched questions: their answers, kept current by the rows and fields that change."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from atende_client.streams import follow

_KEYS = {"agents": "agent", "waiting": "visit_id", "calls": "interaction_id", "queues": "queue", "series": "start"}
_REPORTS = {"/v1/reports/queues": "queue", "/v1/reports/ivr": "ivr", "/v1/reports/agents": "agent"}
_CLOCKS = ("half-hour", "hour", "day", "week", "month")

_Row = dict[str, Any]


@dataclass(frozen=True)
class WatchedAnswer:
    """The answer to a question as of `position`. Rows that did not change are the same objects as before; change none of them."""

    question: str
    position: int
    answer: dict[str, Any]


def watch_answers(client: httpx.Client, questions: Sequence[str], sleep: Callable[[float], object] = time.sleep) -> Iterator[WatchedAnswer]:
    """The answers to up to 20 questions, each time that one changes, without end: first each whole one.

    questions: paths of a GET with their parameters, as `/v1/dashboards/inbound?queue=vendas`. Lost connections and unavailable servers are waited for,
    and the answers go on where they stopped. Other problems are raised.
    """
    answers: dict[int, dict[str, Any]] = {}
    for event in follow(client, "/v1/watch", None, sleep, q=list(questions)):
        message = json.loads(event.data)
        number, position = message["q"], message["position"]
        if event.type == "answer":
            answers[number] = message["answer"]
        elif event.type == "change":
            answers[number] = _changed(answers[number], message, _keys_of(questions[number]))
        else:
            continue
        answers[number] = {**answers[number], "as_of": position}
        yield WatchedAnswer(questions[number], position, answers[number])


def _keys_of(question: str) -> dict[str, str]:
    """What tells the rows of each table of an answer apart."""
    url = urlsplit(question)
    by = parse_qs(url.query).get("by", [_REPORTS.get(url.path, "")])[-1]
    return {**_KEYS, "items": "start" if by in _CLOCKS else by}


def _changed(answer: dict[str, Any], change: dict[str, Any], keys: dict[str, str]) -> dict[str, Any]:
    """The answer after a change."""
    result = dict(answer)
    for path, value in change.get("fields", {}).items():
        name, _, part = path.partition(".")
        result[name] = {**result[name], part: value} if part else value
    for name, rows in change.get("tables", {}).items():
        lists = result[name] if isinstance(result[name], dict) else {"": result[name]}
        lists = _changed_lists(lists, rows, keys[name])
        result[name] = lists if isinstance(result[name], dict) else lists[""]
    return result


def _changed_lists(lists: dict[str, list[_Row]], rows: dict[str, Any], key: str) -> dict[str, list[_Row]]:
    """Rows that are gone or have moved are taken out; then the moved ones are put at their places, in the order given."""
    before = {row[key]: row for rows_of_list in lists.values() for row in rows_of_list}
    fields = {row[key]: {name: value for name, value in row.items() if name not in ("_at", "_in")} for row in rows.get("changed", ())}
    moved = [row for row in rows.get("changed", ()) if "_at" in row]
    taken = {*rows.get("removed", ()), *(row[key] for row in moved)}
    result = {
        name: [{**row, **fields[row[key]]} if row[key] in fields else row for row in rows_of_list if row[key] not in taken]
        for name, rows_of_list in lists.items()
    }
    for row in moved:
        result[row.get("_in", "")].insert(row["_at"], {**before.get(row[key], {}), **fields[row[key]]})
    return result
