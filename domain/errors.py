"""The ways in which a command is refused.

DomainError
├── InvalidField        a field has an invalid value (names the field)
├── NotFound            no such object in this company
├── NotAllowed          the caller lacks the permission that the command names
├── Refused             the object's state does not allow it
├── AlreadyExists       a name or address that must be unique is taken
└── VersionConflict     another command changed it meanwhile, three times in a row
"""


class DomainError(Exception):
    """A command was refused; `str()` is a sentence for the caller."""


class InvalidField(DomainError):
    """`field` names the offending field of the command."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotFound(DomainError):
    """No such object in this company. Objects of another company count as missing."""


class NotAllowed(DomainError):
    """The caller lacks the permission `permission`."""

    def __init__(self, permission: str, message: str = "") -> None:
        super().__init__(message or f"this needs the permission {permission}")
        self.permission = permission


class Refused(DomainError):
    """The object's state does not allow the command."""


class AlreadyExists(DomainError):
    """A name or address that must be unique is taken."""


class VersionConflict(DomainError):
    """Another command changed the same object at the same moment, on every try."""
