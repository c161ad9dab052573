"""Files are imported through the API: with progress, refused lines, an end, and no second time."""

from __future__ import annotations

import gzip
import os
import threading
import zipfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from api import upload_turns
from api.app import MAX_BODY
from api.application_state import ApplicationState
from imports.records import SILENT_US, RunningImport
from imports.running import Imports
from imports.uploads import Upload
from projections.figures.intervals import iso
from store import imports as kept
from telephony_adapter.queue_log import reading_limits
from tests.api.test_auth import problem_of
from tests.kit.http import Person, TimedCenter, operator
from tests.kit.slow_imports import SlowImport
from tests.kit.waiting import DEADLINE_S, within

UTC = ZoneInfo("UTC")
LOG = Path(__file__).parents[1] / "data" / "captures" / "run-a" / "queue_log"
BAD = b"no line\n1700000000|x|y\n"


@pytest.fixture(autouse=True)
def _after_the_log(center: TimedCenter) -> None:
    """Lines long after the import would be set aside."""
    center.clock.us = 1_800_000_000_000_000


def send(who: Person, content: Any, **params: str) -> Any:
    return who.ask("POST", "/v1/imports", content=content, params=params, headers={"Content-Type": "application/octet-stream"})


def until(who: Person, id: str, *states: str) -> dict[str, Any]:
    """The import, once it is in one of these states."""
    within(lambda: who.get(f"/v1/imports/{id}").json()["state"] in states)
    return dict(who.get(f"/v1/imports/{id}").json())


def imported(who: Person, content: bytes, **params: str) -> dict[str, Any]:
    answer = send(who, content, **params)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/imports/{answer.json()['id']}"
    return until(who, answer.json()["id"], "done", "failed")


def test_a_log_is_taken_in_with_its_refused_lines_and_a_second_time_changes_nothing(ana: Person, center: TimedCenter) -> None:
    assert ana.get("/v1/company").json()["empty"] is True
    content = gzip.compress(BAD + LOG.read_bytes())
    first = imported(ana, content, name="queue_log.1.gz")
    assert (first["state"], first["reason"], first["refused_lines"], first["percent"]) == ("done", "", 2, 100.0)
    assert (first["bytes"], first["bytes_total"]) == (len(content), len(content))
    assert first["lines"] > 100
    assert first["calls"] > 10
    assert first["first_at"] < first["last_at"]
    assert ana.get("/v1/company").json()["empty"] is False
    # The figures cover it at once.
    period = {"from": first["first_at"], "to": first["last_at"]}
    assert ana.get("/v1/dashboards/inbound", params=period).json()["totals"]["offered"] > 0

    lines = ana.get(f"/v1/imports/{first['id']}/refused-lines").json()
    assert [(line["file"], line["line"]) for line in lines["items"]] == [("queue_log.1.gz", 1), ("queue_log.1.gz", 2)]
    assert lines["total"] == 2
    csv = ana.get(f"/v1/imports/{first['id']}/refused-lines", params={"format": "csv"})
    assert csv.text.splitlines()[1].startswith("queue_log.1.gz;1;")

    end = center.store.end()
    center.clock.pass_s(1)
    again = imported(ana, content, name="queue_log.1.gz")
    assert (again["calls"], again["repeated_lines"], center.store.end()) == (0, again["lines"] - 2, end)
    assert [one["id"] for one in ana.get("/v1/imports").json()["items"]] == [again["id"], first["id"]]
    assert not [path for path in (center.directory / "imports").rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_the_figures_of_live_calls_stay_as_they_were_when_a_log_of_another_time_is_imported(ana: Person, center: TimedCenter) -> None:
    at = center.clock.now_us()
    for name in ("Vendas", "Cobrança"):
        ana.post("/v1/queues", {"name": name})
    call = ana.post("/v1/interactions", {}).json()["id"]
    ana.post(f"/v1/interactions/{call}/offer", {"queue": "Vendas"})
    center.clock.pass_s(40)
    ana.post(f"/v1/interactions/{call}/abandon")
    position = ana.post(f"/v1/interactions/{call}/end").json()["position"]
    period = {"from": iso(at // 1_000, UTC), "to": iso(at // 1_000 + 4 * 3_600_000, UTC)}

    def figures() -> list[dict[str, Any]]:
        asked = [
            ana.get(f"/v1/dashboards/{board}", params=period | {"by": "hour", "at_least": position, **more}).json()
            for board in ("inbound", "outbound")
            for more in ({}, {"queue": "Cobrança"})
        ]
        return [{"totals": one["totals"], "series": one["series"]} for one in asked]

    before = figures()
    assert [row["offered"] for row in before[0]["series"]] == [1, 0, 0, 0]
    assert imported(ana, LOG.read_bytes())["last_at"] < period["from"]
    position = ana.post("/v1/queues", {"name": "Nova"}).json()["position"]
    assert figures() == before


def test_a_file_that_is_larger_than_other_bodies_may_be_is_received(ana: Person) -> None:
    content = LOG.read_bytes()
    padded = content + b"".join(b"1700000000|NONE|NONE|NONE|SYSCOMPAT|%d\n" % number for number in range(20_000))
    assert len(padded) > 2 * MAX_BODY
    assert imported(ana, padded)["lines"] == len(padded.splitlines())
    problem_of(ana.ask("POST", "/v1/queues", content=b" " * (MAX_BODY + 1)), 413, "too-large")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "binary"),
        (b"", "nothing in it"),
        (gzip.compress(LOG.read_bytes(), mtime=0)[:20], "nothing in it"),
        (b"Asterisk Call Manager/5.0\r\n", "AMI capture"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_what_was_expected(ana: Person, content: bytes, says: str) -> None:
    problem = problem_of(send(ana, content, name="photo.png"), 422, "file-not-recognised")
    assert problem["errors"] == [{"pointer": "", "detail": f"the body: {problem['detail']}"}]
    assert problem["detail"].startswith("photo.png: ")
    assert says in problem["detail"]
    assert "expected an Asterisk queue_log" in problem["detail"]
    (one,) = ana.get("/v1/imports").json()["items"]
    assert (one["state"], one["code"], one["reason"]) == ("failed", "file-not-recognised", problem["detail"])
    assert ana.get("/v1/company").json()["empty"] is True


def test_a_torn_file_is_taken_in_up_to_its_tear(ana: Person) -> None:
    whole = gzip.compress(LOG.read_bytes())
    torn = whole[: len(whole) // 2]
    found = imported(ana, torn, name="torn.gz")
    assert (found["state"], found["refused_lines"]) == ("done", 1)
    (line,) = ana.get(f"/v1/imports/{found['id']}/refused-lines").json()["items"]
    assert "ends too early" in line["reason"]


def test_members_and_a_recording_are_kinds_of_their_own(ana: Person) -> None:
    assert imported(ana, b"interface;name\nPJSIP/1001;Ana Souza\n", kind="members")["state"] == "done"
    problem_of(send(ana, b"PJSIP/1001\n", kind="members", name="m.csv"), 422, "file-not-recognised")
    recording = next(path for path in sorted(LOG.parent.iterdir()) if path.name.startswith("ami"))
    assert imported(ana, recording.read_bytes(), kind="ami", name="ami")["calls"] > 0


def test_an_unknown_time_zone_is_named(ana: Person) -> None:
    errors = problem_of(send(ana, LOG.read_bytes(), timezone="BRT"), 422, "invalid")["errors"]
    assert [error["parameter"] for error in errors] == ["timezone"]
    assert errors[0]["detail"].startswith("timezone: ")


def test_a_cancelled_import_ends_and_keeps_what_it_took_in(ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowImport(monkeypatch)
    id = send(ana, LOG.read_bytes()).json()["id"]
    waiting = send(ana, LOG.read_bytes()).json()["id"]
    assert slow.reached.wait(DEADLINE_S)
    assert ana.get(f"/v1/imports/{waiting}").json()["state"] == "waiting"
    for one in (id, waiting):
        assert ana.ask("DELETE", f"/v1/imports/{one}").status_code == 202
    # One that waits ends before its turn comes.
    assert ana.get(f"/v1/imports/{waiting}").json()["state"] == "cancelled"
    slow.go.set()
    for one in (id, waiting):
        assert until(ana, one, "cancelled")["code"] == "cancelled"
    problem_of(ana.ask("DELETE", f"/v1/imports/{id}"), 409, "import-ended")
    assert ana.get("/v1/company").json()["empty"] is False
    assert imported(ana, LOG.read_bytes())["state"] == "done"


def test_an_import_that_a_restart_interrupted_is_known_and_can_be_sent_again(
    ana: Person, center: TimedCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SlowImport(monkeypatch)
    id = send(ana, LOG.read_bytes()).json()["id"]
    assert slow.reached.wait(DEADLINE_S)
    center.imports._records.stopping.set()
    slow.go.set()
    assert until(ana, id, "interrupted")["code"] == "server-stopped"
    # A killed process leaves it unfinished, by an owner that is gone.
    (tenant,) = center.store.companies()
    found = kept.one_of(center.store.recorder.db, tenant, UUID(id))
    assert found is not None
    dead = replace(found.content, id=uuid4(), state="running", ended=None, reason="")
    with center.store.recorder.transaction() as db:
        kept.add(db, dead, uuid4())
    assert ana.get(f"/v1/imports/{dead.id}").json()["state"] == "interrupted"
    problem_of(ana.ask("DELETE", f"/v1/imports/{dead.id}"), 409, "import-ended")
    center.imports._records.stopping.clear()
    assert imported(ana, LOG.read_bytes())["state"] == "done"


def test_on_servers_an_import_of_another_process_is_interrupted_once_it_is_silent(center: TimedCenter, ana: Person) -> None:
    (tenant,) = center.store.companies()
    with closing(Imports(center, alone=False)) as others, closing(Imports(center, alone=False)) as own:
        upload = others.receive("queue-log", "q", "", operator("Empresa"), 0)
        found = kept.one_of(center.store.recorder.db, tenant, upload.one.id)
        assert found is not None
        assert own.stands(found).state == "receiving"
        center.clock.us += SILENT_US + 1
        assert own.stands(found).state == "interrupted"
        assert others.stands(found).state == "receiving"
        upload.give_up(OSError())


def test_on_servers_an_import_that_waits_is_known_to_live_and_one_that_is_cancelled_elsewhere_ends(
    center: TimedCenter, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tenant,) = center.store.companies()
    slow = SlowImport(monkeypatch)
    caller = operator("Empresa")

    def sent(to: Imports) -> UUID:
        upload = to.receive("queue-log", "q", "", caller, 0)
        upload.write(LOG.read_bytes())
        return upload.complete().id

    def found(id: UUID) -> kept.Kept:
        one = kept.one_of(center.store.recorder.db, tenant, id)
        assert one is not None
        return one

    with closing(Imports(center, alone=False)) as others, closing(Imports(center, alone=False)) as own:
        sent(others)
        assert slow.reached.wait(DEADLINE_S)
        waiting, cancelled = sent(others), sent(others)
        center.clock.us += SILENT_US + 1
        others.beat()
        assert own.stands(found(waiting)).state == "waiting"
        own.cancel(found(cancelled))
        others.beat()
        assert found(cancelled).content.code == "cancelled"
        assert not (others._directory / cancelled.hex).exists()
        assert own.stands(found(waiting)).state == "waiting"
        slow.go.set()
        within(lambda: found(waiting).content.state == "done")
        assert found(cancelled).content.state == "cancelled"
        beat = found(cancelled).beat
        center.clock.us += 1
        others.beat()
        assert found(cancelled).beat == beat


def test_two_companies_do_not_see_each_others_imports(log_in: Any) -> None:
    ana, eva = log_in(), log_in(company="Outra", email="eva@outra.example")
    id = imported(ana, LOG.read_bytes())["id"]
    assert eva.get("/v1/imports").json() == {"items": []}
    for answer in (eva.get(f"/v1/imports/{id}"), eva.ask("DELETE", f"/v1/imports/{id}"), eva.get(f"/v1/imports/{id}/refused-lines")):
        problem_of(answer, 404, "import-unknown")
    assert eva.get("/v1/company").json()["empty"] is True


def test_who_may_not_send_observations_sends_no_byte(log_in: Any) -> None:
    bia = log_in(email="bia@empresa.example", permissions=("gerenciar-relatorio",))

    async def body() -> Any:
        yield b"1"
        raise AssertionError("the body was read")

    assert problem_of(send(bia, body()), 403, "not-allowed")["permission"] == "gerenciar-api"


def test_a_simulation_needs_a_company_without_calls(ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imports.simulation.HOURS", 2)
    monkeypatch.setattr("imports.running.simulation.HOURS", 2)
    begun = ana.post("/v1/simulation")
    assert (begun.status_code, begun.json()["kind"]) == (202, "simulation"), begun.text
    problem_of(ana.post("/v1/simulation"), 409, "company-not-empty")
    within(lambda: not ana.get("/v1/company").json()["empty"])
    assert ana.ask("DELETE", f"/v1/imports/{begun.json()['id']}").status_code == 202
    until(ana, begun.json()["id"], "cancelled")
    problem_of(ana.post("/v1/simulation"), 409, "company-not-empty")


def test_a_small_file_that_unpacks_to_much_is_refused_by_its_name(ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_limits, "ALWAYS_UNPACKED", 1 << 20)
    bomb = gzip.compress(b"\0" * (8 << 20))
    problem = problem_of(send(ana, bomb, name="bomb.gz"), 422, "file-unpacks-too-much")
    assert problem["detail"].startswith("bomb.gz: it unpacks to more than")
    # Of one whose beginning is a log this is found while it is taken in.
    later = imported(ana, gzip.compress(LOG.read_bytes() + b"\n" * (8 << 20)), name="later.gz")
    assert (later["state"], later["code"]) == ("failed", "file-unpacks-too-much")
    assert later["reason"].startswith("later.gz: ")
    assert files_of(ana) == []


def files_of(who: Person) -> list[Path]:
    """The files that lie in the directory of imports."""
    directory = who.client.transport.app.state.application.center.directory / "imports"  # type: ignore[attr-defined]
    return [path for path in directory.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_a_file_for_which_the_disk_has_no_room_is_refused_before_and_while_it_comes_and_commands_go_on(
    ana: Person, center: TimedCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = send(ana, LOG.read_bytes())
    assert refused.status_code == 201
    until(ana, refused.json()["id"], "done")
    center.clock.pass_s(1)
    disk = os.statvfs(center.directory)
    free = disk.f_bavail * disk.f_frsize
    # A size that does not fit is known before a byte of it is read.
    before = ana.ask("POST", "/v1/imports", content=never(), headers={"Content-Length": str(free + 1)})
    problem_of(before, 507, "no-room")
    assert int(before.headers["Retry-After"]) > 0

    async def endless() -> AsyncIterator[bytes]:
        yield LOG.read_bytes()
        monkeypatch.setattr(center.reserve, "_size", 1 << 60)
        yield b"\n" * (3 << 20)

    problem_of(send(ana, endless(), name="much"), 507, "no-room")
    (one, _) = ana.get("/v1/imports").json()["items"]
    assert (one["name"], one["state"], one["code"]) == ("much", "failed", "no-room")
    assert files_of(ana) == []
    assert ana.post("/v1/queues", {"name": "uma nova"}).status_code == 201
    assert ana.client.get("/readyz").status_code == 200


async def never() -> AsyncIterator[bytes]:
    yield b"1"
    raise AssertionError("the body was read")


def test_an_import_ends_where_the_rest_of_the_disk_is_kept_for_calls(
    ana: Person, center: TimedCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SlowImport(monkeypatch)
    id = send(ana, LOG.read_bytes()).json()["id"]
    assert slow.reached.wait(DEADLINE_S)
    monkeypatch.setattr(center.reserve, "_size", 1 << 60)
    slow.go.set()
    assert until(ana, id, "failed")["code"] == "no-room"
    assert ana.post("/v1/queues", {"name": "uma nova"}).status_code == 201


def test_many_imports_of_one_company_do_not_keep_another_one_waiting(log_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, eva = log_in(), log_in(company="Outra", email="eva@outra.example")
    slow = SlowImport(monkeypatch)
    first, *others = [send(ana, LOG.read_bytes()).json()["id"] for _ in range(3)]
    assert slow.reached.wait(DEADLINE_S)
    of_eva = send(eva, LOG.read_bytes()).json()["id"]
    until(eva, of_eva, "running")
    assert ana.get(f"/v1/imports/{first}").json()["state"] == "running"
    assert [ana.get(f"/v1/imports/{id}").json()["state"] for id in others] == ["waiting", "waiting"]
    slow.go.set()
    for id in others:
        assert until(ana, id, "done")["repeated_lines"] > 0


def test_an_import_of_which_nothing_can_be_used_ends_at_once_when_the_server_stops(
    ana: Person, center: TimedCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go = threading.Event(), threading.Event()
    look = RunningImport.look

    def slowly(running: RunningImport) -> None:
        reached.set()
        assert go.wait(DEADLINE_S)
        look(running)

    monkeypatch.setattr(RunningImport, "look", slowly)
    id = send(ana, LOG.read_bytes() + b"no line\n" * 400_000).json()["id"]
    assert reached.wait(DEADLINE_S)
    center.stop()
    go.set()
    found = until(ana, id, "interrupted")
    assert (found["code"], found["lines"]) == ("server-stopped", 0)


def test_a_file_that_takes_too_long_to_look_at_is_refused(ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small zip of many files, each of which unpacks to nothing that is a log."""
    monkeypatch.setattr("imports.uploads.LOOKED_AT_S", 0.05)
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(300):
            archive.writestr(f"queue_log.{number}", b"\0" * (1 << 18))
    problem = problem_of(send(ana, written.getvalue(), name="slow.zip"), 422, "file-unpacks-too-much")
    assert problem["detail"].startswith("slow.zip: a look at it takes more than")
    assert files_of(ana) == []


def test_slow_looks_at_the_files_of_one_company_keep_no_other_waiting(log_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, eva = log_in(), log_in(company="Outra", email="eva@outra.example")
    go, slow = threading.Event(), threading.Semaphore(0)
    look = Upload.complete

    def slowly(upload: Upload) -> Any:
        if upload.one.name == "slow":
            slow.release()
            assert go.wait(DEADLINE_S)
        return look(upload)

    monkeypatch.setattr(Upload, "complete", slowly)
    senders = [threading.Thread(target=send, args=(ana, LOG.read_bytes()), kwargs={"name": "slow"}) for _ in range(3)]
    for sender in senders:
        sender.start()
    try:
        assert slow.acquire(timeout=DEADLINE_S)
        answers: list[int] = []
        other = threading.Thread(target=lambda: answers.append(send(eva, LOG.read_bytes()).status_code), daemon=True)
        other.start()
        other.join(DEADLINE_S / 2)
        assert answers == [201]
        assert not slow.acquire(blocking=False)
    finally:
        go.set()
        for sender in senders:
            sender.join()


def test_of_one_user_so_many_files_are_received_at_once_and_others_are_answered_meanwhile(
    ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, turns = threading.Event(), uploads_of(ana)._files
    monkeypatch.setattr("imports.uploads.must_be_importable", lambda *_: known.wait(DEADLINE_S))
    with ThreadPoolExecutor(60) as senders:
        sent = [senders.submit(send, ana, b"", name=f"{number}") for number in range(60)]
        try:
            within(lambda: sum(one.done() for one in sent) == 60 - upload_turns.OF_A_USER - upload_turns.ROOM.lane)
            for one in sent:
                if one.done():
                    problem_of(one.result(), 429, "too-many-uploads")
                    assert (one.result().headers["Retry-After"], one.result().headers["Connection"]) == ("5", "close")
            assert turns.waiting == upload_turns.ROOM.lane
            within(lambda: len(ana.get("/v1/imports").json()["items"]) == upload_turns.OF_A_USER)
            assert ana.get("/v1/company").status_code == 200
        finally:
            known.set()
        assert [one.result().status_code for one in sent].count(201) == upload_turns.OF_A_USER + upload_turns.ROOM.lane


def test_nothing_is_read_of_a_file_that_waits_and_who_waits_too_long_is_refused(ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    known, turns = threading.Event(), uploads_of(ana)._files
    monkeypatch.setattr("imports.uploads.must_be_importable", lambda *_: known.wait(DEADLINE_S))
    monkeypatch.setattr(turns, "_room", upload_turns.Room(all_lanes=1, lane=1, longest_s=0.01, retry_s=5))
    with ThreadPoolExecutor(upload_turns.OF_A_USER) as senders:
        sent = [senders.submit(send, ana, b"") for _ in range(upload_turns.OF_A_USER)]
        try:
            within(lambda: len(ana.get("/v1/imports").json()["items"]) == upload_turns.OF_A_USER)
            problem_of(send(ana, never()), 429, "too-many-uploads")
        finally:
            known.set()
        assert [one.result().status_code for one in sent] == [201] * upload_turns.OF_A_USER


def test_the_parts_of_one_companys_files_are_written_in_turn_and_those_of_others_beside_them(
    log_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, eva = log_in(), log_in(company="Outra", email="eva@outra.example")
    go, written = threading.Event(), list[str]()
    write = Upload.write

    def slowly(upload: Upload, part: bytes) -> None:
        written.append(upload.one.name)
        if upload.one.name == "slow":
            assert go.wait(DEADLINE_S)
        write(upload, part)

    monkeypatch.setattr(Upload, "write", slowly)
    with ThreadPoolExecutor(2) as senders:
        sent = [senders.submit(send, ana, LOG.read_bytes(), name="slow") for _ in range(2)]
        try:
            within(lambda: written == ["slow"] and uploads_of(ana)._writes.waiting == 1)
            assert send(eva, LOG.read_bytes(), name="other").status_code == 201
            assert written == ["slow", "other"]
        finally:
            go.set()
        assert [one.result().status_code for one in sent] == [201, 201]


def uploads_of(who: Person) -> upload_turns.UploadTurns:
    application: ApplicationState = who.client.transport.app.state.application  # type: ignore[attr-defined]
    return application.upload_turns
