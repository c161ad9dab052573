"""Why a line of a file was not taken in, in Portuguese for the people who look at the list; the reasons themselves are for programs and logs."""

from __future__ import annotations

import re
from typing import Final

_REASONS: Final = (
    (r"(\d+) fields where a line has at least (\d+)", r"\1 campos onde uma linha tem pelo menos \2"),
    (r"(\d+) columns where the header has more", r"\1 colunas onde o cabeçalho tem mais"),
    (r"no instant: (.*)", r"não é um instante: \1"),
    (r"an instant that cannot be: (.*)", r"instante impossível: \1"),
    (r"no verb", "sem o nome do evento"),
    (r"(\S+) names no queue", r"\1 sem fila"),
    (r"(\S+) names no agent", r"\1 sem agente"),
    (r"control characters", "caracteres de controle"),
    (r"half a line before a power cut", "meia linha, cortada por uma queda de energia"),
    (r"too long for a line", "longa demais para uma linha"),
    (r"more than a day after the import: (.*)", r"mais de um dia depois da importação: \1"),
    (r"set aside: more than a day after the import \((.*)\)", r"mais de um dia depois da importação (\1)"),
    (r"the compressed file ends too early", "o arquivo comprimido acaba antes do fim"),
    (r"the compressed file ends badly: (.*)", r"o arquivo comprimido está danificado no fim: \1"),
    (r"the compressed file is damaged: (.*)", r"o arquivo comprimido está danificado: \1"),
    (r"the columns of (.*) are none of a queue_log", r"as colunas de \1 não são de um queue_log"),
    (r"a statement that ends too early, or is no SQL", "comando que acaba antes do fim, ou não é SQL"),
    (r"too long for a row of a dump", "longo demais para uma linha da tabela"),
    (
        r"too long for a row of a dump: the rest of the statement is left out",
        "longo demais para uma linha da tabela: o resto do comando fica de fora",
    ),
    (r"neither event nor response: (.*)", r"nem evento nem resposta: \1"),
    (r"(.*) without an instant \(timestampevents = yes gives one\)", r"\1 sem instante (timestampevents = yes resolve)"),
    (r"(.*): a line without a colon: (.*)", r"\1: linha sem dois-pontos: \2"),
    (r"no line of a recording: neither a packet nor a note", "não é linha de uma gravação: nem pacote nem nota"),
    (r"a packet without end", "pacote sem fim"),
    (r"a name that is too long", "nome longo demais"),
    (r"too long for a packet", "longo demais para um pacote"),
    (r"cut off before its end", "cortado antes do fim"),
)
_COMPILED: Final = tuple((re.compile(pattern, re.DOTALL), words) for pattern, words in _REASONS)


def in_portuguese(reason: str) -> str:
    """A reason of `RefusedLine` in Portuguese; one that is not known, as it is."""
    for pattern, words in _COMPILED:
        if found := pattern.fullmatch(reason):
            return found.expand(words)
    return reason
