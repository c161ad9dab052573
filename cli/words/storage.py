"""The servers, the log and the keys of a center."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import settings
from cli.console import Mistake, terminal
from cli.words.app import (
    Data,
    Json,
    app,
    data_directory,
    letters,
)


@app.command()
def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write the statements, run none.")] = False,
) -> None:
    """Make the tables on the servers, or bring them up to date, before other processes start (distributed mode)."""
    from cli.migrate import migrate as run

    with terminal() as console:
        raise typer.Exit(run(settings.read(), console, dry_run=dry_run))


@app.command()
def topics(
    replication: Annotated[int, typer.Option(help="On how many brokers each event lies.", min=1)] = 1,
) -> None:
    """Create the topics of a distributed deployment; existing ones are checked and not changed."""
    from cli.topics import topics as run

    with terminal() as console:
        raise typer.Exit(run(settings.read(), replication, console))


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


@app.command("backup-keys")
def backup_keys(
    file: Annotated[Path, typer.Argument(help="A new file, of mode 600.")],
    data: Data = None,
) -> None:
    """Write a consistent copy of the key store, every key still wrapped by the master key, with the head of the log."""
    from cli.backup_keys import backup_keys as run

    configured = settings.read()
    with terminal() as console:
        raise typer.Exit(run(data_directory(data, configured), configured, file, console))


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
