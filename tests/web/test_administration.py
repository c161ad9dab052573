"""What people administer with the console, in a real browser before a real server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.kit.waiting import within
from tests.web.conftest import ADMINISTRATOR, OUTSIDER, PASSWORD, PATIENT_S, Console
from tests.web.test_accessibility import in_both_themes

MENU = "nav[aria-label=Menu]:visible"
LISTS = ("empresa", "usuarios", "servicos", "canais/telefone", "chaves", "webhooks")
FORMS = ("usuarios/novo", "servicos/novo", "canais/telefone/novo", "chaves/nova", "webhooks/novo")
ENTRIES = {
    "gerenciar-atendimento": {"Agentes", "Mural", "Tela de Atendimento", "Retornos"},
    "gerenciar-relatorio": {"Inbound", "Outbound", "IVR", "Rastreio de Interações", "Relatório de Agentes", "SLA: e se?"},
    "gerenciar-empresas": {"Empresa"},
    "gerenciar-usuário": {"Usuários"},
    "gerenciar-service": {"Serviços"},
    "gerenciar-phone": {"Telefone (URA)"},
    "gerenciar-chaves": {"Chaves da API", "Painéis"},
    "gerenciar-conectores": {"Webhooks"},
    "gerenciar-api": {"Importações"},
}


class Server:
    """The API as an administrator uses it."""

    def __init__(self, url: str) -> None:
        self.url = url
        token = httpx.post(f"{url}/v1/auth/login", json={"email": ADMINISTRATOR, "password": PASSWORD}, timeout=PATIENT_S).json()[
            "access_token"
        ]
        self._headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = httpx.request(method, f"{self.url}{path}", json=body, headers=self._headers, timeout=PATIENT_S)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def queues(self) -> dict[str, Any]:
        return {queue["name"]: queue for queue in self.ask("GET", "/v1/queues?limit=1000")["items"]}

    def until(self, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The queues, once they are so: lists follow the log."""
        within(lambda: is_so(self.queues()))
        return self.queues()

    def user_with(self, name: str, permissions: list[str]) -> str:
        """The e-mail address of a new user with a password."""
        email = f"{name}@empresa.example"
        made = self.ask("POST", "/v1/users", {"name": name, "email": email, "permissions": permissions})
        body = {"token": made["result"]["token"], "password": PASSWORD}
        httpx.post(f"{self.url}/v1/auth/password", json=body, timeout=PATIENT_S).raise_for_status()
        return email


@pytest.fixture(scope="module")
def server(served: str) -> Server:
    return Server(served)


@pytest.fixture(scope="module")
def tab(console: Console) -> Iterator[Page]:
    page = console.signed_in(path="/servicos")
    yield page
    page.context.close()


def go(console: Console, page: Page, path: str) -> None:
    page.goto(f"{console.url}/{path}")
    page.locator("main h1").wait_for()


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def save(page: Page, panel: str) -> None:
    page.get_by_role("region", name=panel, exact=True).get_by_role("button", name="Salvar", exact=True).click()


def done(page: Page, what: str = "Salvo") -> None:
    expect(page.get_by_text(what, exact=True).last).to_be_visible()


def test_a_queue_is_made_once_however_often_it_is_clicked_and_then_changed(console: Console, tab: Page, server: Server) -> None:
    go(console, tab, "servicos/novo")
    tab.get_by_label("Nome", exact=True).fill("Retorno")
    tab.get_by_role("button", name="Criar", exact=True).dblclick()
    tab.wait_for_url(re.compile("/servicos/[0-9a-f-]{36}"))
    tab.get_by_label("Tempo Atendimento").fill("45")
    tab.get_by_label("Nome", exact=True).fill("Retornos")
    save(tab, "Configurações")
    done(tab)
    expect(tab.get_by_role("heading", name="Retornos", exact=True)).to_be_visible()
    made = server.until(lambda queues: queues.get("Retornos", {}).get("sla_ms") == 45_000)
    assert "Retorno" not in made


def test_what_is_wrong_is_said_beside_the_field_by_the_page_and_by_the_server(console: Console, tab: Page, server: Server) -> None:
    go(console, tab, "servicos/novo")
    tab.get_by_label("Número interno").fill("12a")
    button(tab, "Criar")
    expect(tab.get_by_text("Preencha este campo")).to_be_visible()
    expect(tab.get_by_text("Três dígitos, ou vazio")).to_be_visible()
    expect(tab.get_by_label("Nome", exact=True)).to_be_focused()
    tab.get_by_label("Número interno").fill("")
    tab.get_by_label("Nome", exact=True).fill("invi\N{ZERO WIDTH SPACE}sível")
    button(tab, "Criar")
    expect(tab.get_by_text("O servidor não aceita este valor")).to_be_visible()
    expect(tab.get_by_label("Nome", exact=True)).to_have_attribute("aria-invalid", "true")
    tab.get_by_label("Nome", exact=True).fill(next(iter(server.queues())))
    button(tab, "Criar")
    expect(tab.get_by_text("Já existe, ou existiu, um serviço com este nome.")).to_be_visible()


def test_unsaved_changes_are_asked_for_and_stay_if_one_stays(console: Console, tab: Page, server: Server) -> None:
    go(console, tab, f"servicos/{next(iter(server.queues().values()))['id']}")
    tab.get_by_label("Tempo Abandono").fill("7")
    tab.locator(MENU).get_by_role("link", name="Empresa").click()
    expect(tab.get_by_role("dialog", name="Sair sem salvar?")).to_be_visible()
    button(tab, "Continuar editando")
    expect(tab.get_by_label("Tempo Abandono")).to_have_value("7 s")
    tab.locator(MENU).get_by_role("link", name="Empresa").click()
    button(tab, "Descartar e sair")
    tab.wait_for_url(re.compile("/empresa"))


def test_a_change_by_somebody_else_is_said_before_it_is_written_over(console: Console, tab: Page, server: Server) -> None:
    queue = next(iter(server.queues().values()))
    go(console, tab, f"servicos/{queue['id']}")
    tab.get_by_label("Tempo Abandono").fill("8")
    server.ask("PATCH", f"/v1/queues/{queue['id']}", {"tolerated_ms": 3_000})
    save(tab, "Configurações")
    conflict = tab.get_by_role("alert").filter(has_text="mudou isto")
    expect(conflict).to_contain_text(f"{server.ask('GET', '/v1/me')['name']} mudou isto em")
    expect(conflict.locator("[data-changed]")).to_have_text("Tempo Abandono: agora 3 s; você escreveu 8 s")
    assert server.ask("GET", f"/v1/queues/{queue['id']}")["tolerated_ms"] == 3_000
    button(tab, "Salvar o meu")
    done(tab)
    assert server.ask("GET", f"/v1/queues/{queue['id']}")["tolerated_ms"] == 8_000


def test_agents_join_a_queue_and_a_deactivated_queue_can_be_removed(console: Console, tab: Page, server: Server) -> None:
    made = server.ask("POST", "/v1/queues", {"name": "Passageira"})["id"]
    go(console, tab, f"servicos/{made}")
    tab.get_by_role("button", name=re.compile("^Agentes Ninguém")).click()
    option = tab.get_by_role("listbox").get_by_role("option").first
    option.click()
    name = option.inner_text()
    button(tab, "Pronto")
    save(tab, "Agentes do serviço")
    done(tab)
    assert server.ask("GET", f"/v1/queues/{made}")["agents"] == [name]
    assert tab.get_by_role("button", name="Remover", exact=True).count() == 0
    button(tab, "Desativar")
    tab.get_by_role("dialog").get_by_role("button", name="Desativar").click()
    button(tab, "Remover")
    tab.get_by_role("dialog").get_by_role("button", name="Remover").click()
    tab.wait_for_url(re.compile("/servicos$"))
    server.until(lambda queues: "Passageira" not in queues)


def test_a_new_user_gets_a_link_sets_a_password_and_signs_in_until_deactivated(console: Console, tab: Page) -> None:
    go(console, tab, "usuarios/novo")
    tab.get_by_label("Nome", exact=True).fill("Davi Luz")
    tab.get_by_label("E-mail", exact=True).fill("davi@empresa.example")
    tab.get_by_label("gerenciar-relatorio").check()
    button(tab, "Criar")
    link = tab.get_by_role("textbox", name="Link de primeiro acesso").input_value()
    other = console.page()
    other.goto(link)
    other.get_by_label("Nova senha").fill("abc")
    expect(other.get_by_role("listitem").filter(has_text="Letra maiúscula")).to_contain_text("falta")
    other.get_by_label("Nova senha").fill(PASSWORD)
    expect(other.get_by_role("listitem").filter(has_text="Letra maiúscula")).to_contain_text("cumprida")
    in_both_themes(other, "first-access")
    other.get_by_role("button", name="Definir senha").click()
    expect(other.get_by_text("Senha definida. Já pode entrar.")).to_be_visible()
    expect(console.signed_in("davi@empresa.example").locator(MENU).get_by_role("link", name="Inbound")).to_be_visible()
    again = console.page()
    again.goto(link)
    again.get_by_label("Nova senha").fill(PASSWORD)
    again.get_by_role("button", name="Definir senha").click()
    expect(again.get_by_role("alert")).to_contain_text("Este link já foi usado")
    button(tab, "Pronto")
    tab.get_by_label("Nome", exact=True).fill("Davi Luz Prado")
    save(tab, "Dados")
    expect(tab.get_by_role("heading", name="Davi Luz Prado")).to_be_visible()
    button(tab, "Desativar")
    tab.get_by_role("dialog").get_by_role("button", name="Desativar").click()
    expect(tab.locator("main").get_by_text("Desativado", exact=True)).to_be_visible()
    answer = httpx.post(f"{console.url}/v1/auth/login", json={"email": "davi@empresa.example", "password": PASSWORD}, timeout=PATIENT_S)
    assert answer.status_code == 401


def test_nobody_is_offered_to_change_their_own_rights(console: Console, tab: Page) -> None:
    go(console, tab, "usuarios?busca=" + ADMINISTRATOR)
    tab.get_by_role("table").get_by_role("link").click()
    expect(tab.get_by_text("Seus próprios direitos só outra pessoa muda.")).to_be_visible()
    assert tab.get_by_role("button", name="Desativar").count() == 0
    expect(tab.get_by_label("gerenciar-relatorio")).to_be_disabled()


def test_a_key_is_shown_once_works_and_is_refused_once_revoked(console: Console, tab: Page) -> None:
    go(console, tab, "chaves/nova")
    tab.get_by_label("Nome", exact=True).fill("Painel")
    tab.get_by_label("gerenciar-relatorio").check()
    button(tab, "Criar")
    key = tab.get_by_role("textbox", name="Segredo da chave").input_value()
    asked = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{console.url}/v1/queues", headers=asked, timeout=PATIENT_S).status_code == 200
    button(tab, "Pronto")
    tab.wait_for_url(re.compile("/chaves$"))
    row = tab.get_by_role("row").filter(has_text="Painel")
    row.get_by_role("button", name="Revogar").click()
    tab.get_by_role("dialog").get_by_role("button", name="Revogar").click()
    expect(row.get_by_text("Revogada")).to_be_visible()
    assert httpx.get(f"{console.url}/v1/queues", headers=asked, timeout=PATIENT_S).status_code == 401


def test_an_ivr_gets_a_menu_and_a_company_another_default(console: Console, tab: Page, server: Server) -> None:
    go(console, tab, "canais/telefone/novo")
    tab.get_by_label("Nome", exact=True).fill("noturna")
    button(tab, "Acrescentar opção")
    button(tab, "Criar")
    tab.wait_for_url(re.compile("/telefone/[0-9a-f-]{36}"))
    made = server.ask("GET", f"/v1/ivrs/{tab.url.rsplit('/', 1)[1]}")
    assert (made["name"], [option["digit"] for option in made["menu"]]) == ("noturna", ["0"])
    go(console, tab, "empresa")
    tab.get_by_label("Tempo Atendimento").fill("25")
    button(tab, "Salvar")
    done(tab)
    assert server.ask("GET", "/v1/company")["sla_ms"] == 25_000


def test_each_permission_alone_has_its_entries_and_asks_for_nothing_that_is_refused(console: Console, server: Server) -> None:
    for number, (permission, entries) in enumerate(ENTRIES.items()):
        page = console.page()
        refused: list[str] = []
        page.on("response", lambda answer, refused=refused: refused.append(answer.url) if answer.status == 403 else None)
        email = server.user_with(f"so{number}", [permission])
        page.goto(f"{console.url}/entrar")
        page.get_by_label("E-mail", exact=True).fill(email)
        page.locator("input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Entrar", exact=True).click()
        page.locator(MENU).get_by_role("link").first.wait_for()
        links = page.locator(MENU).get_by_role("link")
        assert set(links.all_inner_texts()) == entries, permission
        for link in links.all():
            is_wall = link.inner_text() == "Mural"
            link.click()
            if is_wall:  # it has no menu
                expect(page.locator(MENU)).to_have_count(0)
            page.locator("main h1").wait_for()
            expect(page.locator("[aria-busy]")).to_have_count(0)
            if is_wall:
                page.go_back()
                links.first.wait_for()
        assert refused == [], permission
        page.context.close()


def test_nothing_serious_is_wrong_with_any_form_and_no_page_of_administration_is_scrolled_sideways(
    console: Console, tab: Page, server: Server
) -> None:
    """Of the lists the accessibility is tested with that of all pages."""
    queue = next(iter(server.queues().values()))["id"]
    for path in (*LISTS, *FORMS, f"servicos/{queue}"):
        go(console, tab, path)
        expect(tab.locator("[aria-busy]")).to_have_count(0)
        if path not in LISTS:
            in_both_themes(tab, path)
        for width in (360, 1280):
            tab.set_viewport_size({"width": width, "height": 800})
            tab.wait_for_function("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_another_company_with_the_same_names_shows_nothing_of_the_first(console: Console, server: Server) -> None:
    page = console.signed_in(OUTSIDER, path="/servicos")
    for path in ("servicos", "usuarios", "inbound?periodo=7d", "interacoes?periodo=7d", "agentes"):
        go(console, page, path)
        expect(page.locator("[aria-busy]")).to_have_count(0)
        shown = page.locator("body").inner_text()
        for name in ("Cobrança", "Suporte", ADMINISTRATOR, "Sônia"):
            assert name not in shown, (path, name)
    go(console, page, "servicos")
    expect(page.get_by_role("table").get_by_role("link", name="Vendas", exact=True)).to_be_visible()
    foreign = server.ask("GET", "/v1/queues")["items"][0]["id"]
    go(console, page, f"servicos/{foreign}")
    expect(page.get_by_role("alert")).to_be_visible()


def test_every_component_is_in_the_gallery_and_nothing_serious_is_wrong_with_one(console: Console, tab: Page) -> None:
    go(console, tab, "galeria")
    tab.locator("canvas").first.wait_for()
    in_both_themes(tab, "galeria")
    for width in (360, 1280):
        tab.set_viewport_size({"width": width, "height": 800})
        tab.wait_for_function("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_transfer_to_a_queue_waits_for_no_list_of_agents(console: Console) -> None:
    page = console.signed_in(path="/empresa")
    page.route(re.compile("/v1/agents"), lambda _: None)  # never answered
    go(console, page, "galeria")
    form = page.get_by_role("form", name="Transferir")
    now = form.get_by_role("button", name="Transferir já")
    expect(now).to_be_enabled()
    form.get_by_role("button", name="Agente", exact=True).click()
    expect(now).to_be_disabled()
    page.context.close()


STRANGE = ('<img src=x onerror="window.isHit = true">', "שירות לקוחות", 'R&D "aspas", vírgula', "e" * 100)


def test_names_with_markup_or_from_right_to_left_are_shown_as_they_are_written_and_run_nothing(
    console: Console, tab: Page, server: Server
) -> None:
    for name in STRANGE:
        server.ask("POST", "/v1/queues", {"name": name})
    server.until(lambda queues: set(STRANGE) <= queues.keys())
    for path in ("servicos", "agentes"):
        go(console, tab, path)
        for name in STRANGE:
            expect(tab.get_by_role("table").get_by_text(name, exact=True).first).to_be_attached()
        assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert tab.evaluate("window.isHit") is None


def test_on_a_phone_filters_are_a_sheet_with_a_count_and_rows_are_cards(console: Console) -> None:
    page = console.signed_in(
        path="/interacoes?periodo=7d&servico=Vendas", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    )
    page.locator("tbody tr[data-key]").first.wait_for()
    expect(page.get_by_role("button", name="Filtros · 1")).to_be_visible()
    page.get_by_role("button", name="Filtros · 1").tap()
    expect(page.get_by_role("dialog", name="Filtros").get_by_role("button", name=re.compile("^Serviço Vendas"))).to_be_visible()
    page.get_by_role("dialog", name="Filtros").get_by_role("button", name="Pronto").first.tap()
    card = page.locator("tbody tr[data-key]").first
    lines = card.get_by_role("cell")
    assert len({line["x"] for line in (one.bounding_box() or {} for one in lines.all())}) == 1
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    small = page.evaluate(
        """[...document.querySelectorAll('main button, header button')].filter(one => one.offsetParent)
        .map(one => [one.innerText || one.ariaLabel, one.getBoundingClientRect().height]).filter(([, height]) => height < 36)"""
    )
    assert small == []


def test_a_user_changes_the_own_password_and_goes_on_on_this_device_alone(console: Console, server: Server) -> None:
    email = server.user_with("noe.lima", ["gerenciar-relatorio"])
    here, there = console.signed_in(email), console.signed_in(email)
    here.get_by_role("button", name=re.compile("Usuário e preferências")).click()
    here.get_by_role("menuitem", name="Mudar senha").click()
    here.get_by_label("Senha atual").fill("Errada#1x")
    here.get_by_label("Nova senha").fill("Ainda#Melh0r")
    expect(here.get_by_role("list", name="Regras da senha")).not_to_contain_text("falta")
    here.get_by_role("button", name="Mudar senha", exact=True).click()
    expect(here.get_by_text("Esta não é a sua senha atual.")).to_be_visible()
    expect(here.get_by_label("Senha atual")).to_be_focused()
    here.get_by_label("Senha atual").fill(PASSWORD)
    here.get_by_role("button", name="Mudar senha", exact=True).click()
    here.wait_for_url(lambda url: "/senha" not in url)
    here.reload()
    here.locator("main h1").wait_for()
    assert "/entrar" not in here.url
    there.reload()
    there.wait_for_url(re.compile("/entrar"))
    for page in (here, there):
        page.context.close()
