"""The ways in which a command is refused.

DomainError
├── InvalidField        a field has an invalid value (names the field)
├── NotFound            no such object in this company
├── NotAllowed          the caller lacks the permission that the command names
├── Refused             the object's state does not allow it
├── AlreadyExists       a name or address that must be unique is taken
└── VersionConflict     another command changed it meanwhile, three times in a row

Each error has a `code` of its own (`domain.refusals`), which programs branch on.
"""

from __future__ import annotations

from domain.refusals import Code, FieldCode, NotAllowedCode, RefusedCode, TakenCode, UnknownCode


class DomainError(Exception):
    """A command was refused; `str()` is a sentence for the caller, `code` the reason for programs."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


class InvalidField(DomainError):
    """`field` names the offending field of the command."""

    def __init__(self, field: str, message: str, code: FieldCode = "invalid") -> None:
        super().__init__(code, message)
        self.field = field


class NotFound(DomainError):
    """No such object in this company. Objects of another company count as missing."""

    def __init__(self, code: UnknownCode, message: str) -> None:
        super().__init__(code, message)


class NotAllowed(DomainError):
    """The caller lacks the permission `permission`."""

    def __init__(self, permission: str, message: str = "", code: NotAllowedCode = "permission-missing") -> None:
        super().__init__(code, message or f"this needs the permission {permission}")
        self.permission = permission


class Refused(DomainError):
    """The object's state does not allow the command."""

    def __init__(self, code: RefusedCode, message: str) -> None:
        super().__init__(code, message)


class AlreadyExists(DomainError):
    """A name or address that must be unique is taken."""

    def __init__(self, code: TakenCode, message: str) -> None:
        super().__init__(code, message)


class VersionConflict(DomainError):
    """Another command changed the same object at the same moment, on every try."""

    def __init__(self, message: str) -> None:
        super().__init__("version-conflict", message)
