"""Calls (atendimentos) as an integration or an agent's screen lives them: each step is one command, refused when it cannot be now."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from fastapi import Body as BodyField
from pydantic import Field

from api.access import Asked
from api.field_types import Body, Done, InteractionId, Line, Moment, Name, microseconds
from api.problem import of_command
from commands import interactions as commands

TAG = {"name": "interactions", "description": "Calls (atendimentos): their life, their history, the report of all (rastreio)."}

router = APIRouter(
    prefix="/v1/interactions",
    tags=["interactions"],
    responses=of_command("not-found"),
)

Number = Annotated[str, Field(max_length=30, pattern=r"^\+?[0-9*#]*$", description="telephone number, as the network gives it")]


class Step(Body):
    """A step that says nothing but when it happened."""

    at: Annotated[
        Moment | None, Field(description="when it happened; now if it is left out. Never in the future, nor earlier than the step before.")
    ] = None

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


@router.post("", summary="A customer calls in", status_code=201, response_model=Done)
async def start(body: Start, asking: Asked) -> Response:
    """An inbound call comes to be and gets its protocol number (`result.protocol`). An unknown number becomes a contact."""
    return await asking.do(commands.StartCall(call=body.call, number=body.number, did=body.did, at=body.us), 201)


@router.post("/dial", summary="An agent or a dialler calls a customer", status_code=201, response_model=Done)
async def dial(body: Dial, asking: Asked) -> Response:
    """An outbound attempt begins. It ends by `attempt-answered` or `attempt-failed`."""
    command = commands.DialOut(call=body.call, number=body.number, agent=body.agent, queue=body.queue, at=body.us)
    return await asking.do(command, 201)


@router.post("/{interaction}/ivr/enter", summary="The call enters an IVR", response_model=Done)
async def enter_ivr(interaction: InteractionId, body: InIvr, asking: Asked) -> Response:
    """The caller hears the IVR's (URA's) welcome. Counted in *Entrantes URA*."""
    return await asking.do(commands.EnterIvr(interaction=interaction, ivr=body.ivr, at=body.us))


@router.post("/{interaction}/ivr/option", summary="The caller keys an option", response_model=Done)
async def choose_option(interaction: InteractionId, body: Option, asking: Asked) -> Response:
    """Any option is written down, one that the menu does not have too."""
    return await asking.do(commands.ChooseOption(interaction=interaction, option=body.option, at=body.us))


@router.post("/{interaction}/ivr/out-of-hours", summary="The caller is told that it is closed", response_model=Done)
async def out_of_hours(interaction: InteractionId, body: InIvr, asking: Asked) -> Response:
    """Counted in *Fora de Serviço*."""
    return await asking.do(commands.AnnounceOutOfHours(interaction=interaction, ivr=body.ivr, at=body.us))


@router.post("/{interaction}/ivr/leave", summary="The IVR itself ends the call", response_model=Done)
async def leave_ivr(interaction: InteractionId, body: Nothing, asking: Asked) -> Response:
    """No option was chosen in any attempt, or the menu said so: no abandon."""
    return await asking.do(commands.LeaveIvr(interaction=interaction, at=body.us))


@router.post("/{interaction}/offer", summary="Offer the call to a queue", response_model=Done)
async def offer(interaction: InteractionId, body: ToQueue, asking: Asked) -> Response:
    """A visit opens; its wait begins, and the queue's promise (SLA) of this moment is the one it is judged by."""
    return await asking.do(commands.OfferCall(interaction=interaction, queue=body.queue, at=body.us))


@router.post("/{interaction}/ring", summary="An agent's phone begins to ring", response_model=Done)
async def ring(interaction: InteractionId, body: ByAgent, asking: Asked) -> Response:
    """The agent must be logged in."""
    return await asking.do(commands.RingAgent(interaction=interaction, agent=body.agent, at=body.us))


@router.post("/{interaction}/miss", summary="It rang in vain", response_model=Done)
async def miss(interaction: InteractionId, body: ByAgent, asking: Asked) -> Response:
    """The call goes on waiting; the agent has one more *ring no answer*."""
    return await asking.do(commands.RingNoAnswer(interaction=interaction, agent=body.agent, at=body.us))


@router.post("/{interaction}/answer", summary="An agent takes the call", response_model=Done)
async def answer(interaction: InteractionId, body: ByAgent, asking: Asked) -> Response:
    """The visit's wait ends as answered; the talk begins. The agent must be logged in."""
    return await asking.do(commands.AnswerCall(interaction=interaction, agent=body.agent, at=body.us))


@router.post("/{interaction}/hold", summary="Put the customer on hold", response_model=Done)
async def hold(interaction: InteractionId, body: Nothing, asking: Asked) -> Response:
    """Hold is part of the handle time, not of the talk."""
    return await asking.do(commands.HoldCall(interaction=interaction, at=body.us))


@router.post("/{interaction}/resume", summary="Take the customer off hold", response_model=Done)
async def resume(interaction: InteractionId, body: Nothing, asking: Asked) -> Response:
    """The talk goes on."""
    return await asking.do(commands.ResumeCall(interaction=interaction, at=body.us))


@router.post("/{interaction}/release", summary="The talk ends", response_model=Done)
async def release(interaction: InteractionId, body: Annotated[Release, BodyField(default_factory=Release)], asking: Asked) -> Response:
    """The agent's wrap-up begins. The customer's line may go on, to another queue: see `offer` and `end`."""
    return await asking.do(commands.ReleaseCall(interaction=interaction, by=body.by, at=body.us))


@router.post("/{interaction}/abandon", summary="The customer gives up waiting", response_model=Done)
async def abandon(interaction: InteractionId, body: Nothing, asking: Asked) -> Response:
    """The visit ends as abandoned."""
    return await asking.do(commands.AbandonCall(interaction=interaction, at=body.us))


@router.post("/{interaction}/time-out", summary="The queue's time limit ends the wait", response_model=Done)
async def time_out(interaction: InteractionId, body: Nothing, asking: Asked) -> Response:
    """The visit ends as timed out (*Dequeued*), which is never an abandon."""
    return await asking.do(commands.TimeOutCall(interaction=interaction, at=body.us))


@router.post("/{interaction}/leave-by-key", summary="The customer chooses a key to leave the queue", response_model=Done)
async def leave_by_key(interaction: InteractionId, body: Nothing, asking: Asked) -> Response:
    """For a callback, or another menu."""
    return await asking.do(commands.LeaveByKey(interaction=interaction, at=body.us))


@router.post("/{interaction}/withdraw", summary="Take the call out of the queue", response_model=Done)
async def withdraw(interaction: InteractionId, body: Nothing, asking: Asked) -> Response:
    """Before an answer; the visit ends as transferred out. Offer it elsewhere, or end it."""
    return await asking.do(commands.WithdrawCall(interaction=interaction, at=body.us))


@router.post("/{interaction}/attempt-answered", summary="The customer answers the attempt", response_model=Done)
async def attempt_answered(interaction: InteractionId, body: Nothing, asking: Asked) -> Response:
    """The outbound call is answered; its talk begins."""
    return await asking.do(commands.AnswerDial(interaction=interaction, at=body.us))


@router.post("/{interaction}/attempt-failed", summary="The attempt reaches nobody", response_model=Done)
async def attempt_failed(
    interaction: InteractionId, body: Annotated[Failure, BodyField(default_factory=Failure)], asking: Asked
) -> Response:
    """*Bad Phone* (busy, no answer) or *Bad Number*."""
    return await asking.do(commands.FailDial(interaction=interaction, result=body.result, at=body.us))


@router.post("/{interaction}/end", summary="The customer's line is free again", response_model=Done)
async def end(interaction: InteractionId, body: Nothing, asking: Asked) -> Response:
    """Who hangs up while waiting has abandoned; who hangs up while talking has ended the talk."""
    return await asking.do(commands.EndCall(interaction=interaction, at=body.us))


@router.post("/{interaction}/wrap-up", summary="Finish the after-call work and tag the call", response_model=Done)
async def wrap_up(interaction: InteractionId, body: Annotated[Wrapping, BodyField(default_factory=Wrapping)], asking: Asked) -> Response:
    """The call is handled (*tabulada*): wrap-up time ends here."""
    return await asking.do(commands.WrapUp(interaction=interaction, tag=body.tag, at=body.us))


@router.post("/{interaction}/quality", summary="The final figures of the voice quality", response_model=Done)
async def quality(interaction: InteractionId, body: Quality, asking: Asked) -> Response:
    """Jitter and packet loss of the call, as D1 shows them."""
    command = commands.MeasureQuality(interaction=interaction, jitter_ms=body.jitter_ms, loss_percent=body.loss_percent, at=body.us)
    return await asking.do(command)
