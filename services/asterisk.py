"""Two Asterisks that call each other over loopback: the PBX of a contact center, and the world outside of it.

Debian's current Asterisk is installed once, by debootstrap, into a folder that all checkouts of this machine share. Both run in it, with the
configuration in `asterisk_conf/`. The world plays callers and agents' telephones: real SIP, real RTP, and no person is needed.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import socket
import struct
import subprocess
import wave
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path

from services.process import Daemon, wait_for
from services.server import HOST, USER, DoesNotRun, Server, free

ROOT = Path("/var/tmp/atende-asterisk")  # noqa: S108 - belongs to root, who alone can use it: nothing else may enter a chroot
_SUITE = "forky"
_CONFIGURATION = Path(__file__).with_name("asterisk_conf")
_SOURCES = (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d"))
_SCRIPT = "/usr/share/debootstrap/scripts/sid"
_PROMPTS = ("menu", "invalid", "goodbye")
_PROMPT_S = 0.5
_RATE = 8000
_ANSWER_S = 5.0
_SIOCGIFADDR = 0x8915


class Asterisk(Server):
    """The PBX (`ami`, `queue_log`: what Atende reads of it) and the world (`world_ami`).

    ports: the AMI of the PBX and of the world, then their SIP, then the HTTP of the PBX (ARI, browsers' SIP). drivers: the user of AMI that may do everything, for tests.
    """

    NAME = "Asterisk"
    FOLDER = "asterisk"
    VARIABLE = "ATENDE_ASTERISK"
    PORT = 25_038
    PORTS = 5
    PACKAGES = ("debootstrap",)
    DRIVER = "driver"

    def __init__(self, directory: Path, secret: str) -> None:
        super().__init__(directory, secret)
        (self.folder / "world").mkdir(exist_ok=True)
        self.world = Daemon(self.folder / "world")
        self._inside = Path("/instances", sha256(bytes(self.folder.resolve())).hexdigest()[:12])

    def is_installed(self) -> bool:
        return os.geteuid() == 0 and (_is_there() or shutil.which("debootstrap") is not None)

    @property
    def address(self) -> str:
        return f"ami://{USER}:{self.secret}@{HOST}:{self.ports[0]}?queue_log={self.queue_log}"

    def hears(self, name: str) -> Path:
        """The recording of what a telephone or a caller of the world that sounds a tone hears. It grows while the call lasts."""
        return _seen(self._inside / "world") / "spool" / f"{name}-hears.wav"

    @property
    def monitor(self) -> Path:
        """The folder in which the PBX records calls, as this machine sees it."""
        return _seen(self._inside / "pbx") / "spool" / "monitor"

    @property
    def ari(self) -> str:
        """ARI of the PBX."""
        return f"http://{USER}:{self.secret}@{HOST}:{self.ports[4]}"

    @property
    def browsers(self) -> str:
        """Where browsers reach the PBX by SIP over WebSocket."""
        return f"ws://{HOST}:{self.ports[4]}/ws"

    @property
    def queue_log(self) -> Path:
        """The log that the PBX writes, as this machine sees it."""
        return _seen(self._inside / "pbx") / "log" / "queue_log"

    @property
    def sounds(self) -> tuple[Path, Path]:
        """A folder with sounds that the PBX may play: as this machine names it, and as the PBX does."""
        inside = self._inside / "pbx" / "sounds"
        return _seen(inside), inside

    def start(self, port: int | None) -> bool:
        if self.daemon.pid() is None:
            # It holds ports of the last run, and knows no others.
            self.world.stop(self.ENDED_BY, _ANSWER_S)
        return super().start(port)

    def launch(self) -> None:
        if not _is_there():
            _install()
        _without_dns()
        for name in ("pbx", "world"):
            for part in ("lib", "spool", "log"):
                # Members of queues that were logged in when it was killed would be called.
                shutil.rmtree(_seen(self._inside / name) / part, ignore_errors=True)
        self.launch_world()
        self.launch_pbx()

    def launch_pbx(self) -> None:
        """Start the PBX. One that was killed just now may hold its socket and its ports for a moment."""
        self._configure("pbx")
        (_seen(self._inside / "pbx") / "run" / "asterisk.ctl").unlink(missing_ok=True)
        wait_for(lambda: free([self.ports[0], self.ports[2]]), _ANSWER_S)
        self.daemon.start(self._command("pbx"))

    def launch_world(self) -> None:
        """Start the world, unless it runs."""
        if self.world.pid() is None:
            self._configure("world")
            self.world.start(self._command("world"))

    def answers(self) -> bool:
        return all(_is_booted(port, self.DRIVER, self.secret) for port in self.ports[:2])

    def stop(self) -> bool:
        self.world.stop(self.ENDED_BY, _ANSWER_S)
        return super().stop()

    def _command(self, name: str) -> Sequence[str]:
        # The language decides in which character set AMI and the queue log write names.
        environment = ["/usr/bin/env", "-i", "LANG=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
        return ["chroot", str(ROOT), *environment, "/usr/sbin/asterisk", "-f", "-C", str(self._inside / name / "etc" / "asterisk.conf")]

    def _configure(self, name: str) -> None:
        """Write its folders and its configuration; its database and its logs stay."""
        folder = _seen(self._inside / name)
        for part in ("etc", "lib", "spool", "run", "log", "data/sounds/en"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        documentation = folder / "data" / "documentation"
        if not documentation.is_symlink():
            # Without it Asterisk refuses to load what registers SIP.
            documentation.symlink_to("/usr/share/asterisk/documentation")
        ami, world_ami, sip, world_sip, http = self.ports
        modules = next((ROOT / "usr" / "lib").glob("*/asterisk/modules"), ROOT)
        values = {
            "modules": Path("/") / modules.relative_to(ROOT),
            "folder": self._inside / name, "host": HOST, "ami": ami, "world_ami": world_ami, "sip": sip, "world_sip": world_sip, "http": http,
            "ice_hosts": "".join(f"{address} => {HOST}\n" for address in _addresses()),
            "user": USER, "driver": self.DRIVER, "secret": self.secret,
        }  # fmt: skip
        for file in [*(_CONFIGURATION / "both").iterdir(), *(_CONFIGURATION / name).iterdir()]:
            written = folder / "etc" / file.name
            written.touch(mode=0o600)
            written.write_text(_filled(file.read_text(encoding="utf-8"), values), encoding="utf-8")
        for prompt in _PROMPTS:
            _write_prompt(folder / "data" / "sounds" / "en" / f"{prompt}.wav")


def _filled(text: str, values: Mapping[str, object]) -> str:
    """A file of Asterisk's configuration, which uses `$` itself: `%name%` is replaced."""
    return re.sub(r"%([a-z_]+)%", lambda found: str(values[found[1]]), text)


def _seen(path: Path) -> Path:
    """A path of the chroot as this machine sees it."""
    return ROOT / path.relative_to("/")


def _is_there() -> bool:
    return (ROOT / "usr" / "sbin" / "asterisk").exists()


def _install() -> None:
    """Install Debian's current Asterisk and its system; the folder gets its name when it is complete."""
    new = ROOT.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", "--include=asterisk", _SUITE, str(new), _mirror(), _SCRIPT],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        raise DoesNotRun(f"debootstrap could not install it: {(made.stderr or made.stdout).strip()[-500:]}")
    shutil.rmtree(new / "var" / "cache" / "apt", ignore_errors=True)
    new.rename(ROOT)


def _mirror() -> str:
    """The mirror from which this machine installs its own packages."""
    files = [file for place in _SOURCES for file in (sorted(place.iterdir()) if place.is_dir() else [place]) if file.is_file()]
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            words = [word for word in line.split() if not word.startswith(("[", "signed-by"))]
            if len(words) > 1 and words[0] in ("URIs:", "deb") and file.suffix in (".sources", ".list") and "debian" in words[1]:
                return words[1]
    raise DoesNotRun("the sources of apt name no mirror of Debian")


def _addresses() -> list[str]:
    """The addresses of this machine's other interfaces."""
    found = []
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as any_socket:
        for _, name in socket.if_nameindex():
            with suppress(OSError):  # one without an address
                answer = fcntl.ioctl(any_socket, _SIOCGIFADDR, struct.pack("256s", name.encode()))
                found.append(socket.inet_ntoa(answer[20:24]))
    return [address for address in found if address != HOST]


def _without_dns() -> None:
    """Without the machine's name in it, each first INVITE waits for a name server."""
    (ROOT / "etc" / "hosts").write_text(f"{HOST} localhost {socket.gethostname()}\n", encoding="ascii")
    resolver = ROOT / "etc" / "resolv.conf"
    resolver.unlink(missing_ok=True)
    resolver.touch()


def _write_prompt(path: Path) -> None:
    """A short silence, for Asterisk to play."""
    if not path.exists():
        with closing(wave.open(str(path), "wb")) as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(_RATE)
            sound.writeframes(struct.pack("<h", 0) * int(_RATE * _PROMPT_S))


def _is_booted(port: int, user: str, secret: str) -> bool:
    """Whether it says that it is fully booted: it accepts a login before that."""
    login = f"Action: Login\r\nUsername: {user}\r\nSecret: {secret}\r\n\r\n"
    said = b""
    try:
        with socket.create_connection((HOST, port), timeout=_ANSWER_S) as connection:
            connection.sendall(login.encode())
            while b"FullyBooted" not in said and b"Authentication failed" not in said:
                more = connection.recv(4096)
                if not more:
                    return False
                said += more
    except OSError:
        return False
    return b"FullyBooted" in said
