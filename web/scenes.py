"""What `make screenshots` shows: pages by their paths, and states of pages by what is done to reach them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from playwright.sync_api import Page

PAGES = (
    "inbound",
    "inbound?periodo=7d&visao=dia",
    "outbound",
    "ivr",
    "agentes",
    "interacoes",
    "relatorio-agentes?periodo=7d",
    "sla?sla=30",
    "mural",
    "comecar",
    "atender",
    "retornos",
    "empresa",
    "usuarios",
    "usuarios/novo",
    "servicos",
    "servicos/novo",
    "canais/telefone",
    "canais/telefone/novo",
    "chaves",
    "chaves/nova",
    "paineis",
    "paineis/novo",
    "webhooks",
    "webhooks/novo",
    "senha",
    "galeria",
)
DETAILS = {
    "interacao": ("/v1/interactions?status=answered", "interacoes"),
    "discada": ("/v1/interactions?direction=outbound&status=answered", "interacoes"),
    "usuario": ("/v1/users", "usuarios"),
    "servico": ("/v1/queues", "servicos"),
    "ura": ("/v1/ivrs", "canais/telefone"),
    "webhook": ("/v1/webhooks", "webhooks"),
}
"""Pages of one thing, by the names of their pictures: the list whose last thing is shown, and where."""
EMPTY = (
    "comecar",
    "inbound",
    "outbound",
    "ivr",
    "agentes",
    "mural",
    "interacoes",
    "relatorio-agentes",
    "sla",
    "canais/telefone",
    "webhooks",
)
"""Pages of a company in which nothing has happened yet."""
UNCERTAIN = ("inbound", "outbound", "ivr", "agentes", "relatorio-agentes", "sla", "interacoes")
"""Pages of a company whose source was cut off: figures between two limits."""


_BEGAN = 1_788_000_000
_CALLS = 600


@dataclass(frozen=True)
class State:
    """A state of a page: where it is, what is done there, and what shows that it is reached."""

    path: str
    act: Callable[[Page], None]
    shows: str = "[role=dialog]:visible"


def _press(name: str) -> Callable[[Page], None]:
    """Press the button whose name begins so; on a phone the one that opens the filters before, if it is in there."""

    def act(page: Page) -> None:
        filters = page.get_by_role("button", name="Filtros")
        button = page.get_by_role("button", name=re.compile(f"^{name}"))
        if button.count() == 0 and filters.count():
            filters.click()
        button.first.click()

    return act


def _keys(*keys: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        for key in keys:
            page.keyboard.press(key)

    return act


def _travel(page: Page) -> None:
    page.keyboard.press("t")
    page.get_by_role("slider", name="Momento mostrado").press("PageDown")


def _send_nothing(page: Page) -> None:
    page.get_by_role("textbox").first.fill("-")
    page.get_by_role("button", name="Salvar").or_(page.get_by_role("button", name="Criar")).first.click()


def choose_logs(page: Page) -> None:
    """Give the page a log of which some lines are refused, and a file that is none."""
    log = [f"{second}|{_BEGAN}.{call}|Suporte|NONE|{rest}" for second, call, rest in _told()]
    files = (("queue_log.1", "\n".join(("no line", *log, "1700000000|x|y"))), ("foto.png", "\x89PNG\0"))
    for name, text in files:
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Escolher arquivos").click()
        chooser.value.set_files({"name": name, "mimeType": "application/octet-stream", "buffer": text.encode()})
        page.locator(f"li[data-name='{name}'][data-import=done], li[data-name='{name}'][data-import=failed]").wait_for()


def _told() -> Iterator[tuple[int, int, str]]:
    """Callers who wait and give up, one a minute of a day: its seconds, calls, and the rest of the lines."""
    for call in range(_CALLS):
        began = _BEGAN + 60 * call
        yield began, call, f"ENTERQUEUE||551198765{call:04}|1"
        yield began + 25, call, "ABANDON|1|1|25"


def _nothing(page: Page) -> None:
    """The page is in its state as it comes."""


_BARS = "[role=slider] rect"
STATES = {
    "definicao": State("inbound", _press("Sobre SLA")),
    "periodo": State("inbound", _press("Período (?!anterior|seguinte)")),
    "filtro": State("inbound?servico=Suporte&-agente=Ninguém", _press("Serviço ")),
    "link": State("inbound", _press("Link"), "[role=menu]:visible"),
    "tabela": State("inbound", _press("Ver como tabela"), "figure table, section table"),
    "tempo": State("agentes", _keys("t"), _BARS),
    "passado": State("agentes", _travel, _BARS),
    "passado-inbound": State("inbound", _travel, _BARS),
    "paleta": State("inbound", _keys("Control+k")),
    "atalhos": State("inbound", _keys("?")),
    "recusada": State("interacoes/00000000-0000-4000-8000-000000000000", _nothing, "[role=alert]"),
    "sem-caso": State("interacoes?protocolo=999999999", _nothing, "main"),
    "valor-desconhecido": State("inbound?visao=foo&servico=Nada", _nothing, "main"),
    "erro-no-campo": State("usuarios/novo", _send_nothing, "[aria-invalid=true]"),
}
"""States of the demo's pages, by the names of their pictures."""
IMPORTED = State("comecar", _press("2 linhas recusadas"), "li[data-import=done] tbody tr")
"""The list of imports, with the lines of a log that were refused."""
REFUSED = ("empresa", "inbound")
"""Pages for which a colleague lacks the permission, and one for which not."""
