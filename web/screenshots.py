"""`make screenshots`: every page of the console in four widths and two themes, of a demo of its own or of the center at ATENDE_URL, into web/screenshots.

Names of pictures after it take these alone.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from centers import COLLEAGUE, Center, demo, empty, uncertain
from playwright.sync_api import Browser, Page, sync_playwright
from scenes import DETAILS, EMPTY, IMPORTED, PAGES, REFUSED, STATES, UNCERTAIN, State, choose_logs
from small_pictures import write_small

from services.chromium import FLAGS, chromium

HERE = Path(__file__).resolve().parent
INTO = HERE / "screenshots"
SHOWN = HERE.parent / "docs" / "pictures"
DOCUMENTED = {
    "inbound": "inbound",
    "agentes": "agentes",
    "interacao": "interacao",
    "sla-sla-30": "sla",
    "servicos": "servicos",
    "atender": "atender",
    "incerto-inbound": "incerto",
    "passado": "tempo",
}
"""Pictures that the README and docs/console.md show, light and 1280 wide, by the names that they have there."""
WIDTHS = {1920: 1080, 1280: 800, 768: 1024, 360: 740}
_COMPARED_MS = 8_000
_DRAWN_MS = 900
_PATIENT_MS = 60_000


@dataclass(frozen=True)
class Camera:
    """A tab of a center in which somebody is signed in, and the names of the pictures that are wanted; none: all."""

    page: Page
    url: str
    only: frozenset[str]

    def wants(self, prefix: str) -> bool:
        """Whether some picture is wanted whose name begins so."""
        return not self.only or any(name.startswith(prefix) for name in self.only)

    def take(self, name: str, path: str) -> None:
        """All pictures of a page, of its whole length but those that a document shows."""
        if self.only and name not in self.only:
            return
        for theme in ("light", "dark"):
            self._open(path, theme, next(iter(WIDTHS)), waits=name == "galeria")
            if name in DOCUMENTED:  # What a figure is compared with, and the proof of a call, come after it.
                self.page.wait_for_timeout(_COMPARED_MS)
            self.page.locator("[data-verdict=unfinished]").first.wait_for(state="detached")
            for width in WIDTHS:
                self._shoot(name, width, theme, full=width != 1280 or name not in DOCUMENTED)

    def take_state(self, name: str, state: State) -> None:
        """All pictures of a page in this state, of a window each: what opens over a page is laid out for the window in which it opens."""
        if self.only and name not in self.only:
            return
        for theme in ("light", "dark"):
            for width in WIDTHS:
                self._open(state.path, theme, width)
                state.act(self.page)
                self.page.locator(state.shows).first.wait_for()
                if name in DOCUMENTED:  # What was asked for meanwhile comes.
                    self.page.wait_for_timeout(_COMPARED_MS)
                self._shoot(name, width, theme, full=False)

    def _open(self, path: str, theme: str, width: int, *, waits: bool = False) -> None:
        self.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        self.page.set_viewport_size({"width": width, "height": WIDTHS[width]})
        self.page.goto(path if path.startswith("http") else f"{self.url}/{path}")
        self.page.wait_for_load_state("load")
        self.page.locator("h1").first.wait_for()
        if not waits:  # The gallery shows what waits, too.
            self.page.locator("[aria-busy]").first.wait_for(state="detached")

    def _shoot(self, name: str, width: int, theme: str, *, full: bool) -> None:
        self.page.set_viewport_size({"width": width, "height": WIDTHS[width]})
        # Pictures need no proof: the charts are drawn some frames after their numbers.
        self.page.wait_for_timeout(_DRAWN_MS)
        self.page.screenshot(path=INTO / f"{name}-{width}-{theme}.png", full_page=full)


def main(only: frozenset[str]) -> None:
    """Take all pictures, or those whose names are given."""
    INTO.mkdir(exist_ok=True)
    with demo() as center, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        camera = Camera(_tab(browser), center.url, only)
        camera.take("entrar", "entrar")
        _sign_in(camera.page, center)
        for path in PAGES:
            camera.take(_named(path), path)
        for name, (listed, where) in DETAILS.items():
            if items := center.ask("GET", listed)["items"]:
                camera.take(name, f"{where}/{items[-1]['id']}")
        for name, state in STATES.items():
            camera.take_state(name, state)
        _colleague(browser, center, only)
        if camera.wants("primeiro-acesso") or camera.wants("vazio-") or camera.wants("importa"):
            _first_run(browser, center.password, only)
        if camera.wants("incerto-"):
            _uncertain(browser, center.password, only)
        _document(browser)
        browser.close()


def _named(path: str) -> str:
    return re.sub(r"\W+", "-", path)


def _colleague(browser: Browser, center: Center, only: frozenset[str]) -> None:
    """What somebody sees who lacks a permission."""
    camera = Camera(_tab(browser), center.url, only)
    if camera.wants("sem-permissao-"):
        _sign_in(camera.page, replace(center, email=COLLEAGUE))
        for path in REFUSED:
            camera.take(f"sem-permissao-{_named(path)}", path)


def _first_run(browser: Browser, password: str, only: frozenset[str]) -> None:
    """What somebody sees who has just installed it: the link, a company without calls, and the first logs."""
    with empty(password) as center:
        camera = Camera(_tab(browser), center.url, only)
        camera.take("primeiro-acesso", center.link)
        center.enter(center.link.rpartition("#")[2])
        _sign_in(camera.page, center)
        for path in EMPTY:
            camera.take(f"vazio-{_named(path)}", path)
        if camera.wants("importa"):
            camera.page.goto(f"{center.url}/comecar")
            choose_logs(camera.page)
            camera.take_state("importados", IMPORTED)


def _uncertain(browser: Browser, password: str, only: frozenset[str]) -> None:
    """What somebody sees where a source was cut off, and a call that was recorded."""
    with uncertain(password) as (center, call):
        camera = Camera(_tab(browser), center.url, only)
        _sign_in(camera.page, center)
        for path in UNCERTAIN:
            camera.take(f"incerto-{_named(path)}", path)
        camera.take("incerto-gravada", f"interacoes/{call}")


def _document(browser: Browser) -> None:
    """Write the pictures that the documents show."""
    SHOWN.mkdir(exist_ok=True)
    for name, shown in DOCUMENTED.items():
        picture = INTO / f"{name}-1280-light.png"
        if picture.exists():
            write_small(picture, SHOWN / f"{shown}.png", browser)


def _tab(browser: Browser) -> Page:
    page = browser.new_context(locale="pt-BR", timezone_id="Asia/Tokyo", reduced_motion="reduce").new_page()
    page.set_default_timeout(_PATIENT_MS)
    return page


def _sign_in(page: Page, center: Center) -> None:
    page.goto(f"{center.url}/entrar")
    page.get_by_label("E-mail", exact=True).fill(center.email)
    page.locator("input[name=password]").fill(center.password)
    page.get_by_role("button", name="Entrar", exact=True).click()
    page.wait_for_url(lambda url: "/entrar" not in url)


if __name__ == "__main__":
    main(frozenset(sys.argv[1:]))
