"""The command `atende`: its words and options, each turned into a command of the operator."""

from __future__ import annotations

import gc
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import settings
from bootstrap import Unusable
from cli import run as running
from cli.console import Mistake, terminal
from cli.execution import MISTAKEN, TAMPERED
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
    OperatorCommand,
    ProcessFailures,
    Rebuild,
    Report,
    RetryProcesses,
    Subject,
    Verify,
)
from migrations.runner import MigrationRefused
from processes.execution import ProcessStopped
from projections.engine.warehouse import WarehouseUnreachable
from store.chain import ChainBroken
from store.clock import ClockOff
from store.database import StoreUnavailable
from store.master_key import WrongMasterKey

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, and with them personal data
    rich_markup_mode=None,
    help="An event-sourced contact center: exact figures of an Asterisk's past and present.",
)
bring = typer.Typer(no_args_is_help=True, help="Import what an Asterisk recorded.")
app.add_typer(bring, name="import")
letters = typer.Typer(no_args_is_help=True, help="Events whose rows could not be made (distributed mode).")
app.add_typer(letters, name="dead-letters")
telephony = typer.Typer(no_args_is_help=True, help="Asterisks that are followed live (ATENDE_ASTERISK).")
app.add_typer(telephony, name="asterisk")
managers = typer.Typer(invoke_without_command=True)
app.add_typer(managers, name="processes")

Data = Annotated[Path | None, typer.Option("--data", help="The data directory.", show_default="ATENDE_DATA, else ./data")]
Company = Annotated[str, typer.Option("--company", help="A company's name.", show_default="the oldest")]
Process = Annotated[str, typer.Option("--process", help="Of this process manager alone.", show_default="all of them")]
Json = Annotated[bool, typer.Option("--json", help="Write the result as JSON.")]
Host = Annotated[str, typer.Option("--host", help="Where to listen.", show_default="ATENDE_HOST, else 127.0.0.1")]
Port = Annotated[int | None, typer.Option("--port", help="0 is any free one.", show_default="ATENDE_PORT, else 8080", min=0, max=65_535)]
MetricsPort = Annotated[
    int | None,
    typer.Option("--metrics-port", help="The port that Prometheus scrapes; 0 is any free one.", show_default="none", min=0, max=65_535),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return when it is saved, before the figures cover it.")]

OWNER_ALONE = 0o077
"""Files hold personal data: no other user of the machine may read them."""


SEARCHES_FOR_GARBAGE = (50_000, 20, 1_000)
"""An import makes millions of objects and hardly a cycle among them: at the usual pace the search for those is a fifth of its time."""

_MISTAKES = (
    Mistake,
    settings.WrongSetting,
    StoreUnavailable,
    Unusable,
    WrongMasterKey,
    ClockOff,
    MigrationRefused,
    WarehouseUnreachable,
    ProcessStopped,
)
"""Errors that are reported in one line: a setting, a server or a file is wrong."""


def main() -> None:
    """Run the command that the arguments name; exit with its status."""
    os.umask(OWNER_ALONE)
    gc.set_threshold(*SEARCHES_FOR_GARBAGE)
    try:
        app()
    except _MISTAKES as mistake:
        sys.stderr.write(f"{mistake}\n")
        sys.exit(MISTAKEN)
    except ChainBroken as broken:
        sys.stderr.write(f"{broken}\n")
        sys.exit(TAMPERED)


def _listening_on(host: str, port: int | None) -> settings.Settings:
    configured = settings.read()
    return replace(configured, host=host or configured.host, port=configured.port if port is None else port)


def _run(data: Path | None, command: OperatorCommand) -> NoReturn:
    """Run it where the directory is held, or over what lies on servers."""
    configured = settings.read()
    raise typer.Exit(running.run(_directory(data, configured), command, configured))


def _directory(data: Path | None, configured: settings.Settings) -> Path:
    """The data directory; on servers there is none to name, only the one of the settings with this machine's secrets."""
    if data is not None and configured.mode == "distributed":
        raise Mistake("--data has no meaning in distributed mode: the center lies on servers (ATENDE_STORE_URL)")
    return data or configured.data


@app.command()
def serve(
    data: Data = None,
    host: Host = "",
    port: Port = None,
    company: Company = "",
) -> None:
    """The API and the projections, in one process, until Ctrl-C; in distributed mode an API, one of as many as wanted."""
    from cli.serve import serve as run

    configured = _listening_on(host, port)
    raise typer.Exit(run(_directory(data, configured), configured, company))


@app.command()
def demo(
    data: Annotated[Path | None, typer.Option("--data", help="A fresh directory.", show_default="a temporary one")] = None,
    host: Host = "",
    port: Port = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same center.")] = 1,
) -> None:
    """A simulated center: a week of history, then live traffic, served with a table that moves."""
    from cli.demo import demo as run

    raise typer.Exit(run(data, _listening_on(host, port), seed))


@app.command()
def openapi() -> None:
    """Write the OpenAPI document of the HTTP API, for generators of clients."""
    from cli.openapi import write_openapi

    with terminal() as console:
        write_openapi(console)


@app.command()
def mcp() -> None:
    """Read-only tools for an assistant (Model Context Protocol, stdio), with the API key of ATENDE_API_KEY at the center of ATENDE_URL."""
    from cli.mcp import serve as run

    raise typer.Exit(run(settings.read()))


@app.command()
def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write the statements, run none.")] = False,
) -> None:
    """Make the tables on the servers, or bring them up to date, before other processes start (distributed mode)."""
    from cli.migrate import migrate as run

    with terminal() as console:
        raise typer.Exit(run(settings.read(), console, dry_run=dry_run))


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
        _run(data, ImportAmi(file=files[0], company=company, json=json, wait=not no_wait))


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
        _run(data, ImportQueueLog(files=logs, company=company, timezone=timezone, members=named, json=json, wait=not no_wait))


@app.command()
def report(
    subject: Annotated[Subject, typer.Argument(help="What the report is about.")],
    data: Data = None,
    company: Company = "",
    since: Annotated[str, typer.Option("--from", metavar="T", help="Date or ISO 8601.", show_default="the first of all")] = "",
    until: Annotated[str, typer.Option("--to", metavar="T", help="Date or ISO 8601, not included.", show_default="the last of all")] = "",
    by: Annotated[
        Grouping | None, typer.Option(help="What a row is; interactions have none.", show_default="queue; ivr and agent of those reports")
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
    _run(data, command)


@app.command()
def history(
    interaction: Annotated[str, typer.Argument(metavar="PROTOCOL|ID", help="An interaction's protocol number or id.")],
    data: Data = None,
    company: Company = "",
    json: Json = False,
) -> None:
    """Everything that happened to one interaction: what, when and from which source."""
    _run(data, History(interaction=interaction, company=company, json=json))


@app.command()
def rebuild(data: Data = None, company: Company = "") -> None:
    """Fold every projection again from the log, beside the old ones, then swap."""
    _run(data, Rebuild(company=company))


@app.command("backup-keys")
def backup_keys(
    file: Annotated[Path, typer.Argument(help="A new file, of mode 600.")],
    data: Data = None,
) -> None:
    """Write a consistent copy of the key store, every key still wrapped by the master key, with the head of the log."""
    from cli.backup_keys import backup_keys as run

    configured = settings.read()
    with terminal() as console:
        raise typer.Exit(run(_directory(data, configured), configured, file, console))


@app.command()
def move(data: Data = None) -> None:
    """Move the center of a data directory to the servers of the settings; if it is killed, start it again and it continues."""
    from cli.move import move as run

    configured = settings.read()
    with terminal() as console:
        raise typer.Exit(run(data or configured.data, configured, console))


@app.command()
def restore(
    from_kafka: Annotated[bool, typer.Option("--from-kafka", help="From the topics, which hold the whole log.")] = False,
    keys: Annotated[Path | None, typer.Option(help="A file of `atende backup-keys`; without it everybody reads anonymous.")] = None,
    head: Annotated[str, typer.Option(metavar="POSITION:HASH", help="The end of the log as it is noted elsewhere.")] = "",
) -> None:
    """Write a lost event store again, proved event by event; if it is killed, start it again and it continues."""
    from cli.restore import restore as run

    if not from_kafka:
        raise Mistake("a store is restored from Kafka: --from-kafka")
    with terminal() as console:
        raise typer.Exit(run(settings.read(), keys, head, console))


@app.command()
def verify(data: Data = None, company: Company = "") -> None:
    """Walk the log's hash chain; exit status 1 names the first event that was changed, removed or moved."""
    _run(data, Verify(company=company))


@app.command()
def forget(
    contact: Annotated[str, typer.Argument(help="A contact's id or one of its phone numbers, in any spelling.")],
    data: Data = None,
    company: Company = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: forget at once.")] = False,
) -> None:
    """Say what is known of a person, ask, and make it permanently unreadable; every statistic stays."""
    configured = settings.read()
    directory = _directory(data, configured)
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
    _run(data, Admin(email=email, company=company))


@app.command()
def topics(
    replication: Annotated[int, typer.Option(help="On how many brokers each event lies.", min=1)] = 1,
) -> None:
    """Create the topics of a distributed deployment; existing ones are checked and not changed."""
    from cli.topics import topics as run

    with terminal() as console:
        raise typer.Exit(run(settings.read(), replication, console))


@app.command()
def worker(
    metrics_port: MetricsPort = None,
) -> None:
    """Make rows of what the relay has sent, beside other workers, until Ctrl-C (distributed mode)."""
    from cli.worker import work

    with terminal() as console:
        raise typer.Exit(work(settings.read(), metrics_port, console))


@app.command()
def relay(
    anew: Annotated[bool, typer.Option("--anew", help="All of the log once more, from its first event on.")] = False,
    metrics_port: MetricsPort = None,
) -> None:
    """Send every event of a distributed deployment's log to Kafka, until Ctrl-C; a second relay waits until the first has ended."""
    from cli.relay import relay as run

    with terminal() as console:
        raise typer.Exit(run(settings.read(), metrics_port, console, anew=anew))


@managers.callback()
def processes(
    context: typer.Context,
    metrics_port: MetricsPort = None,
) -> None:
    """React to events and timers, until Ctrl-C (distributed mode); a second process waits until the first has ended."""
    if context.invoked_subcommand is not None:
        return
    from cli.processes import processes as run

    with terminal() as console:
        raise typer.Exit(run(settings.read(), metrics_port, console))


@managers.command("failed")
def list_process_failures(data: Data = None, process: Process = "", json: Json = False) -> None:
    """List the events and timers that process managers have set aside after their attempts failed."""
    _run(data, ProcessFailures(process=process, json=json))


@managers.command("retry")
def retry_process_failures(
    positions: Annotated[list[int] | None, typer.Argument(metavar="[POSITION]...", help="These alone; without any: all.", min=1)] = None,
    data: Data = None,
    process: Process = "",
) -> None:
    """Let them be decided again, by the process that leads; one that succeeds is no longer listed."""
    _run(data, RetryProcesses(positions=tuple(positions or ()), process=process))


@telephony.command("run")
def follow_asterisks(
    metrics_port: MetricsPort = None,
) -> None:
    """Follow the Asterisks of ATENDE_ASTERISK, until Ctrl-C (distributed mode; in a data directory `serve` does); a second process waits until the first has ended."""
    from cli.asterisk import run

    with terminal() as console:
        raise typer.Exit(run(settings.read(), metrics_port, console))


@telephony.command("check")
def check_asterisks(
    seconds: Annotated[float, typer.Option(help="How long to listen for events; place a call meanwhile.", min=0)] = 10,
) -> None:
    """Say what the Asterisks of ATENDE_ASTERISK lack, and the lines that add it; changes nothing there."""
    from cli.asterisk import check

    with terminal() as console:
        raise typer.Exit(check(settings.read(), console, seconds))


@letters.command("list")
def list_dead_letters(json: Json = False) -> None:
    """List the dead letters that are not settled."""
    from cli.dead_letters import list_letters

    with terminal() as console:
        raise typer.Exit(list_letters(settings.read(), console, json=json))


@letters.command("retry")
def retry_dead_letters(
    positions: Annotated[list[int] | None, typer.Argument(metavar="[POSITION]...", help="These alone; without any: all.", min=1)] = None,
) -> None:
    """Make their rows again by this version, from the log; one that succeeds is no longer listed."""
    from cli.dead_letters import retry_letters

    with terminal() as console:
        raise typer.Exit(retry_letters(settings.read(), positions or [], console))
