"""A cursor is written by this server for one question, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.paging import Cursor, Cursors, digest_of
from api.problem import Problem

CURSORS = Cursors(b"s" * 32)
QUESTION = digest_of("interactions", "2026-01-01", None)
KEYS = st.lists(st.one_of(st.integers(-(2**63), 2**64 - 1), st.text(st.characters(exclude_categories=["Cs"]))), max_size=3).map(tuple)


@given(as_of=st.integers(-1, 2**63), after=KEYS)
def test_a_cursor_reads_back(as_of, after):
    text = CURSORS.write(QUESTION, as_of, after)
    assert CURSORS.read(text, QUESTION) == Cursor(QUESTION, as_of, after)


@given(st.text())
def test_any_other_text_is_refused(text):
    with pytest.raises(Problem) as refused:
        CURSORS.read(text, QUESTION)
    assert (refused.value.kind, refused.value.code) == ("invalid", "cursor-unknown")
    assert refused.value.errors[0].parameter == "cursor"


@given(st.data())
def test_a_changed_cursor_is_refused(data):
    text = CURSORS.write(QUESTION, 12, ("fila", 7))
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("abcXYZ019-_").filter(lambda letter: letter != text[at]))
    changed = text[:at] + other + text[at + 1 :]
    try:
        read = CURSORS.read(changed, QUESTION)
    except Problem:
        return
    # The last letter of base64 carries bits that mean nothing.
    assert at == len(text) - 1
    assert read == CURSORS.read(text, QUESTION)


def test_a_cursor_belongs_to_its_question_and_its_server():
    text = CURSORS.write(QUESTION, 12, ())
    with pytest.raises(Problem, match="other filters"):
        CURSORS.read(text, digest_of("interactions", "2026-01-02", None))
    with pytest.raises(Problem, match="not a cursor"):
        Cursors(b"t" * 32).read(text, QUESTION)
