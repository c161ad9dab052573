"""Searches a data directory for personal data: in the bytes of every file, and in every row, because files hold rows compressed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path

from projections.engine.chdb_warehouse import ChdbWarehouse
from projections.engine.warehouse import Warehouse

_TABLES = "SELECT database, name FROM system.tables WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')"
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "latin-1")
_NEEDLES = 200
_LONG_ENOUGH = 6
"""Bytes: base64 of a shorter text, without its ends, is found by chance."""


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


def forms(text: str) -> set[bytes]:
    """A text as bytes: in several encodings, with JSON's escapes, in hex, and in base64 wherever it begins there."""
    plain = {text.encode(encoding, "replace") for encoding in _ENCODINGS} | {ascii(text)[1:-1].encode()}
    utf8 = text.encode()
    return plain | {utf8.hex().encode(), utf8.hex().upper().encode()} | (_base64(utf8) if len(utf8) >= _LONG_ENOUGH else set())


def _base64(text: bytes) -> set[bytes]:
    """What a base64 text holds of `text`, for each place at which it may begin, in both alphabets."""
    found = set()
    for before in range(3):
        encoded = b64encode(bytes(before) + text)
        # The characters that only bytes of the text decide.
        inner = encoded[-(-8 * before // 6) : 8 * (before + len(text)) // 6]
        found |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def in_bytes(content: bytes, texts: Iterable[str]) -> list[str]:
    """The texts that `content` contains in some form."""
    return [text for text in texts if any(form in content for form in forms(text))]


def in_files(directory: Path, texts: Iterable[str]) -> dict[str, list[str]]:
    """The files that contain each text, in some form; texts without a file are left out."""
    wanted = {text: forms(text) for text in texts}
    found: dict[str, list[str]] = {}
    for path in directory.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for text, encoded in wanted.items():
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
    of = {form.decode(): text for text in texts for form in forms(text) if form.isascii() or form == text.encode()}
    wanted = list(of)
    found: dict[str, list[str]] = {}
    for table in tables:
        columns = ", ".join(f"toString({row['name']})" for row in engine.execute(f"DESCRIBE TABLE {table}"))
        # An array of text, not a tuple: older servers cannot convert a tuple to text.
        sql = f"SELECT count() AS rows FROM {table} WHERE arrayExists(x -> %s, [{columns}])"

        def holds(some: list[str], sql: str = sql) -> bool:
            # Older servers search for one constant at a time.
            texts = {f"t{number}": text for number, text in enumerate(some)}
            any_of = " OR ".join(f"position(ifNull(x, ''), {{{name}:String}}) > 0" for name in texts)
            return bool(engine.execute(sql % any_of, **texts)[0]["rows"])

        for start in range(0, len(wanted), _NEEDLES):
            some = wanted[start : start + _NEEDLES]
            if holds(some):
                for form in some:
                    if holds([form]):
                        found.setdefault(of[form], []).append(table)
    return found
