"""Process managers are found by importing their package, and keep what identifies them."""

from __future__ import annotations

import re
from pathlib import Path

import processes
from commands.handler_context import HANDLERS
from processes.registry import names, process_managers

FOLDER = Path(processes.__file__).parent


def test_every_process_manager_of_the_package_is_found_in_the_order_of_its_files() -> None:
    defined = {
        found[1]: path.name
        for path in sorted(FOLDER.glob("*.py"))
        for found in re.finditer(r"^class (\w+)\(ProcessManager\[", path.read_text(), re.MULTILINE)
    }
    assert [kind.__name__ for kind in process_managers()] == list(defined)
    assert len(set(defined.values())) == len(defined), "one file each"


def test_their_names_are_for_ever() -> None:
    assert names() == ("leases", "phones", "restarts", "retention", "webhooks")


def test_each_names_events_and_permissions_that_there_are() -> None:
    permissions = {command.permission for command in HANDLERS}
    for kind in process_managers():
        assert kind.topics(), kind.NAME
        assert kind.PERMISSIONS, kind.NAME
        assert permissions >= kind.PERMISSIONS, kind.NAME
