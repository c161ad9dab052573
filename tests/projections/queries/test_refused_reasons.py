"""Reasons for which lines are refused, as people read them."""

from __future__ import annotations

import re

import pytest

from projections.queries.refused_reasons import in_portuguese
from telephony_adapter.ami.stream import UNDATED
from tests.kit.compose import ROOT

_WRITTEN = re.compile(r'(?:broken|broke|_broken)\([^,()]+(?:\([^()]*\))?[^,()]*, f?"([^"]+)"\)')


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("3 fields where a line has at least 5", "3 campos onde uma linha tem pelo menos 5"),
        ("no instant: 'ontem'", "não é um instante: 'ontem'"),
        ("ADDMEMBER names no agent", "ADDMEMBER sem agente"),
        (f"Newchannel {UNDATED}", "Newchannel sem instante (timestampevents = yes resolve)"),
        ("Hangup: a line without a colon: b'x: y'", "Hangup: linha sem dois-pontos: b'x: y'"),
        ("something new", "something new"),
    ],
)
def test_a_reason_is_said_in_portuguese_with_what_it_names(reason: str, words: str) -> None:
    assert in_portuguese(reason) == words


def test_every_reason_that_a_reader_of_files_writes_is_known() -> None:
    found = [
        re.sub(r"\{[^{}]*\}", "7", reason.replace("{UNDATED}", UNDATED))
        for path in sorted((ROOT / "telephony_adapter").rglob("*.py"))
        for reason in _WRITTEN.findall(path.read_text())
        if reason.strip("{}") != reason or " " in reason
    ]
    assert len(found) > 12
    assert [reason for reason in found if in_portuguese(reason) == reason] == []
