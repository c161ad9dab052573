"""Random answers with tables, as those that are watched."""

from __future__ import annotations

from hypothesis import strategies as st

from api.answer_changes import Table

TABLES = (Table("agents", "agent", ("free", "busy")), Table("waiting", "visit_id"))
KEYS = {"agents": "agent", "waiting": "visit_id"}

values = st.one_of(st.none(), st.integers(0, 3), st.lists(st.integers(0, 2), max_size=2))


def rows(key):
    return st.lists(st.fixed_dictionaries({key: st.integers(0, 7), "state": values, "since": values}), unique_by=lambda row: row[key])


@st.composite
def answers(draw):
    agents = draw(rows("agent"))
    cut = draw(st.integers(0, len(agents)))
    return {
        "as_of": draw(st.integers(0, 9)),
        "at": draw(values),
        "counts": draw(st.fixed_dictionaries({"free": values, "busy": values})),
        "bounds": draw(st.one_of(st.none(), st.dictionaries(st.sampled_from("ab"), values))),
        "agents": {"free": agents[:cut], "busy": agents[cut:]},
        "waiting": draw(rows("visit_id")),
    }
