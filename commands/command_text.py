"""A command as text: by which a repeated one is known again, and a text is refused that the log cannot hold."""

from __future__ import annotations

import msgspec

from commands.handler_context import Caller, Command
from domain.base import Personal
from domain.errors import InvalidField


def _personal_as_text(value: object) -> str:
    if isinstance(value, Personal):
        return value.plain or value.sealed
    raise NotImplementedError(type(value))


_ENCODER = msgspec.json.Encoder(enc_hook=_personal_as_text, order="deterministic")
_NUL = b"\\u0000"


def as_json(command: Command) -> bytes:
    """The command as text, with the personal data that it names: always the same for the same command."""
    return _ENCODER.encode(command)


def refused_text(command: Command, caller: Caller) -> InvalidField | None:
    """The refusal of a text with the character NUL, which PostgreSQL cannot store; names the field. Observations are not refused."""
    if "\0" in caller.idempotency_key:
        return InvalidField("idempotency_key", "a key cannot hold the character NUL")
    if command.OBSERVATION or _NUL not in as_json(command):
        return None
    field = _holds_nul(msgspec.json.decode(as_json(command)), "")
    return InvalidField(field, "a text cannot hold the character NUL") if field else None


def _holds_nul(value: object, path: str) -> str:
    """The path of the first text in it with a NUL, as `settings.name`; "" without one."""
    if isinstance(value, str):
        return path if "\0" in value else ""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return next((found for name, item in inside if (found := _holds_nul(item, f"{path}.{name}".lstrip(".")))), "")
