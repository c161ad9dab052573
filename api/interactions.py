"""Calls (atendimentos) as an integration or an agent's screen lives them: each step is one command, refused when it cannot be now."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from fastapi import Body as BodyField
from pydantic import Field

from api.access import Asking
from api.house import TheHouse
from api.problem import documented
from api.shapes import Body, Done, Line, Moment, Name, microseconds
from commands import interactions as told

router = APIRouter(
    prefix="/v1/interactions",
    tags=["interactions"],
    responses=documented("malformed", "unauthenticated", "not-allowed", "not-found", "refused", "too-large", "invalid"),
)

Number = Annotated[str, Field(max_length=30, pattern=r"^\+?[0-9*#]*$", description="telephone number, as the network gives it")]


class Step(Body):
    """A step that says nothing but when it happened."""

    at: Annotated[Moment | None, Field(description="when it happened; now if it is left out. Never earlier than the step before.")] = None

    @property
    def us(self) -> int | None:
        """`at` as commands say it."""
        return microseconds(self.at)


class Start(Step):
    """A customer calls in."""

    call: Annotated[Line, Field(description="your own id of the call: the same one again is the same call", examples=["crm-4711"])] = ""
    number: Annotated[Number, Field(description="who calls; empty when withheld", examples=["5511987654321"])] = ""
    did: Annotated[Number, Field(description="the company's number that was dialled", examples=["551140028922"])] = ""


class Dial(Step):
    """An agent, or a dialler, calls a customer."""

    call: Annotated[Line, Field(description="your own id of the call: the same one again is the same call", examples=["crm-4712"])] = ""
    number: Annotated[Number, Field(min_length=1, examples=["5511987654321"])]
    agent: Annotated[Line, Field(description="who dials", examples=["Ana"])] = ""
    queue: Annotated[Line, Field(description="for which queue", examples=["vendas"])] = ""


class ByAgent(Step):
    """A step of one agent."""

    agent: Annotated[Name, Field(description="the agent's name", examples=["Ana"])]


class ToQueue(Step):
    """A step towards a queue."""

    queue: Annotated[Name, Field(description="the queue's name", examples=["vendas"])]


class InIvr(Step):
    """A step in an IVR."""

    ivr: Annotated[Name, Field(description="the IVR's name", examples=["principal"])]


class Option(Step):
    """What the caller keyed."""

    option: Annotated[str, Field(max_length=20, pattern=r"^[0-9*#A-D]*$", description="empty: nothing in time", examples=["1"])]


class Release(Step):
    """Who ended the talk."""

    by: Annotated[Literal["agent", "caller"], Field(description="who hung up")] = "agent"


class Failure(Step):
    """Why the attempt reached nobody."""

    result: Literal["busy", "no_answer", "bad_number", "congestion", "rejected", "unavailable", "agent_no_answer", "failed"] = "failed"


class Wrapping(Step):
    """How the call is tagged."""

    tag: Annotated[Line, Field(description="the tag (tabulação); empty for none", examples=["venda fechada"])] = ""


class Quality(Step):
    """The final figures of the voice quality."""

    jitter_ms: Annotated[float, Field(ge=0, le=60_000, allow_inf_nan=False, examples=[12.5])]
    loss_percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False, examples=[0.4])]


Nothing = Annotated[Step, BodyField(default_factory=Step)]


@router.post("", summary="A customer calls in", status_code=201)
async def start(body: Start, caller: Asking, house: TheHouse) -> Done:
    """An inbound call comes to be and gets its protocol number (`result.protocol`). An unknown number becomes a contact."""
    return await house.execute(told.StartCall(call=body.call, number=body.number, did=body.did, at=body.us), caller)


@router.post("/dial", summary="An agent or a dialler calls a customer", status_code=201)
async def dial(body: Dial, caller: Asking, house: TheHouse) -> Done:
    """An outbound attempt begins. It ends by `attempt-answered` or `attempt-failed`."""
    command = told.DialOut(call=body.call, number=body.number, agent=body.agent, queue=body.queue, at=body.us)
    return await house.execute(command, caller)


@router.post("/{interaction}/ivr/enter", summary="The call enters an IVR")
async def enter_ivr(interaction: UUID, body: InIvr, caller: Asking, house: TheHouse) -> Done:
    """The caller hears the IVR's (URA's) welcome. Counted in *Entrantes URA*."""
    return await house.execute(told.EnterIvr(interaction=interaction, ivr=body.ivr, at=body.us), caller)


@router.post("/{interaction}/ivr/option", summary="The caller keys an option")
async def choose_option(interaction: UUID, body: Option, caller: Asking, house: TheHouse) -> Done:
    """Any option is written down, one that the menu does not have too."""
    return await house.execute(told.ChooseOption(interaction=interaction, option=body.option, at=body.us), caller)


@router.post("/{interaction}/ivr/out-of-hours", summary="The caller is told that it is closed")
async def out_of_hours(interaction: UUID, body: InIvr, caller: Asking, house: TheHouse) -> Done:
    """Counted in *Fora de Serviço*."""
    return await house.execute(told.TellOutOfHours(interaction=interaction, ivr=body.ivr, at=body.us), caller)


@router.post("/{interaction}/ivr/leave", summary="The IVR itself ends the call")
async def leave_ivr(interaction: UUID, body: Nothing, caller: Asking, house: TheHouse) -> Done:
    """No option was chosen in any attempt, or the menu said so: no abandon."""
    return await house.execute(told.LeaveIvr(interaction=interaction, at=body.us), caller)


@router.post("/{interaction}/offer", summary="Offer the call to a queue")
async def offer(interaction: UUID, body: ToQueue, caller: Asking, house: TheHouse) -> Done:
    """A visit opens; its wait begins, and the queue's promise (SLA) of this moment is the one it is judged by."""
    return await house.execute(told.OfferCall(interaction=interaction, queue=body.queue, at=body.us), caller)


@router.post("/{interaction}/ring", summary="An agent's phone begins to ring")
async def ring(interaction: UUID, body: ByAgent, caller: Asking, house: TheHouse) -> Done:
    """The agent must be logged in."""
    return await house.execute(told.RingAgent(interaction=interaction, agent=body.agent, at=body.us), caller)


@router.post("/{interaction}/miss", summary="It rang in vain")
async def miss(interaction: UUID, body: ByAgent, caller: Asking, house: TheHouse) -> Done:
    """The call goes on waiting; the agent has one more *ring no answer*."""
    return await house.execute(told.MissRing(interaction=interaction, agent=body.agent, at=body.us), caller)


@router.post("/{interaction}/answer", summary="An agent takes the call")
async def answer(interaction: UUID, body: ByAgent, caller: Asking, house: TheHouse) -> Done:
    """The visit's wait ends as answered; the talk begins. The agent must be logged in."""
    return await house.execute(told.AnswerCall(interaction=interaction, agent=body.agent, at=body.us), caller)


@router.post("/{interaction}/hold", summary="Put the customer on hold")
async def hold(interaction: UUID, body: Nothing, caller: Asking, house: TheHouse) -> Done:
    """Hold is part of the handle time, not of the talk."""
    return await house.execute(told.HoldCall(interaction=interaction, at=body.us), caller)


@router.post("/{interaction}/resume", summary="Take the customer off hold")
async def resume(interaction: UUID, body: Nothing, caller: Asking, house: TheHouse) -> Done:
    """The talk goes on."""
    return await house.execute(told.ResumeCall(interaction=interaction, at=body.us), caller)


@router.post("/{interaction}/release", summary="The talk ends")
async def release(interaction: UUID, body: Annotated[Release, BodyField(default_factory=Release)], caller: Asking, house: TheHouse) -> Done:
    """The agent's wrap-up begins. The customer's line may go on, to another queue: see `offer` and `end`."""
    return await house.execute(told.ReleaseCall(interaction=interaction, by=body.by, at=body.us), caller)


@router.post("/{interaction}/abandon", summary="The customer gives up waiting")
async def abandon(interaction: UUID, body: Nothing, caller: Asking, house: TheHouse) -> Done:
    """The visit ends as abandoned."""
    return await house.execute(told.AbandonCall(interaction=interaction, at=body.us), caller)


@router.post("/{interaction}/time-out", summary="The queue's time limit ends the wait")
async def time_out(interaction: UUID, body: Nothing, caller: Asking, house: TheHouse) -> Done:
    """The visit ends as timed out (*Dequeued*), which is never an abandon."""
    return await house.execute(told.TimeOutCall(interaction=interaction, at=body.us), caller)


@router.post("/{interaction}/leave-by-key", summary="The customer chooses a key to leave the queue")
async def leave_by_key(interaction: UUID, body: Nothing, caller: Asking, house: TheHouse) -> Done:
    """For a callback, or another menu."""
    return await house.execute(told.LeaveByKey(interaction=interaction, at=body.us), caller)


@router.post("/{interaction}/withdraw", summary="Take the call out of the queue")
async def withdraw(interaction: UUID, body: Nothing, caller: Asking, house: TheHouse) -> Done:
    """Before an answer; the visit ends as transferred out. Offer it elsewhere, or end it."""
    return await house.execute(told.WithdrawCall(interaction=interaction, at=body.us), caller)


@router.post("/{interaction}/attempt-answered", summary="The customer answers the attempt")
async def attempt_answered(interaction: UUID, body: Nothing, caller: Asking, house: TheHouse) -> Done:
    """The outbound call is answered; its talk begins."""
    return await house.execute(told.AnswerDial(interaction=interaction, at=body.us), caller)


@router.post("/{interaction}/attempt-failed", summary="The attempt reaches nobody")
async def attempt_failed(
    interaction: UUID, body: Annotated[Failure, BodyField(default_factory=Failure)], caller: Asking, house: TheHouse
) -> Done:
    """*Bad Phone* (busy, no answer) or *Bad Number*."""
    return await house.execute(told.FailDial(interaction=interaction, result=body.result, at=body.us), caller)


@router.post("/{interaction}/end", summary="The customer's line is free again")
async def end(interaction: UUID, body: Nothing, caller: Asking, house: TheHouse) -> Done:
    """Who hangs up while waiting has abandoned; who hangs up while talking has ended the talk."""
    return await house.execute(told.EndCall(interaction=interaction, at=body.us), caller)


@router.post("/{interaction}/wrap-up", summary="Finish the after-call work and tag the call")
async def wrap_up(
    interaction: UUID, body: Annotated[Wrapping, BodyField(default_factory=Wrapping)], caller: Asking, house: TheHouse
) -> Done:
    """The call is handled (*tabulada*): wrap-up time ends here."""
    return await house.execute(told.WrapUp(interaction=interaction, tag=body.tag, at=body.us), caller)


@router.post("/{interaction}/quality", summary="The final figures of the voice quality")
async def quality(interaction: UUID, body: Quality, caller: Asking, house: TheHouse) -> Done:
    """Jitter and packet loss of the call, as D1 shows them."""
    command = told.MeasureQuality(interaction=interaction, jitter_ms=body.jitter_ms, loss_percent=body.loss_percent, at=body.us)
    return await house.execute(command, caller)
