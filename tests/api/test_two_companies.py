"""Two companies that use the same names and ids for everything: nothing of one is seen by the other, by any query of the document."""

from __future__ import annotations

from uuid import UUID

import pytest

from commands.recordings import StartRecording
from tests.api.test_webhooks import delivered
from tests.kit.http import operator
from tests.kit.openapi import STREAMS, operations
from tests.kit.pasts import cover
from tests.kit.waiting import within

MOVING = {"as_of", "next", "position", "covered_to", "checked_to"}
"""They say how far the log has been read, which is one log for all companies."""


class Company:
    """A company that has one of everything, under names that the other has too. Only the customer's number differs."""

    def __init__(self, person, number, record):
        """record: has a call recorded, and returns the recording's id."""
        self.person = person
        self.record = record
        self.number = number
        self.ids = {"user_id": person.get("/v1/me").json()["id"]}
        self.ids["queue_id"] = self.do("/v1/queues", name="vendas")
        self.ids["ivr_id"] = self.do("/v1/ivrs", name="central")
        self.ids["agent_id"] = self.do("/v1/agents/log-in", agent="Ana", queues=["vendas"])
        # A thing of the settings: any of them.
        self.ids["thing_id"] = self.ids["queue_id"]
        own = person.ask("PUT", f"/v1/agents/{self.ids['agent_id']}/user", json={"user_id": self.ids["user_id"]})
        assert own.status_code == 200, own.text
        self.call("crm-1")

    def complete(self, document):
        """Make, of the document's examples, one of everything else that a path names by an id."""
        all_ = {(one.method, one.path): one for one in operations(document)}
        for operation in all_.values():
            collection, _, name = operation.path.removesuffix("}").partition("/{")
            making = all_.get(("post", collection))
            if operation.method == "get" and name.isidentifier() and name not in self.ids and making is not None:
                self.ids[name] = self.do(collection, **making.body) if making.file is None else self.send(collection, making.file)

    def send(self, path, file):
        """Import a file, to its end."""
        id = self.person.ask("POST", path, content=file).json()["id"]
        within(lambda: self.person.get(f"{path}/{id}").json()["state"] == "done")
        return id

    def do(self, path, **body):
        answer = self.person.post(path, body)
        assert answer.status_code in (200, 201), f"{path}: {answer.text}"
        return answer.json()["id"]

    def call(self, name):
        id = self.do("/v1/interactions", call=name, from_number=self.number)
        self.ids.setdefault("interaction_id", id)
        for step, body in (
            ("offer", {"queue": "vendas"}),
            ("ring", {"agent": "Ana"}),
            ("answer", {"agent": "Ana"}),
        ):
            self.do(f"/v1/interactions/{id}/{step}", **body)
        self.ids.setdefault("recording_id", self.record(id))
        for step in ("release", "end"):
            self.do(f"/v1/interactions/{id}/{step}")


@pytest.fixture
def company(log_in, document, center):
    """Makes a company with one of everything."""

    def do(name, number="5511911111111"):
        def record(call):
            """As the operator: to users a call that no PBX leads is refused."""
            return str(center.bus.execute(StartRecording(interaction=UUID(call)), operator(name)).id)

        made = Company(log_in(name, "ana@empresa.example"), number, record)
        made.complete(document)
        made.ids["delivery_id"] = str(delivered(center, made.ids["webhook_id"], name).id)
        return made

    return do


@pytest.fixture
def figures(queries):
    """Those that answer a person by JSON: not by the sound of a file, and not to an API key alone."""
    return [
        one for one in queries if "application/json" in one.definition["responses"]["200"]["content"] and one.path != "/v1/api-keys/self"
    ]


@pytest.fixture
def queries(document):
    """Every query of the document that needs a token and ends."""
    return [one for one in operations(document) if one.method == "get" and "security" in one.definition and one.path not in STREAMS]


def asked(person, operation, ids):
    """The answer, with the ids of a company in the path."""
    path = operation.path.format_map(ids | {"message": "welcome"})
    return person.get(path, params=operation.needed)


def still(value):
    """An answer without what moves with the log."""
    if isinstance(value, dict):
        return {name: still(part) for name, part in value.items() if name not in MOVING}
    return [still(part) for part in value] if isinstance(value, list) else value


def test_no_query_answers_with_anything_of_another_company(center, company, figures):
    one = company("Empresa")
    cover(center)
    before = {operation.path: asked(one.person, operation, one.ids) for operation in figures}
    other = company("Outra", "5511922222222")
    other.call("crm-2")
    cover(center)
    assert not set(one.ids.values()) & set(other.ids.values())
    for operation in figures:
        after = asked(one.person, operation, one.ids)
        assert (before[operation.path].status_code, after.status_code) == (200, 200), f"{operation.path}: {after.text}"
        assert still(after.json()) == still(before[operation.path].json()), operation.path
        assert not [id for id in (other.number, *other.ids.values()) if id in after.text], operation.path


def test_an_id_of_another_company_is_no_id(company, queries):
    one, other = company("Empresa"), company("Outra")
    with_ids = [operation for operation in queries if "{" in operation.path]
    assert len(with_ids) >= 5
    for operation in with_ids:
        assert asked(one.person, operation, other.ids).status_code == 404, operation.path
