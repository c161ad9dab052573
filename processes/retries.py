"""What still follows from an event that is decided again, long after others of its aggregate were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventsourcing.persistence import StoredEvent

from domain.base import Event
from processes.manager import CancelTimer, Decision, NotYet, ProcessManager, SetTimer
from store.database import StoreUnavailable
from store.event_store import Store


def still_stand(
    decisions: Sequence[Decision], event: Event, manager: ProcessManager[Any], store: Store, position: int
) -> Sequence[Decision]:
    """The decisions about an event without those about timers that a later event of its aggregate decides about: there the last event counts.

    position: up to where the manager has seen the log. Raises NotYet, StoreUnavailable.
    """
    if not _keys(decisions):
        return decisions
    later = store.recorder.select_events(event.originator_id, gt=event.originator_version)
    decided = {key for stored in later for key in _timers_of(stored, manager, store, position)}
    return [decision for decision in decisions if not isinstance(decision, SetTimer | CancelTimer) or decision.key not in decided]


def _timers_of(stored: StoredEvent, manager: ProcessManager[Any], store: Store, position: int) -> set[str]:
    """The keys of the timers that an event decides about."""
    try:
        event: Event = store.mapper.to_domain_event(stored)
        if not isinstance(event, manager.REACTS_TO):
            return set()
        return _keys(manager.react(event, manager.state(event, position)))
    except (NotYet, StoreUnavailable):
        raise
    except Exception:  # noqa: BLE001 - it was set aside too, and has decided nothing
        return set()


def _keys(decisions: Sequence[Decision]) -> set[str]:
    return {decision.key for decision in decisions if isinstance(decision, SetTimer | CancelTimer)}
