"""The plan of a simulated center: its queues, IVRs, agents and hours. Only data; `model` simulates it."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from domain.ivr_settings import Hours, IvrSettings, Message, Option
from domain.queues import QueueSettings

ZONE = "America/Sao_Paulo"


class QueuePlan(msgspec.Struct, frozen=True):
    """A queue and the behavior of its customers. Durations are means in seconds; `limit_s`: the queue's time limit.

    key_share: the share of waiting customers who press the key for a callback. overflow: the queue after the time limit.
    transfers: the queues to which agents transfer calls, with weights. elsewhere: the queue to which an operator moves a waiting customer.
    """

    name: str
    settings: QueueSettings
    talk_s: float
    wrap_s: float
    patience_s: float
    limit_s: int
    key_share: float
    tags: tuple[tuple[str, float], ...]
    transfers: tuple[tuple[str, float], ...]
    elsewhere: str
    overflow: str = ""


class Shift(msgspec.Struct, frozen=True):
    """Working hours: hours since midnight in the center's time zone, on these weekdays (0 = Monday)."""

    starts: float
    ends: float
    weekdays: tuple[int, ...]


class AgentPlan(msgspec.Struct, frozen=True):
    """An agent: queues by skill, shift, and the share of rings without an answer (`deaf`)."""

    name: str
    interface: str
    queues: tuple[str, ...]
    shift: Shift
    deaf: float


class Line(msgspec.Struct, frozen=True):
    """A telephone number of the company. Its calls enter an IVR or go straight to a queue. `share`: of all calls."""

    did: str
    share: float
    ivr: str = ""
    queue: str = ""


class IvrPlan(msgspec.Struct, frozen=True):
    """An IVR and the keys that its callers press, with weights ("" = none; a digit that is not in the menu = a mistake)."""

    name: str
    settings: IvrSettings
    keyed: tuple[tuple[str, float], ...]


class Curve(msgspec.Struct, frozen=True):
    """When customers call: the weight of each hour of the day, and of each weekday (Monday first; 1 = an ordinary day)."""

    hours: tuple[float, ...]
    weekdays: tuple[float, ...]


class SimulatedCenter(msgspec.Struct, frozen=True):
    """A whole center. `calls_a_day`: on an ordinary day; `dials_an_hour`: per agent on duty."""

    queues: tuple[QueuePlan, ...]
    ivrs: tuple[IvrPlan, ...]
    lines: tuple[Line, ...]
    agents: tuple[AgentPlan, ...]
    curve: Curve
    calls_a_day: float
    dials_an_hour: float


OFFICE_HOURS = Curve(
    hours=(
        0.2, 0.1, 0.1, 0.1, 0.1, 0.2, 0.6, 2.0, 6.0, 9.5, 11.0, 10.5,
        7.5, 7.0, 9.5, 10.0, 9.0, 7.0, 4.5, 2.8, 1.2, 0.6, 0.3, 0.2,
    ),
    weekdays=(1.15, 1.05, 1.0, 1.0, 0.95, 0.45, 0.08),
)  # fmt: skip

NEVER_ASLEEP = Curve(
    hours=(
        3.6, 3.5, 3.4, 3.4, 3.4, 3.5, 3.6, 3.9, 4.4, 4.8, 5.0, 5.0,
        4.6, 4.4, 4.7, 4.8, 4.7, 4.5, 4.3, 4.3, 4.3, 4.2, 3.9, 3.8,
    ),
    weekdays=(1.1, 1.0, 1.0, 1.0, 1.0, 0.9, 0.8),
)  # fmt: skip

WORKDAYS = (0, 1, 2, 3, 4)
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
MORNING = Shift(7.75, 14.0, (0, 1, 2, 3, 4, 5))
AFTERNOON = Shift(13.75, 20.0, WORKDAYS)
MIDDLE = Shift(9.0, 17.5, WORKDAYS)

PAUSES = (("Lanche", 20.0), ("Descanso", 10.0), ("Descanso", 10.0))
"""The breaks in a shift that Brazilian law grants to telephone operators (reason, minutes)."""

OTHER_PAUSES = (("Banheiro", 0.5), ("Treinamento", 0.15), ("Feedback", 0.15), ("Reunião: equipe", 0.1))

_TEAMS: tuple[tuple[tuple[str, ...], Shift], ...] = (
    (("Vendas",), MORNING),
    (("Suporte",), MORNING),
    (("Vendas", "Retenção"), AFTERNOON),
    (("Suporte",), AFTERNOON),
    (("Cobrança",), MORNING),
    (("Suporte", "Vendas"), MIDDLE),
    (("Cobrança", "Retenção"), AFTERNOON),
    (("Vendas",), AFTERNOON),
    (("Suporte", "Cobrança"), AFTERNOON),
    (("Vendas", "Retenção"), MORNING),
    (("Suporte",), MORNING),
    (("Cobrança", "Vendas"), MIDDLE),
)

_NAMES = (
    "Ana Souza", "Bruno Conceição", "Cláudia Araújo", "Diego Muñoz", "Elaine Prado", "Fábio Simões", "Gabriela Lima",
    "Helena Brandão", "Igor Batista", "Joana D'Ávila", "Kátia Nogueira", "Luís Fernando", "Márcia Peçanha", "Nuno Teixeira",
    "Olívia Rocha", "Patrícia Gonçalves", "Quitéria Alves", "Renato Assunção", "Sônia Magalhães", "Tiago Falcão",
    "Úrsula Weber", "Vinícius Moraes", "Wesley Guimarães", "Yara Monteiro",
)  # fmt: skip


def busy_center(scale: float = 1.0) -> SimulatedCenter:
    """A center of four queues and two IVRs with office hours. `scale` 1 is about 800 calls on a weekday and 24 agents."""
    return SimulatedCenter(
        queues=_queues(),
        ivrs=(_main_ivr(always_open=False), _collections_ivr()),
        lines=_LINES,
        agents=tuple(_agent(number) for number in range(max(round(24 * scale), len(_TEAMS)))),
        curve=OFFICE_HOURS,
        calls_a_day=800.0 * scale,
        dials_an_hour=1.2,
    )


def sleepless_center(scale: float = 1.0) -> SimulatedCenter:
    """The same center with calls at any hour, for the demo. `scale` 1 is about 1,500 calls a day."""
    people = max(round(60 * scale), 4 * len(_TEAMS))
    return SimulatedCenter(
        queues=_queues(),
        ivrs=(_main_ivr(always_open=True), _collections_ivr()),
        lines=_LINES,
        agents=tuple(
            replace(_agent(number), shift=_ROUND_THE_CLOCK[number // len(_TEAMS) % len(_ROUND_THE_CLOCK)]) for number in range(people)
        ),
        curve=NEVER_ASLEEP,
        calls_a_day=1_500.0 * scale,
        dials_an_hour=1.2,
    )


_LINES = (
    Line("1130034000", 0.60, ivr="URA Principal"),
    Line("1130034100", 0.20, ivr="URA Cobrança"),
    Line("08007004001", 0.20, queue="Suporte"),
)

_ROUND_THE_CLOCK = tuple(Shift(starts, starts + 6.25, EVERY_DAY) for starts in (0.0, 6.0, 12.0, 18.0))
"""Shifts of six hours that overlap by a quarter of an hour."""


def _agent(number: int) -> AgentPlan:
    queues, shift = _TEAMS[number % len(_TEAMS)]
    again = number // len(_NAMES)
    name = _NAMES[number % len(_NAMES)]
    deaf = 0.12 if number % 7 == 3 else 0.02
    return AgentPlan(name if not again else f"{name} {again + 1}", f"PJSIP/{1001 + number}", queues, shift, deaf)


def _queues() -> tuple[QueuePlan, ...]:
    return (
        QueuePlan(
            "Vendas",
            QueueSettings(sla_target=80.0, sla_ms=20_000, tolerated_ms=5_000, internal_number="401"),
            talk_s=210.0, wrap_s=25.0, patience_s=150.0, limit_s=300, key_share=0.02,
            tags=(("Venda", 0.35), ("Sem interesse", 0.4), ("Dúvida", 0.25)),
            transfers=(("Suporte", 0.06), ("Cobrança", 0.02), ("", 0.92)),
            elsewhere="Suporte", overflow="Suporte",
        ),
        QueuePlan(
            "Suporte",
            QueueSettings(sla_target=85.0, sla_ms=30_000, tolerated_ms=10_000, internal_number="402"),
            talk_s=300.0, wrap_s=40.0, patience_s=240.0, limit_s=420, key_share=0.03,
            tags=(("Resolvido", 0.6), ("Chamado aberto", 0.3), ("Visita técnica", 0.1)),
            transfers=(("Vendas", 0.03), ("Retenção", 0.04), ("", 0.93)),
            elsewhere="Vendas",
        ),
        QueuePlan(
            "Cobrança",
            QueueSettings(sla_target=75.0, sla_ms=30_000, tolerated_ms=5_000, internal_number="403"),
            talk_s=240.0, wrap_s=30.0, patience_s=120.0, limit_s=240, key_share=0.0,
            tags=(("Acordo", 0.4), ("Segunda via", 0.4), ("Contesta", 0.2)),
            transfers=(("Retenção", 0.05), ("", 0.95)),
            elsewhere="Suporte",
        ),
        QueuePlan(
            "Retenção",
            QueueSettings(sla_target=90.0, sla_ms=20_000, tolerated_ms=5_000, internal_number="404"),
            talk_s=420.0, wrap_s=45.0, patience_s=90.0, limit_s=180, key_share=0.0,
            tags=(("Retido", 0.55), ("Cancelado", 0.45)),
            transfers=(("", 1.0),),
            elsewhere="Suporte",
        ),
    )  # fmt: skip


_HOURS = (*(Hours(day, "08:00", "20:00") for day in WORKDAYS), Hours(5, "08:00", "14:00"))


def _main_ivr(*, always_open: bool) -> IvrPlan:
    return IvrPlan(
        "URA Principal",
        IvrSettings(
            area_code="11", number="30034000", always_open=always_open, timezone=ZONE, hours=_HOURS,
            welcome=Message(text="Bem-vindo. Vendas, 1. Suporte, 2. Cobrança, 3.", voice="Camila"),
            closed=Message(text="Atendemos de segunda a sexta das 8 às 20 h e aos sábados até as 14 h.", voice="Camila"),
            unanswered=Message(text="Todos os atendentes estão ocupados. Tente mais tarde.", voice="Camila"),
            menu=(Option("1", "Vendas"), Option("2", "Suporte"), Option("3", "Cobrança")),
        ),
        keyed=(("1", 0.40), ("2", 0.36), ("3", 0.14), ("", 0.06), ("7", 0.04)),
    )  # fmt: skip


def _collections_ivr() -> IvrPlan:
    return IvrPlan(
        "URA Cobrança",
        IvrSettings(
            area_code="11", number="30034100", always_open=False, timezone=ZONE, hours=_HOURS,
            welcome=Message(file="boas-vindas-cobranca.wav"),
            closed=Message(file="fechado.mp3"),
            menu=(Option("1", "Cobrança"), Option("9", "Retenção")),
        ),
        keyed=(("1", 0.74), ("9", 0.16), ("", 0.10)),
    )  # fmt: skip
