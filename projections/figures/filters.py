"""The filters of a question by name and by id, and the names by which rows know what they mean.

A name means whoever bears it now, with all that was done under former names: a queue keeps each name that it has had. Agents and IVRs have
one name for ever. Each name gives an id (`domain.ids`), so names are compared by their ids here and nowhere else, and figures compare the
names of the resolved question exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

import msgspec

from domain.errors import NotFound
from domain.ids import agent_id, ivr_id, queue_id
from domain.refusals import UNKNOWN
from projections.engine.belonging import EVER
from projections.engine.temporal_view import TemporalView
from projections.figures.question import Question, Queues

NOBODY = "\n"
"""A name that nothing has, because a name is one line: a filter that leaves nothing is not one that leaves everything."""

_NAMES = "SELECT DISTINCT {column} AS name FROM {rows}"


@dataclass(frozen=True)
class UnknownNames:
    """The names of a question's filters that are neither in the settings nor in the past of the company: nothing is found by them."""

    queues: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    ivrs: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each."""
        kinds = (("queue", self.queues), ("agent", self.agents), ("IVR", self.ivrs))
        return tuple(f"no {kind} {name}" for kind, names in kinds for name in names)


NOBODY_UNKNOWN = UnknownNames()


def resolved(view: TemporalView, question: Question, queues: Queues) -> tuple[Question, UnknownNames]:
    """The question with the names of its filters as rows have them, whatever their spelling, and those names that nobody has.

    Raises NotFound for an id that nothing has, or nothing that the caller may see.
    """
    known = replace(view, moment_ms=None, during=EVER)
    of_queues = _Named(
        known, "queue", queue_id, (("visits", "queue"), ("attempts", "queue")), tuple(queues.spelt(question.names)), queues.same
    )
    of_agents = _Named(known, "agent", agent_id, (("agents", "name"), ("visits", "agent"), ("attempts", "agent")))
    of_ivrs = _Named(known, "ivr", ivr_id, (("ivrs", "spelling"), ("ivr_calls", "ivr")))
    names, no_queues = of_queues.left(question.queues, question.queue_ids, question.except_queues, question.except_queue_ids)
    agents, no_agents = of_agents.left(question.agents, question.agent_ids, question.except_agents, question.except_agent_ids)
    ivrs, no_ivrs = of_ivrs.left(question.ivrs, question.ivr_ids)
    return replace(question, queues=names, agents=agents, ivrs=ivrs), UnknownNames(no_queues, no_agents, no_ivrs)


class _Name(msgspec.Struct):
    name: str


def _itself(id: UUID) -> frozenset[UUID]:
    return frozenset({id})


@dataclass(frozen=True)
class _Named:
    """Things that filters name. id_of: the id that a name gives in a company. columns: where rows name them, as (table, column).

    known: names as rows have them that are known without reading those. same: every id that stands for the same thing as one.
    """

    view: TemporalView
    kind: str
    id_of: Callable[[UUID, str], UUID]
    columns: tuple[tuple[str, str], ...]
    known: tuple[str, ...] = ()
    same: Callable[[UUID], frozenset[UUID]] = _itself

    def left(
        self, names: tuple[str, ...], ids: tuple[UUID, ...], except_names: tuple[str, ...] = (), except_ids: tuple[UUID, ...] = ()
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names that the filters leave, as rows have them (none: they leave everything), and those of the filters that nobody has."""
        if not (names or ids or except_names or except_ids):
            return (), ()
        tenant = self.view.tenant
        wanted = self._all_of([*(self.id_of(tenant, name) for name in names), *ids])
        gone = self._all_of([*(self.id_of(tenant, name) for name in except_names), *except_ids])
        spelt = self._spelt(wanted | gone)
        self._must_be_known(f"{self.kind}_id", ids, spelt)
        self._must_be_known(f"except_{self.kind}_id", except_ids, spelt)
        missing = tuple(name for name in (*names, *except_names) if spelt.keys().isdisjoint(self.same(self.id_of(tenant, name))))
        if names or ids:
            chosen = [
                *(name for id, own in spelt.items() if id in wanted - gone for name in own),
                *(name for name in missing if name in names),
            ]
        else:
            chosen = [name for some in self._named() for name in some if name and self.id_of(tenant, name) not in gone]
        return tuple(dict.fromkeys(chosen)) or (NOBODY,), missing

    def _all_of(self, ids: Collection[UUID]) -> frozenset[UUID]:
        return frozenset[UUID]().union(*map(self.same, ids))

    def _must_be_known(self, field: str, ids: Collection[UUID], spelt: Collection[UUID]) -> None:
        unknown = [id for id in ids if id not in spelt and self.same(id).isdisjoint(spelt)]
        if unknown:
            what = f"no {self.kind} has the id {', '.join(map(str, unknown))}"
            raise NotFound(UNKNOWN[self.kind], what, {field: what})

    def _named(self) -> Iterator[Collection[str]]:
        """The known names, then those of each column, which is read when it is wanted."""
        yield self.known
        for table, column in self.columns:
            yield [row.name for row in self.view.ask(_Name, _NAMES.format(rows=self.view.rows_of(table), column=column))]

    def _spelt(self, ids: frozenset[UUID]) -> dict[UUID, list[str]]:
        """The things of these ids that there are, each as it is spelt where it is found first: among the known names, or in a column."""
        found: dict[UUID, list[str]] = {}
        for names in self._named():
            here: dict[UUID, list[str]] = {}
            for name in names:
                id = self.id_of(self.view.tenant, name)
                if id in ids and id not in found:
                    here.setdefault(id, []).append(name)
            found |= here
            if len(found) == len(ids):
                break
        return found
