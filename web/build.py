"""`make web`: generate the types of the API, check and build the console into `api/console_files`, from where `atende serve` serves it.

Nothing is done while document and sources are those of the last time. Run it from anywhere; several runs wait for each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from pathlib import Path

from api.app import described
from services.node import install_locked, run_node

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent / "api" / "console_files"
STAMP = HERE / ".built"
DOCUMENT = HERE / "openapi.json"


def main() -> None:
    """Build the console, unless it is current."""
    with (HERE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        document = json.dumps(described().openapi())
        wanted = _fingerprint(document)
        if STAMP.exists() and STAMP.read_text() == wanted and (BUILT / "index.html").exists():
            return
        STAMP.unlink(missing_ok=True)
        install_locked(HERE)
        DOCUMENT.write_text(document)
        run_node(["npm", "run", "schema"], HERE)
        run_node(["npm", "run", "build"], HERE)
        STAMP.write_text(wanted)


def _fingerprint(document: str) -> str:
    """Changes with everything that the built files depend on."""
    digest = hashlib.sha256(document.encode())
    generated = {"schema.d.ts", "routeTree.gen.ts"}
    sources = [Path(__file__), HERE / "index.html", *HERE.glob("*.json"), *HERE.glob("*.ts"), *(HERE / "public").iterdir()]
    sources += [path for path in (HERE / "src").rglob("*") if path.is_file() and path.name not in generated and ".test." not in path.name]
    for source in sorted(source for source in sources if source != DOCUMENT):
        digest.update(str(source.relative_to(HERE)).encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
