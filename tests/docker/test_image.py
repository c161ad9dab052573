from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import settings
from tests.kit.compose import DOCKER, ROOT

STAGES = re.split(r"^(?=FROM )", (DOCKER / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
IMAGES = {re.findall(r"FROM \S+ AS (\S+)", stage)[0]: stage for stage in STAGES}
SCRIPTS = Path(sysconfig.get_path("scripts"))


def test_the_dockerfile_passes_its_linter() -> None:
    done = subprocess.run([SCRIPTS / "hadolint", DOCKER / "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_last_image_is_the_embedded_mode() -> None:
    assert list(IMAGES)[-1] == "atende"
    for image in ("atende", "servers"):
        assert IMAGES[image].startswith("FROM runtime ")
        assert not re.search(r"^(USER|ENTRYPOINT|CMD|HEALTHCHECK|RUN) ", IMAGES[image], re.MULTILINE)


@pytest.mark.parametrize("image", ["runtime", "asterisk"])
def test_an_image_runs_as_an_unprivileged_user_and_has_a_health_check(image: str) -> None:
    users = re.findall(r"^USER (\S+)", IMAGES[image], re.MULTILINE)
    assert len(users) == 1
    assert all(int(number) > 10_000 for number in users[0].split(":"))
    assert re.search(r"^HEALTHCHECK .*CMD \[", IMAGES[image], re.MULTILINE)
    assert re.search(r"^ENTRYPOINT \[", IMAGES[image], re.MULTILINE)


def test_the_image_serves_and_checks_its_liveness() -> None:
    assert "/healthz" in re.findall(r"^HEALTHCHECK .*", IMAGES["runtime"], re.MULTILINE)[0]
    assert re.findall(r"^CMD .*", IMAGES["runtime"], re.MULTILINE) == ['CMD ["serve"]']


def test_the_image_has_the_pinned_dependencies_and_no_development_tools() -> None:
    installs = re.findall(r"pip --python \S+ install .*", IMAGES["build"])
    assert installs
    assert all("--constraint constraints.txt" in line for line in installs)
    assert "[dev]" not in IMAGES["build"]
    for image in ("runtime", "servers", "atende"):
        assert not re.search(r"\bpip\b", IMAGES[image])
        installed = re.findall(r"apt-get install (?:--\S+ )*(.+) \\$", IMAGES[image], re.MULTILINE)
        assert installed == (['"espeak-ng=1.51*"'] if image == "runtime" else [])


def test_the_image_has_the_program_that_speaks_in_ivrs_without_a_setting() -> None:
    program = settings.read({}).speech.split()[0]
    assert re.search(rf'apt-get install .*"{program}=', IMAGES["runtime"])
    assert "ATENDE_SPEECH" not in IMAGES["runtime"]


IMPORTS = """
import importlib, pkgutil, sys

class LeftOut:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {left_out!r}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, LeftOut())
for package in {packages!r}:
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, package + "."):
        if module.name not in {of_the_engine!r}:
            importlib.import_module(module.name)
"""


def test_distributed_processes_import_nothing_that_their_image_leaves_out() -> None:
    left_out = re.findall(r"uninstall --yes (.*)", IMAGES["build-servers"])[0].split()
    modules = {module for module, whose in packages_distributions().items() if set(whose) & set(left_out)}
    assert {"chdb", "pandas", "pyarrow", "numpy"} <= modules
    packages = ["api", "cli", "commands", "domain", "migrations", "processes", "projections", "store", "streams", "telephony_adapter"]
    code = IMPORTS.format(left_out=modules, packages=packages, of_the_engine={"projections.engine.chdb_warehouse"})
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_image_has_a_supported_python() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for stage in ("build", "runtime"):
        found = re.findall(r"FROM python:(\d+\.\d+)-slim", IMAGES[stage])
        assert f"Programming Language :: Python :: {found[0]}" in wanted["classifiers"]


def test_the_build_context_has_only_the_files_that_are_installed() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = [name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]]
    assert "*" in ignored
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    assert let_in >= {
        *packages,
        "*.py",
        "pyproject.toml",
        "constraints.txt",
        project["project"]["readme"],
        *project["project"]["license-files"],
    }
    assert let_in - {*packages, "*.py"} == {
        "pyproject.toml", "constraints.txt", "README.md", "LICENSE", "docker/atende", "docker/answers", "docker/asterisk", "web"
    }  # fmt: skip


def test_every_copied_file_exists() -> None:
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", (DOCKER / "Dockerfile").read_text(), re.MULTILINE)
    for pattern in (word for line in copied for word in line.split() if word != "."):
        assert list(ROOT.glob(pattern)), pattern


@pytest.mark.parametrize("script", ["atende", "answers", "asterisk/start"])
def test_a_script_of_the_image_can_be_run(script: str) -> None:
    assert os.access(DOCKER / script, os.X_OK)
    with (DOCKER / script).open() as file:
        assert file.readline().startswith("#!")


# The command line in the image


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """The script of the image, which prints the environment of the process instead of starting it."""
    path = tmp_path / "atende"
    path.write_text((DOCKER / "atende").read_text().replace("/opt/atende/bin/atende", shutil.which("env") or "env"))
    path.chmod(0o700)
    return path


def run(script: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([script], env={"PATH": os.environ["PATH"], **env}, capture_output=True, text=True, check=False)


def test_a_secret_is_read_from_a_file(script: Path, tmp_path: Path) -> None:
    secret = tmp_path / "a secret"
    secret.write_text("$(id) \"'s\n")
    done = run(script, ATENDE_MASTER_KEY_FILE=str(secret), ATENDE_MODE="embedded")
    lines = done.stdout.splitlines()
    assert "ATENDE_MASTER_KEY=$(id) \"'s" in lines
    assert "ATENDE_MODE=embedded" in lines
    assert not [line for line in lines if line.startswith("ATENDE_MASTER_KEY_FILE")]


def test_an_unreadable_file_is_an_error_of_one_line(script: Path) -> None:
    done = run(script, ATENDE_MASTER_KEY_FILE="/nowhere")
    assert done.returncode == 2
    assert done.stderr.startswith("ATENDE_MASTER_KEY_FILE: /nowhere cannot be read")
    assert done.stderr.count("\n") == 1


# The health check


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def answers(url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, DOCKER / "answers", url], capture_output=True, text=True, check=False)


def test_a_process_is_alive_if_it_answers_200_and_dead_otherwise(url: str) -> None:
    assert answers(f"{url}/200").returncode == 0
    for dead in (f"{url}/503", "http://127.0.0.1:1/healthz"):
        check = answers(dead)
        assert check.returncode == 1
        assert check.stderr.startswith(dead)
        assert check.stderr.count("\n") == 1


# The start script of Asterisk


@pytest.fixture
def exchange(tmp_path: Path) -> Path:
    """The start script of Asterisk's container, with a stand-in for Asterisk."""
    script = tmp_path / "start"
    script.write_text((DOCKER / "asterisk" / "start").read_text().replace("exec asterisk", "exec echo asterisk"))
    script.chmod(0o700)
    return script


SITE = {"AMI_ADDRESS": "192.0.2.10", "AMI_PERMIT": "192.0.2.0/24", "SIP_ADDRESS": "198.51.100.1"}


def test_the_start_script_writes_the_files_that_asterisk_includes(exchange: Path, tmp_path: Path) -> None:
    done = run(exchange, **SITE, AMI_SECRET="a" * 16, PHONES_SECRET="b" * 16, ASTERISK_RUN=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    included = {
        name
        for file in (DOCKER / "asterisk").glob("*.conf")
        for name in re.findall(r"^#include /run/asterisk/(.+)", file.read_text(), re.MULTILINE)
    }
    written = {path.name: path for path in tmp_path.glob("*.conf")}
    assert set(written) == included
    assert "bindaddr = 192.0.2.10" in written["manager.general.conf"].read_text()
    assert "permit = 192.0.2.0/24" in written["manager.atende.conf"].read_text()
    assert {path.stat().st_mode & 0o777 for path in written.values()} == {0o600}


@pytest.mark.parametrize("secret", ["", "short", "sixteen letters; and more", "two\nlines-of-a-secret"])
def test_asterisk_does_not_start_without_a_good_secret(exchange: Path, tmp_path: Path, secret: str) -> None:
    done = run(exchange, **SITE, AMI_SECRET=secret, PHONES_SECRET="b" * 16, ASTERISK_RUN=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("AMI_SECRET")
    assert not list(tmp_path.glob("*.conf"))


def test_asterisks_configuration_has_no_secret() -> None:
    for file in (DOCKER / "asterisk").glob("*.conf"):
        assert not re.search(r"^\s*(secret|password)\s*=", file.read_text(), re.MULTILINE), file.name
