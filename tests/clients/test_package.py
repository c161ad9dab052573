"""The package of the Python client is whole: it is built, installed, and makes a call, without the repository."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.kit.generated_clients import PYTHON, run
from tests.kit.http import PASSWORD
from tests.kit.served import COMPANY, EMAIL, served_center
from tests.kit.servers import missing

WHOLE = {"atende_client/__init__.py", "atende_client/py.typed", "atende_client/v1/__init__.py", "atende_client/v1/models/__init__.py"}
CALL = f"""
import sys
import atende_client
from atende_client.v1.api import queues
from atende_client.v1.models import NewQueue

with atende_client.Atende.log_in(sys.argv[1], {EMAIL!r}, {PASSWORD!r}, {COMPANY!r}) as atende:
    done = queues.register_queue(atende, body=NewQueue(name="vendas"))
    print(atende_client.__file__, *(queue.name for queue in atende_client.every(queues.list_queues, atende, at_least=done.position)))
"""
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> tuple[Path, Path]:
    """The source distribution, and the wheel that is built from it."""
    directory = tmp_path_factory.mktemp("package")
    builder = directory / "builder"
    needed = tomllib.loads((PYTHON / "pyproject.toml").read_text())["build-system"]["requires"]
    got = subprocess.run([*PIP, "install", "--target", builder, *needed], capture_output=True, text=True, check=False)
    if got.returncode:
        missing(f"what builds the package cannot be installed: {got.stderr}")

    def build(kind: str, sources: Path) -> Path:
        made = directory / kind
        build = f"from setuptools import build_meta; build_meta.build_{kind}({str(made)!r})"
        run([sys.executable, "-c", build], {"PYTHONPATH": str(builder)}, sources)
        (package,) = made.iterdir()
        return package

    sources = shutil.copytree(PYTHON, directory / "sources", ignore=shutil.ignore_patterns("build", "__pycache__", "*.egg-info"))
    source = build("sdist", sources)
    with tarfile.open(source) as packed:
        packed.extractall(directory / "unpacked", filter="data")
    (unpacked,) = (directory / "unpacked").iterdir()
    return source, build("wheel", unpacked)


def test_both_packages_have_the_licence_the_types_and_the_generated_part(packages):
    source, wheel = packages
    with tarfile.open(source) as packed:
        in_source = {name.partition("/")[2] for name in packed.getnames()}
    in_wheel = set(zipfile.ZipFile(wheel).namelist())
    assert {*WHOLE, "LICENSE", "README.md", "pyproject.toml"} <= in_source
    assert in_wheel >= WHOLE
    assert [name for name in in_wheel if name.endswith("/LICENSE")]
    assert {name for name in in_wheel if name.endswith(".py")} == {
        str(path.relative_to(PYTHON)) for path in (PYTHON / "atende_client").rglob("*.py")
    }


def test_the_installed_package_makes_a_call(packages, tmp_path):
    installed = tmp_path / "installed"
    run([*PIP, "install", "--no-index", "--no-deps", "--target", str(installed), str(packages[1])], {}, tmp_path)
    with served_center(tmp_path / "data") as served:
        said = run([sys.executable, "-c", CALL, served.address], {"PYTHONPATH": str(installed)}, tmp_path)
    assert said.split() == [str(installed / "atende_client" / "__init__.py"), "vendas"]
