"""The simulation of a contact center. The same seed gives the same history."""

from __future__ import annotations

from collections.abc import Iterator

from domain.base import MS, SECOND
from simulator.actions import Action
from simulator.agenda import Agenda
from simulator.arrivals import Arrivals, Callers
from simulator.callers import Reception
from simulator.center import ZONE, SimulatedCenter
from simulator.dice import Dice
from simulator.floor import Floor, Worker
from simulator.outbound import Outbound
from simulator.staff import Staff


class Model:
    """A simulated center from `start_us` on. Every instant and duration is a whole multiple of `grain_us`, the resolution of the source's clock."""

    def __init__(self, center: SimulatedCenter, seed: int, start_us: int, grain_us: int = MS) -> None:
        start_us -= start_us % grain_us
        self._agenda = agenda = Agenda(start_us)
        self._channels = 0

        def dice(name: str) -> Dice:
            return Dice(seed, name, grain_us)

        workers = tuple(Worker(plan) for plan in center.agents)
        callers = Callers(dice("callers"))
        arrivals = Arrivals(dice("arrivals"), ZONE, center.curve, center.calls_a_day)
        self._floor = floor = Floor(agenda, dice("floor"), center.queues, self._new_channel)
        self._staff = Staff(agenda, dice("staff"), floor, workers, ZONE)
        self._outbound = Outbound(
            agenda,
            dice("outbound"),
            floor,
            workers=workers,
            callers=callers,
            dials_an_hour=center.dials_an_hour,
            new_channel=self._new_channel,
        )
        self._reception = Reception(
            agenda,
            dice("reception"),
            floor,
            center=center,
            arrivals=arrivals,
            callers=callers,
            new_channel=self._new_channel,
            call_back=self._outbound.call_back,
        )

    @property
    def waiting(self) -> int:
        """The number of customers who wait in queues now."""
        return self._floor.waiting

    def play(self) -> Iterator[tuple[int, Action]]:
        """Yield (instant in microseconds, action) in time order. It never ends unless `close` is called."""
        return self._agenda.play()

    def close(self) -> None:
        """Accept no more calls. Open calls come to their end, the agents log out and `play` ends."""
        self._reception.close()
        self._outbound.close()
        self._staff.close()

    def _new_channel(self) -> str:
        """A channel id in the form of Asterisk: the second of its creation, and a number."""
        self._channels += 1
        return f"{self._agenda.now // SECOND}.{self._channels - 1}"
