"""Changes that are applied to the older answer give the newer one, in every field and in the same order."""

import copy
import json

import pytest
from hypothesis import given

from api.answer_changes import changes
from tests.kit.changing_answers import KEYS, TABLES, answers
from tests.kit.watching import apply


@given(answers(), answers())
def test_the_older_answer_with_the_changes_is_the_newer_one(before, after):
    change = json.loads(json.dumps(changes(before, after, TABLES)))
    client = copy.deepcopy(before)
    apply(client, change, KEYS)
    assert client == {**after, "as_of": before["as_of"]}


@given(answers())
def test_an_answer_that_stayed_the_same_has_no_changes(answer):
    assert changes(answer, {**answer, "as_of": 77}, TABLES) == {}


def test_only_the_rows_that_moved_and_only_their_changed_fields_are_sent():
    before = {"agents": {"free": [{"agent": name, "state": "available", "since": n} for n, name in enumerate("abcdef")], "busy": []}}
    after = copy.deepcopy(before)
    taken = after["agents"]["free"].pop(1)
    after["agents"]["busy"].append({**taken, "state": "talking"})
    after["agents"]["free"].append({**after["agents"]["free"].pop(0), "since": 9})
    assert changes(before, after, TABLES[:1]) == {
        "tables": {
            "agents": {
                "changed": [
                    {"agent": "a", "_in": "free", "_at": 4, "since": 9},
                    {"agent": "b", "_in": "busy", "_at": 0, "state": "talking"},
                ]
            }
        }
    }


@pytest.mark.parametrize("value", [{"a": 1}, None])
def test_an_object_whose_fields_are_others_is_replaced_as_a_whole(value):
    assert changes({"bounds": {"a": 1, "b": 2}}, {"bounds": value}, ()) == {"fields": {"bounds": value}}
