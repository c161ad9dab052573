"""`make clients`: generate the typed parts of the clients in Python and TypeScript from the OpenAPI document, and compile the latter.

Nothing is done while document, templates, sources and versions are those of the last time. Run it from anywhere; several runs wait for each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from api.app import described
from api.versions import VERSION_HEADER
from services.node import install_locked, run_node

HERE = Path(__file__).resolve().parent
PYTHON = HERE / "python" / "atende_client"
TYPESCRIPT = HERE / "typescript"
STAMP = HERE / ".generated"
STREAMS = ("follow_live_events", "watch_answers")
"""The operations that the generators cannot express, answers without end. Each client has them by hand."""

CSV = "text/csv"
CSV_PATH = "#csv"
"""How the path of an operation ends in the document for the generator in Python, where it is asked for its CSV: a function of its own, of its own type."""


def main() -> None:
    """Generate what is not current."""
    with (HERE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        document = described().openapi()
        wanted = _fingerprint(document)
        if STAMP.exists() and STAMP.read_text() == wanted:
            return
        STAMP.unlink(missing_ok=True)
        with TemporaryDirectory() as directory:
            _generate_python(document, Path(directory))
            _generate_typescript(document, Path(directory))
        STAMP.write_text(wanted)


def _fingerprint(document: dict[str, Any]) -> str:
    """Changes with everything that the generated parts depend on."""
    digest = hashlib.sha256(json.dumps(document).encode())
    digest.update(version("openapi-python-client").encode())
    sources = [Path(__file__), *(HERE / "templates").iterdir(), *TYPESCRIPT.glob("*.json"), *(TYPESCRIPT / "src").glob("*.ts")]
    for source in sorted(source for source in sources if source.name != "schema.ts"):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _generate_python(document: dict[str, Any], directory: Path) -> None:
    path, made = directory / "successes.json", directory / "v1"
    path.write_text(json.dumps(_with_csv_apart(_successes(document))))
    generator = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"]
    config = directory / "config.yml"
    config.write_text("post_hooks: []\ncontent_type_overrides:\n  audio/wav: application/octet-stream\n")
    _run([*generator, "--config", config, "--path", path, "--custom-template-path", HERE / "templates", "--output-path", made], directory)
    # The generator's own layout is no valid Python to a strict compiler.
    _run([sys.executable, "-m", "ruff", "format", "--quiet", "--isolated", made], directory)
    # The connection and its errors are written by hand.
    for name in ("client.py", "errors.py"):
        (made / name).unlink()
    (made / "__init__.py").write_text('"""The operations and types of the API, generated from its OpenAPI document."""\n')
    shutil.rmtree(PYTHON / "v1", ignore_errors=True)
    shutil.copytree(made, PYTHON / "v1", ignore=shutil.ignore_patterns("__pycache__"))


def _successes(document: dict[str, Any]) -> dict[str, Any]:
    """The document with successful answers only, because the connection raises the others, and without the header that the connection sends."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    for path, operations in list(copy["paths"].items()):
        for method, operation in list(operations.items()):
            if operation["operationId"] in STREAMS:
                del operations[method]
            operation["parameters"] = [parameter for parameter in operation["parameters"] if parameter["name"] != VERSION_HEADER]
            operation["responses"] = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
        if not operations:
            del copy["paths"][path]
    return copy


def _with_csv_apart(document: dict[str, Any]) -> dict[str, Any]:
    """The document with two operations in the place of each that answers JSON or CSV. No function then has two types of answers, and none takes a format."""
    apart: dict[str, Any] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            contents = [answer.get("content", {}) for answer in operation["responses"].values()]
            if not any(CSV in content for content in contents):
                continue
            operation["parameters"] = [parameter for parameter in operation["parameters"] if parameter["name"] != "format"]
            whole = [parameter for parameter in operation["parameters"] if parameter["name"] not in ("limit", "cursor", "count")]
            of_csv = {**operation, "operationId": f"{operation['operationId']}_csv", "parameters": whole}
            of_csv["responses"] = {
                status: {**answer, "content": {CSV: answer["content"].pop(CSV)}}
                for status, answer in operation["responses"].items()
                if CSV in answer.get("content", {})
            }
            apart[path + CSV_PATH] = {method: of_csv}
    document["paths"] |= apart
    return document


def _generate_typescript(document: dict[str, Any], directory: Path) -> None:
    path = directory / "openapi.json"
    path.write_text(json.dumps(document))
    install_locked(TYPESCRIPT)
    # A field that has a default may be left out of a body.
    run_node(["openapi-typescript", str(path), "--default-non-nullable", "false", "--output", "src/schema.ts"], TYPESCRIPT)
    shutil.rmtree(TYPESCRIPT / "dist", ignore_errors=True)
    run_node(["tsc"], TYPESCRIPT)


def _run(words: list[str | Path], directory: Path) -> None:
    done = subprocess.run(words, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
