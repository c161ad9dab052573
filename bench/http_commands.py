"""Commands over HTTP to the whole server with its projections, beside the same endpoint with a command bus that does nothing."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from bench.http_clients import Answers, post
from bench.measure import compared, in_turns, spread

CLIENTS = 32
REQUESTS = 6_000
QUICK_REQUESTS = 1_500


@contextmanager
def server(kind: str, directory: Path, profile: Path | None = None) -> Iterator[tuple[str, str]]:
    """Run `bench.http_server` in its own process. Returns its address and token."""
    profiling = ["-m", "cProfile", "-o", str(profile)] if profile is not None else []
    process = subprocess.Popen(
        [sys.executable, *profiling, "-m", "bench.http_server", kind, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        started = json.loads(process.stdout.readline())
        yield f"http://127.0.0.1:{started['port']}/v1/interactions", started["token"]
        process.stdin.close()
        process.wait()


def commands_over_http(quick: bool) -> dict[str, Any]:
    """Requests a second of 32 clients that start calls over HTTP, each one request after the other on its own connection."""
    requests = QUICK_REQUESTS if quick else REQUESTS
    names = itertools.count()
    with TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        sides = {kind: stack.enter_context(server(kind, Path(name, kind))) for kind in ("ours", "idle", "bare")}
        taken: dict[str, list[Answers]] = {kind: [] for kind in sides}

        def ask(kind: str) -> float:
            url, token = sides[kind]
            answers = post(url, _calls(names, requests), token=token, clients=CLIENTS, status=201)
            if answers.unexpected:
                raise RuntimeError(f"{kind} answered {set(answers.unexpected)}")
            taken[kind].append(answers)
            return answers.a_second

        for kind in sides:
            ask(kind)
            taken[kind].clear()
        ours, idle, bare = in_turns(3 if quick else 5, lambda: ask("ours"), lambda: ask("idle"), lambda: ask("bare"))
    figure = compared("requests/s", ours, idle, aim=0.5)
    figure["ratio_to_a_bare_endpoint"] = spread([mine / other for mine, other in zip(ours, bare, strict=True)])
    milliseconds = {kind: [1000 * answers.percentile(0.99) for answers in some] for kind, some in taken.items()}
    figure["p50_ms"] = spread([1000 * median(answers.seconds) for answers in taken["ours"]])
    figure["p99_ms"] = compared("ms", milliseconds["ours"], milliseconds["idle"], aim=1.5, more_is_better=False)
    return figure


def _calls(names: Iterator[int], count: int) -> Iterator[bytes]:
    return (b'{"call": "bench.%d", "to_number": "4000"}' % name for name in itertools.islice(names, count))
