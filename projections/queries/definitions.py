"""What the figures mean, and the version of these meanings."""

from __future__ import annotations

from domain.access import ANYONE
from projections.figures.definitions import DEFINITIONS, VERSION
from projections.query_bus import CompanyLog, query


@query(ANYONE, CompanyLog)
def definitions(_: CompanyLog) -> tuple[str, dict[str, str]]:
    """The version, and the meaning of each figure by its name. They are the same for all companies."""
    return VERSION, DEFINITIONS
