"""The titles of columns in pt-BR: one table for CSV and the command line; the console's texts say the same (tests/web/test_texts.py).

A figure is called as its definition calls it. The manual calls some of them otherwise in the columns of D2, Relatório IVR: D2 has these words.
"""

from __future__ import annotations

from collections.abc import Mapping

from projections.figures.definitions import TABLE

FIGURES: Mapping[str, str] = {one.key: one.label_pt for one in TABLE if one.kind == "figure"} | {
    "talk_ms": "Em conversa",
    "hold_ms": "Em espera",
    "wrap_up_ms": "Pós-atendimento",
    "ring_no_answer": "Não atendeu",
    "paused_ms": "Em pausa",
}
"""By the key of the figure. An agent's times are called as the states of agents are."""

D2: Mapping[str, str] = {
    **FIGURES,
    "entered": "Entrantes URA",
    "abandoned_in_ivr": "Abandonadas IVR",
    "offered": "Oferecidas",
    "abandoned_percent": "%Abandonadas",
    "sla_percent": "Nível Serviço",
    "timed_out": "Não Atendidas",
    "aht_ms": "TMA",
}
"""The same in D2."""

OF_AN_AGENT: Mapping[str, str] = {**FIGURES, "outbound_answered": "Atendidas (ativo)"}
"""The same of an agent, whose row has the figures of visits and of attempts."""

OUTBOUND: Mapping[str, str] = {**FIGURES, "answered": FIGURES["outbound_answered"]}
"""The same of attempts."""

NAMES: Mapping[str, str] = {"queue": "Serviço", "agent": "Agente", "ivr": "IVR"}
"""By what names a row."""

INTERVALS: Mapping[str, str] = {"half-hour": "Meia hora", "hour": "Hora", "day": "Dia", "week": "Semana", "month": "Mês"}
"""By the length of an interval that is a row."""
