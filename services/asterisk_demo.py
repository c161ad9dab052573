"""`make demo ASTERISK=1`: a center on the real Asterisk, whose world keeps calling. A newcomer becomes an agent in the browser and takes a call with sound.

A colleague answers suporte: somebody to transfer to, and to listen to. Calls are real (SIP, RTP), and everybody is heard as a tone. Ctrl-C ends it;
the data are deleted.
"""

from __future__ import annotations

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

from services.__main__ import ALL, DIRECTORY, say
from services.asterisk import Asterisk
from services.group import up
from services.process import wait_for
from services.server import HOST, free

ATENDE = str(Path(sysconfig.get_path("scripts"), "atende"))
EMAIL = "admin@empresa.example"
PORT = 8080
NUMBERS = ("4001", "4002")
"""What callers dial: the queues vendas and suporte."""
COLLEAGUE, COLLEAGUES_PHONE = "Bia", "PJSIP/1601"
EVERY_S = 12
PATIENCE_S = 90
_STARTS_WITHIN_S = 240
"""The first start on a machine reads every library from its disk."""


def main() -> int:
    """Run it until Ctrl-C, or the end of its terminal."""
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    if up(DIRECTORY, ALL, {}, say, [Asterisk.FOLDER]):
        return 1
    server = Asterisk(DIRECTORY.resolve(), (DIRECTORY / "secret").read_text(encoding="ascii"))
    port = next(port for port in range(PORT, PORT + 100) if free([port]))
    with (
        tempfile.TemporaryDirectory(prefix="atende-demo-") as folder,
        _colleague(server),
        _serving(Path(folder), server, port) as environment,
    ):
        link = subprocess.run([ATENDE, "admin", EMAIL], env=environment, capture_output=True, text=True, check=True).stdout.strip()
        say(f"\n1. {link}   choose a password, sign in as {EMAIL}")
        say(f"2. http://{HOST}:{port}/atender   Criar meu agente, Ligar o telefone, Entrar em vendas")
        say("3. Somebody calls within some seconds: Atender, Espera, Transferir (to suporte, or to the agent Bia), Finalizar atendimento")
        say(
            f"4. http://{HOST}:{port}/agentes   the ear beside {COLLEAGUE} while she answers suporte: Escutar (go there by the page's menu, so that the phone stays on)"
        )
        say("Ctrl-C ends it; Asterisk runs on until make services-down\n")
        try:
            for number in itertools.cycle(NUMBERS):
                _call(server, number)
                sleep(EVERY_S)
        except KeyboardInterrupt:
            say("")
    return 0


def setting(server: Asterisk) -> str:
    """The PBX as Atende drives it, with phones in the browser."""
    return f"{server.address}&control=yes&trunk=tronco&ari={quote(server.ari, safe='')}&phone={server.browsers}"


@contextmanager
def _serving(folder: Path, server: Asterisk, port: int) -> Iterator[dict[str, str]]:
    """Serve a new center; the environment of its commands."""
    environment = {**os.environ, "ATENDE_DATA": str(folder / "data"), "ATENDE_PORT": str(port), "ATENDE_ASTERISK": setting(server)}
    log = folder / "serve.log"
    with log.open("wb") as file:
        process = subprocess.Popen([ATENDE, "serve"], env=environment, stderr=file)
    try:
        wait_for(lambda: process.poll() is not None or not free([port]), _STARTS_WITHIN_S)
        if process.poll() is not None or free([port]):
            raise SystemExit(f"atende serve does not start:\n{log.read_text(errors='replace')[-2000:]}")
        yield environment
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _colleague(server: Asterisk) -> Iterator[None]:
    """Somebody of the world answers suporte meanwhile, and nobody of another center does: the PBX keeps the members of its queues."""
    _leave_queues(server)
    _act(server, 0, f"Action: QueueAdd\r\nQueue: suporte\r\nInterface: {COLLEAGUES_PHONE}\r\nMemberName: {COLLEAGUE}")
    try:
        yield
    finally:
        _leave_queues(server)


def _leave_queues(server: Asterisk) -> None:
    for row in re.findall(r"Event: QueueMember\r\n.+?\r\n\r\n", _act(server, 0, "Action: QueueStatus"), re.DOTALL):
        values = dict(line.partition(": ")[::2] for line in row.splitlines())
        _act(server, 0, f"Action: QueueRemove\r\nQueue: {values['Queue']}\r\nInterface: {values['Location']}")


def _call(server: Asterisk, number: str) -> None:
    """Somebody of the world calls, and hangs up when nobody has answered for long."""
    caller = f"1198{round(monotonic() * 10) % 10_000_000:07}"
    variables = f"Variable: NAME=demo\r\nVariable: LIFE={PATIENCE_S}"
    place = f"Channel: PJSIP/{number}@pbx\r\nContext: sounding\r\nExten: s\r\nPriority: 1\r\nAsync: true"
    _act(server, 1, f'Action: Originate\r\n{place}\r\nCallerID: "Cliente" <{caller}>\r\n{variables}')


def _act(server: Asterisk, which: int, action: str) -> str:
    """Let the PBX (0) or the world (1) do something; returns all that it says."""
    login = f"Action: Login\r\nUsername: {server.DRIVER}\r\nSecret: {server.secret}\r\nEvents: off"
    with socket.create_connection((HOST, server.ports[which]), timeout=5) as connection:
        connection.sendall("".join(f"{each}\r\n\r\n" for each in (login, action, "Action: Logoff")).encode())
        with connection.makefile("rb") as said:
            return said.read().decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
