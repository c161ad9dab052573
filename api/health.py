"""Routes for operators: liveness, readiness and metrics."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from api.application_state import TheApplication
from api.field_types import Shape
from api.problem import Problem
from api.problem_documents import documented
from api.unknown_fields import known_fields_only

TAG = {"name": "operation", "description": "Liveness, readiness and metrics for operators."}

router = APIRouter(tags=["operation"], dependencies=[Depends(known_fields_only)])

MOST_BEHIND = 5_000
"""A server whose figures lack more events than this is not ready for queries."""


class Alive(Shape):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(Shape):
    """The end of the log and the position that the figures cover."""

    status: Literal["ready"] = "ready"
    position: Annotated[int, Field(description="position of the log's last event", examples=[1204])]
    covered: Annotated[int, Field(description="position that the figures cover", examples=[1204])]


@router.get("/healthz", summary="Whether the process is alive")
async def get_health() -> Alive:
    """Checks nothing but the process itself."""
    return Alive()


@router.get("/readyz", summary="Whether it can serve and figures are fresh", responses=documented("not-reached", "unavailable", "clock"))
async def get_readiness(application: TheApplication) -> Ready:
    """503 while the store or the server of the figures is away, a disk is full, the clock is wrong, or the figures are far behind the log, as after a large import."""
    head, covered = await run_in_threadpool(application.fitness)
    if head - covered > MOST_BEHIND:
        raise Problem("not-reached", f"the figures cover position {covered} of {head}", headers={"Retry-After": "5"})
    return Ready(position=head, covered=covered)


@router.get(
    "/metrics",
    summary="Counts and latencies for Prometheus",
    response_class=Response,
    responses={200: {"description": "Prometheus text format", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(application: TheApplication) -> Response:
    """Commands by name and outcome, requests by route, queries by name, positions of the log and the projections, whether the store answers."""
    application.instruments.listeners.set(application.feed.listeners)
    application.instruments.live_lag.set(application.feed.lag)
    application.instruments.clock_behind.set(application.center.bus.clock.behind_s)
    reachable = await application.store_answers()
    body = application.instruments.exposition(application.center.store.head(), application.center.covered(), reachable=reachable)
    return Response(body, media_type=CONTENT_TYPE_LATEST)
