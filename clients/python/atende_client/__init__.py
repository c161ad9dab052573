"""A typed client of an Atende contact center.

`Atende` is the connection; `atende_client.v1.api` has a function per operation, and `atende_client.v1.models` the types of their bodies and answers.
"""

from atende_client.connection import Atende
from atende_client.live import LiveEvent, follow_live_events
from atende_client.pages import every
from atende_client.problems import (
    Conflict,
    FieldProblem,
    Invalid,
    NotAllowed,
    NotFound,
    Problem,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from atende_client.unreachable import Unreachable
from atende_client.watch import WatchedAnswer, watch_answers

__all__ = [
    "Atende",
    "Conflict",
    "FieldProblem",
    "Invalid",
    "LiveEvent",
    "NotAllowed",
    "NotFound",
    "Problem",
    "TooManyRequests",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
    "WatchedAnswer",
    "every",
    "follow_live_events",
    "watch_answers",
]
