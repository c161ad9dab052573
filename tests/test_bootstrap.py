from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from bootstrap import DirectoryHeld, Held, hold, is_data_directory, open_center
from cli.company import known_or_new
from settings import Settings
from store.data_directory import LOCK


def test_a_directory_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with hold(tmp_path, Settings()):
        assert (tmp_path / LOCK).read_text() == f"{os.getpid()}\n"
        with pytest.raises(DirectoryHeld) as taken, hold(tmp_path, Settings()):
            pass
        assert taken.value.process == str(os.getpid())
    with hold(tmp_path, Settings()):
        pass


def test_holding_makes_the_directory_and_opens_nothing(tmp_path: Path) -> None:
    data = tmp_path / "a" / "data"
    with hold(data, Settings()):
        assert [path.name for path in data.iterdir()] == [LOCK]
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert not is_data_directory(data)


def test_an_error_inside_lets_go_of_the_directory(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_center(tmp_path) as center:
        _ = 1 // center.store.head()
    assert is_data_directory(tmp_path)
    with open_center(tmp_path):
        pass


def test_the_secret_of_tokens_is_the_settings_or_kept_for_its_owner_alone(tmp_path: Path) -> None:
    with open_center(tmp_path) as center:
        kept = center.token_secret
    with open_center(tmp_path) as center:
        assert center.token_secret == kept
    assert len(kept) >= 32
    files = [path for path in tmp_path.iterdir() if path.is_file() and kept in path.read_text(errors="replace")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600]
    with open_center(tmp_path, Settings(token_secret="t" * 32)) as center:
        assert center.token_secret == "t" * 32


def test_figures_cover_what_is_saved_and_are_built_anew(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    with open_center(tmp_path) as center:
        known_or_new(center, "")
        center.cover(center.store.head(), lambda done, total: told.append((done, total)))
        assert center.covered() == center.store.head() == 1
        assert center.rebuild(lambda done, total: told.append((done, total))) == 1
    assert told[-1] == (1, 1)


def test_a_center_is_opened_when_it_is_needed(tmp_path: Path) -> None:
    held = Held(tmp_path, Settings())
    held.close()
    assert not is_data_directory(tmp_path)
    assert held.center is held.center
    held.close()
    assert is_data_directory(tmp_path)
