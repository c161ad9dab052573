"""Echoes of live commands: a PBX that is driven tells of an agent's log-in or pause again, which the command has stated already."""

from __future__ import annotations

from collections.abc import Iterable

from domain.base import SECOND
from domain.voice.facts import ECHO, Fact, FactKind
from domain.voice.presence import Presence, PresenceState

ECHO_US = 15 * SECOND
"""So long after a live command a PBX may repeat what it said."""

_UNDONE_BY: dict[FactKind, tuple[FactKind, ...]] = {
    "logged_in": ("logged_out",),
    "logged_out": ("logged_in",),
    "paused": ("resumed", "logged_out"),
    "resumed": ("paused", "logged_out"),
}


def without_echoes(state: PresenceState, facts: Iterable[Fact]) -> list[Fact]:
    """The facts but those by which a PBX repeats what a live command said just now, and had it do: they are the same fact."""
    stated = Presence(state)
    kept = []
    for fact in facts:
        if fact.clock == "ami" and _is_echo(state, fact, stated):
            continue
        stated.take(fact)
        kept.append(fact)
    return kept


def _is_echo(state: PresenceState, fact: Fact, stated: Presence) -> bool:
    if fact.mark == ECHO:
        # A pause that has a reason by now has a later one.
        later = fact.kind == "paused" and bool(stated.paused.get(fact.queue))
        return later or stated.is_stated(fact) or _is_overruled(state, fact)
    return _was_commanded(state, fact) and (stated.is_stated(fact) or fact.at < state.latest)


def _is_overruled(state: PresenceState, fact: Fact) -> bool:
    """Whether a later live command has undone what the PBX tells of: it may tell of it even after that command."""
    matter = {fact.kind, *_UNDONE_BY.get(fact.kind, ())}
    said = (kind for kind, queue, _ in reversed(state.commanded) if kind in matter and queue in ("", fact.queue))
    return next(said, fact.kind) != fact.kind


def _was_commanded(state: PresenceState, fact: Fact) -> bool:
    """Whether a live command said the same shortly before or, by another clock, shortly after."""
    return any(kind == fact.kind and queue in ("", fact.queue) and abs(fact.at - at) <= ECHO_US for kind, queue, at in state.commanded)


def commanded(state: PresenceState, fresh: Iterable[Fact], latest: int) -> tuple[tuple[str, str, int], ...]:
    """What live commands said up to now and with these facts, as far as a PBX may still repeat it. latest: the last fact's instant (us)."""
    said = [*state.commanded, *((fact.kind, fact.queue, fact.at) for fact in fresh if fact.clock == "live")]
    return tuple(each for each in said if each[2] >= latest - ECHO_US)
