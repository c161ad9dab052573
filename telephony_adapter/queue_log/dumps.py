"""SQL dumps of the realtime table: `INSERT INTO queue_log ...` of MySQL, MariaDB, SQLite or PostgreSQL, and PostgreSQL's `COPY`.

Literals are read by sqlglot's tokenizers, which know each database's quotes and escapes. A statement is held whole, but parsed piece by piece: its
tokens need a hundred times its memory, and no other thread runs while they are made. Other tables of the dump are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BufferedReader
from typing import TYPE_CHECKING

from sqlglot.dialects.mysql import MySQL
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from telephony_adapter.queue_log.columns import ASTERISKS, Row, columns_among
from telephony_adapter.queue_log.packing import DAMAGED, damage
from telephony_adapter.queue_log.reading_limits import LONGEST_STATEMENT, LONGEST_TUPLE, MOST_COLUMNS, MOST_TABLES

if TYPE_CHECKING:
    from telephony_adapter.queue_log.files import Broken, LogFile

_AT_ONCE = 1 << 13
"""Characters of a statement whose tokens are made together, up to the end of a row."""
_MOST = _AT_ONCE + LONGEST_TUPLE
_NEAR_ENDS = 8
"""So many ends of rows that stand in strings are tried one after the other."""
_LONGEST_HEAD = 1 << 12
"""Bytes of a line in which it is said what the statement does, and with which table."""
_TOO_LONG = "too long for a row of a dump"
_REST = f"{_TOO_LONG}: the rest of the statement is left out"
_NAME = rb"(?P<name>[^\s(]*)"
_HEAD = re.compile(
    rb"\s*(?:(?P<create>CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?)|(?P<insert>(?:INSERT|REPLACE)\s+(?:IGNORE\s+)?INTO\s+)|(?P<copy>COPY\s+))"
    + _NAME,
    re.IGNORECASE,
)
_LOGS_OWN = re.compile(rb"queue_?log", re.IGNORECASE)
_POSTGRES = re.compile(rb"PostgreSQL|PRAGMA |(?m:^COPY )|INSERT INTO \"")
_VALUES = re.compile(r"\bVALUES?\b\s*(?=\()", re.IGNORECASE)
_BOUNDARY = re.compile(r"\)\s*,\s*(?=\()")
_NO_COLUMN = frozenset({"PRIMARY", "KEY", "UNIQUE", "INDEX", "CONSTRAINT", "FULLTEXT", "FOREIGN", "CHECK"})
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}


def dump_rows(file: LogFile, broken: Broken) -> Iterator[Row]:
    """The rows of the queue_log in a dump, in their order."""
    with file.open() as stream:
        yield from _Dump(broken).rows(_lines(stream, broken))


def _lines(stream: BufferedReader, broken: Broken) -> Iterator[tuple[int, bytes]]:
    number = 0
    while True:
        try:
            line = stream.readline(LONGEST_STATEMENT)
        except DAMAGED as error:
            broken(number + 1, damage(error))
            return
        if not line:
            return
        number += 1
        yield number, line


class _TooLong(ValueError):
    """What has to be a row, or a list of columns, is longer than one."""


class _Dump:
    """A dump that is being read. `_columns`: those of each table that it defines."""

    def __init__(self, broken: Broken) -> None:
        self._broken = broken
        self._columns: dict[bytes, list[str]] = {}
        self._sql: MySQL | Postgres = MySQL()

    def rows(self, lines: Iterator[tuple[int, bytes]]) -> Iterator[Row]:
        for number, line in lines:
            if _POSTGRES.search(line[:200]):
                self._sql = Postgres()
            head = _HEAD.match(line, 0, _LONGEST_HEAD)
            if head is None:
                continue
            if head["copy"] is not None:
                yield from self._copied(number, line, head, lines)
            elif head["create"] is not None and _LOGS_OWN.search(head["name"]) and len(self._columns) < MOST_TABLES:
                self._defined(number, _table(head), _whole(line, lines))
            elif _LOGS_OWN.search(head["name"]):
                yield from self._inserted(number, _table(head), _text(_whole(line, lines)))

    def _defined(self, number: int, table: bytes, statement: bytes) -> None:
        """CREATE TABLE: the columns of rows whose INSERT names none."""
        try:
            tokens = self._tokens(_text(statement))
        except _TooLong:
            self._broken(number, _REST)
            return
        except TokenError:
            return
        names: list[str] = []
        depth, first = 0, False
        for token in tokens:
            if depth == 1 and first and token.text.upper() not in _NO_COLUMN:
                names.append(token.text)
            first = (token.token_type is TokenType.L_PAREN and depth == 0) or (token.token_type is TokenType.COMMA and depth == 1)
            depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        self._columns[table] = names[:MOST_COLUMNS]

    def _inserted(self, number: int, table: bytes, statement: str) -> Iterator[Row]:
        """INSERT: one row or many."""
        head, _, body = _split_at_values(statement)
        try:
            named = [token.text for token in self._tokens(head[head.find("(") :]) if _is_word(token)] if "(" in head else []
            columns = columns_among(named or self._columns.get(table) or list(ASTERISKS), ",")
            if columns is None:
                self._broken(number, f"the columns of {table.decode('utf-8', 'replace')} are none of a queue_log")
                return
            for row in self._tuples(body):
                yield number, columns, row
        except _TooLong:
            self._broken(number, _REST)
        except TokenError:
            self._broken(number, "a statement that ends too early, or is no SQL")

    def _copied(self, number: int, line: bytes, head: re.Match[bytes], lines: Iterator[tuple[int, bytes]]) -> Iterator[Row]:
        """COPY: one row per line, up to the end mark."""
        text = _text(line[:LONGEST_TUPLE])
        names = (
            re.findall(r'"[^"]+"|\w+', text[text.find("(") + 1 : text.find(")")]) if "(" in text else self._columns.get(_table(head), [])
        )
        columns = columns_among([name.strip('"') for name in names], "\t") if _LOGS_OWN.search(head["name"]) else None
        for number, row in lines:  # noqa: PLR1704 - the lines of the rows
            if row.rstrip() == b"\\.":
                return
            if columns is not None and len(row) > LONGEST_TUPLE:
                self._broken(number, _TOO_LONG)
            elif columns is not None:
                yield number, columns, [_unescaped(field) for field in _text(row).rstrip("\r\n").split("\t")]

    def _tuples(self, body: str) -> Iterator[list[str]]:
        """The rows of `(...),(...);`, a piece at a time."""
        start = 0
        while start < len(body):
            tokens, start = self._piece(body, start)
            yield from _rows(tokens)

    def _piece(self, body: str, start: int) -> tuple[list[Token], int]:
        """The tokens from `start` on, for about _AT_ONCE characters, and where they end. Raises _TooLong.

        What looks like the end of a row may stand inside a string: then the next such place is tried, and after some of them one that is farther away.
        """
        least, tries = start + _AT_ONCE, 0
        while True:
            boundary = _BOUNDARY.search(body, least, start + _MOST)
            end = boundary.end() if boundary else len(body)
            try:
                return self._tokens(body[start : min(end, start + _MOST + 1)]), end
            except TokenError:
                if boundary is None:
                    raise
                tries += 1
                least = boundary.start() + 1 if tries < _NEAR_ENDS else start + 2 * (boundary.start() - start)

    def _tokens(self, text: str) -> list[Token]:
        if len(text) > _MOST:
            raise _TooLong
        return self._sql.tokenize(text)


def _table(head: re.Match[bytes]) -> bytes:
    return head["name"].split(b".")[-1].strip(b'`"[]').lower()


def _whole(line: bytes, lines: Iterator[tuple[int, bytes]]) -> bytes:
    """A statement from its first line to the one that ends in `;` (if a string contains such an end, the rest is not read)."""
    statement = bytearray(line)
    while not line[-_LONGEST_HEAD:].rstrip().endswith(b";") and len(statement) < LONGEST_STATEMENT:
        following = next(lines, None)
        if following is None:
            break
        line = following[1]
        statement += line
    return bytes(statement)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _split_at_values(statement: str) -> tuple[str, str, str]:
    found = _VALUES.search(statement, 0, LONGEST_TUPLE)
    return (statement[: found.start()], found[0], statement[found.end() :]) if found else (statement, "", "")


def _is_word(token: Token) -> bool:
    return token.token_type not in (TokenType.L_PAREN, TokenType.R_PAREN, TokenType.COMMA)


def _rows(tokens: list[Token]) -> Iterator[list[str]]:
    row: list[str] = []
    depth, value = 0, ""
    for token in tokens:
        kind = token.token_type
        if kind is TokenType.L_PAREN:
            depth += 1
            if depth == 1:
                row, value = [], ""
        elif kind is TokenType.R_PAREN:
            depth -= 1
            if depth == 0:
                yield [*row, value]
        elif kind is TokenType.COMMA and depth == 1:
            row.append(value)
            value = ""
        elif depth and kind not in (TokenType.NULL, TokenType.INTRODUCER):
            value += token.text if kind is not TokenType.DASH else "-"


def _unescaped(field: str) -> str:
    return "" if field == "\\N" else _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), field)
