"""What runs until Ctrl-C, alone or as a part of a deployment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import settings
from cli.console import terminal
from cli.operator_commands import (
    ProcessFailures,
    RetryProcesses,
)
from cli.words.app import (
    Company,
    Data,
    Host,
    Json,
    MetricsPort,
    Port,
    Process,
    app,
    data_directory,
    listening_on,
    managers,
    run_for_operator,
    telephony,
)


@app.command()
def serve(
    data: Data = None,
    host: Host = "",
    port: Port = None,
    company: Company = "",
) -> None:
    """The API and the projections, in one process, until Ctrl-C; in distributed mode an API, one of as many as wanted."""
    from cli.serve import serve as run

    configured = listening_on(host, port)
    raise typer.Exit(run(data_directory(data, configured), configured, company))


@app.command()
def demo(
    data: Annotated[Path | None, typer.Option("--data", help="A fresh directory.", show_default="a temporary one")] = None,
    host: Host = "",
    port: Port = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same center.")] = 1,
) -> None:
    """A simulated center: a week of history, then live traffic, served with a table that moves."""
    from cli.demo import demo as run

    raise typer.Exit(run(data, listening_on(host, port), seed))


@app.command()
def mcp() -> None:
    """Read-only tools for an assistant (Model Context Protocol, stdio), with the API key of ATENDE_API_KEY at the center of ATENDE_URL."""
    from cli.mcp import serve as run

    raise typer.Exit(run(settings.read()))


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
    run_for_operator(data, ProcessFailures(process=process, json=json))


@managers.command("retry")
def retry_process_failures(
    positions: Annotated[list[int] | None, typer.Argument(metavar="[POSITION]...", help="These alone; without any: all.", min=1)] = None,
    data: Data = None,
    process: Process = "",
) -> None:
    """Let them be decided again, by the process that leads; one that succeeds is no longer listed."""
    run_for_operator(data, RetryProcesses(positions=tuple(positions or ()), process=process))


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
