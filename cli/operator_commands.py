"""The commands of an operator, as they are sent to the server that holds the data directory, and the records of its response.

Paths are absolute and standard input has been copied to a file: a command means the same in every process.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Format = Literal["table", "csv", "json"]
Subject = Literal["queues", "ivr", "agents", "outbound", "interactions"]
Grouping = Literal["total", "queue", "agent", "ivr", "half-hour", "hour", "day", "week", "month"]
SLA_PROFILES = "offered, answered-only, asterisk-perf2, amazon-connect, genesys, xcally or offered-minus-short"
Attribution = Literal["arrival", "event", "completion", "clipped"]


class _Command(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="command", tag=True):
    """In JSON the member `command` names the type. `company`: its name; "" is the oldest."""

    company: str = ""


class File(msgspec.Struct, frozen=True):
    """A file to import: where it lies now, and the name under which the operator knows it."""

    path: str
    name: str


class ImportAmi(_Command, frozen=True):
    """Import a recorded AMI stream. `wait`: until the projections cover what was written."""

    file: File
    json: bool = False
    wait: bool = True


class ImportQueueLog(_Command, frozen=True):
    """Import queue logs. `timezone`: of instants written without one; `members`: a file of interface;name."""

    files: tuple[File, ...]
    timezone: str = ""
    members: str = ""
    json: bool = False
    wait: bool = True


class Report(_Command, frozen=True):
    """A report over [since, until); "" is open. Everything else is the option of that name."""

    subject: Subject
    since: str = ""
    until: str = ""
    by: Grouping | None = None
    queue: str = ""
    agent: str = ""
    sla_ms: int | None = None
    sla_profile: str = ""
    attribution: Attribution = "arrival"
    as_of: str = ""
    timezone: str = ""
    format: Format = "table"


class History(_Command, frozen=True):
    """Everything that happened to one interaction, by its protocol number or id."""

    interaction: str
    json: bool = False


class Rebuild(_Command, frozen=True):
    """Fold every projection again from the log."""


class ProcessFailures(_Command, frozen=True):
    """What process managers have set aside. `process`: of this one alone."""

    process: str = ""
    json: bool = False


class RetryProcesses(_Command, frozen=True):
    """Let process managers decide again what they have set aside, at `positions` alone or, without any, all of it."""

    positions: tuple[int, ...] = ()
    process: str = ""


class Verify(_Command, frozen=True):
    """Walk the hash chain of the whole log."""


class Forget(_Command, frozen=True):
    """Destroy the key of a contact's personal data. `contact`: its id or one of its phone numbers. dry_run: only say what is known of it."""

    contact: str
    dry_run: bool = False


class Admin(_Command, frozen=True):
    """A one-time link by which an administrator sets a password."""

    email: str


OperatorCommand = ImportAmi | ImportQueueLog | Report | History | Rebuild | ProcessFailures | RetryProcesses | Verify | Forget | Admin


class Output(msgspec.Struct, frozen=True, tag="stdout"):
    """A part of the result, for standard output."""

    text: str


class Notice(msgspec.Struct, frozen=True, tag="warning"):
    """A line for standard error."""

    text: str


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """How much is done, of how much."""

    label: str
    done: int
    total: int | None
    unit: str


class Exit(msgspec.Struct, frozen=True, tag="exit"):
    """The end, with the exit status. A stream without it was cut off."""

    status: int


Record = Output | Notice | Progress | Exit
