"""The commands, settings, figures and files in docs/operations.md are correct."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

import settings
from api.health import MOST_BEHIND
from api.problem import KINDS
from projections.engine.decisions import MOST_REFUSED
from store.clock import MOST_OFF_S
from tests.kit.command_lines import refusal
from tests.kit.compose import DISTRIBUTED, DOCKER, ROOT, services
from tests.kit.exported import exported

PAGE = ROOT / "docs" / "operations.md"
TEXT = PAGE.read_text()
SPANS = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL))
LINES = [line.split("  #")[0].strip() for block in re.findall(r"```\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
COMMANDS = sorted({found[1] for span in [*SPANS, *LINES] if (found := re.search(r"(?:^|ATENDE_\S+ |exec \S+ )atende (\S.*)$", span))})
WANTS = {"import": "ami x", "history": "x", "report": "queues", "forget": "x", "admin": "x", "backup-keys": "x"}
"""Required arguments of commands that the page names without them."""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_exists(command: str) -> None:
    words = shlex.split(command)
    assert refusal(words) == "" or refusal([*words, *WANTS.get(command, "").split()]) == ""


def test_the_commands_of_the_page_are_found() -> None:
    assert {"relay --anew", "restore --from-kafka --keys FILE --head POSITION:HASH", "topics --replication 3", "topics"} <= set(COMMANDS)
    assert "admin boss@example.com" in COMMANDS


def test_every_setting_is_documented() -> None:
    assert set(re.findall(r"\bATENDE_[A-Z_]+", TEXT)) <= set(re.findall(r"\bATENDE_[A-Z_]+", settings.__doc__ or ""))


def test_the_page_has_every_exported_metric_and_no_other(tmp_path: Path) -> None:
    known = exported(tmp_path)
    families = {re.sub("_(bucket|sum|count)$", "", series) for series in known}
    assert set(re.findall(r"`(atende_\w+)`", TEXT)) == families


def test_every_alert_is_on_the_page() -> None:
    rules = yaml.safe_load((DOCKER / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]
    watched = [line for line in TEXT.splitlines() if line.startswith(("| `up`", "| `atende_"))]
    for rule in rules:
        named = re.findall(r"\b(?:up|atende_\w+?(?=_bucket|\b))", rule["expr"])
        described = [line for line in watched for name in named if f"`{name}`" in line and not line.endswith("| |")]
        assert described, rule["alert"]
        waits = re.sub("m$", " min", re.sub("s$", " s", rule.get("for", "any")))
        assert any(waits in line for line in described), rule["alert"]


def test_the_levels_are_those_of_the_code() -> None:
    assert f"{MOST_BEHIND:,} events behind" in TEXT
    assert f"clock is {MOST_OFF_S} s or more off" in TEXT
    assert f"after {MOST_REFUSED} in one process" in TEXT
    assert {"not-reached", "unavailable", "outcome-unknown", "clock"} <= KINDS.keys() & set(SPANS)


def test_every_linked_file_exists() -> None:
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (PAGE.parent / target).resolve().exists(), target


def test_compose_commands_name_existing_services_and_files() -> None:
    for line in LINES:
        if line.startswith("docker compose"):
            words = shlex.split(line)
            assert (ROOT / words[words.index("-f") + 1]).name == DISTRIBUTED
            assert not ("exec" in words and words[words.index("exec") + 1] not in services(DISTRIBUTED))
            assert not ("run" in words and words[-1] not in services(DISTRIBUTED))


def test_every_figure_of_speed_names_its_benchmark() -> None:
    from bench.__main__ import ALL

    for line in TEXT.splitlines():
        for name in re.findall(r"\w+", line.rpartition("`: ")[2]) if "| `make bench" in line else []:
            assert name in ALL
