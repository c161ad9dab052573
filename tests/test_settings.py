from __future__ import annotations

from pathlib import Path

import pytest

from settings import Settings, WrongSetting, read

KEY = "0f" * 32


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read({}) == Settings()
    assert read({"ATENDE_DATA": "", "ATENDE_PORT": "", "ATENDE_MASTER_KEY": ""}) == Settings()


def test_every_variable_is_read() -> None:
    told = {
        "ATENDE_DATA": "/srv/atende",
        "ATENDE_HOST": "0.0.0.0",
        "ATENDE_PORT": "9000",
        "ATENDE_MASTER_KEY": KEY,
        "ATENDE_TOKEN_SECRET": "s" * 32,
    }
    assert read(told) == Settings(data=Path("/srv/atende"), host="0.0.0.0", port=9000, master_key=KEY, token_secret="s" * 32)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATENDE_TOKEN_SECRET", "tiny"),
        ("ATENDE_PORT", "70000"),
        ("ATENDE_PORT", "http"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_never_shown(name: str, value: str) -> None:
    with pytest.raises(WrongSetting) as refusal:
        read({name: value})
    assert name in str(refusal.value)
    assert value not in str(refusal.value)


def test_secrets_are_not_shown() -> None:
    shown = repr(Settings(master_key=KEY, token_secret="very secret indeed, do not print"))
    assert "very secret" not in shown
    assert KEY not in shown
