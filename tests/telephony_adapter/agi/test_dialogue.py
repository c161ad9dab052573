"""Calls that an Asterisk hands over are led through the flow of the IVR, and each step is a fact of the call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bootstrap import Embedded
from cli.company import asker, caller, known_or_new
from commands.ivr import BlockCaller, ChangeIvrSettings, RegisterIvr
from commands.observations import ObserveCall
from commands.queues import RegisterQueue
from domain.companies import Company
from domain.ids import interaction_id, ivr_id
from domain.ivr_settings import Holiday, Message, Option
from domain.voice.calls import IvrPath
from domain.voice.facts import Fact
from domain.voice.interactions import Interaction
from projections.queries.callbacks import ListedCallback, callbacks
from settings import Settings
from sounds.folder import Sounds
from store.event_store import project
from telephony_adapter.agi import server
from telephony_adapter.agi.admission import NotAdmitted
from telephony_adapter.agi.calls import Calls
from telephony_adapter.agi.server import AgiServer
from tests.kit.agi import FakePbx, SpokenAsWritten
from tests.kit.waiting import within

CALL = "1772470800.1"
NEVER_OPEN = {"always_open": False, "hours": ()}


@dataclass
class Ivrs:
    """A center with the IVR `principal`, and the server that Asterisks reach."""

    center: Embedded
    company: Company
    server: AgiServer
    speech: SpokenAsWritten

    def change(self, **settings: Any) -> None:
        self.center.bus.execute(ChangeIvrSettings(ivr=ivr_id(self.company.id, "principal"), **settings), caller(self.company))

    def call(self, **how: Any) -> FakePbx:
        with FakePbx(self.server.port, **how) as pbx:
            pbx.run()
        return pbx

    def interaction(self, call: str = CALL) -> Interaction:
        found = project(self.center.store.stream(interaction_id(self.company.id, call)), Interaction)
        assert found is not None
        return found

    def path(self, call: str = CALL) -> IvrPath:
        path = self.interaction(call).state.ivr
        assert path is not None
        return path

    def facts(self, call: str = CALL) -> list[Fact]:
        return [fact for event in self.center.store.stream(interaction_id(self.company.id, call)) for fact in event.facts]  # type: ignore[attr-defined]


@pytest.fixture
def ivrs(tmp_path: Path) -> Iterator[Ivrs]:
    with closing(Embedded(tmp_path / "data", Settings())) as center:
        company = known_or_new(center, "")
        who = caller(company)
        for queue in ("vendas", "suporte"):
            center.bus.execute(RegisterQueue(name=queue), who)
        menu = (Option("1", "vendas"), Option("2", "suporte"))
        center.bus.execute(RegisterIvr(name="principal", welcome=Message(text="Olá"), menu=menu), who)
        speech = SpokenAsWritten()
        sounds = Sounds(tmp_path / "media", speech, Path("/seen/by/asterisk"))

        def calls_of(name: str, peer: str) -> Calls:
            if name == "Outra":
                raise NotAdmitted(peer)
            if name:
                raise LookupError(name)
            return Calls(center.bus, who)

        server = AgiServer("127.0.0.1", 0, calls_of, sounds, center.bus.clock.now_us)
        server.start()
        with closing(server):
            yield Ivrs(center, company, server, speech)


def kinds(facts: list[Fact]) -> list[tuple[str, str]]:
    return [(fact.kind, fact.text) for fact in facts]


def test_a_key_of_the_menu_brings_the_call_to_its_queue_by_the_clock_of_the_pbx(ivrs: Ivrs) -> None:
    pbx = ivrs.call(keys=["1"], clock="1600000000.250000", queue="")
    assert pbx.commands[0] == "ANSWER"
    assert "EXEC Queue vendas,t,,,600" in pbx.commands
    assert [command for command in pbx.commands if command.startswith("STREAM FILE /seen/by/asterisk/spoken/")]
    assert kinds(ivrs.facts()) == [("ivr_entered", "principal"), ("ivr_option", "1")]
    assert all(0 <= fact.at - 1_600_000_000_250_000 < 30_000_000 for fact in ivrs.facts())
    # The dialplan goes on where the queue's own key leads, or the talk is over.
    assert "HANGUP" not in pbx.commands


def test_a_caller_whom_nobody_answers_hears_so_and_the_call_ends(ivrs: Ivrs) -> None:
    ivrs.change(unanswered=Message(text="Ninguém"))
    pbx = ivrs.call(keys=["2"], queue="TIMEOUT")
    assert ivrs.speech.spoken[-1] == "Ninguém"
    assert pbx.commands[-1] == "HANGUP"
    # That nobody answered is the queue's to report.
    assert kinds(ivrs.facts()) == [("ivr_entered", "principal"), ("ivr_option", "2")]


def test_wrong_keys_and_no_key_are_recorded_and_the_ivr_ends_the_call(ivrs: Ivrs) -> None:
    pbx = ivrs.call(keys=["7", "", "9"])
    assert pbx.commands[-1] == "HANGUP"
    assert kinds(ivrs.facts()) == [
        ("ivr_entered", "principal"),
        ("ivr_option", "?"),
        ("ivr_option", ""),
        ("ivr_option", "?"),
        ("ivr_left", "hangup"),
    ]
    assert ivrs.path().outcome == "ended"


def test_a_cpf_keyed_into_the_menu_is_one_input_and_personal(ivrs: Ivrs) -> None:
    ivrs.call(keys=["52998224725", "1"], queue="")
    (first, second) = [fact for fact in ivrs.facts() if fact.kind == "ivr_option"]
    assert (first.text, second.text, second.private) == ("?", "1", None)
    assert first.private is not None
    assert ivrs.center.store.keyring.open(first.private) == "52998224725"


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [
        (NEVER_OPEN, "out-of-hours"),
        (
            {**NEVER_OPEN, "holidays": tuple(Holiday(f"{month:02}-{day:02}") for month in range(1, 13) for day in range(1, 29, 2))},
            "out-of-hours",
        ),
    ],
    ids=["closed", "holiday"],
)
def test_out_of_hours_the_message_is_heard_and_the_call_ends(ivrs: Ivrs, settings: dict[str, Any], outcome: str) -> None:
    ivrs.change(closed=Message(text="Fechado"), **settings)
    pbx = ivrs.call(keys=["1"])
    assert ivrs.speech.spoken == ["Fechado"]
    assert pbx.commands[-1] == "HANGUP"
    assert ivrs.path().outcome == outcome


def test_a_blocked_caller_is_turned_away_in_any_spelling_of_the_number(ivrs: Ivrs) -> None:
    ivrs.center.bus.execute(BlockCaller(ivr=ivr_id(ivrs.company.id, "principal"), number="+55 (11) 98765-4321"), caller(ivrs.company))
    pbx = ivrs.call(number="011987654321", keys=["1"])
    assert "EXEC" not in " ".join(pbx.commands)
    assert ivrs.path().outcome == "blacklisted"
    other = ivrs.call(number="5511911112222", call="1772470800.2", keys=["1"], queue="")
    assert "EXEC Queue vendas,t,,,600" in other.commands


def test_the_protocol_number_is_spoken_digit_by_digit(ivrs: Ivrs) -> None:
    ivrs.change(protocol=Message(text="Protocolo {protocol}"))
    ivrs.call(keys=["1"], queue="")
    call = ivrs.interaction().call
    assert call is not None
    digits = str(call.protocol)
    assert ivrs.speech.spoken[:3] == ["Olá", "Para vendas, tecle 1. Para suporte, tecle 2.", "Protocolo"]
    assert set(ivrs.speech.spoken[3:]) == set(digits)


def test_position_and_wait_are_those_of_asterisk(ivrs: Ivrs) -> None:
    ivrs.change(position=Message(text="Posição {position}"), wait=Message(text="Espera {minutes}"))
    ivrs.call(keys=["1"], waiting=2, hold_s=61, queue="")
    assert ivrs.speech.spoken[2:] == ["Posição", "3", "Espera", "2"]


def requested(ivrs: Ivrs) -> list[ListedCallback]:
    ivrs.center.cover(ivrs.center.store.end(), lambda _done, _total: None)
    found, _ = ivrs.center.queries.ask(callbacks, asker(ivrs.company), 0, 10)
    return found


def test_a_caller_who_asks_to_be_called_back_is_listed_and_the_call_ends(ivrs: Ivrs) -> None:
    ivrs.change(callback=Message(text="Tecle 1"), callback_kept=Message(text="Até logo"), callback_from=1)
    pbx = ivrs.call(keys=["2", "1"], waiting=3)
    (row,) = requested(ivrs)
    assert (row.queue, row.ivr, row.interaction, row.outcome) == ("suporte", "principal", interaction_id(ivrs.company.id, CALL), "")
    assert ivrs.center.store.keyring.open_text(row.number) == "5511987654321"
    assert pbx.commands[-1] == "HANGUP"
    assert ivrs.path().outcome == "ended"


def test_a_call_back_is_kept_even_if_the_caller_hangs_up_while_it_is_confirmed(ivrs: Ivrs) -> None:
    ivrs.change(
        welcome=Message(), prompt=Message(), callback_kept=Message(text="Até logo"), callback_from=1, menu=(), fallback_queue="vendas"
    )
    ivrs.call(keys=["1"], waiting=3, hangs_up_at="STREAM FILE")
    assert len(requested(ivrs)) == 1


def test_a_caller_without_a_number_is_not_offered_a_call_back(ivrs: Ivrs) -> None:
    ivrs.change(callback=Message(text="Tecle 1"), callback_from=1)
    pbx = ivrs.call(number="unknown", keys=["2", "1"], waiting=3, queue="")
    assert "EXEC Queue suporte,t,,,600" in pbx.commands


@pytest.mark.parametrize("step", ["ANSWER", "GET FULL VARIABLE", "STREAM FILE", "WAIT FOR DIGIT", "EXEC Queue"])
def test_a_caller_may_hang_up_in_every_step(ivrs: Ivrs, step: str) -> None:
    pbx = ivrs.call(keys=["1"], hangs_up_at=step)
    assert pbx.is_hung_up
    again = ivrs.call(call="1772470800.9", keys=["1"], queue="")
    assert "EXEC Queue vendas,t,,,600" in again.commands
    assert ivrs.server.figures.failed == 0


@pytest.mark.parametrize("path", ["outra", "", "principal?company=Nenhuma", "principal?company=Outra"])
def test_an_unknown_ivr_or_company_gives_the_call_back_to_the_dialplan(ivrs: Ivrs, path: str) -> None:
    pbx = ivrs.call(path=path)
    assert pbx.commands == []
    assert ivrs.server.figures.failed == 1


def test_a_message_without_sound_is_skipped(ivrs: Ivrs) -> None:
    ivrs.change(welcome=Message(file="nunca-enviado.wav"))
    pbx = ivrs.call(keys=["1"], queue="")
    assert "EXEC Queue vendas,t,,,600" in pbx.commands
    assert ivrs.speech.spoken == ["Para vendas, tecle 1. Para suporte, tecle 2."]


def test_the_ivr_of_atende_names_the_path_even_if_the_dialplans_context_looks_like_one(ivrs: Ivrs) -> None:
    shown = Fact("ivr_entered", 1_772_470_800_000_000, "ami", text="ura")
    ivrs.center.bus.execute(ObserveCall(call=CALL, facts=(shown,)), caller(ivrs.company))
    ivrs.call(keys=["1"], queue="")
    assert (ivrs.path().ivr, ivrs.path().entered_ms) == ("principal", 1_772_470_800_000)


def test_an_address_whose_connections_say_nothing_has_few_of_them_and_calls_of_others_are_taken(
    ivrs: Ivrs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_BEGINNING", 2)
    with FakePbx(ivrs.server.port), FakePbx(ivrs.server.port) as silent:
        within(lambda: ivrs.server.figures.now == 2)
        with FakePbx(ivrs.server.port) as third:
            assert third.file.read() == b""
        assert ivrs.server.figures.refused == 1
        # Once it has said whose call it is, another one may begin.
        silent._say("agi_request: agi://127.0.0.1/outra\nagi_uniqueid: 1.1\n\n")
        assert silent.file.read() == b""
        assert "EXEC Queue vendas,t,,,600" in ivrs.call(keys=["1"], queue="").commands


def test_a_server_that_ends_hangs_nobody_up(ivrs: Ivrs) -> None:
    with FakePbx(ivrs.server.port) as pbx:
        pbx._say("agi_network: yes\n")
        ivrs.server.close()
        assert pbx.file.read() == b""
