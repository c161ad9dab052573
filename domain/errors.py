"""The ways in which a command is refused.

DomainError
├── InvalidField        a field has an invalid value (names the field)
│   └── InvalidFields       several fields have
├── NotFound            no such object in this company
├── NotAllowed          the caller may not do this, whatever permissions they have
│   └── PermissionMissing   the caller lacks the permission that it names
├── Barred              the caller is kept out since the request was let in
├── Refused             the object's state does not allow it
├── AlreadyExists       a name or address that must be unique is taken
└── VersionConflict     another command changed it meanwhile, three times in a row

Each error has a `code` of its own (`domain.refusals`), which programs branch on.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.refusals import BarredCode, Code, FieldCode, NotAllowedCode, RefusedCode, TakenCode, UnknownCode


class DomainError(Exception):
    """A command was refused; `str()` is a sentence for the caller, `code` the reason for programs."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


class InvalidField(DomainError):
    """`field` names the offending field of the command; `wrong` says of every offending field, by its name, what is wrong with it."""

    def __init__(self, field: str, message: str, code: FieldCode = "invalid") -> None:
        super().__init__(code, message)
        self.field = field
        self.wrong: Mapping[str, str] = {field: message}


class InvalidFields(InvalidField):
    """Several fields have an invalid value. wrong: what is wrong, by the name of the field; never empty."""

    def __init__(self, wrong: Mapping[str, str], code: FieldCode = "invalid") -> None:
        super().__init__(next(iter(wrong)), "; ".join(wrong.values()), code)
        self.wrong = dict(wrong)


class NotFound(DomainError):
    """No such object in this company. Objects of another company count as missing.

    wrong: by each field of the command or query that names what there is not, what is wrong with it; empty where no field does, but the path.
    """

    def __init__(self, code: UnknownCode, message: str, wrong: Mapping[str, str] | None = None) -> None:
        super().__init__(code, message)
        self.wrong: Mapping[str, str] = wrong or {}


class NotAllowed(DomainError):
    """The caller may not do this. permission: the one whose lack is the reason; "" for another reason."""

    def __init__(self, code: NotAllowedCode, message: str, permission: str = "") -> None:
        super().__init__(code, message)
        self.permission = permission


class PermissionMissing(NotAllowed):
    """The caller lacks the permission `permission`; with it they could do this."""

    def __init__(self, permission: str, message: str = "") -> None:
        super().__init__("permission-missing", message or f"this needs the permission {permission}", permission)


class Barred(DomainError):
    """Nothing of the caller is accepted any more: the user was deactivated, the API key was revoked or has expired."""

    def __init__(self, code: BarredCode, message: str) -> None:
        super().__init__(code, message)


class Refused(DomainError):
    """The object's state does not allow the command."""

    def __init__(self, code: RefusedCode, message: str) -> None:
        super().__init__(code, message)


class AlreadyExists(DomainError):
    """A name or address that must be unique is taken. field: of the command, the one that differs from what has it already; "" if no one field does."""

    def __init__(self, code: TakenCode, message: str, field: str = "") -> None:
        super().__init__(code, message)
        self.field = field


class VersionConflict(DomainError):
    """Another command changed the same object at the same moment, on every try."""

    def __init__(self, message: str) -> None:
        super().__init__("version-conflict", message)
