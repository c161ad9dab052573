"""What messages say of a happening besides its word, its instant, the queue and the agent: the very thing that changed, in the words of the API.

Live stream and webhooks say the same. What may name a customer or a private line, or is a digit that somebody keyed, is never said; how long
something took is the difference of two messages' instants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from domain.voice.facts import Fact, FactKind

SAID: Final[Mapping[str, tuple[str, str]]] = {
    "arrived": ("to_number", "text"),
    "did": ("to_number", "text"),
    "dialled": ("style", "by"),
    "dial_failed": ("result", "text"),
    "tagged": ("tag", "text"),
    "ivr_entered": ("ivr", "text"),
    "ivr_out_of_hours": ("ivr", "text"),
    "ivr_blacklisted": ("ivr", "text"),
    "ivr_left": ("reason", "text"),
    "released": ("by", "by"),
    "turned_away": ("reason", "text"),
    "hung_up": ("reason", "text"),
    "paused": ("reason", "text"),
    "reason": ("reason", "text"),
}
"""By kind: the field of the message, and the field of the fact that has its value."""

UNSAID: Final[Mapping[FactKind, str]] = {
    "part_of": "the other call has messages of its own",
    "quality": "figures, which the call itself has",
    "note": "personal data of the customer",
    "supervised": "who supervises and how is for those alone who may supervise",
    "ivr_option": "what a caller keys",
    "left_by_key": "what a caller keys",
    "logged_in": "how the source knows it; a pause that begins with it is in the agent's state",
    "logged_out": "how the source knows it",
    "resumed": "how the source knows it",
    "direct_call_began": "a channel of the PBX, which may hold a number",
    "direct_call_ended": "a channel of the PBX, which may hold a number",
}
"""By kind: what else its facts state that no message says, and why."""

MEANINGS: Final[Mapping[str, str]] = {
    "to_number": "of `arrived` and `did`: the company's number that was called",
    "style": "of `dialled`: how the PBX dialled, as `style` of the call's attempt",
    "result": "of `dial_failed`: why, as `result` of the call's attempt",
    "tag": "of `tagged`: the tag (tabulação)",
    "ivr": "of `ivr_entered`, `ivr_out_of_hours` and `ivr_blacklisted`: the IVR's name",
    "by": "of `released`: who ended the talk, `agent` or `caller`, or `transfer`",
    "reason": "of `paused` and `reason`: the reason of the pause; of `turned_away`: why the queue did not take the call (`full`, `joinempty`, `closed`); of `ivr_left`: what ended it; of `hung_up`: the cause as the PBX gives it (`16`)",
}
"""What each field says; null where nothing is known."""

_CODES: Final = frozenset({"turned_away"})
"""Kinds whose text is a word of the PBX in capitals: the API has codes in lower case with hyphens."""


def said_of(fact: Fact) -> dict[str, Any]:
    """The fields by which a message says what changed, with their values; without those of which nothing is known."""
    field, of_fact = SAID.get(fact.kind, ("", ""))
    value: str = getattr(fact, of_fact) if of_fact else ""
    if fact.kind in _CODES:
        value = value.lower().replace("_", "-")
    return {field: value} if value else {}
