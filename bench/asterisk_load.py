"""A busy day on a real Asterisk that is followed and drives recordings: what is lost, what is late, what grows.

Callers and agents are Local channels of the PBX: they queue, ring, talk and are recorded as calls by SIP are, and AMI says the same of them, without
the cost of a second Asterisk that plays a thousand telephones on the same cores.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any
from uuid import UUID, uuid4

from bench.measure import absolute
from bootstrap import Embedded
from cli.asterisk import following
from cli.company import asker, caller, known_or_new
from commands.queues import RegisterQueue
from domain.ids import interaction_id, recording_id
from domain.recordings import Recording
from projections.engine.tables import source
from projections.figures.question import Question
from projections.queries import reports
from projections.queries.monitoring import monitor
from settings import Settings
from store.event_store import project
from telephony_adapter.ami.adapter import Adapter
from tests.kit import asterisk
from tests.kit.asterisk import Lab
from tests.kit.waiting import within

CALLS_A_SECOND = 20
SECONDS, QUICK_SECONDS = 180, 20
TALK_S, AGENTS = 2, 80
IN_PROGRESS, QUICK_IN_PROGRESS = 500, 200
EVENTS_A_SECOND = 300
TALKING, RECORDED_S = 40, 20
AIM_S = 0.5
"""From an event's arrival until a board that is asked anew shows it, for 99 of 100."""
GROWS_MB = 60.0
"""What the process may grow by a minute: the rows' caches fill, and the log's chDB merges in its memory."""
_LOOKS_S = 0.02
_ENDS_WITHIN_S = 120.0
_SETTLES_S = 30.0
_QUEUE = "vendas"
_OF_THE_DRIVER = ("AgentComplete", "AgentConnect", "QueueCallerJoin")
"""What the measuring connection needs: reading everything twice in one process would measure itself."""
_WHOLE_S = 1.5
"""So much shorter than the talk may a recording be: MixMonitor begins with the bridge."""


class Center:
    """A center in one process that follows the Asterisk, as `atende serve` does."""

    def __init__(self, stack: ExitStack, lab: Lab, **options: Any) -> None:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="atende-bench-")))
        self.lab = lab
        lab.pbx.only(_OF_THE_DRIVER)
        self.center = stack.enter_context(closing(Embedded(folder, Settings())))
        self.center.covered()
        self.center.processes.start()
        self.company = known_or_new(self.center, uuid4().hex)
        self.options = options

    def follow(self, stack: ExitStack) -> Adapter:
        """Follow it; returns the adapter when it is connected."""
        settings = Settings(asterisks=(self.lab.setting(company=self.company.name, **self.options),))
        (adapter,) = stack.enter_context(following(self.center, settings))
        within(lambda: adapter.figures.connected, 30)
        return adapter

    def visits(self) -> int:
        """How many visits the rows have now."""
        sql = f"SELECT count() AS visits FROM {source('visits')} WHERE tenant = {{tenant:UUID}}"
        return int(self.center.warehouse.query(sql, self.company.id)[0]["visits"])

    def board(self) -> dict[str, Any]:
        """What a live board is answered now."""
        found: dict[str, Any] = self.center.queries.ask(monitor, asker(self.company), Question())
        return found

    def queues(self) -> dict[str, dict[str, int]]:
        """The counts of each queue that the queue_log has too."""
        self.center.cover(self.center.store.end(), lambda _done, _total: None)
        rows = self.center.queries.ask(reports.queues, asker(self.company), Question(by="queue")).rows
        return {row["queue"]: row for row in rows if row["offered"]}

    def caught_up(self, adapter: Adapter) -> None:
        """Wait until every event of the PBX up to now is saved."""
        seen = adapter.figures.packets + len(adapter._inbox)
        self.lab.pbx.send_action(Action="UserEvent", UserEvent="Now")
        within(lambda: sum(adapter.figures.lags.counts) > seen and not len(adapter._inbox), _ENDS_WITHIN_S)


class Watcher:
    """Asks for the live board over and over, and notes for each visit how long after its event the board was answered with it. shown: seconds, visit by visit. asked: how long each answer took (s)."""

    def __init__(self, center: Center) -> None:
        self.shown: list[float] = []
        self.asked: list[float] = []
        self.arrivals: list[float] = []
        self._center = center
        self._ends = Event()

        def noted(raw: str) -> None:
            # The events themselves are not kept: they would be what grows.
            if raw.startswith("Event: QueueCallerJoin"):
                self.arrivals.append(time.monotonic())

        center.lab.pbx._received = noted
        self._thread = Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._ends.wait(_LOOKS_S):
            known = self._center.visits()
            if known > len(self.shown):
                began = time.monotonic()
                self._center.board()
                now = time.monotonic()
                self.asked.append(now - began)
                self.shown += [now - at for at in self.arrivals[len(self.shown) : known]]

    def close(self) -> None:
        """Stop."""
        self._ends.set()
        self._thread.join()


def _end_all(lab: Lab) -> None:
    """Wait until no call is up."""
    within(lambda: not lab.pbx.list_apart("CoreShowChannels").items, _ENDS_WITHIN_S)


@contextmanager
def _members(lab: Lab, queue: str, number: int) -> Iterator[None]:
    """So many agents who answer at once are in the queue."""
    members = [(f"Local/operador{n:03}@carga/n", f"Carga {n:03}") for n in range(number)]
    for interface, name in members:
        lab.pbx.send_action(Action="QueueAdd", Queue=queue, Interface=interface, MemberName=name)
    try:
        yield
    finally:
        for interface, _ in members:
            lab.pbx.send_action(Action="QueueRemove", Queue=queue, Interface=interface)


def _call(lab: Lab, queue: str, number: int, talk_s: int) -> None:
    done = lab.pbx.send_action(
        Action="Originate", Channel=f"Local/fila-{queue}@carga/n", Context="carga", Exten="quem-liga", Priority=1, Async="true", Timeout=600_000,
        CallerID=f"Cliente <55119{number:08}>", Variable=[f"__CARGA={talk_s}"],
    )  # fmt: skip
    assert done.succeeded, done.headers


def _place(lab: Lab, queue: str, seconds: float, rate: float) -> int:
    """Place so many calls a second; returns how many. One that is late is not made up for by a burst."""
    began, placed = time.monotonic(), 0
    while (passed := time.monotonic() - began) < seconds:
        if placed < passed * rate:
            _call(lab, queue, placed, TALK_S)
            placed += 1
        else:
            time.sleep(0.002)
    return placed


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98] if len(values) > 1 else values[0]


def _lost(center: Center, log: list[list[str]]) -> int:
    """How many counts of queues are others than in Asterisk's own queue_log, and by how much, when its last events have come: it sends them after the channels are gone."""
    true, until = asterisk.queues_of(log), time.monotonic() + _SETTLES_S
    while True:
        ours = center.queues()
        lost = sum(abs(ours.get(queue, {}).get(name, 0) - value) for queue, row in true.items() for name, value in row.items())
        if not lost or time.monotonic() > until:
            return lost
        time.sleep(_LOOKS_S)


def calls_a_second(quick: bool) -> dict[str, Any]:
    """20 calls a second through a real Asterisk: from an event's arrival to the live board, p99 in seconds; nothing is lost, and memory stays flat."""
    seconds = QUICK_SECONDS if quick else SECONDS
    with asterisk.lab() as lab, ExitStack() as stack:
        center = Center(stack, lab)
        adapter = center.follow(stack)
        with _members(lab, _QUEUE, AGENTS), closing(Watcher(center)) as watcher:
            _place(lab, _QUEUE, min(15, seconds / 4), CALLS_A_SECOND)
            warm, cpu, began, packets = _rss_mb(), time.process_time(), time.monotonic(), adapter.figures.packets
            counted = len(watcher.shown)
            placed = _place(lab, _QUEUE, seconds, CALLS_A_SECOND)
            lasted = time.monotonic() - began
            rate, used, grown = (adapter.figures.packets - packets) / lasted, (time.process_time() - cpu) / lasted, _rss_mb() - warm
            _end_all(lab)
            center.caught_up(adapter)
            within(lambda: len(watcher.shown) >= len(watcher.arrivals), _ENDS_WITHIN_S)
        shown = watcher.shown[counted:]
        return {
            **absolute("s", [_p99(shown)], AIM_S, more_is_better=False),
            "half_s": round(median(shown), 3),
            "of_which_the_answer_s": round(median(watcher.asked), 3),
            "calls_a_second": round(placed / lasted, 1),
            "events_a_second": round(rate),
            "lost": absolute("counts that differ from the queue_log", [_lost(center, lab.log())], 0, more_is_better=False),
            "memory": absolute("MB/min", [60 * grown / lasted], GROWS_MB, more_is_better=False),
            "cores": round(used, 2),
            "lags": adapter.figures.lags.counts,
            "load": os.getloadavg(),
        }


def many_calls_in_progress(quick: bool) -> dict[str, Any]:
    """500 calls wait while others come and go at 300 events a second or more: events read a second, of those that Asterisk sends."""
    waiting = QUICK_IN_PROGRESS if quick else IN_PROGRESS
    with asterisk.lab() as lab, ExitStack() as stack:
        center = Center(stack, lab)
        adapter = center.follow(stack)
        for number in range(waiting):
            _call(lab, "suporte", 50_000_000 + number, 1)
        within(lambda: lab.joined() >= waiting, _ENDS_WITHIN_S)
        center.caught_up(adapter)
        with _members(lab, _QUEUE, AGENTS), closing(Watcher(center)) as watcher:
            began, packets, before, cpu = time.monotonic(), adapter.figures.packets, list(adapter.figures.lags.counts), time.process_time()
            _place(lab, _QUEUE, QUICK_SECONDS if quick else 60, 15)
            lasted = time.monotonic() - began
            rate, used = (adapter.figures.packets - packets) / lasted, (time.process_time() - cpu) / lasted
            behind = len(adapter._inbox)
            within(lambda: len(watcher.shown) >= len(watcher.arrivals), _ENDS_WITHIN_S)
        lab.pbx.command("channel request hangup all")
        _end_all(lab)
        center.caught_up(adapter)
        return {
            **absolute("events/s", [rate], EVENTS_A_SECOND),
            "behind": absolute("events not saved at the end", [behind], rate, more_is_better=False),
            "board": absolute("s, p99", [_p99(watcher.shown)], AIM_S, more_is_better=False),
            "lost": absolute("counts that differ from the queue_log", [_lost(center, lab.log())], 0, more_is_better=False),
            "cores": round(used, 2),
            "lags": [now - then for now, then in zip(adapter.figures.lags.counts, before, strict=True)],
            "load": os.getloadavg(),
        }


def recorded_talks(quick: bool) -> dict[str, Any]:
    """40 calls that talk and are recorded at once: how many recordings are whole, to the second."""
    talk_s = 8 if quick else RECORDED_S
    with asterisk.lab() as lab, ExitStack() as stack:
        center = Center(stack, lab, control=True, recordings=lab.server.monitor)
        queue = "cobranca"
        center.center.bus.execute(RegisterQueue(name=queue, recording="always"), caller(center.company))
        adapter = center.follow(stack)
        with _members(lab, queue, TALKING):
            for number in range(TALKING):
                _call(lab, queue, 70_000_000 + number, talk_s)
            within(lambda: sum(event["Event"] == "AgentComplete" for event in lab.events) >= TALKING, _ENDS_WITHIN_S)
            _end_all(lab)
            center.caught_up(adapter)
            calls = [event["Uniqueid"] for event in lab.events if event["Event"] == "AgentConnect"]

            def kept(call: str) -> Recording | None:
                id: UUID = recording_id(interaction_id(center.company.id, call), 0)
                return project(center.center.store.stream(id), Recording)

            def are_over() -> bool:
                return all((one := kept(call)) is not None and one.status in ("kept", "lost", "failed") for call in calls)

            within(are_over, _ENDS_WITHIN_S)
        sounds = [one.kept for call in calls if (one := kept(call)) is not None and one.kept is not None]
        whole = [sound for sound in sounds if sound.duration_ms >= 1000 * (talk_s - _WHOLE_S)]
        return {
            **absolute("whole recordings", [len(whole)], TALKING),
            "kept": len(sounds),
            "left_in_plain": len(list((lab.server.monitor / "atende").glob("*"))),
            "load": os.getloadavg(),
        }
