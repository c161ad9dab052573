"""What goes into a center, and what is asked of it."""

from __future__ import annotations

from typing import Annotated

import typer

import settings
from cli import run as running
from cli.console import terminal
from cli.operator_commands import (
    SLA_PROFILES,
    Admin,
    Attribution,
    Forget,
    Format,
    Grouping,
    History,
    ImportAmi,
    ImportQueueLog,
    Rebuild,
    Report,
    Subject,
    Verify,
)
from cli.words.app import (
    Company,
    Data,
    Json,
    NoWait,
    app,
    bring,
    data_directory,
    run_for_operator,
)


@bring.command("ami")
def import_ami(
    file: Annotated[str, typer.Argument(help="A recorded stream, gz or not; - is standard input.")],
    data: Data = None,
    company: Company = "",
    json: Json = False,
    no_wait: NoWait = False,
) -> None:
    """Import a recorded AMI stream."""
    with running.readable([file]) as files:
        run_for_operator(data, ImportAmi(file=files[0], company=company, json=json, wait=not no_wait))


@bring.command("queue-log")
def import_queue_log(
    files: Annotated[list[str], typer.Argument(help="Queue logs or table exports, gz or not, in any order; - is standard input.")],
    data: Data = None,
    company: Company = "",
    timezone: Annotated[str, typer.Option(help="Of instants written without one.", show_default="the company's")] = "",
    members: Annotated[str, typer.Option(help="A file of lines interface;name.")] = "",
    json: Json = False,
    no_wait: NoWait = False,
) -> None:
    """Import queue logs of any age and dialect."""
    with running.readable([*files, *([members] if members else [])]) as readable:
        logs = readable[: len(files)]
        named = readable[-1].path if members else ""
        run_for_operator(data, ImportQueueLog(files=logs, company=company, timezone=timezone, members=named, json=json, wait=not no_wait))


@app.command()
def report(
    subject: Annotated[Subject, typer.Argument(help="What the report is about.")],
    data: Data = None,
    company: Company = "",
    since: Annotated[str, typer.Option("--from", metavar="T", help="Date or ISO 8601.", show_default="the first of all")] = "",
    until: Annotated[str, typer.Option("--to", metavar="T", help="Date or ISO 8601, not included.", show_default="the last of all")] = "",
    by: Annotated[
        Grouping | None, typer.Option(help="What a row is; interactions have none.", show_default="queue; ivr and agent of their reports")
    ] = None,
    queue: Annotated[str, typer.Option(help="This queue alone, as the source writes it.")] = "",
    agent: Annotated[str, typer.Option(help="This agent alone, as the source writes it.")] = "",
    sla_ms: Annotated[int | None, typer.Option(help="Another threshold in ms, over the past too.", min=0)] = None,
    sla_profile: Annotated[
        str, typer.Option(metavar="PROFILE", help=f"Another definition of the SLA: {SLA_PROFILES}.", show_default="the queue's")
    ] = "",
    attribution: Annotated[Attribution, typer.Option(help="In which interval a visit counts.")] = "arrival",
    as_of: Annotated[str, typer.Option(metavar="POSITION|TIME", help="As it was known, or as it stood, then.")] = "",
    timezone: Annotated[str, typer.Option(help="Of hours, days, weeks and months.", show_default="the company's")] = "",
    format: Annotated[Format, typer.Option(help="How to write it.")] = "table",
) -> None:
    """Figures of the past, each by its one definition."""
    command = Report(
        subject=subject,
        company=company,
        since=since,
        until=until,
        by=by,
        queue=queue,
        agent=agent,
        sla_ms=sla_ms,
        sla_profile=sla_profile,
        attribution=attribution,
        as_of=as_of,
        timezone=timezone,
        format=format,
    )
    run_for_operator(data, command)


@app.command()
def history(
    interaction: Annotated[str, typer.Argument(metavar="PROTOCOL|ID", help="An interaction's protocol number or id.")],
    data: Data = None,
    company: Company = "",
    json: Json = False,
) -> None:
    """Everything that happened to one interaction: what, when and from which source."""
    run_for_operator(data, History(interaction=interaction, company=company, json=json))


@app.command()
def verify(data: Data = None, company: Company = "") -> None:
    """Walk the log's hash chain; exit status 1 names the first event that was changed, removed or moved."""
    run_for_operator(data, Verify(company=company))


@app.command()
def rebuild(data: Data = None, company: Company = "") -> None:
    """Fold every projection again from the log, beside the old ones, then swap."""
    run_for_operator(data, Rebuild(company=company))


@app.command()
def forget(
    contact: Annotated[str, typer.Argument(help="A contact's id or one of its phone numbers, in any spelling.")],
    data: Data = None,
    company: Company = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: forget at once.")] = False,
) -> None:
    """Say what is known of a person, ask, and make it permanently unreadable; every statistic stays."""
    configured = settings.read()
    directory = data_directory(data, configured)
    if not yes:
        status = running.run(directory, Forget(contact=contact, company=company, dry_run=True), configured)
        if status:
            raise typer.Exit(status)
        typer.confirm("Forget this contact for ever?", abort=True, err=True)
    raise typer.Exit(running.run(directory, Forget(contact=contact, company=company), configured))


@app.command()
def admin(
    email: Annotated[str, typer.Argument(help="The administrator's e-mail address.")],
    data: Data = None,
    company: Company = "",
) -> None:
    """A one-time link by which an administrator sets a password."""
    run_for_operator(data, Admin(email=email, company=company))


@app.command()
def openapi() -> None:
    """Write the OpenAPI document of the HTTP API, for generators of clients."""
    from cli.openapi import write_openapi

    with terminal() as console:
        write_openapi(console)
