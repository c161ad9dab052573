"""PostgreSQL: the event store."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from hashlib import sha256
from pathlib import Path

from services.server import HOST, USER, DoesNotRun, Server

_BINARIES = Path("/usr/lib/postgresql")
_DATABASE = "atende"
_SHARED = Path("/var/tmp")  # noqa: S108 - holds a folder of mode 700 that belongs to the user that PostgreSQL runs as


class PostgreSQL(Server):
    """One cluster with one database. PostgreSQL refuses to run as root, so root starts it as the user `postgres`."""

    NAME = "PostgreSQL"
    FOLDER = "postgresql"
    VARIABLE = "ATENDE_STORE_URL"
    PORT = 25_432
    PACKAGES = ("postgresql",)
    ENDED_BY = signal.SIGINT

    def is_installed(self) -> bool:
        return self._program("postgres") is not None

    @property
    def address(self) -> str:
        return f"postgresql://{USER}:{self.secret}@{HOST}:{self.ports[0]}/{_DATABASE}"

    @property
    def _user(self) -> str | None:
        return "postgres" if os.geteuid() == 0 else None

    def launch(self) -> None:
        data = self._data()
        if not (data / "PG_VERSION").exists():
            self._make(data)
        settings = {"listen_addresses": HOST, "port": self.ports[0], "unix_socket_directories": "", "max_connections": 200}
        self.daemon.start(
            [self._path("postgres"), "-D", str(data), *(f"--{name}={value}" for name, value in settings.items())], user=self._user
        )

    def _make(self, data: Path) -> None:
        """Create the cluster in a temporary folder and rename it when it is complete."""
        new = data.with_name("new")
        shutil.rmtree(new, ignore_errors=True)
        password = data.with_name("password")
        password.touch(mode=0o600)
        password.write_text(self.secret, encoding="ascii")
        if self._user is not None:
            shutil.chown(password, self._user, self._user)
        made = self._run(
            ["initdb", "--pgdata", str(new), "--username", USER, "--pwfile", str(password), "--auth", "scram-sha-256", "--encoding", "UTF8",
             "--no-locale", "--no-sync", "--no-instructions"], user=self._user,
        )  # fmt: skip
        password.unlink()
        if made.returncode:
            raise DoesNotRun(f"initdb failed: {made.stderr.strip()}")
        new.rename(data)

    def _data(self) -> Path:
        """The directory of the cluster: `data` in the server's folder. Where PostgreSQL's user cannot enter the folder, `data` is a link."""
        link = self.folder / "data"
        if self._user is None or link.is_symlink() or self._may_enter(self.folder):
            home = link
        else:
            name = sha256(bytes(self.folder.resolve())).hexdigest()[:12]
            home = _SHARED / f"atende-postgresql-{name}"
            link.symlink_to(home)
        home = home.resolve()
        home.mkdir(mode=0o700, exist_ok=True)
        if self._user is not None:
            shutil.chown(home, self._user, self._user)
        return home / "cluster"

    def _may_enter(self, folder: Path) -> bool:
        tried = subprocess.run(["test", "-x", str(folder)], check=False, user=self._user, group=self._user, extra_groups=[])
        return tried.returncode == 0

    def answers(self) -> bool:
        databases = self._sql("postgres", "SELECT datname FROM pg_database").split()
        if databases and _DATABASE not in databases:
            self._sql("postgres", f"CREATE DATABASE {_DATABASE}")
        return bool(databases) and self._sql(_DATABASE, "SELECT 1") == "1"

    def _sql(self, database: str, sql: str) -> str:
        address = ["--host", HOST, "--port", str(self.ports[0]), "--username", USER, "--no-password", "--dbname", database]
        return self._run(
            ["psql", *address, "--no-psqlrc", "-qAtc", sql], env={"PGPASSWORD": self.secret, "PGCONNECT_TIMEOUT": "5"}
        ).stdout.strip()

    def _run(self, command: list[str], *, env: dict[str, str] | None = None, user: str | None = None) -> subprocess.CompletedProcess[str]:
        program, *arguments = command
        return subprocess.run(
            [self._path(program), *arguments],
            capture_output=True, text=True, check=False, cwd="/", env={**os.environ, **(env or {})},
            user=user, group=user, extra_groups=None if user is None else [],
        )  # fmt: skip

    def _path(self, program: str) -> str:
        found = self._program(program)
        if found is None:
            raise DoesNotRun(f"PostgreSQL is installed without its program {program}")
        return found

    @staticmethod
    def _program(name: str) -> str | None:
        """The path of a program. Debian keeps the server's programs outside of PATH, in one folder per version."""
        versions = sorted(
            (path for path in _BINARIES.glob("*/bin") if (path / "postgres").exists()), key=lambda path: float(path.parent.name)
        )
        return str(versions[-1] / name) if versions else shutil.which(name)
