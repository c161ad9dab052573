"""`demo`: a simulated center: a week of its past, then its live traffic, and a live table."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bootstrap import Center, is_data_directory
from cli.company import caller, known_or_new
from cli.console import Console, Mistake, terminal
from cli.live_table import LiveTable, moving
from cli.serve import held_alone, run
from commands.passwords import hashed_password
from commands.users import AppointAdministrator, SetPassword
from domain.companies import Company
from imports.simulation import past
from settings import Settings
from simulator.story import Story

EMAIL = "admin@empresa.example"
_LETTERS = "abcdefghijkmnpqrstuvwxyz"
_DIGITS = "23456789"


def demo(directory: Path | None, settings: Settings, seed: int) -> int:
    """Simulate a center in a fresh directory, a temporary one if none is named, until Ctrl-C. It never uses servers."""
    settings = replace(settings, mode="embedded")
    with terminal() as console, _fresh(directory) as fresh, held_alone(fresh, settings, console) as held:
        center = held.center
        company = known_or_new(center, "")
        story = _past(center, company, seed, console)
        password = _administrator(center, company)
        ends = "termina e apaga os dados" if directory is None else "termina; os dados ficam"

        async def present(url: str) -> None:
            console.out(f"\nAtende   {url}   (API: {url}/docs)\nE-mail   {EMAIL}\nSenha    {password}\n")
            console.out(f"Empresa  {company.name}\nDados    {fresh}   (--data {fresh})\nCtrl-C   {ends}\n\n")
            await story.live()

        board = LiveTable(center, company)
        with moving(board):
            run(held, settings, present)
    return 0


@contextmanager
def _fresh(directory: Path | None) -> Iterator[Path]:
    if directory is None:
        with tempfile.TemporaryDirectory(prefix="atende-demo-") as made:
            yield Path(made)
        return
    if is_data_directory(directory):
        raise Mistake(f"{directory} is a data directory already: a demo wants a fresh one")
    yield directory


def _past(center: Center, company: Company, seed: int, console: Console) -> Story:
    """Simulate a week of the center's past; the story continues from there."""
    center.covered()
    return past(center, company.id, seed, _OnConsole(console))


class _OnConsole:
    """Shows the progress of a simulation."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def report(self, done: int, total: int, lines: int, refused: int = 0) -> None:  # noqa: ARG002 - nobody counts commands
        self._console.progress("history", done, total, "hours")

    def look(self) -> None:
        self._console.progress("figures", 0, None, "events")


def _administrator(center: Center, company: Company) -> str:
    """Appoint an administrator; returns the password."""
    operator = caller(company)
    password = _password()
    token = center.bus.execute(AppointAdministrator(email=EMAIL), operator).result["token"]
    center.bus.execute(SetPassword(token=token, hashed=hashed_password(password)), operator)
    return password


def _password() -> str:
    """A password by the rules: letters of both cases, a digit, a sign, none twice in a row."""
    random = secrets.SystemRandom()
    letters = random.sample(_LETTERS, 8)
    return (
        "".join([*letters[:4], *(letter.upper() for letter in letters[4:])]) + random.choice("$*&@#?") + "".join(random.sample(_DIGITS, 2))
    )
