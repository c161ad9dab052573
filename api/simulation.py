"""The route that simulates a center in a company without calls."""

from __future__ import annotations

from api.imports import ForImports, ImportDetail, shaped, source_of
from api.problem_documents import documented
from api.slice_router import SliceRouter

router = SliceRouter(
    prefix="/v1/simulation",
    tags=["imports"],
    responses=documented("unauthenticated", "not-allowed", "refused", "invalid", "unavailable", "clock"),
)


@router.post("", status_code=202, summary="Simulate a center")
async def start_simulation(context: ForImports) -> ImportDetail:
    """Simulates a week of calls, then live ones until it is cancelled (`DELETE /v1/imports/{import_id}`) or the server stops. Only in a company without any call
    (409 `company-not-empty`): nothing is ever deleted from the log.
    """
    return shaped(await context.application.ask(context.application.center.imports.simulate, source_of(context)))
