"""The board in a real browser: how many nodes it has, what a batch of changes costs the page, and whether it grows."""

from __future__ import annotations

import json
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import httpx
from playwright.sync_api import Page, sync_playwright

from bench.http_commands import server
from bench.measure import absolute
from bench.watch import AGENTS, EMAIL, PASSWORD, agent_name, set_up
from bootstrap import Embedded
from services.chromium import FLAGS, chromium
from settings import Settings

EVENTS_A_SECOND = 40
SECONDS, QUICK_SECONDS = 60, 15
_USABLE_S = 60_000
_PLAYED_S = 20

# React draws what a message changes in microtasks that are queued while it is handled: ours comes after them.
# Several listeners of the page hear each message: a batch is what all of them do with it.
_TIMED = """
window.batches = [];
const batchOf = new WeakMap();
const listen = MessagePort.prototype.addEventListener;
MessagePort.prototype.addEventListener = function (type, listener, ...more) {
    return listen.call(this, type, (event) => {
        const began = performance.now();
        listener(event);
        if (!event.data?.live?.change) return;
        performance.mark("batch");
        if (!batchOf.has(event)) batchOf.set(event, window.batches.push(0) - 1);
        const at = batchOf.get(event);
        queueMicrotask(() => queueMicrotask(() => { window.batches[at] += performance.now() - began; }));
    }, ...more);
};
window.loops = [];
setInterval(() => {
    const began = performance.now();
    for (let left = 280_000, x = 1; left; left -= 1) x = (x * 16807) % 2147483647;
    window.loops.push(performance.now() - began);
}, 487);
"""
"""Beside the batches a loop of always the same work is timed: by how much its times differ, others of the machine have interrupted it."""

_TRACED = ["toplevel", "blink.user_timing"]
_TASK = "ThreadControllerImpl::RunTask"


def board_in_browser(quick: bool) -> dict[str, Any]:
    """The board of 3,000 agents and 400 queues in Chromium: milliseconds of the page's own work for each batch of changes (by the clock, and of the processor), nodes, seconds until it is usable."""
    with TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name, "center")
        center = Embedded(directory, Settings())
        set_up(center)
        center.cover(center.store.head(), lambda *_: None)
        center.close()
        with server("ours", directory) as (url, token), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, "--enable-precise-memory-info"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.add_init_script(_TIMED)
            try:
                return _measured(page, url.removesuffix("/v1/interactions"), token, QUICK_SECONDS if quick else SECONDS)
            finally:
                browser.close()


def _measured(page: Page, address: str, token: str, seconds: float) -> dict[str, Any]:
    page.goto(f"{address}/entrar?voltar=/agentes")
    page.get_by_label("E-mail", exact=True).fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Entrar", exact=True).click()
    began = monotonic()
    page.locator("[data-agent]").first.wait_for(timeout=_USABLE_S)
    usable = monotonic() - began
    ended = Event()
    traffic = Thread(target=_traffic, args=(address, token, ended))
    traffic.start()
    heap = [_heap(page)]
    nodes = []
    browser = page.context.browser
    assert browser
    browser.start_tracing(page=page, categories=_TRACED)
    until = monotonic() + seconds
    while monotonic() < until:
        page.wait_for_timeout(1_000)
        nodes.append(page.evaluate("document.querySelectorAll('*').length"))
    worked = _processor_ms(browser.stop_tracing())
    ended.set()
    traffic.join()
    heap.append(_heap(page))
    batches, loops = (page.evaluate(f"window.{name}") for name in ("batches", "loops"))
    frames = _frames_a_second(page, address)
    cuts, own, raw = quantiles(batches, n=100), quantiles(worked, n=100), quantiles(loops, n=100)
    return {
        "usable_s": absolute("s", [usable], aim=2, more_is_better=False),
        "nodes": absolute("nodes", [max(nodes)], aim=2_500, more_is_better=False),
        "batch_p50_ms": cuts[49],
        "batch_p95_ms": absolute("ms", [cuts[94]], aim=8, more_is_better=False),
        "batch_longest_ms": absolute("ms", [max(batches)], aim=16, more_is_better=False),
        "batch_processor_p50_ms": own[49],
        "batch_processor_p95_ms": absolute("ms", [own[94]], aim=8, more_is_better=False),
        "batch_processor_longest_ms": absolute("ms", [max(worked)], aim=16, more_is_better=False),
        "batches": len(batches),
        "raw_loop_ms": {"p50": raw[49], "p95": raw[94], "longest": max(loops)},
        "heap_growth_mb": heap[1] - heap[0],
        "played_frames_a_second": absolute("frames/s", [frames], aim=1),
    }


def _processor_ms(trace: bytes) -> list[float]:
    """What each batch took of the processor: the browser's whole task in which it was handled, without the time in which others had the processor."""
    events = json.loads(trace)["traceEvents"]
    marks = [(one["pid"], one["tid"], one["ts"]) for one in events if one["name"] == "batch"]
    threads = {mark[:2] for mark in marks}
    tasks = sorted(
        (one["pid"], one["tid"], one["ts"], one["dur"], one["tdur"])
        for one in events
        if one["name"] == _TASK and "tdur" in one and (one["pid"], one["tid"]) in threads
    )
    found = {tasks[bisect_right(tasks, mark) - 1] for mark in marks if bisect_right(tasks, mark)}
    return [processor / 1_000 for *_, processor in found]


def _frames_a_second(page: Page, address: str) -> float:
    """How many moments a second are shown while the past is played sixty times as fast; a moment is left only when its answer was shown."""
    began = (datetime.now(UTC) - timedelta(minutes=45)).replace(microsecond=0)
    page.goto(f"{address}/agentes?{urlencode({'em': began.isoformat()})}")
    page.locator("[data-agent]").first.wait_for(timeout=_USABLE_S)
    page.keyboard.press("3")
    shown = "em => new URL(location).searchParams.get('em') !== em"
    page.wait_for_function(shown, arg=began.isoformat(), timeout=_USABLE_S)
    seen, until, start = set(), monotonic() + _PLAYED_S, monotonic()
    while monotonic() < until:
        page.wait_for_timeout(100)
        seen.add(page.evaluate("new URL(location).searchParams.get('em')"))
    return len(seen) / (monotonic() - start)


def _heap(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.detach()
    return float(page.evaluate("performance.memory.usedJSHeapSize")) / 1e6


def _traffic(address: str, token: str, ended: Event) -> None:
    """Agents pause and resume, one after the other, until the end."""
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        number = 0
        while not ended.wait(1 / EVENTS_A_SECOND):
            again, agent = divmod(number, AGENTS)
            verb, reason = ("pause", {"reason": "Almoço"}) if again % 2 == 0 else ("resume", {})
            client.post(f"/v1/agents/{verb}", json={"agent": agent_name(agent), **reason}).raise_for_status()
            number += 1
