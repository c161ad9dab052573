"""The codes of answers, with the labels that people read: the manual's words where it has some.

A code is stable, in lower case, with hyphens, and is what programs compare. Its label stands beside it in every answer, under the same name with
`_label`, and may change; tables and CSV show labels alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

CallState = Literal["open", "finished"]
"""Whether a call goes on."""

VisitEnd = Literal["waiting", "answered", "abandoned", "timed-out", "transferred-out", "left-by-key", "closed", "unknown"]
"""How a visit's wait ended; `waiting` while it goes on."""

AttemptResult = Literal[
    "dialling", "answered", "busy", "no-answer", "bad-number", "congestion", "rejected", "unavailable", "agent-no-answer", "failed", "unknown",
]  # fmt: skip
"""What became of an outbound attempt; `dialling` while that is not known."""

GapReason = Literal["connection-lost", "pbx-restarted"]
"""Why a source was cut off, as far as the log tells."""

GapBasis = Literal["queue-counters", "new-channels", "assumed"]
"""By what the visits that may be missing in a gap were reckoned."""

CallbackState = Literal["open", "reached", "lost"]
"""Whether a caller who asked to be called back still waits for it, or how that ended."""

LABELS: Mapping[str, Mapping[str, str]] = {
    "direction": {"inbound": "Inbound", "outbound": "Outbound"},
    "call_state": {"open": "Em andamento", "finished": "Encerrada"},
    "status": {
        "answered": "Answered",
        "abandoned": "Abandoned",
        "timed-out": "Dequeued",
        "transferred-out": "Transferred",
        "left-by-key": "Left by Key",
        "closed": "Closed",
        "unknown": "Unknown",
        "abandoned-in-ivr": "Abandoned IVR",
        "out-of-hours": "Out of Hours",
        "ended-in-ivr": "Ended IVR",
        "blacklisted": "Blacklisted",
        "not-connected": "Bad Phone",
        "bad-number": "Bad Number",
        "ended": "Ended",
    },
    "band": {"high": "Alta", "medium": "Média", "low": "Baixa"},
    "recording_by": {"rule": "Regra do serviço", "hand": "Manual"},
    "recording_status": {
        "asked": "Aguardando",
        "recording": "Gravando",
        "paused": "Pausada",
        "ended": "Em processamento",
        "kept": "Disponível",
        "lost": "Sem áudio",
        "failed": "Não gravada",
        "removed": "Removida (prazo)",
    },
    "recording_loss": {"nothing-said": "Sem conversa", "missing": "Arquivo ausente"},
    "recording_file": {
        "ready": "Disponível",
        "missing": "Arquivo ausente",
        "broken": "Arquivo danificado",
        "forgotten": "Anonimizada",
        "unavailable": "Armazenamento indisponível",
    },
    "agent_state": {
        "talking": "Em conversa",
        "wrap-up": "Pós-atendimento",
        "ringing": "Chamando",
        "paused": "Em pausa",
        "available": "Disponível",
        "offline": "Offline",
    },
    "ongoing_state": {"talking": "Em conversa", "held": "Em espera", "in-ivr": "Na URA", "dialling": "Discando"},
    "visit_end": {
        "waiting": "Na fila",
        "answered": "Atendida",
        "abandoned": "Abandonada",
        "timed-out": "Não Atendida",
        "transferred-out": "Transferida",
        "left-by-key": "Saída por tecla",
        "closed": "Fechada",
        "unknown": "Desconhecida",
    },
    "attempt_result": {
        "dialling": "Discando",
        "answered": "Atendida",
        "busy": "Ocupado",
        "no-answer": "Não atendeu",
        "bad-number": "Número inexistente",
        "congestion": "Rede congestionada",
        "rejected": "Rejeitada",
        "unavailable": "Indisponível",
        "agent-no-answer": "Agente não atendeu",
        "failed": "Falhou",
        "unknown": "Desconhecido",
    },
    "callback_state": {"open": "Aguardando", "reached": "Retornada", "lost": "Perdida"},
    "ivr_opening": {"open": "Aberta", "closed": "Fechada", "holiday": "Feriado"},
    "ivr_step": {
        "ask": "Pergunta",
        "measure": "Consulta a fila",
        "queue": "Encaminha à fila",
        "callback": "Promete retorno",
        "hang-up": "Encerra",
    },
    "ivr_end": {
        "closed": "Fora do horário",
        "holiday": "Feriado",
        "blocked": "Número bloqueado",
        "no-choice": "Sem opção válida",
        "unanswered": "Ninguém atendeu",
        "ended": "Fim do menu",
    },
    "import_state": {
        "receiving": "Enviando",
        "waiting": "Na fila",
        "running": "Importando",
        "done": "Concluída",
        "failed": "Recusada",
        "cancelled": "Cancelada",
        "interrupted": "Interrompida",
    },
    "supervision_state": {
        "none": "Nenhuma",
        "requested": "Solicitada",
        "active": "Em andamento",
        "ended": "Encerrada",
        "failed": "Não realizada",
    },
    "source": {"ami": "Asterisk (AMI)", "queue_log": "queue_log"},
    "gap_reason": {"connection-lost": "conexão com o PBX perdida", "pbx-restarted": "o PBX reiniciou"},
    "gap_basis": {
        "queue-counters": "contadores das filas",
        "new-channels": "canais criados durante a lacuna",
        "assumed": "limite suposto: a numeração dos canais recomeçou",
    },
    "ring_outcome": {
        "ringing": "Chamando",
        "answered": "Atendeu",
        "no-answer": "Não atendeu",
        "canceled": "Cancelada",
        "dumped": "Desligou no anúncio",
    },
}
"""The label of each code, by the kind of code."""


def labelled(name: str, kind: str, code: str | None) -> dict[str, Any]:
    """A field with a code and the field with its label; None for a code that does not apply has no label either."""
    return {name: code, f"{name}_label": None if code is None else LABELS[kind][code]}
