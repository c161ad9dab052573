"""Routes by which an integration or an agent's screen reports calls (atendimentos). Each action is one command, which is refused if the call's state does not allow it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Body as BodyField
from fastapi import Response
from pydantic import Field

from api.access import Authenticated
from api.field_types import Body, DialledNumber, InteractionId, Line, Moment, Name, Number, Receipt, microseconds
from api.invalid_fields import form
from api.problem_documents import of_command
from api.slice_router import SliceRouter
from commands import interactions as commands
from domain.texts import LONGEST_NOTE

TAG = {"name": "interactions", "description": "Calls (atendimentos): actions, history, the report of all calls (rastreio)."}

router = SliceRouter(
    prefix="/v1/interactions",
    tags=["interactions"],
    responses=of_command("not-found"),
)


class Action(Body):
    """An action with nothing but its instant."""

    at: Annotated[
        Moment | None,
        Field(description="when it happened; now if it is left out. Never in the future, nor earlier than the action before."),
    ] = None

    @property
    def us(self) -> int | None:
        """`at` in the commands' unit, microseconds since 1970."""
        return microseconds(self.at)


OwnId = Annotated[
    Line,
    Field(
        description="your own id of the call; the same id means the same call. One that may be a telephone number or a CPF (eight digits or more, but in a UUID or a Uniqueid) is kept as a digest alone: `call` of every answer, list and CSV is a UUID in its place. It still means the same call, and `call` of `POST /v1/interactions/search` finds it, until its contact is forgotten",
        examples=["crm-4711"],
    ),
]


class Start(Action):
    """A customer calls in."""

    call: OwnId = ""
    from_number: Annotated[
        Number, Field(description="the caller's number, in any spelling; empty if withheld", examples=["5511987654321"])
    ] = ""
    to_number: Annotated[Number, Field(description="the company's number that was called, in any spelling", examples=["551140028922"])] = ""


class Dial(Action):
    """An agent, or a dialler, calls a customer."""

    call: OwnId = ""
    to_number: DialledNumber
    agent: Annotated[Line, Field(description="who dials", examples=["Ana"])] = ""
    queue: Annotated[Line, Field(description="for which queue", examples=["vendas"])] = ""


class ByAgent(Action):
    """An action of one agent."""

    agent: Annotated[Name, Field(description="the agent's name", examples=["Ana"])]


class ToQueue(Action):
    """An action with a queue."""

    queue: Annotated[Name, Field(description="the queue's name", examples=["vendas"])]


class InIvr(Action):
    """An action in an IVR."""

    ivr: Annotated[Name, Field(description="the IVR's name", examples=["principal"])]


class KeyedOption(Action):
    """The option that the caller keyed."""

    option: Annotated[
        str,
        Field(
            max_length=20,
            pattern=form(r"^[0-9*#A-D]*$", "should have the keys 0-9, *, # and A-D alone"),
            description="empty if the caller keyed nothing in time",
            examples=["1"],
        ),
    ]


class Release(Action):
    """The party that ended the talk."""

    by: Annotated[Literal["agent", "caller"], Field(description="who hung up")] = "agent"


class Failure(Action):
    """The reason why the attempt was not answered."""

    result: Literal["busy", "no-answer", "bad-number", "congestion", "rejected", "unavailable", "agent-no-answer", "failed"] = "failed"


class Wrapping(Action):
    """The tag of the call."""

    tag: Annotated[Line, Field(description="the tag (tabulação); empty for none", examples=["venda fechada"])] = ""


class Noting(Action):
    """A note about the call."""

    note: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_NOTE,
            description="what the agent writes down, trimmed; line breaks and tabs are its only control characters. Personal data of the customer",
            examples=["Ligar na segunda"],
        ),
    ]


class Quality(Action):
    """The final figures of the voice quality."""

    jitter_ms: Annotated[float, Field(ge=0, le=60_000, allow_inf_nan=False, examples=[12.5])]
    loss_percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False, examples=[0.4])]


Nothing = Annotated[Action, BodyField(default_factory=Action)]


@router.post("", summary="A customer calls in", status_code=201, response_model=Receipt)
async def start_call(body: Start, context: Authenticated) -> Response:
    """Creates an inbound call with a protocol number. An unknown number becomes a contact."""
    return await context.do(commands.StartCall(call=body.call, from_number=body.from_number, to_number=body.to_number, at=body.us), 201)


@router.post("/dial", summary="An agent or a dialler calls a customer", status_code=201, response_model=Receipt)
async def dial_out(body: Dial, context: Authenticated) -> Response:
    """Begins an outbound attempt. `dial-answered` or `dial-failed` says what became of it; the call is open until `end`, also after `dial-failed`.

    The agent must be logged in, not paused, and neither talking nor dialling. What follows the customer's answer is a call of the agent as any other:
    `hold`, `resume`, `release`, `wrap-up`.
    """
    command = commands.DialOut(call=body.call, to_number=body.to_number, agent=body.agent, queue=body.queue, at=body.us)
    return await context.do(command, 201)


@router.post("/{interaction_id}/ivr/enter", summary="The call enters an IVR", response_model=Receipt)
async def enter_ivr(interaction_id: InteractionId, body: InIvr, context: Authenticated) -> Response:
    """The call enters an IVR (URA). Counted in *Entrantes URA*."""
    return await context.do(commands.EnterIvr(interaction=interaction_id, ivr=body.ivr, at=body.us))


@router.post("/{interaction_id}/ivr/option", summary="The caller keys an option", response_model=Receipt)
async def choose_ivr_option(interaction_id: InteractionId, body: KeyedOption, context: Authenticated) -> Response:
    """Records any option, including one that the menu does not have."""
    return await context.do(commands.ChooseOption(interaction=interaction_id, option=body.option, at=body.us))


@router.post("/{interaction_id}/ivr/out-of-hours", summary="The IVR announces that the center is closed", response_model=Receipt)
async def announce_out_of_hours(interaction_id: InteractionId, body: InIvr, context: Authenticated) -> Response:
    """Counted in *Fora de Serviço*."""
    return await context.do(commands.AnnounceOutOfHours(interaction=interaction_id, ivr=body.ivr, at=body.us))


@router.post("/{interaction_id}/ivr/leave", summary="The IVR itself ends the call", response_model=Receipt)
async def leave_ivr(interaction_id: InteractionId, body: Nothing, context: Authenticated) -> Response:
    """The caller chose no option in any attempt, or the menu ends the call. It is not an abandon."""
    return await context.do(commands.LeaveIvr(interaction=interaction_id, at=body.us))


@router.post("/{interaction_id}/offer", summary="Offer the call to a queue", response_model=Receipt)
async def offer_call(interaction_id: InteractionId, body: ToQueue, context: Authenticated) -> Response:
    """Opens a visit and begins its wait. The queue's current SLA settings apply to the visit."""
    return await context.do(commands.OfferCall(interaction=interaction_id, queue=body.queue, at=body.us))


@router.post("/{interaction_id}/ring", summary="An agent's phone begins to ring", response_model=Receipt)
async def ring_agent(interaction_id: InteractionId, body: ByAgent, context: Authenticated) -> Response:
    """The agent must be logged in and neither paused nor in another call, dialled ones too. An agent in wrap-up may be rung: who distributes the calls decides."""
    return await context.do(commands.RingAgent(interaction=interaction_id, agent=body.agent, at=body.us))


@router.post("/{interaction_id}/ring-no-answer", summary="The agent does not answer the ring", response_model=Receipt)
async def ring_no_answer(interaction_id: InteractionId, body: ByAgent, context: Authenticated) -> Response:
    """The call keeps waiting; one more *ring no answer* (RONA) is counted for the agent."""
    return await context.do(commands.RingNoAnswer(interaction=interaction_id, agent=body.agent, at=body.us))


@router.post("/{interaction_id}/answer", summary="An agent answers the call", response_model=Receipt)
async def answer_call(interaction_id: InteractionId, body: ByAgent, context: Authenticated) -> Response:
    """The visit's wait ends as answered; the talk begins. The agent must be logged in and neither paused nor in another call, dialled ones too."""
    return await context.do(commands.AnswerCall(interaction=interaction_id, agent=body.agent, at=body.us))


@router.post("/{interaction_id}/hold", summary="Put the customer on hold", response_model=Receipt)
async def hold_call(interaction_id: InteractionId, body: Nothing, context: Authenticated) -> Response:
    """Hold is part of the handle time, not of the talk."""
    return await context.do(commands.HoldCall(interaction=interaction_id, at=body.us))


@router.post("/{interaction_id}/resume", summary="Take the customer off hold", response_model=Receipt)
async def resume_call(interaction_id: InteractionId, body: Nothing, context: Authenticated) -> Response:
    """The talk goes on."""
    return await context.do(commands.ResumeCall(interaction=interaction_id, at=body.us))


@router.post("/{interaction_id}/release", summary="The talk ends", response_model=Receipt)
async def release_call(
    interaction_id: InteractionId, body: Annotated[Release, BodyField(default_factory=Release)], context: Authenticated
) -> Response:
    """The agent's wrap-up begins. The customer's call may go on to another queue: see `offer` and `end`."""
    return await context.do(commands.ReleaseCall(interaction=interaction_id, by=body.by, at=body.us))


@router.post("/{interaction_id}/abandon", summary="The customer gives up waiting", response_model=Receipt)
async def abandon_call(interaction_id: InteractionId, body: Nothing, context: Authenticated) -> Response:
    """The visit ends as abandoned."""
    return await context.do(commands.AbandonCall(interaction=interaction_id, at=body.us))


@router.post("/{interaction_id}/time-out", summary="The queue's time limit ends the wait", response_model=Receipt)
async def time_out_call(interaction_id: InteractionId, body: Nothing, context: Authenticated) -> Response:
    """The visit ends as timed out (*Dequeued*), which is never an abandon."""
    return await context.do(commands.TimeOutCall(interaction=interaction_id, at=body.us))


@router.post("/{interaction_id}/leave-by-key", summary="The customer chooses a key to leave the queue", response_model=Receipt)
async def leave_queue_by_key(interaction_id: InteractionId, body: Nothing, context: Authenticated) -> Response:
    """The visit ends as left by key, for a callback or another menu."""
    return await context.do(commands.LeaveByKey(interaction=interaction_id, at=body.us))


@router.post("/{interaction_id}/withdraw", summary="Take the call out of the queue", response_model=Receipt)
async def withdraw_call(interaction_id: InteractionId, body: Nothing, context: Authenticated) -> Response:
    """Before an answer: the visit ends as transferred out. Offer the call to another queue, or end it."""
    return await context.do(commands.WithdrawCall(interaction=interaction_id, at=body.us))


@router.post("/{interaction_id}/dial-answered", summary="The customer answers the attempt", response_model=Receipt)
async def answer_attempt(interaction_id: InteractionId, body: Nothing, context: Authenticated) -> Response:
    """Marks the outbound call as answered; the talk of the agent who dialled begins. A dialler without an agent offers the call to a queue then."""
    return await context.do(commands.AnswerDial(interaction=interaction_id, at=body.us))


@router.post("/{interaction_id}/dial-failed", summary="The attempt is not answered", response_model=Receipt)
async def fail_attempt(
    interaction_id: InteractionId, body: Annotated[Failure, BodyField(default_factory=Failure)], context: Authenticated
) -> Response:
    """The call is `not-connected` (*Bad Phone*), or `bad-number` (*Bad Number*); `attempt.result` of the call says why. It is open until `end`; the agent is free at once."""
    return await context.do(commands.FailDial(interaction=interaction_id, result=body.result, at=body.us))


@router.post("/{interaction_id}/end", summary="The call ends", response_model=Receipt)
async def end_call(interaction_id: InteractionId, body: Nothing, context: Authenticated) -> Response:
    """A customer who hangs up while waiting abandons; one who hangs up while talking ends the talk."""
    return await context.do(commands.EndCall(interaction=interaction_id, at=body.us))


@router.post("/{interaction_id}/wrap-up", summary="Finish the after-call work and tag the call", response_model=Receipt)
async def wrap_up_call(
    interaction_id: InteractionId, body: Annotated[Wrapping, BodyField(default_factory=Wrapping)], context: Authenticated
) -> Response:
    """Marks the call as handled (*tabulada*); wrap-up time ends, also at a PBX that holds back the queue's next call for so long."""
    return await context.do(commands.WrapUp(interaction=interaction_id, tag=body.tag, at=body.us))


@router.post("/{interaction_id}/note", summary="Write a note about the call", response_model=Receipt)
async def note_call(interaction_id: InteractionId, body: Noting, context: Authenticated) -> Response:
    """During the call or after it, any number of times. The note is in the call's history for those who may read personal data, until the contact is forgotten."""
    return await context.do(commands.NoteCall(interaction=interaction_id, note=body.note, at=body.us))


@router.post("/{interaction_id}/quality", summary="The final figures of the voice quality", response_model=Receipt)
async def measure_quality(interaction_id: InteractionId, body: Quality, context: Authenticated) -> Response:
    """Records jitter and packet loss of the call, which D1 shows."""
    command = commands.MeasureQuality(interaction=interaction_id, jitter_ms=body.jitter_ms, loss_percent=body.loss_percent, at=body.us)
    return await context.do(command)
