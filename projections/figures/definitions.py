"""The definitions of the figures, and their version: every answer carries it.

One table for the API, the console, the command line and assistants: what a figure means in both languages, its unit, and its formula over the
names of other figures. A change of what a figure means must change its line here; the version is a hash of the meanings and the formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from typing import Literal

import msgspec

from projections.figures.service_level import SWITCHES

EDITION = "1"

Kind = Literal["figure", "profile", "attribution", "rule"]
Unit = Literal["visits", "calls", "attempts", "percent", "ms"]
Rounding = Literal["half-up-2-decimals", "half-up-whole"]

_HUNDREDFOLD = "100 \N{MULTIPLICATION SIGN} "


@dataclass(frozen=True)
class Definition:
    """What one figure, SLA profile, attribution or rule means.

    meaning, meaning_pt: a sentence in English and in pt-BR. label, label_pt: its name on screens; "" for a rule. numerator, denominator:
    sums of other figures by their names, for percentages and means. formula: how a figure follows from others, if it does; "" for what is counted.
    """

    key: str
    meaning: str
    meaning_pt: str
    label: str = ""
    label_pt: str = ""
    unit: Unit | None = None
    numerator: str = ""
    denominator: str = ""

    @property
    def kind(self) -> Kind:
        """A key with a blank says its kind: `profile offered`."""
        first = self.key.partition(" ")[0]
        if first in ("profile", "attribution"):
            return "profile" if first == "profile" else "attribution"
        return "figure" if self.label else "rule"

    @property
    def formula(self) -> str:
        """The formula over the names of figures; "" for what is counted or measured itself."""
        if not self.denominator:
            return ""
        above, below = (f"({part})" if " " in part else part for part in (self.numerator, self.denominator))
        return (_HUNDREDFOLD if self.unit == "percent" else "") + f"{above} ÷ {below}"

    @property
    def rounding(self) -> Rounding | None:
        """How the figure is rounded; None for counts and for durations that are no mean."""
        if not self.denominator:
            return None
        return "half-up-2-decimals" if self.unit == "percent" else "half-up-whole"


def _count(key: str, label_pt: str, label: str, meaning: str, meaning_pt: str, *, unit: Unit = "visits") -> Definition:
    return Definition(key, meaning, meaning_pt, label, label_pt, unit)


def _duration(key: str, label_pt: str, label: str, meaning: str, meaning_pt: str) -> Definition:
    return Definition(key, meaning, meaning_pt, label, label_pt, "ms")


_VISITS = (
    _count("offered", "Recebidas", "Offered", "visits: offers of a call to a queue", "Visitas: ofertas de uma chamada a um serviço. A chamada transferida a outro serviço conta outra vez nele."),
    _count("answered", "Atendidas", "Answered", "visits that an agent answered", "Visitas que um agente atendeu."),
    _count(
        "answered_within_sla", "Atendidas NS", "Answered in time",
        "answered with wait <= T, the queue's threshold when the visit was offered (or the one asked for)",
        "Atendidas com espera até T, o limite do serviço quando a chamada foi oferecida (ou o limite pedido).",
    ),
    _count(
        "abandoned", "Abandonadas", "Abandoned", "visits that the customer left, timeouts not among them",
        "Visitas que o cliente desligou na fila, antes de ser atendido. Estourar o tempo limite não é abandono.",
    ),
    _count("abandoned_within_sla", "Abandonadas até T", "Abandoned in time", "abandoned with wait <= T", "Abandonadas com espera até T."),
    _count("abandoned_short", "Abandonadas curtas", "Short abandons", "abandoned with wait <= s, the abandon that the queue tolerates", "Abandonadas com espera até s, o abandono que o serviço tolera."),
    _count("timed_out", "Não Conectadas", "Timed out", "visits that the queue's time limit ended", "Visitas que saíram da fila porque o tempo limite do serviço estourou."),
    _count("timed_out_within_sla", "Não Conectadas até T", "Timed out in time", "timed out with wait <= T", "Não conectadas com espera até T."),
    _count("transferred_out", "Transferidas", "Transferred", "visits moved elsewhere before an answer", "Visitas levadas a outro destino antes de uma resposta."),
    _count("left_by_key", "Saídas por tecla", "Left by key", "visits left by a key, for a callback too", "Visitas deixadas por uma tecla, também para pedir retorno."),
    _count("left_by_key_within_sla", "Saídas por tecla até T", "Left by key in time", "left by key with wait <= T", "Saídas por tecla com espera até T."),
    _count("closed", "Fechadas", "Closed", "visits that a full or closed queue ended", "Visitas que terminaram porque o serviço estava cheio ou fechado."),
    _count("unknown", "Desconhecidas", "Unknown", "visits whose end no source saw", "Visitas cujo fim nenhuma fonte viu."),
    _count("waiting", "Na fila", "Waiting", "visits without an end yet", "Visitas ainda sem fim: o cliente espera."),
    _count("handled", "Handled", "Handled", "answered visits whose talk, hold and wrap-up are all known", "Atendidas e tabuladas: conversa, espera em linha e pós-atendimento são conhecidos."),
    Definition("wait", "end of the visit - its start; time in an IVR is no wait", "Espera: fim da visita menos o seu início. O tempo na URA não conta."),
    Definition(
        "sla_percent", "by the SLA profile asked for, or that of the queue",
        "Nível de serviço: pelo perfil pedido, ou pelo do serviço.",
        "SLA", "SLA", "percent",
    ),
)  # fmt: skip

_GENESYS = (
    "answered<=T / (answered + abandoned [flow-outs: + transferred_out + timed_out + left_by_key] [no-short: - abandoned<=s]"
    " [no-abandons: - abandoned])"
)
_GENESYS_PT = (
    "Atendidas até T sobre atendidas e abandonadas; com flow-outs, também as transferidas, as não conectadas e as saídas por tecla; "
    "com no-short, sem as abandonadas até s; com no-abandons, sem nenhuma abandonada."
)

_PROFILES = (
    Definition(
        "profile offered", "answered<=T / offered", "Atendidas até T sobre todas as recebidas.",
        numerator="answered_within_sla", denominator="offered", unit="percent",
    ),
    Definition(
        "profile answered-only", "answered<=T / answered", "Atendidas até T sobre as atendidas.",
        numerator="answered_within_sla", denominator="answered", unit="percent",
    ),
    Definition(
        "profile asterisk-perf2", "(answered + abandoned + timed_out, each <=T) / (answered + abandoned + timed_out)",
        "Atendidas, abandonadas e não conectadas, cada uma até T, sobre todas as três.",
        numerator="answered_within_sla + abandoned_within_sla + timed_out_within_sla", denominator="answered + abandoned + timed_out", unit="percent",
    ),
    Definition(
        "profile amazon-connect", "(answered + abandoned + left_by_key, each <=T) / offered",
        "Atendidas, abandonadas e saídas por tecla, cada uma até T, sobre as recebidas.",
        numerator="answered_within_sla + abandoned_within_sla + left_by_key_within_sla", denominator="offered", unit="percent",
    ),
    Definition(
        "profile xcally", "answered<=T / (answered + abandoned>T)", "Atendidas até T sobre as atendidas e as abandonadas depois de T.",
        numerator="answered_within_sla", denominator="answered + abandoned - abandoned_within_sla", unit="percent",
    ),
    Definition(
        "profile offered-minus-short", "answered<=T / (offered - abandoned<=s)", "Atendidas até T sobre as recebidas, sem as abandonadas até s.",
        numerator="answered_within_sla", denominator="offered - abandoned_short", unit="percent",
    ),
)  # fmt: skip


def _genesys(switches: tuple[str, ...]) -> Definition:
    """The profile `genesys` with these switches: they change its denominator."""
    against = "answered"
    if "no-abandons" not in switches:
        against += " + abandoned" + (" - abandoned_short" if "no-short" in switches else "")
    if "flow-outs" in switches:
        against += " + transferred_out + timed_out + left_by_key"
    key = "profile genesys" + (f":{','.join(switches)}" if switches else "")
    return Definition(key, _GENESYS, _GENESYS_PT, unit="percent", numerator="answered_within_sla", denominator=against)


_SWITCHED = tuple(_genesys(some) for count in range(len(SWITCHES) + 1) for some in combinations(SWITCHES, count))

_DERIVED = (
    Definition(
        "abandoned_percent", "100 x abandoned / offered", "Percentual das recebidas que foram abandonadas na fila.",
        "Abandon rate", "ABD", "percent", "abandoned", "offered",
    ),
    Definition(
        "asa_ms", "mean wait of answered visits", "Espera média das atendidas. O tempo na URA não conta.",
        "ASA", "ASA", "ms", "answered_wait_ms", "answered",
    ),
    _duration("msa_ms", "MSA", "MSA", "longest wait of answered visits", "A maior espera de uma chamada atendida."),
    Definition(
        "aht_ms", "mean of talk + hold + wrap-up of answered visits where all three are known",
        "Tempo médio de atendimento: conversa, espera em linha e pós-atendimento das atendidas em que os três são conhecidos.",
        "AHT", "AHT", "ms", "handle_ms", "handled",
    ),
    _duration("mht_ms", "MHT", "MHT", "longest talk + hold + wrap-up of an answered visit", "O maior tempo de atendimento: conversa, espera em linha e pós-atendimento."),
    _duration("max_queued_ms", "Maior espera", "Longest wait", "longest wait of any visit whose end is known", "A maior espera de qualquer visita cujo fim é conhecido."),
    Definition(
        "abandon_wait_ms", "mean wait of abandoned visits", "Espera média das abandonadas.",
        "Mean abandon time", "Espera até o abandono", "ms", "abandoned_wait_ms", "abandoned",
    ),
    _duration("max_abandon_wait_ms", "Maior espera até o abandono", "Longest abandon time", "longest wait of an abandoned visit", "A maior espera de uma chamada abandonada."),
    _duration("answered_wait_ms", "Esperas das atendidas", "Waits of answered", "sum of the waits of answered visits", "Soma das esperas das atendidas."),
    _duration("abandoned_wait_ms", "Esperas das abandonadas", "Waits of abandoned", "sum of the waits of abandoned visits", "Soma das esperas das abandonadas."),
    _duration("handle_ms", "Atendimentos somados", "Handling in all", "sum of talk + hold + wrap-up of handled visits", "Soma de conversa, espera em linha e pós-atendimento das tabuladas."),
)  # fmt: skip

_CALLS = (
    _count("entered", "Calls", "Calls", "calls that entered the IVR, posted where they entered", "Chamadas que entraram na URA, contadas quando entraram.", unit="calls"),
    _count("abandoned_in_ivr", "IVR-ABD", "Abandoned in IVR", "calls that hung up before any visit", "Chamadas que o cliente desligou ainda na URA.", unit="calls"),
    _count("out_of_hours", "Fora de Serviço", "Out of hours", "calls outside of business hours", "Chamadas fora do horário de atendimento.", unit="calls"),
    _count("dialled", "Discadas", "Dialled", "outbound attempts, posted where they were dialled", "Chamadas feitas, contadas quando foram discadas.", unit="attempts"),
    _count("outbound_answered", "Atendidas", "Answered", "outbound attempts that the customer answered", "Chamadas feitas que o cliente atendeu.", unit="attempts"),
    _count("not_connected", "Não Conectadas", "Not connected", "outbound attempts that ended without the customer's answer", "Chamadas feitas que terminaram sem o cliente atender.", unit="attempts"),
    _count("dialling", "Discando", "Dialling", "outbound attempts of which it is not known yet what becomes of them", "Chamadas feitas que ainda chamam: não se sabe se o cliente atenderá.", unit="attempts"),
    _count("connected", "Completadas", "Connected", "attempts that the network completed: answered, rung out, busy or taken by a voicemail", "Discadas que a rede completou: atendidas, ocupadas, sem resposta ou caixa postal.", unit="attempts"),
    _count("outbound_handled", "Handled", "Handled", "answered attempts whose talk, hold and wrap-up are all known", "Feitas e atendidas em que conversa, espera em linha e pós-atendimento são conhecidos.", unit="attempts"),
    Definition(
        "connect_percent", "100 x attempts that the network completed (answered, rung out, busy or taken by a voicemail) / attempts",
        "Percentual das discadas que a rede completou: atendidas, ocupadas, sem resposta ou caixa postal.",
        "% Connect", "% Connect", "percent", "connected", "dialled",
    ),
    _duration("outbound_handle_ms", "Atendimentos somados", "Handling in all", "sum of talk + hold + wrap-up of handled attempts", "Soma de conversa, espera em linha e pós-atendimento das feitas e tabuladas."),
    Definition(
        "outbound_aht_ms", "mean of talk + hold + wrap-up of answered outbound attempts where all three are known",
        "Tempo médio de atendimento: conversa, espera em linha e pós-atendimento das feitas e atendidas em que os três são conhecidos.",
        "AHT", "AHT", "ms", "outbound_handle_ms", "outbound_handled",
    ),
    _duration(
        "outbound_ms", "Em conversa (ativo)", "Outbound talk", "time in which an agent talked with customers who had been dialled, without hold",
        "Tempo em que o agente conversou com clientes que ele discou, sem a espera em linha.",
    ),
    _duration(
        "direct_ms", "Em ligação direta", "Direct calls", "time logged in, in calls of the agent's telephone that no queue gave it and that are no attempts, and in no other call",
        "Tempo logado em ligações do próprio ramal que não vieram de fila nem são discadas: de ramal a ramal, transferidas para o ramal, capturadas.",
    ),
    _duration(
        "logged_ms", "Logado", "Logged in",
        "from coming in to going out, as the sources tell or prove it; in it talking + wrap-up + ringing + paused + available",
        "Da entrada à saída, como as fontes dizem ou provam; nele, conversa, pós-atendimento, chamando, pausado e disponível.",
    ),
)  # fmt: skip

_RULES = (
    Definition("attribution arrival", "all of a visit posts where it was offered", "Tudo de uma visita conta no intervalo em que foi oferecida."),
    Definition(
        "attribution event", "the offer where it was offered; the end, wait and handling where the wait ended",
        "A oferta conta onde foi feita; o fim, a espera e o atendimento, onde a espera terminou.",
    ),
    Definition(
        "attribution completion", "all of a visit posts where its handling ended, or its wait if nobody answered",
        "Tudo de uma visita conta onde o atendimento terminou, ou a espera, se ninguém atendeu.",
    ),
    Definition(
        "attribution clipped", "counts as arrival; waits and handling cut at the edges, means over the parts",
        "Contagens como na chegada; esperas e atendimentos cortados nas bordas, médias sobre as partes.",
    ),
    Definition(
        "rounding", "percentages to two decimals, means to whole milliseconds, half up; null over zero cases",
        "Percentuais com duas casas, médias em milissegundos inteiros, meio para cima; sem casos, nenhum valor.",
    ),
    Definition(
        "states", "talking (with hold) > wrap-up > ringing > paused > available > offline; agents' times are clipped",
        "Precedência dos estados: em conversa, pós-atendimento, chamando, pausado, disponível, offline; os tempos são cortados nas bordas.",
    ),
    Definition(
        "bounds", "low = seen; high = seen + ends nobody saw + visits that may be missing; percentages: lowest and highest reachable",
        "Mínimo: o que foi visto. Máximo: o visto, os fins que ninguém viu e as visitas que podem faltar. Percentuais: o menor e o maior possíveis.",
    ),
)  # fmt: skip

TABLE: tuple[Definition, ...] = (*_VISITS, *_PROFILES, *_SWITCHED, *_DERIVED, *_CALLS, *_RULES)
"""Every definition, in the order in which they are shown."""

DEFINITIONS: dict[str, str] = {definition.key: definition.meaning for definition in TABLE}
"""The English meaning of each, by its key."""

_HASHED = [(one.key, one.meaning, one.unit, one.numerator, one.denominator) for one in TABLE]
VERSION = f"{EDITION}-{sha256(msgspec.json.encode(_HASHED)).hexdigest()[:12]}"
"""The version of the definitions by which an answer was calculated."""
