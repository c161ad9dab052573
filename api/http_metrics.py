"""Counts and latencies for Prometheus, in a raw ASGI layer that costs little.

Routes are labelled by their template, never by the requested path, so that no id becomes a label.
"""

from __future__ import annotations

import asyncio
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.request_ids import GONE, route_of

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Instruments:
    """The metrics of one app, in its own registry, so that two apps of one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("atende_http_requests", "HTTP requests answered", ["method", "route", "status"], registry=self.registry)
        self.latency = Histogram(
            "atende_http_request_seconds", "From request to last byte", ["method", "route"], buckets=_BUCKETS, registry=self.registry
        )
        self.commands = Counter(
            "atende_commands", "Commands by name and outcome (done, or the kind of refusal)", ["command", "outcome"], registry=self.registry
        )
        self.command_latency = Histogram(
            "atende_command_seconds",
            "From the call of the command bus to the saved events",
            ["command"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.queries = Histogram(
            "atende_query_seconds", "A named query, without the waiting for a position", ["query"], buckets=_BUCKETS, registry=self.registry
        )
        self.store_reachable = Gauge("atende_store_reachable", "1 if the store answers, 0 if it is away", registry=self.registry)
        self.log_position = Gauge("atende_log_position", "Position of the last event of the log", registry=self.registry)
        self.covered = Gauge("atende_projection_position", "Position of the log that the projections cover", registry=self.registry)
        self.lag = Gauge("atende_projection_lag_events", "Events that the projections do not cover yet", registry=self.registry)
        self.clock_behind = Gauge(
            "atende_clock_behind_log_seconds",
            "How far the clock of this machine is behind the last event of the log",
            registry=self.registry,
        )
        # Looking up a child by its labels takes longer than counting, so those in use are cached.
        self._requests: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._commands: dict[tuple[str, str], tuple[Counter, Histogram]] = {}
        self.listeners = Gauge("atende_live_listeners", "Clients of the live stream", registry=self.registry)
        self.live_lag = Gauge(
            "atende_live_lag_events", "Events that the live stream has not read yet, while somebody listens", registry=self.registry
        )
        self.live_restarts = Counter(
            "atende_live_restarts",
            "Times that the follower of the live stream failed and was started again",
            ["cause"],
            registry=self.registry,
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        children = self._requests.get((method, route, status))
        if children is None:
            children = self.requests.labels(method, route, str(status)), self.latency.labels(method, route)
            self._requests[method, route, status] = children
        children[0].inc()
        children[1].observe(seconds)

    def command(self, name: str, outcome: str, seconds: float) -> None:
        """Count a command that was executed or refused."""
        children = self._commands.get((name, outcome))
        if children is None:
            children = self._commands[name, outcome] = self.commands.labels(name, outcome), self.command_latency.labels(name)
        children[0].inc()
        children[1].observe(seconds)

    def query(self, name: str, seconds: float) -> None:
        """Record the duration of a query."""
        self.queries.labels(name).observe(seconds)

    def exposition(self, head: int, covered: int, *, reachable: bool) -> bytes:
        """The text that Prometheus scrapes. head, covered: log positions; reachable: whether the store answers."""
        self.store_reachable.set(reachable)
        self.log_position.set(head)
        self.covered.set(covered)
        self.lag.set(max(0, head - covered))
        return generate_latest(self.registry)


class ObservedASGI:
    """Counts and times every HTTP request of `app`."""

    def __init__(self, app: ASGIApp, instruments: Instruments) -> None:
        self._app = app
        self._instruments = instruments

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; count and time it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began = perf_counter()

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, observed)
        except asyncio.CancelledError:
            status = GONE
            raise
        finally:
            route = route_of(scope)
            method = scope["method"] if scope["method"] in _METHODS else "(other)"
            self._instruments.request(method, route, status, perf_counter() - began)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
