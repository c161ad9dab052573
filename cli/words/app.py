"""The command `atende`, its groups of words, and the options that several words share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import settings
from cli import run as running
from cli.console import Mistake
from cli.operator_commands import (
    OperatorCommand,
)

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


def listening_on(host: str, port: int | None) -> settings.Settings:
    """The settings, with the address that the options name."""
    configured = settings.read()
    return replace(configured, host=host or configured.host, port=configured.port if port is None else port)


def run_for_operator(data: Path | None, command: OperatorCommand) -> NoReturn:
    """Run it where the directory is held, or over what lies on servers."""
    configured = settings.read()
    raise typer.Exit(running.run(data_directory(data, configured), command, configured))


def data_directory(data: Path | None, configured: settings.Settings) -> Path:
    """The data directory; on servers there is none to name, only the one of the settings with this machine's secrets."""
    if data is not None and configured.mode == "distributed":
        raise Mistake("--data has no meaning in distributed mode: the center lies on servers (ATENDE_STORE_URL)")
    return data or configured.data
