"""`make screenshots`: every page of the console in four widths and two themes, of a demo of its own or of the center at ATENDE_URL, into web/screenshots."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile

from playwright.sync_api import Page, sync_playwright

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
SHOWN = HERE.parent / "docs" / "pictures"
DOCUMENTED = {"inbound": "inbound", "agentes": "agentes", "interacao": "interacao", "sla-sla-30": "sla", "servicos": "servicos"}
"""Pictures that the README and docs/console.md show, light and 1280 wide, by the names that they have there."""
WIDTHS = {360: 740, 768: 1024, 1280: 800, 1920: 1080}
_READY_S = 300


def main(only: list[str]) -> None:
    """Take all pictures, or those of the pages that are named."""
    INTO.mkdir(exist_ok=True)
    with _center() as (url, email, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for theme in ("light", "dark"):
            context = browser.new_context(color_scheme=theme, locale="pt-BR", timezone_id="Asia/Tokyo")
            page = context.new_page()
            if not only or "entrar" in only:
                _take(page, f"{url}/entrar", "entrar", theme)
            page.goto(f"{url}/entrar")
            page.get_by_label("E-mail", exact=True).fill(email)
            page.locator("input[name=password]").fill(password)
            page.get_by_role("button", name="Entrar", exact=True).click()
            page.wait_for_url(re.compile(r"/(agentes|inbound)"))
            for path in PAGES:
                if not only or path in only:
                    _take(page, f"{url}/{path}", re.sub(r"\W+", "-", path), theme)
            if not only or "interacao" in only:
                page.goto(f"{url}/interacoes?status=answered")
                page.locator("a[href*='/interacoes/']").first.click()
                page.wait_for_url(re.compile(r"/interacoes/."))
                _take(page, page.url, "interacao", theme)
        browser.close()
    SHOWN.mkdir(exist_ok=True)
    for name, shown in DOCUMENTED.items():
        picture = INTO / f"{name}-1280-light.png"
        if picture.exists():
            copyfile(picture, SHOWN / f"{shown}.png")


def _take(page: Page, address: str, name: str, theme: str) -> None:
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.goto(address)
        page.wait_for_load_state("load")
        page.locator("h1").first.wait_for()
        if name != "galeria":  # It shows what waits, too.
            page.locator("[aria-busy]").first.wait_for(state="detached")
        # Pictures need no proof: the charts are drawn some frames after their numbers.
        page.wait_for_timeout(900)
        page.screenshot(path=INTO / f"{name}-{width}-{theme}.png", full_page=width < 600)


@contextmanager
def _center() -> Iterator[tuple[str, str, str]]:
    """Address, e-mail and password of a demo that runs until the block ends."""
    given = os.environ.get("ATENDE_URL")
    if given:
        yield given, os.environ["ATENDE_EMAIL"], os.environ["ATENDE_PASSWORD"]
        return
    with tempfile.TemporaryFile("w+") as out:
        words = [str(Path(sys.executable).with_name("atende")), "demo"]
        demo = subprocess.Popen(words, stdout=out, stderr=out, env={**os.environ, "ATENDE_PORT": "8399"})
        try:
            end = time.monotonic() + _READY_S
            found = None
            while found is None and time.monotonic() < end and demo.poll() is None:
                time.sleep(1)
                out.seek(0)
                found = re.search(r"(http://[\d.:]+)[^\n]*\s+E-mail\s+(\S+)\s+Senha\s+(\S+)", out.read())
            if found is None:
                sys.exit("the demo did not start")
            yield found[1], found[2], found[3]
        finally:
            demo.terminate()
            demo.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
