"""What was imported through the API, and whether the company has any call yet."""

from __future__ import annotations

from uuid import UUID

from domain.access import ANYONE, OBSERVE
from domain.errors import NotFound
from projections.query_bus import CompanyLog, query
from store import imports as kept
from store.imports import KeptImport, RefusedLine


@query(OBSERVE, CompanyLog)
def imports(log: CompanyLog) -> list[KeptImport]:
    """The company's imports, the newest first."""
    log.scope.must_be_whole()
    return kept.all_of(log.store.recorder.db, log.tenant)


@query(OBSERVE, CompanyLog)
def one_import(log: CompanyLog, id: UUID) -> KeptImport:
    """One import. Raises NotFound."""
    log.scope.must_be_whole()
    found = kept.one_of(log.store.recorder.db, log.tenant, id)
    if found is None:
        raise NotFound("import-unknown", "no such import")
    return found


@query(OBSERVE, CompanyLog)
def refused_lines(log: CompanyLog, id: UUID) -> tuple[RefusedLine, ...]:
    """The lines that an import did not take in. Raises NotFound."""
    return kept.refused_of(log.store.recorder.db, one_import(log, id).content.id)


@query(ANYONE, CompanyLog, on_screens=True)
def is_empty(log: CompanyLog) -> bool:
    """Whether the company has no call yet, of any source."""
    return not log.store.protocols.any_given(log.tenant)
