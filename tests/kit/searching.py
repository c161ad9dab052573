"""Searches a data directory for personal data: in the bytes of every file, and in every row, because files hold rows compressed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from projections.engine.chdb_warehouse import ChdbWarehouse
from projections.engine.warehouse import Warehouse

_TABLES = "SELECT database, name FROM system.tables WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')"
_ENCODINGS = ("utf-8", "utf-16-le", "latin-1")


def writings(number: str) -> list[str]:
    """A Brazilian phone number (area code and number) as sources and people write it."""
    area, first, last = number[:2], number[2:-4], number[-4:]
    return [
        number,
        f"55{number}",
        f"+55{number}",
        f"{first}{last}",
        f"{first}-{last}",
        f"({area}) {first}-{last}",
        f"{area} {first} {last}",
    ]


def in_files(directory: Path, texts: Iterable[str]) -> dict[str, list[str]]:
    """The files that contain each text, in some encoding; texts without a file are left out."""
    forms = {text: {text.encode(encoding) for encoding in _ENCODINGS} | {ascii(text)[1:-1].encode()} for text in texts}
    found: dict[str, list[str]] = {}
    for path in directory.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for text, encoded in forms.items():
                if any(form in content for form in encoded):
                    found.setdefault(text, []).append(str(path.relative_to(directory)))
    return found


def in_rows(warehouse: Path, texts: Iterable[str]) -> dict[str, list[str]]:
    """The tables of the warehouse that contain each text, also in old versions of rows."""
    engine = ChdbWarehouse(warehouse)
    try:
        return in_tables(engine, texts, *(row["name"] for row in engine.execute("SELECT name FROM system.databases")))
    finally:
        engine.close()


def in_tables(engine: Warehouse, texts: Iterable[str], *databases: str) -> dict[str, list[str]]:
    """The tables that contain each text; those of the engine's own database if no other is named."""
    tables = [f"{row['database']}.{row['name']}" for row in engine.execute(_TABLES) if row["database"] in (databases or (engine.database,))]
    assert len(tables) > 20
    found: dict[str, list[str]] = {}
    for table in tables:
        columns = ", ".join(f"toString({row['name']})" for row in engine.execute(f"DESCRIBE TABLE {table}"))
        for text in texts:
            # An array of text, not a tuple: older servers cannot convert a tuple to text.
            sql = f"SELECT count() AS rows FROM {table} WHERE arrayExists(x -> position(ifNull(x, ''), {{text:String}}) > 0, [{columns}])"
            if engine.execute(sql, text=text)[0]["rows"]:
                found.setdefault(text, []).append(table)
    return found
