"""Extensions with a hint, by which queues of FreePBX and Issabel know whether a member is busy: which telephones are behind them."""

from __future__ import annotations

import re

_HINT = "hint:"
_CONTEXT = "default"
"""The context that Asterisk takes for a hint without one."""

_THROUGH_THE_DIALPLAN = "Local/"


def hint_of(state_interface: str) -> str:
    """The extension and its context (`1001@ext-local`) of a member who is known by a hint; "" for a member who is known by a telephone."""
    if not state_interface.lower().startswith(_HINT):
        return ""
    exten, _, context = state_interface[len(_HINT) :].partition("@")
    return f"{exten}@{context or _CONTEXT}"


def telephones_in(hint: str) -> tuple[str, ...]:
    """The telephones of a hint (`PJSIP/1001&Custom:DND1001,CustomPresence:1001`): states that the dialplan sets itself are none."""
    return tuple(part for part in re.split("[&,]", hint) if "/" in part and ":" not in part.partition("/")[0])


def is_telephone(interface: str) -> bool:
    """Whether a member's interface, or StateInterface, names a telephone, and not a way through the dialplan."""
    return "/" in interface and not interface.startswith(_THROUGH_THE_DIALPLAN) and not hint_of(interface)
