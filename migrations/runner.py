"""Apply the migrations of a warehouse.

An applied migration is never edited: its checksum is recorded, and a changed file is refused. Each statement can be
repeated (`IF NOT EXISTS`), so an interrupted migration is applied again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from migrations.cluster import clustered

FIRST = "log"
"""The folder whose migrations come first: what every slice stands on. The other slices follow by their names; inside a slice its numbers rule."""

_HERE = Path(__file__).parent / "clickhouse"
_NAME = re.compile(r"(\d{4})_\w+\.sql")

_APPLIED = """
CREATE TABLE IF NOT EXISTS migrations (slice String, number UInt16, name String, checksum String, version UInt8)
ENGINE = ReplacingMergeTree(version) ORDER BY (slice, number)
"""


class MigrationRefused(Exception):
    """The files do not continue the migrations that were applied to the warehouse. The message names the file."""


class Database(Protocol):
    """Runs SQL statements."""

    def execute(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        """Run one statement and return its rows."""


@dataclass(frozen=True)
class Migration:
    """One numbered file of a slice."""

    slice: str
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """The SHA-256 of the file, to detect a change after it was applied."""
        return sha256(self.sql.encode()).hexdigest()

    @property
    def statements(self) -> list[str]:
        """The statements of the file. Each ends with a semicolon at the end of a line."""
        return [statement for part in re.split(r";\s*$", self.sql, flags=re.MULTILINE) if (statement := part.strip())]


def migrations(folder: Path = _HERE) -> list[Migration]:
    """All migrations in the order in which they are applied. Raises MigrationRefused for a number out of order."""
    slices = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: (path.name != FIRST, path.name))
    return [migration for slice_ in slices for migration in _of_slice(slice_)]


def _of_slice(folder: Path) -> Iterator[Migration]:
    for expected, path in enumerate(sorted(folder.glob("*.sql")), start=1):
        named = _NAME.fullmatch(path.name)
        if named is None or int(named[1]) != expected:
            raise MigrationRefused(f"{folder.name}/{path.name} should be number {expected:04}")
        yield Migration(folder.name, expected, path.stem, path.read_text(encoding="utf-8"))


def pending(database: Database, folder: Path = _HERE) -> list[Migration]:
    """The migrations that are not applied yet. Raises MigrationRefused if an applied file was changed or is missing."""
    began = database.execute("EXISTS TABLE migrations")[0]["result"]
    rows = database.execute("SELECT slice, number, checksum FROM migrations FINAL") if began else []
    applied = {(row["slice"], row["number"]): row["checksum"] for row in rows}
    waiting = []
    for migration in migrations(folder):
        checksum = applied.pop((migration.slice, migration.number), None)
        if checksum is None:
            waiting.append(migration)
        elif checksum != migration.checksum:
            raise MigrationRefused(f"{migration.slice}/{migration.name} was changed after it had been applied")
    if applied:
        newer = ", ".join(f"{slice_}/{number:04}" for slice_, number in sorted(applied))
        raise MigrationRefused(f"applied by a newer version: {newer}")
    return waiting


def migrate(
    database: Database,
    folder: Path = _HERE,
    *,
    dry_run: bool = False,
    say: Callable[[str], object] = lambda _: None,
    cluster: str = "",
) -> list[Migration]:
    """Apply the pending migrations and return them. Raises MigrationRefused.

    `say` is called with each statement before it runs. With `dry_run`, no statement runs. `cluster`: the name of a cluster of
    servers; its tables are distributed over them.
    """
    waiting = pending(database, folder)
    if not dry_run:
        for statement in _translated(_APPLIED, cluster):
            database.execute(statement)
    for migration in waiting:
        for statement in (translated for one in migration.statements for translated in _translated(one, cluster)):
            say(statement)
            if not dry_run:
                database.execute(statement)
        if not dry_run:
            database.execute(
                "INSERT INTO migrations SELECT {slice:String}, {number:UInt16}, {name:String}, {checksum:String}, 1",
                slice=migration.slice, number=migration.number, name=migration.name, checksum=migration.checksum,
            )  # fmt: skip
    return waiting


def must_be_current(database: Database, folder: Path = _HERE) -> None:
    """Raise MigrationRefused if migrations are pending. One process applies them before the others start."""
    waiting = pending(database, folder)
    if waiting:
        names = ", ".join(f"{migration.slice}/{migration.name}" for migration in waiting)
        raise MigrationRefused(f"the tables of the rows are missing or old: run `atende migrate` (not applied yet: {names})")


def _translated(statement: str, cluster: str) -> Sequence[str]:
    return clustered(statement, cluster) if cluster else [statement]
