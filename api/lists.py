"""Lists by page. All pages of a list are of the same log position."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Generic, TypeVar

from msgspec.structs import asdict
from pydantic import Field

from api.access import RequestContext
from api.field_types import Shape
from api.figure_parameters import OfPast, Parameters, Past, past_of
from api.paging import CURSOR, digest_of
from projections.queries.registers import Registered, page

T = TypeVar("T")
R = TypeVar("R", bound=Registered)
S = TypeVar("S", bound=Shape)

Key = tuple[int | str, ...]


class PageParameters(Parameters):
    """Parameters that select a page."""

    limit: Annotated[int, Field(ge=1, le=1_000, description="number of rows of a page")] = 100
    cursor: Annotated[
        str | None,
        Field(
            max_length=1_000,
            pattern=CURSOR,
            description="`next` of the page before, or `previous` of the page after where a list has it",
            examples=["Zm9vYmFy…"],
        ),
    ] = None

    NO_FILTERS: ClassVar[frozenset[str]] = frozenset({"cursor", "limit", "at_least", "format"})
    """Parameters that change neither which rows the list has nor their order."""

    def filters(self) -> dict[str, object]:
        """The parameters that decide which rows the list has, and in which order. A cursor is valid only with the same ones, in whatever order they are named."""
        named = self.model_dump(exclude=set(self.NO_FILTERS))
        return {name: sorted(set(value)) if isinstance(value, tuple) else value for name, value in named.items()}


class Paged(OfPast, PageParameters):
    """Parameters that select a page and a past state."""


class Page(Shape, Generic[T]):
    """A page of a list."""

    items: list[T]
    next: Annotated[str | None, Field(description="cursor of the next page; null on the last one", examples=["Zm9vYmFy…"])]
    as_of: Annotated[int, Field(description="position of the log that the list covers, the same for all its pages", examples=[1204])]


@dataclass(frozen=True)
class Part(Generic[T]):
    """Rows of a page, with the cursor of the next page and the log position that they cover."""

    rows: Sequence[T]
    next: str | None
    as_of: int


@dataclass(frozen=True)
class Listing(Generic[T]):
    """A list in the order of its rows' keys. start: a key before all rows. fetch: returns at most `limit` rows after a key, and the position that they cover."""

    name: str
    start: Key
    fetch: Callable[[Past, Key, int], Awaitable[tuple[list[T], int]]]
    key: Callable[[T], Key]


async def part_of(context: RequestContext, params: Paged, listing: Listing[T]) -> Part[T]:
    """The page that the request selects."""
    digest = digest_of(listing.name, context.tenant, params.filters())
    after, pinned = listing.start, None
    if params.cursor is not None:
        cursor = context.application.cursors.read(params.cursor, digest)
        after, pinned = cursor.after, cursor.as_of
    # One row more than a page shows whether there is a next one.
    past = await past_of(context, params, pinned)
    found, position = await listing.fetch(past, after, params.limit + 1)
    rows = found[: params.limit]
    following = context.application.cursors.write(digest, position, listing.key(rows[-1])) if len(found) > params.limit else None
    return Part(rows, following, position)


async def registered(context: RequestContext, params: Paged, kind: type[R], shape: type[S]) -> Page[S]:
    """A page of the queues, agents or IVRs of the company, ordered by name."""

    async def fetch(past: Past, after: Key, limit: int) -> tuple[list[R], int]:
        return await context.ask(page, kind, (str(after[0]), str(after[1])), limit, as_of=past.as_of, moment_ms=past.moment_ms)

    part = await part_of(context, params, Listing(kind.__name__, ("", ""), fetch, lambda row: (row.name, str(row.id))))
    items = [shape.model_validate(asdict(row)) for row in part.rows]
    return Page(items=items, next=part.next, as_of=part.as_of)
