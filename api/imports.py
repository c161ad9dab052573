"""Routes for what is taken in from files: queue logs and recordings of an Asterisk, its members' names; and the simulation of a center."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Path, Query, Request, Response
from pydantic import Field

from api.access import RequestContext, authorised
from api.body_limit import STREAMED
from api.field_types import ONE_LINE, Instant, Shape
from api.figure_parameters import Parameters
from api.instants import iso
from api.problem import FieldProblem, Problem, stated
from api.problem_documents import documented
from api.reports import CSV, Format
from api.slice_router import SliceRouter
from commands.handler_context import Caller
from domain.errors import InvalidField
from projections.queries import imports as queries
from projections.queries.labels import labelled
from projections.queries.refused_reasons import in_portuguese
from projections.queries.report import Column, Report, comma_separated
from store.imports import Import, Kind, State

TAG = {
    "name": "imports",
    "description": "The past of an Asterisk, from its files. A file may come twice, in parts and in any order: what is known changes nothing.",
}

router = SliceRouter(
    prefix="/v1/imports", tags=["imports"], responses=documented("unauthenticated", "not-allowed", "invalid", "unavailable", "clock")
)

_PART = 1 << 20
_ID = "40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"

ImportId = Annotated[UUID, Path(description="the import's id, from the response that began it or from the list", examples=[_ID])]
ForImports = Annotated[RequestContext, authorised(queries.imports)]


class OfImport(Parameters):
    """Parameters of a file."""

    kind: Annotated[
        Literal["queue-log", "ami", "members"],
        Field(
            description="`queue-log`: Asterisk's queue_log, its realtime table as CSV, or an SQL dump of it; `ami`: a recorded AMI stream; `members`: lines "
            "`interface;name` that say which agent has which telephone, best before the logs that name them. Each plain or as gz, bz2, xz; queue logs as zip too"
        ),
    ] = "queue-log"
    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            pattern=ONE_LINE,
            description="the file's name, for people",
            examples=["queue_log.1.gz"],
        ),
    ] = "queue_log"
    timezone: Annotated[
        str,
        Field(
            max_length=60,
            description="IANA time zone of instants that a table has without one; the company's by default. A queue_log itself needs none",
            examples=["America/Manaus"],
        ),
    ] = ""


class OfRefusedLines(Parameters):
    """The form of the answer."""

    format: Format = "json"


class ImportDetail(Shape):
    """One import."""

    id: Annotated[UUID, Field(examples=[_ID])]
    kind: Annotated[Kind, Field(examples=["queue-log"])]
    name: Annotated[str, Field(description="of the file; empty for a simulation", examples=["queue_log.1.gz"])]
    state: Annotated[
        State,
        Field(
            description="`receiving`: the file comes; `waiting`: behind another import of the company, or those of others; `running`; `done`: the figures cover it; `failed`: `reason` says why; `cancelled`; "
            "`interrupted`: the file did not come whole or the server stopped. Whatever the state, what was taken in stays; the same file again completes it",
            examples=["running"],
        ),
    ]
    state_label: Annotated[str, Field(examples=["Importando"])]
    created_at: Annotated[Instant, Field(examples=["2026-03-02T17:05:09.250Z"])]
    ended_at: Annotated[Instant | None, Field(description="null while it goes on", examples=["2026-03-02T17:06:40.125Z"])]
    bytes: Annotated[int | None, Field(description="of the file, received or taken in; null for a simulation", examples=[6_815_744])]
    bytes_total: Annotated[
        int | None,
        Field(description="of the file; null for a simulation, and while it comes without Content-Length", examples=[10_023_152]),
    ]
    percent: Annotated[float | None, Field(description="how much of this stage is done; null if that is not known", examples=[68.0])]
    lines: Annotated[int, Field(description="read: lines of a log, packets of a recording, commands of a simulation", examples=[612_044])]
    lines_per_second: Annotated[int | None, Field(description="null before the first", examples=[48_000])]
    refused_lines: Annotated[int, Field(description="lines that could not be used; `/refused-lines` lists them", examples=[3])]
    repeated_lines: Annotated[int, Field(description="lines that were known already; once it is done", examples=[0])]
    calls: Annotated[int, Field(description="calls that were not known before; once it is done", examples=[9_504])]
    first_at: Annotated[
        Instant | None, Field(description="instant of its first line; once it is done", examples=["2026-02-23T03:00:04.000Z"])
    ]
    last_at: Annotated[
        Instant | None, Field(description="instant of its last line; once it is done", examples=["2026-03-02T17:04:40.000Z"])
    ]
    position: Annotated[int, Field(description="position of the log that covers it: send it as If-Position; 0 before", examples=[113_149])]
    code: Annotated[
        str,
        Field(
            description="why it ended early, for programs; empty otherwise: `cancelled`, `server-stopped`, `upload-cut-off`, `no-room` (what is free of the disk is kept "
            "for calls), `unavailable` (a full disk, a server that is away), "
            "`figures-stopped`, `internal`, or the code of a problem, as `file-not-recognised`",
            examples=[""],
        ),
    ]
    reason: Annotated[str, Field(description="the same for people", examples=[""])]
    notes: Annotated[
        list[str],
        Field(description="what the file lacks, and what that costs, a sentence each", examples=[["queue_log.csv: no column data4: …"]]),
    ]


class ImportList(Shape):
    """The company's imports."""

    items: Annotated[list[ImportDetail], Field(description="the newest first; the latest hundred are kept")]


class RefusedLineDetail(Shape):
    """A line that could not be used."""

    file: Annotated[str, Field(examples=["queue_log.1.gz"])]
    line: Annotated[int, Field(description="its number in the file", examples=[4_711])]
    reason: Annotated[str, Field(examples=["3 fields where a line has at least 5"])]
    reason_label: Annotated[str, Field(description="the same in pt-BR", examples=["3 campos onde uma linha tem pelo menos 5"])]


class RefusedLines(Shape):
    """The lines of an import that could not be used."""

    items: Annotated[list[RefusedLineDetail], Field(description="the first thousand")]
    total: Annotated[int, Field(description="how many there are", examples=[3])]


_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, of any size.",
        "content": {
            "application/octet-stream": {
                "schema": {"type": "string", "format": "binary"},
                "example": "1772471109|1772471109.1|vendas|NONE|ENTERQUEUE||5511987654321|1\n",
            }
        },
    }
}
_COLUMNS = (Column("file", "Arquivo"), Column("line", "Linha", number=True), Column("reason", "Motivo"))
_CSV_EXAMPLE = "\ufeffArquivo;Linha;Motivo\r\nqueue_log.1.gz;4711;3 campos onde uma linha tem pelo menos 5\r\n"


@router.post("", status_code=201, summary="Import a file", responses=documented("refused", "no-room"), openapi_extra=_FILE)
async def import_file(request: Request, response: Response, context: ForImports, params: Annotated[OfImport, Query()]) -> ImportDetail:
    """Receives a file as the body, part by part, and begins to take it in; the answer comes when the file is there. Read `GET /v1/imports/{import_id}` for its progress.

    A file of another kind is refused (`file-not-recognised`), and nothing of it is taken in; so is one that unpacks to far more than logs do
    (`file-unpacks-too-much`). While the disk has no room for files, 507. One import of a company runs at a time, the others wait. Lines that cannot be used are listed, and the others taken.
    The same file again, a part of it or a longer one changes only what is new. Of a user or API key 2 files are received at the same time, of a company 4; others wait, and get 429 `too-many-uploads` where that takes 20 s.
    """
    caller = source_of(context)
    request.scope[STREAMED] = True
    async with context.application.upload_turns.file(context.tenant, context.credential.name):
        found = await _received(request, context, params, caller)
    response.headers["Location"] = f"{router.prefix}/{found.id}"
    return shaped(found)


@router.get("", summary="The company's imports")
async def list_imports(context: ForImports) -> ImportList:
    """The newest first, simulations among them. What goes on is up to half a second old."""
    stands = context.application.center.imports.stands
    return ImportList(items=[shaped(stands(one)) for one in await context.ask(queries.imports)])


@router.get("/{import_id}", summary="One import", responses=documented("not-found"))
async def get_import(import_id: ImportId, context: Annotated[RequestContext, authorised(queries.one_import)]) -> ImportDetail:
    """How far it is, and how it ended. It goes on whoever reads it, and whether anybody does."""
    return shaped(context.application.center.imports.stands(await context.ask(queries.one_import, import_id)))


@router.delete("/{import_id}", status_code=202, summary="Cancel an import", responses=documented("not-found", "refused"))
async def cancel_import(import_id: ImportId, context: Annotated[RequestContext, authorised(queries.one_import)]) -> ImportDetail:
    """Ends it between two steps, within seconds; one that waits in another process of the deployment, within 20. What was taken in stays, because nothing is ever deleted from the log; the same file again completes it."""
    found = await context.ask(queries.one_import, import_id)
    return shaped(await context.application.ask(context.application.center.imports.cancel, found))


@router.get(
    "/{import_id}/refused-lines",
    summary="The lines of an import that could not be used",
    response_model=RefusedLines,
    responses=documented("not-found")
    | {200: {"description": "The lines", "content": {"text/csv": {"schema": {"type": "string"}, "example": _CSV_EXAMPLE}}}},
)
async def list_refused_lines(
    import_id: ImportId, context: Annotated[RequestContext, authorised(queries.refused_lines)], params: Annotated[OfRefusedLines, Query()]
) -> Any:
    """Each with its number in the file and the reason, as JSON or CSV: the first thousand, known once the file was read."""
    lines = await context.ask(queries.refused_lines, import_id)
    if params.format == "json":
        items = [
            RefusedLineDetail(file=line.file, line=line.line, reason=line.reason, reason_label=in_portuguese(line.reason)) for line in lines
        ]
        return RefusedLines(items=items, total=(await context.ask(queries.one_import, import_id)).content.refused)
    rows = [{"file": line.file, "line": line.line, "reason": in_portuguese(line.reason)} for line in lines]
    text = comma_separated(Report(rows, 0, "UTC", _COLUMNS))
    return Response(text, media_type=CSV, headers={"Content-Disposition": 'attachment; filename="refused-lines.csv"'})


async def _received(request: Request, context: RequestContext, params: OfImport, caller: Caller) -> Import:
    """Receive the body as a file, and begin to take it in. Raises Problem for a file of another kind, ClientDisconnect, and what says that there is no room."""
    imports, ask, turns = context.application.center.imports, context.application.ask, context.application.upload_turns
    length = request.headers.get("content-length", "0")
    total = int(length) if length.isdigit() else 0
    upload = await ask(imports.receive, params.kind, params.name, params.timezone, caller, total)

    async def write(part: bytearray) -> None:
        async with turns.write(context.tenant):
            await ask(upload.write, bytes(part))

    try:
        part = bytearray()
        async for more in request.stream():
            part += more
            if len(part) >= _PART:
                await write(part)
                part.clear()
        await write(part)
        async with turns.look(context.tenant):
            return await ask(upload.complete)
    except InvalidField as wrong:
        await ask(upload.give_up, wrong)
        errors = [
            FieldProblem(parameter=field, detail=detail) if field else FieldProblem(pointer="", detail=detail)
            for field, detail in stated(wrong).items()
        ]
        raise Problem("invalid", str(wrong), errors=errors, code=wrong.code) from wrong
    except BaseException as error:
        await ask(upload.give_up, error)
        raise


def source_of(context: RequestContext) -> Caller:
    """The caller, as the source of many commands: an idempotency key is for one."""
    context.asker.scope.must_be_whole()
    return replace(context.caller, idempotency_key="")


def shaped(one: Import) -> ImportDetail:
    """An import as it is answered."""
    of_file = one.kind != "simulation"
    return ImportDetail(
        id=one.id,
        kind=one.kind,
        name=one.name,
        **labelled("state", "import_state", one.state),
        created_at=iso(one.created // 1_000),
        ended_at=_instant(one.ended),
        bytes=one.done if of_file else None,
        bytes_total=(one.total or None) if of_file else None,
        percent=round(100 * min(one.done / one.total, 1), 1) if one.total else None,
        lines=one.lines,
        lines_per_second=one.lines_per_second,
        refused_lines=one.refused,
        repeated_lines=one.repeated,
        calls=one.calls,
        first_at=_instant(one.first),
        last_at=_instant(one.last),
        position=one.position,
        code=one.code,
        reason=one.reason,
        notes=list(one.notes),
    )


def _instant(us: int | None) -> str | None:
    return None if us is None else iso(us // 1_000)
