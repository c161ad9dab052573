"""What a person may ask on the command line, as it travels to the process that holds the data directory.

Paths are absolute, standard input has been copied to a file: an ask means the same in every process.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Format = Literal["table", "csv", "json"]
Subject = Literal["queues", "ivr", "agents", "interactions"]
Grouping = Literal["queue", "agent", "ivr", "hour", "day", "week", "month"]


class _Ask(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag=True):
    """`company`: its name; "" is the oldest."""

    company: str = ""


class File(msgspec.Struct, frozen=True):
    """A file to import: where it lies now, and the name under which the person knows it."""

    path: str
    name: str


class ImportAmi(_Ask, frozen=True):
    """Bring in a recorded AMI stream. `wait`: until the projections cover what was written."""

    file: File
    json: bool = False
    wait: bool = True


class ImportQueueLog(_Ask, frozen=True):
    """Bring in queue logs. `timezone`: of instants written without one; `members`: a file of interface;name."""

    files: tuple[File, ...]
    timezone: str = ""
    members: str = ""
    json: bool = False
    wait: bool = True


class Report(_Ask, frozen=True):
    """A report over [since, until), "" being open. Everything else as the option of that name says."""

    subject: Subject
    since: str = ""
    until: str = ""
    by: Grouping | None = None
    queue: str = ""
    agent: str = ""
    sla_seconds: float | None = None
    sla_profile: str = ""
    attribution: str = ""
    as_of: str = ""
    timezone: str = ""
    format: Format = "table"


class History(_Ask, frozen=True):
    """Everything that happened to one interaction, by its protocol number or id."""

    interaction: str
    json: bool = False


class Rebuild(_Ask, frozen=True):
    """Fold every projection anew from the log."""


class Verify(_Ask, frozen=True):
    """Walk the hash chain of the whole log."""


class Forget(_Ask, frozen=True):
    """Destroy the key of a contact's personal data. `contact`: its id or one of its phone numbers."""

    contact: str


class Admin(_Ask, frozen=True):
    """A one-time link by which an administrator sets a password."""

    email: str


Ask = ImportAmi | ImportQueueLog | Report | History | Rebuild | Verify | Forget | Admin


class Request(msgspec.Struct, frozen=True):
    """An ask and the width of the terminal where its answer is read."""

    ask: Ask
    width: int


class Out(msgspec.Struct, frozen=True, tag=True):
    """A part of the result."""

    text: str


class Warn(msgspec.Struct, frozen=True, tag=True):
    """A line for standard error."""

    text: str


class Step(msgspec.Struct, frozen=True, tag=True):
    """How far it is."""

    label: str
    done: int
    total: int | None
    unit: str


class Exit(msgspec.Struct, frozen=True, tag=True):
    """The end, with the exit status."""

    status: int


Said = Out | Warn | Step | Exit
