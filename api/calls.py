"""The route by which agents dial out."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response
from pydantic import Field

from api.access import Authenticated, RequestContext
from api.field_types import Body, DialledNumber, Line, Name, Receipt
from api.problem_documents import of_command
from api.slice_router import SliceRouter
from commands import calls as commands
from domain.errors import Refused
from projections.queries.registers import agents_of_user

router = SliceRouter(prefix="/v1/calls", tags=["interactions"], responses=of_command("not-found"))


class PlacedCall(Body):
    """A call that an agent asks for."""

    agent: Annotated[Name | None, Field(description="who calls; if omitted, the agent that belongs to the caller", examples=["Ana"])] = None
    to_number: DialledNumber
    queue: Annotated[
        Line,
        Field(
            description="for which queue; the PBX chooses the line and the number that is shown by it. Empty for none", examples=["vendas"]
        ),
    ] = ""


async def own_agent(context: RequestContext, named: str | None, field: str) -> str:
    """The agent that a request names in `field`, or else the one that belongs to the caller. Raises Refused if that is none, or several."""
    if named is not None:
        return named
    user = context.credential.user
    own = await context.ask(agents_of_user, user) if user is not None else []
    if len(own) != 1:
        raise Refused("no-own-agent", f"{'several agents belong' if own else 'no agent belongs'} to the caller: name one as `{field}`")
    return own[0]


@router.post("", summary="Call a customer", status_code=201, response_model=Receipt)
async def place_call(body: PlacedCall, context: Authenticated) -> Response:
    """The PBX rings the agent's telephone first, and then the number. The response comes at once; `id` is the interaction, which tells how it goes: answered, busy,
    no answer, rejected, a number that does not exist, congestion, or an agent who did not pick up. What is not begun within 15 s fails.

    Refused for an agent who is logged out, paused, talking or dialling, or without a telephone. Needs `gerenciar-atendimento`, and an agent of one's own or `gerenciar-agentes`.
    """
    # Who may not call is told so first, whatever agents they have.
    context.asker.must_have(commands.PlaceCall.permission)
    agent = await own_agent(context, body.agent, "agent")
    return await context.do(commands.PlaceCall(agent=agent, number=body.to_number, queue=body.queue), 201)
