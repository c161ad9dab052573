"""The ways in which a command is refused.

DomainError
├── InvalidField        a field has a value that cannot be (names the field)
├── NotFound            no such thing in this company
├── NotAllowed          the caller lacks the permission that the command names
├── Refused             the thing is in a state that does not allow it
├── AlreadyExists       a name or address that must be unique is taken
└── VersionConflict     somebody else changed it meanwhile, three times in a row
"""


class DomainError(Exception):
    """A command was refused; `str()` is a sentence for the caller."""


class InvalidField(DomainError):
    """`field` names the offending field of the command."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotFound(DomainError):
    """No such thing in this company (another company's things do not exist)."""


class NotAllowed(DomainError):
    """The caller lacks the permission `permission`."""

    def __init__(self, permission: str, message: str = "") -> None:
        super().__init__(message or f"this needs the permission {permission}")
        self.permission = permission


class Refused(DomainError):
    """The state of the thing does not allow what was asked."""


class AlreadyExists(DomainError):
    """What must be unique is taken."""


class VersionConflict(DomainError):
    """Somebody else changed the same thing at the same moment, on every try."""
