"""Eight seconds cut out of a stream: before a log is imported the true figures are within the bounds, afterwards they are exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.kit.captures import NAMES, capture, written, written_raw
from tests.kit.cuts import LOST_S
from tests.kit.embedded import EmbeddedCenter, Figures, embedded_center
from tests.kit.gapped import WAYS, Widths, Writing, cut_at, differing, log_ends, observation, outside

SAMPLE = 9
AT_ONCE = 100
MEAN_WIDTHS = {("run-a", "missing"): 3.5, ("run-a", "reconnected"): 2.7, ("run-b", "missing"): 4.1, ("run-b", "reconnected"): 4.5}
"""The largest mean width of the bounds of counts, including all queues together, where each call can have visited one queue."""


@pytest.fixture(scope="module")
def open_embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCenter]:
    with embedded_center(tmp_path_factory.mktemp("deployment")) as built:
        yield built


def whole_figures(built: EmbeddedCenter, name: str, writing: Writing) -> tuple[Figures, ...]:
    uncut = built.company()
    uncut.ami(capture(name).raw if writing is written_raw else capture(name).timed)
    uncut.log(capture(name).queue_log)
    return uncut.figures()


def hold(built: EmbeddedCenter, name: str, way: str, moments: Sequence[float], directory: Path, *, writing: Writing = written) -> Widths:
    """Check bounds and exact figures for a cut at each of these moments."""
    recorded, widths = capture(name), Widths()
    whole = whole_figures(built, name, writing)
    for start in range(0, len(moments), AT_ONCE):
        cuts = list(cut_at(built, recorded, way, moments[start : start + AT_ONCE], directory, writing=writing))
        assert [what for cut in cuts for what in outside(recorded, whole, cut, widths)] == []
        for cut in cuts:
            cut.company.log(recorded.queue_log)
        for cut in cuts:
            covered = cut.since + LOST_S <= log_ends(recorded)
            assert differing(whole, cut.company.figures(), covered) == [], cut.since
    return widths


def spread(name: str, times: int) -> list[float]:
    """Moments of events that make a command, evenly over the recording."""
    lines = observation(capture(name))
    return [capture(name).lines[lines[len(lines) * n // times]].t for n in range(times)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NAMES)
def test_wherever_it_is_cut_off_the_bounds_hold_and_a_log_makes_it_exact(
    open_embedded: EmbeddedCenter, tmp_path: Path, record_property: Callable[[str, object], None], name: str, way: str
) -> None:
    widths = hold(open_embedded, name, way, spread(name, SAMPLE), tmp_path)
    record_property("width of bounds", widths.summary())
    counts = widths.summary()["counts"]
    assert counts["bounds"] > 0
    assert counts["mean"] <= MEAN_WIDTHS[name, way]


@pytest.mark.parametrize("times", [2, pytest.param(20, marks=[pytest.mark.long, pytest.mark.timeout(3_600)])])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NAMES)
def test_cut_out_of_the_bytes_of_the_connection_it_is_the_same(
    open_embedded: EmbeddedCenter, tmp_path: Path, name: str, way: str, times: int
) -> None:
    hold(open_embedded, name, way, spread(name, times + 2)[1:-1], tmp_path, writing=written_raw)


@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NAMES)
def test_cut_off_at_every_event_that_makes_a_command_the_bounds_hold_and_a_log_makes_it_exact(
    open_embedded: EmbeddedCenter, tmp_path: Path, record_property: Callable[[str, object], None], name: str, way: str
) -> None:
    moments = [capture(name).lines[index].t for index in observation(capture(name))]
    record_property("width of bounds", hold(open_embedded, name, way, moments, tmp_path).summary())


@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("before", [4.0, 7.999])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NAMES)
def test_cut_off_some_seconds_before_such_an_event_the_bounds_hold_too(
    open_embedded: EmbeddedCenter, tmp_path: Path, name: str, way: str, before: float
) -> None:
    hold(open_embedded, name, way, [moment - before for moment in spread(name, 60) if moment - before > capture(name).lines[5].t], tmp_path)
