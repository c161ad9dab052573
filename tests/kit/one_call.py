"""The events of one customer's call, as a real Asterisk sends them; `CALL` is its id, `ANA` the agent."""

from __future__ import annotations

from typing import Any

from tests.kit.packets import T0, event

CALLER: dict[str, Any] = {"Channel": "PJSIP/tronco-00000001", "Uniqueid": f"{T0}.1", "Linkedid": f"{T0}.1", "CallerIDNum": "11988000037"}
AGENT = {"DestChannel": "PJSIP/1001-00000002", "DestUniqueid": f"{T0}.2", "DestLinkedid": f"{T0}.1"}
ANA = {"Interface": "PJSIP/1001", "MemberName": "Ana Souza"}
CALL = f"{T0}.1"


def born(at: float = 0, **more: Any) -> str:
    return event("Newchannel", at, **CALLER | {"ChannelState": 4, "Context": "entrada", "Exten": "4001"} | more)


def join(at: float, queue: str = "vendas", **more: Any) -> str:
    return event("QueueCallerJoin", at, **CALLER | {"Queue": queue, "Position": 1, "Count": 1} | more)


def leave(at: float, queue: str = "vendas", **more: Any) -> str:
    return event("QueueCallerLeave", at, **CALLER | {"Queue": queue, "Position": 1, "Count": 0} | more)


def abandon(at: float, wait: int, queue: str = "vendas", **more: Any) -> str:
    return event("QueueCallerAbandon", at, **CALLER | {"Queue": queue, "Position": 1, "OriginalPosition": 1, "HoldTime": wait} | more)


def variable(at: float, name: str, value: str) -> str:
    return event("VarSet", at, **CALLER, Variable=name, Value=value)


def step(at: float, context: str, exten: str, application: str, data: str = "") -> str:
    return event("Newexten", at, **CALLER, Context=context, Extension=exten, Priority=1, Application=application, AppData=data)


def hang_up(at: float, cause: int = 16, **more: Any) -> str:
    return event("Hangup", at, **CALLER | more, Cause=cause, Cause_txt="Normal Clearing")


def hang_up_request(at: float) -> str:
    return event("HangupRequest", at, **CALLER)


def ring(at: float, **more: Any) -> list[str]:
    both = CALLER | AGENT | {"Queue": "vendas"} | ANA | more
    return [event("Newchannel", at, Channel=both["DestChannel"], Uniqueid=both["DestUniqueid"], Linkedid=both["Linkedid"], ChannelState=0), event("AgentCalled", at, **both)]  # fmt: skip


def dial_end(at: float, status: str, **more: Any) -> str:
    return event("DialEnd", at, **CALLER | AGENT | more, DialStatus=status)


def connect(at: float, wait: int, rang: int = 1, **more: Any) -> str:
    return event("AgentConnect", at, **CALLER | AGENT | {"Queue": "vendas"} | ANA | more, HoldTime=wait, RingTime=rang)


def complete(at: float, wait: int, talk: int, reason: str = "agent", **more: Any) -> str:
    return event("AgentComplete", at, **CALLER | AGENT | {"Queue": "vendas"} | ANA | more, HoldTime=wait, TalkTime=talk, Reason=reason)
