"""`openapi`: the OpenAPI document of the HTTP API, without a server."""

from __future__ import annotations

import json

from api.app import described
from cli.console import Console


def write_openapi(console: Console) -> None:
    """Write the document as JSON, as a server returns it at /openapi.json."""
    console.out(json.dumps(described().openapi(), ensure_ascii=False, indent=2) + "\n")
