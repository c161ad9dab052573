"""`python -m services up|down`: see the package."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from services.clickhouse import ClickHouse
from services.group import down, up
from services.kafka import Kafka
from services.postgresql import PostgreSQL

DIRECTORY = Path(__file__).parents[1] / ".services"
SERVERS = (PostgreSQL, Kafka, ClickHouse)


def main(arguments: list[str]) -> int:
    """The exit status: 1 where a server could not be started."""
    parser = argparse.ArgumentParser(prog="python -m services", description="PostgreSQL, Kafka and ClickHouse on loopback")
    parser.add_argument("what", choices=["up", "down"])
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="where their data, logs and process ids lie")
    for server in SERVERS:
        parser.add_argument(f"--{server.FOLDER}-port", type=int, help=f"without it: {server.PORT}, or another where that is taken")
    told = parser.parse_args(arguments)
    if told.what == "down":
        down(told.directory, SERVERS, say)
        return 0
    asked = {server.FOLDER: port for server in SERVERS if (port := getattr(told, f"{server.FOLDER}_port")) is not None}
    return 1 if up(told.directory, SERVERS, asked, say) else 0


def say(line: str) -> None:
    """Tell the operator."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
