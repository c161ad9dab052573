"""A member is taken out of a queue of the PBX and put back at once: as one who has had no call yet, or by another telephone.

For the agent nothing happens: who is not put back is logged out in Atende too.
"""

from __future__ import annotations

import logging
from time import sleep

from commands.agents import LogOut
from domain.agents import Agent
from domain.ids import agent_id
from telephony_adapter.ami.connection import NoAnswer
from telephony_adapter.control.pbx import Pbx, PbxRefuses, Row

log = logging.getLogger(__name__)

_TRIES = 3
_BETWEEN_S = 0.5
"""A queue that is being read anew refuses members for a moment."""


def renew(pbx: Pbx, row: Row, phone: str = "") -> bool:
    """Put the member of this row of QueueStatus back by this telephone, by the same one if "". Whether the queue takes the member back: if not, that is reported.

    Raises PbxRefuses if the PBX does not take the member out: then nothing has changed.
    """
    try:
        pbx.change_member("renewal", "QueueRemove", row["Queue"], row["Location"])
    except NoAnswer:
        log.warning("asterisk does not say whether a member was taken out name=%s", pbx.asterisk.name)
    is_back = _is_back(pbx, row, phone or row["Location"])
    if not is_back:
        pbx.report(_logged_out(pbx, row))
    return is_back


def _logged_out(pbx: Pbx, row: Row) -> LogOut:
    """The agent is out of this queue; whoever is logged in to all queues as one of them, of all."""
    agent = pbx.load(Agent, agent_id(pbx.tenant, row["Name"]))
    in_all = agent is not None and "" in agent.standing.queues
    return LogOut(agent=row["Name"], queues=() if in_all else (row["Queue"],))


def _is_back(pbx: Pbx, row: Row, phone: str) -> bool:
    """Add a member as it was. Whether the queue has taken it; without an answer it has not."""
    paused = row.get("Paused") == "1"
    same = phone == row["Location"]
    for number in range(_TRIES):
        if number:
            sleep(_BETWEEN_S)
        try:
            pbx.change_member(
                "renewal",
                "QueueAdd",
                row["Queue"],
                phone,
                MemberName=row["Name"],
                Penalty=row.get("Penalty") or "0",
                StateInterface=(same and row.get("StateInterface")) or phone,
                Paused=str(paused).lower(),
                Reason=row.get("PausedReason", "") if paused else "",
            )
        except PbxRefuses as refused:
            if refused.is_so_already:
                return True
            log.warning("asterisk takes no member back name=%s try=%d reason=%s", pbx.asterisk.name, number + 1, refused.message)
        except NoAnswer:
            log.warning("asterisk does not say whether it takes a member back name=%s", pbx.asterisk.name)
            return False
        else:
            return True
    return False
