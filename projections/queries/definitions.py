"""What the figures mean, and the version of these meanings."""

from __future__ import annotations

from domain.access import ANYONE
from domain.errors import NotFound
from projections.figures.definitions import TABLE, VERSION, Definition
from projections.query_bus import CompanyLog, query


@query(ANYONE, CompanyLog)
def definitions(_: CompanyLog, version: str = VERSION) -> tuple[str, tuple[Definition, ...]]:
    """The version, and the definitions, the same for all companies. Raises NotFound for a version that this release does not have."""
    if version != VERSION:
        raise NotFound("definitions-unknown", f"this release has the definitions {VERSION} alone")
    return VERSION, TABLE
