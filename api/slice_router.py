"""The router of one slice of the API."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope


class SliceRouter(APIRouter):
    """Routes below one prefix. A request for another path is passed on at once, however many routes the slice has.

    The framework compares a request with every route of every slice until one matches: a third of the work of a short command.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Compare a request with the routes, if its path begins with the prefix."""
        return super().matches(scope) if scope["path"].startswith(self.prefix) else (Match.NONE, {})
