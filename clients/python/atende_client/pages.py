"""All items of a list, page after page."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import attrs
import httpx

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Page(Protocol[T_co]):
    """A page of a list: its items, and the cursor of the next page."""

    @property
    def items(self) -> Sequence[T_co]:
        """The items."""

    @property
    def next_(self) -> Any:
        """The cursor of the next page; None on the last one."""


def every(
    operation: Callable[Concatenate[httpx.Client, P], Page[T]], connection: httpx.Client, *args: P.args, **filters: P.kwargs
) -> Iterator[T]:
    """All items of the list that `operation` returns, asked for page by page as they are used.

    All pages show the list as it was for the first one.
    """
    page = operation(connection, *args, **filters)
    yield from page.items
    following: Callable[..., Page[T]] = operation
    in_body = "cursor" not in inspect.signature(operation).parameters
    while page.next_:
        page = following(connection, *args, **_after(page.next_, filters, in_body=in_body))
        yield from page.items


def _after(cursor: str, filters: Mapping[str, Any], *, in_body: bool) -> dict[str, Any]:
    """The filters of a list for its page at `cursor`. in_body: the list takes them in the body."""
    return {**filters, "body": attrs.evolve(filters["body"], cursor=cursor)} if in_body else {**filters, "cursor": cursor}
