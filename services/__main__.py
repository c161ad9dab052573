"""`python -m services up|down|run [SERVER...]`: see the package."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from services.clickhouse import ClickHouse
from services.group import down, run, up
from services.kafka import Kafka
from services.postgresql import PostgreSQL

DIRECTORY = Path(__file__).parents[1] / ".services"
SERVERS = (PostgreSQL, Kafka, ClickHouse)


def main(arguments: list[str]) -> int:
    """The exit status: 1 where a server could not be started."""
    arguments, command = _split(arguments)
    names = [server.FOLDER for server in SERVERS]
    parser = argparse.ArgumentParser(
        prog="python -m services",
        description="PostgreSQL, Kafka and ClickHouse on loopback",
        epilog="run: a command behind -- is run beside them",
    )
    parser.add_argument("what", choices=["up", "down", "run"])
    parser.add_argument("only", nargs="*", metavar="SERVER", help=f"{', '.join(names)}; without it: all")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="where their data, logs and process ids lie")
    for server in SERVERS:
        parser.add_argument(f"--{server.FOLDER}-port", type=int, help=f"without it: {server.PORT}, or another where that is taken")
    told = parser.parse_args(arguments)
    if set(told.only) - set(names):
        parser.error(f"a server is one of {', '.join(names)}")
    if (told.what == "run") != bool(command):
        parser.error("`run` and nothing else takes a command, behind --")
    if told.what == "run":
        return run(told.directory, SERVERS, command, say, told.only)
    if told.what == "down":
        down(told.directory, SERVERS, say, told.only)
        return 0
    asked = {server.FOLDER: port for server in SERVERS if (port := getattr(told, f"{server.FOLDER}_port")) is not None}
    return 1 if up(told.directory, SERVERS, asked, say, told.only) else 0


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """What is for us, and the command behind --."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1 :]


def say(line: str) -> None:
    """Tell the operator."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
