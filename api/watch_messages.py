"""The messages of `GET /v1/watch`: whole answers, and what changed in them. A contract with clients, as `api.live_messages` is."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from api.field_types import Instant, Shape

Question = Annotated[int, Field(ge=0, lt=20, description="which question: the index of its `q` in the request, from 0", examples=[0])]
Covered = Annotated[int, Field(description="position of the log for which the answer then holds exactly: its `as_of`", examples=[1208])]
Now = Annotated[
    Instant,
    Field(description="the server's clock when it computed this, to count from `since` on", examples=["2026-03-02T17:05:09.250Z"]),
]


class WatchedAnswer(Shape):
    """The whole answer to a question, as its GET returns it: the first message of each question, and whenever changes would not do (event `answer`)."""

    q: Question
    position: Covered
    now: Now
    answer: Annotated[dict[str, Any], Field(description="the body of the GET", examples=[{"counts": {"available": 3}}])]


class ChangedRows(Shape):
    """The rows of one table of an answer that are other than before.

    Take the rows in `removed` and those with `_at` out of their lists, then insert the latter in the order given. All other rows keep their order.
    """

    removed: Annotated[list[str], Field(default_factory=list, description="keys of the rows that are gone", examples=[["Bia"]])]
    changed: Annotated[
        list[dict[str, Any]],
        Field(
            default_factory=list,
            description="each with its key and the fields that have other values than before. `_at`: its index in its list, of a row that is new or has "
            "moved; `_in`: the name of its list where the table has several (`agents` of the board)",
            examples=[[{"agent": "Ana", "_in": "on_call", "_at": 2, "state": "talking", "since": "2026-03-02T14:05:09.250-03:00"}]],
        ),
    ]


class WatchedChange(Shape):
    """What is other in the answer to a question than after the message before (event `change`). What is not named has not changed."""

    q: Question
    position: Covered
    now: Now
    fields: Annotated[
        dict[str, Any],
        Field(description="new values of fields, and of fields of objects by both names", examples=[{"at": "…", "counts.available": 2}]),
    ]
    tables: Annotated[
        dict[str, ChangedRows],
        Field(
            default_factory=dict,
            description="the tables of the answer with other rows. Keys: `agent` of the board's `agents`, `visit_id` of `waiting`, `interaction_id` of `calls`, "
            "`queue` of `queues`, `start` of `series`; a report's `items` by what names them",
        ),
    ]


def schemas() -> dict[str, Any]:
    """The messages as the OpenAPI document describes them: `WatchMessage`, and each kind by its name."""
    schema = TypeAdapter(WatchedAnswer | WatchedChange).json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "WatchMessage": {"title": "WatchMessage", **schema}}
