from __future__ import annotations

import base64
from pathlib import Path

import pytest

from settings import KEY_BYTES, Settings, WrongSetting, read

KEY = bytes(range(KEY_BYTES))


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read({}) == Settings()
    assert read({"ATENDE_DATA": "", "ATENDE_PORT": "", "ATENDE_MASTER_KEY": ""}) == Settings()


def test_every_variable_is_read() -> None:
    told = {
        "ATENDE_DATA": "/srv/atende",
        "ATENDE_HOST": "0.0.0.0",
        "ATENDE_PORT": "9000",
        "ATENDE_MASTER_KEY_FILE": "/etc/atende.key",
        "ATENDE_TOKEN_SECRET": "s" * 32,
    }
    assert read(told) == Settings(
        data=Path("/srv/atende"), host="0.0.0.0", port=9000, master_key_file=Path("/etc/atende.key"), token_secret="s" * 32
    )


@pytest.mark.parametrize("text", [KEY.hex(), base64.b64encode(KEY).decode()])
def test_a_master_key_is_hex_or_base64(text: str) -> None:
    assert read({"ATENDE_MASTER_KEY": text}).master_key == KEY


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATENDE_MASTER_KEY", "00ff"),
        ("ATENDE_MASTER_KEY", "g" * 64),
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
    assert "master_key=" not in shown
