"""Backups of everything but the keys hold nothing readable: no file, topic or table has a personal datum or a secret of a random history."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from random import Random

import pytest

from bootstrap import open_center, reach
from cli.company import known_or_new
from settings import read
from tests.kit.distributed import distributed
from tests.kit.personal_story import PersonalStory
from tests.kit.searching import forms, in_bytes, in_files, in_rows, in_tables
from tests.kit.stores import written

CALLS = 6
SEED = 20_261_129


def test_no_file_of_a_data_directory_holds_a_personal_datum_or_a_secret(tmp_path: Path) -> None:
    with open_center(tmp_path / "data") as center:
        story = PersonalStory(center.bus, center.media, center.sounds, known_or_new(center, "").id, Random(SEED))
        story.live(CALLS)
        story.take_in(center.imports)
        center.cover(center.store.head(), lambda done, total: None)
        wanted = story.personal | story.secrets
        # While it runs, too: the write-ahead logs are not in the files yet.
        assert in_files(tmp_path / "data", wanted) == {}
        assert all(story.sound_of(call) for call in story.recorded)
        story.forget_some()
        assert not any(story.sound_of(call) for call in story.recorded)
        center.cover(center.store.head(), lambda done, total: None)
        center.rebuild(lambda done, total: None)
    wanted |= story.personal | story.secrets
    assert len(wanted) > 10 * CALLS
    assert in_files(tmp_path / "data", wanted) == {}
    assert in_rows(tmp_path / "data" / "warehouse", wanted) == {}
    assert {path.parts[len(tmp_path.parts) + 1] for path in (tmp_path / "data").rglob("*") if path.is_file()} >= {"media", "sounds"}
    assert set(in_files(tmp_path / "data", ["interaction.ivr_option", "vendas"])) == {"interaction.ivr_option", "vendas"}


def test_no_table_and_no_topic_holds_a_personal_datum_or_a_secret(tmp_path: Path) -> None:
    from tests.journeys.test_forgotten_on_servers import in_kafka

    with distributed(tmp_path) as deployment:
        with reach(tmp_path / "none", read(deployment.settings)) as held:
            center = held.center
            story = PersonalStory(center.bus, center.media, center.sounds, known_or_new(center, "").id, Random(SEED))
            story.live(CALLS)
            story.take_in(center.imports)
            assert all(story.sound_of(call) for call in story.recorded)
            story.forget_some()
            assert not any(story.sound_of(call) for call in story.recorded)
            center.cover(center.store.head(), lambda done, total: None)
        wanted = story.personal | story.secrets
        assert in_files(tmp_path / "none", wanted) == {}
        stored, carried = written(deployment.location), in_kafka(deployment)
        assert in_bytes(stored, ["interaction.ivr_option"]) == in_bytes(carried, ["interaction.ivr_option"]) == ["interaction.ivr_option"]
        assert in_bytes(stored, wanted) == in_bytes(carried, wanted) == []
        assert in_tables(deployment.warehouse, wanted) == {}


@pytest.mark.parametrize("before", range(6))
@pytest.mark.parametrize("after", range(3))
def test_the_search_finds_a_text_wherever_it_is_in_base64_and_in_other_forms(before: int, after: int) -> None:
    text = "Zulmira Cação 5531977916159"
    inside = bytes(range(200, 200 + before)) + text.encode() + b"\xff" * after
    for content in (b64encode(inside), urlsafe_b64encode(inside), inside, inside.hex().encode(), text.encode("utf-16-le")):
        assert in_bytes(b"{" + content + b"}", [text]) == [text]
    assert not any(form in b64encode(inside[::-1]) for form in forms(text))
