"""`python -m services up|down|run [SERVER...]`: see the package."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from services.asterisk import Asterisk
from services.clickhouse import ClickHouse
from services.group import down, run, up
from services.kafka import Kafka
from services.postgresql import PostgreSQL

DIRECTORY = Path(__file__).parents[1] / ".services"
SERVERS = (PostgreSQL, Kafka, ClickHouse)
"""What a deployment needs."""

ALL = (*SERVERS, Asterisk)


def main(arguments: list[str]) -> int:
    """Run one command. Returns the exit status: 1 if a server could not be started."""
    arguments, command = _split(arguments)
    names = [server.FOLDER for server in ALL]
    parser = argparse.ArgumentParser(
        prog="python -m services",
        description="PostgreSQL, Kafka, ClickHouse and Asterisk on loopback",
        epilog="run: starts the servers, runs the command after -- and stops the servers that it started",
    )
    parser.add_argument("what", choices=["up", "down", "run"])
    parser.add_argument("only", nargs="*", metavar="SERVER", help=f"{', '.join(names)}; default: all")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="holds their data, logs and process ids")
    for server in ALL:
        parser.add_argument(f"--{server.FOLDER}-port", type=int, help=f"default: {server.PORT}, or the next free port")
    options = parser.parse_args(arguments)
    if set(options.only) - set(names):
        parser.error(f"a server is one of {', '.join(names)}")
    if (options.what == "run") != bool(command):
        parser.error("`run` needs a command after --, and only `run` takes one")
    if options.what == "run":
        return run(options.directory, ALL, command, say, options.only)
    if options.what == "down":
        down(options.directory, ALL, say, options.only)
        return 0
    ports = {server.FOLDER: port for server in ALL if (port := getattr(options, f"{server.FOLDER}_port")) is not None}
    return 1 if up(options.directory, ALL, ports, say, options.only) else 0


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return our own arguments, and the command after --."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1 :]


def say(line: str) -> None:
    """Print a line for the operator."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
