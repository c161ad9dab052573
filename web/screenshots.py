"""`make screenshots`: every page of the console in four widths and two themes, of a demo of its own or of the center at ATENDE_URL, into web/screenshots."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from shutil import copyfile
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from services.chromium import FLAGS, chromium

HERE = Path(__file__).resolve().parent
INTO = HERE / "screenshots"
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
EMPTY = ("comecar", "inbound", "agentes", "interacoes", "webhooks")
"""Pages of a company in which nothing has happened yet."""
SHOWN = HERE.parent / "docs" / "pictures"
DOCUMENTED = {
    "inbound": "inbound",
    "agentes": "agentes",
    "interacao": "interacao",
    "sla-sla-30": "sla",
    "servicos": "servicos",
    "atender": "atender",
}
"""Pictures that the README and docs/console.md show, light and 1280 wide, by the names that they have there."""
WIDTHS = {1920: 1080, 1280: 800, 768: 1024, 360: 740}
FIRST = ("primeiro-acesso", "vazio-")
_ATENDE = str(Path(sys.executable).with_name("atende"))
_EMAIL = "bia@nova.example"
_COMPARED_MS = 8_000
_READY_S = 900
_PATIENT_S = 60.0


@dataclass(frozen=True)
class Center:
    """A console and who signs in to it."""

    url: str
    email: str
    password: str

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What the API answers to this user."""
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = httpx.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=_PATIENT_S).raise_for_status()
        return answer.json() if answer.content else None

    @cached_property
    def _token(self) -> str:
        body = {"email": self.email, "password": self.password}
        answer = httpx.post(f"{self.url}/v1/auth/login", json=body, timeout=_PATIENT_S).raise_for_status()
        return str(answer.json()["access_token"])


def main(only: list[str]) -> None:
    """Take all pictures, or those whose names are given."""
    INTO.mkdir(exist_ok=True)
    with _center() as center, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        take = partial(_take, only)
        page = _tab(browser)
        take(page, f"{center.url}/entrar", "entrar")
        _sign_in(page, center)
        for path in PAGES:
            take(page, f"{center.url}/{path}", re.sub(r"\W+", "-", path))
        for name, (listed, where) in DETAILS.items():
            if items := center.ask("GET", listed)["items"]:
                take(page, f"{center.url}/{where}/{items[-1]['id']}", name)
        if not only or any(name.startswith(FIRST) for name in only):
            _first_run(browser, center.password, take)
        browser.close()
    SHOWN.mkdir(exist_ok=True)
    for name, shown in DOCUMENTED.items():
        picture = INTO / f"{name}-1280-light.png"
        if picture.exists():
            copyfile(picture, SHOWN / f"{shown}.png")


def _first_run(browser: Browser, password: str, take: Callable[[Page, str, str], None]) -> None:
    """What somebody sees who has just installed it: the link, and a company without calls."""
    with tempfile.TemporaryDirectory() as directory, _running("serve", "--data", directory, says=r" at (http://[\d.:]+)") as (url,):
        link = subprocess.run([_ATENDE, "admin", _EMAIL, "--data", directory], capture_output=True, text=True, check=True).stdout.strip()
        page = _tab(browser)
        take(page, link, "primeiro-acesso")
        new = Center(url, _EMAIL, password)
        body = {"token": link.rpartition("#")[2], "password": password}
        httpx.post(f"{url}/v1/auth/password", json=body, timeout=_PATIENT_S).raise_for_status()
        _sign_in(page, new)
        for path in EMPTY:
            take(page, f"{url}/{path}", f"vazio-{path}")


def _tab(browser: Browser) -> Page:
    page = browser.new_context(locale="pt-BR", timezone_id="Asia/Tokyo", reduced_motion="reduce").new_page()
    page.set_default_timeout(_PATIENT_S * 1_000)
    return page


def _sign_in(page: Page, center: Center) -> None:
    page.goto(f"{center.url}/entrar")
    page.get_by_label("E-mail", exact=True).fill(center.email)
    page.locator("input[name=password]").fill(center.password)
    page.get_by_role("button", name="Entrar", exact=True).click()
    page.wait_for_url(lambda url: "/entrar" not in url)


def _take(only: list[str], page: Page, address: str, name: str) -> None:
    """All pictures of a page, of its whole length but those that a document shows."""
    if only and name not in only:
        return
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.goto(address)
        page.wait_for_load_state("load")
        page.locator("h1").first.wait_for()
        if name != "galeria":  # It shows what waits, too.
            page.locator("[aria-busy]").first.wait_for(state="detached")
        if name in DOCUMENTED:  # What a figure is compared with comes after it.
            page.wait_for_timeout(_COMPARED_MS)
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            # Pictures need no proof: the charts are drawn some frames after their numbers.
            page.wait_for_timeout(900)
            page.screenshot(path=INTO / f"{name}-{width}-{theme}.png", full_page=width != 1280 or name not in DOCUMENTED)


@contextmanager
def _center() -> Iterator[Center]:
    """The center at ATENDE_URL as it is, or a demo that runs until the block ends and has some of everything."""
    given = os.environ.get("ATENDE_URL")
    if given:
        yield Center(given, os.environ["ATENDE_EMAIL"], os.environ["ATENDE_PASSWORD"])
        return
    with _running("demo", says=r"(http://[\d.:]+)[^\n]*\s+E-mail\s+(\S+)\s+Senha\s+(\S+)") as found:
        center = Center(*found)
        furnish(center)
        yield center


@contextmanager
def _running(*words: str, says: str) -> Iterator[tuple[str, ...]]:
    """What a command of Atende has said (the groups of the pattern `says`), while it runs on a free port."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([_ATENDE, *words], stdout=out, stderr=out, env={**os.environ, "ATENDE_PORT": "0"})
        try:
            end = time.monotonic() + _READY_S
            found = None
            while found is None and time.monotonic() < end and process.poll() is None:
                time.sleep(1)
                out.seek(0)
                found = re.search(says, out.read())
            if found is None:
                sys.exit(f"{words[0]} did not start")
            yield found.groups()
        finally:
            process.terminate()
            process.wait()


def furnish(center: Center) -> None:
    """Make what a demo lacks: an IVR with a menu, a colleague, what other programs and screens use, and an agent who is the administrator."""
    queues = [queue["name"] for queue in center.ask("GET", "/v1/queues")["items"]]
    self = center.ask("GET", "/v1/me")
    spoken = {name: {"text": words} for name, words in _MESSAGES.items()}
    menu = [{"digit": str(at), "queue": queue} for at, queue in enumerate(queues, 1)]
    hours = [{"weekday": day, "opens": "08:00", "closes": "18:00"} for day in range(5)]
    ivr = {"name": "central", "area_code": "11", "number": "40028922", "always_open": False, "hours": hours, "menu": menu, **spoken}
    colleague = {
        "name": "Beatriz Nogueira",
        "email": "beatriz@empresa.example",
        "permissions": ["gerenciar-relatorio", "gerenciar-atendimento"],
    }
    for path, body in (
        ("/v1/ivrs", ivr),
        ("/v1/users", colleague),
        ("/v1/api-keys", {"name": "CRM", "permissions": ["gerenciar-relatorio", "gerenciar-atendimento"]}),
        ("/v1/screens", {"name": "Sala 2"}),
        ("/v1/webhooks", {"url": "https://crm.empresa.example/atende", "events": ["interaction.answered", "interaction.hung_up"]}),
        ("/v1/agents", {"agent": self["name"], "user_id": self["id"]}),
    ):
        center.ask("POST", path, body)


_MESSAGES = {
    "welcome": "Bem-vindo à Central.",
    "closed": "Atendemos de segunda a sexta, das oito às dezoito horas.",
    "invalid": "Opção inválida.",
}


if __name__ == "__main__":
    main(sys.argv[1:])
