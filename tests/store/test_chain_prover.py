"""The proof of an open log: every byte of every event counts, and a long log is walked part by part."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from store.chain import GENESIS, link
from store.chain_prover import AGAIN_US, ChainProof, ChainProver
from store.recorded_event import RecordedEvent

LENGTH = 12
NOW = 1_700_000_000_000_000


@dataclass
class Log:
    """A log in memory, and how many events were read from it."""

    events: list[RecordedEvent] = field(default_factory=list)
    read: int = 0

    def after(self, position: int, limit: int) -> list[RecordedEvent]:
        found = [event for event in self.events if event.position > position][:limit]
        self.read += len(found)
        return found

    def shown(self) -> list[tuple[int, str, str]]:
        return [(event.position, event.topic, event.state.decode()) for event in self.events]


def written(length: int = LENGTH) -> Log:
    log, digest = Log(), GENESIS
    for position in range(1, length + 1):
        event = RecordedEvent(position, UUID(int=7).bytes, position, "interaction.noted", b'{"n":%d}' % position)
        digest = link(digest, position, event)
        log.events.append(replace(event, hash=digest))
    return log


def test_an_unchanged_log_is_intact_to_any_position() -> None:
    log = written()
    for until in (0, 1, LENGTH):
        assert ChainProver(log.after).log(until, NOW) == ChainProof("intact", until, NOW)
    assert ChainProver(log.after).first_broken(log.shown()) is None


@given(st.integers(1, LENGTH), st.integers(0, 7), st.integers(1, 255))
def test_one_changed_byte_names_its_position_and_nothing_before_it(position: int, at: int, by: int) -> None:
    log = written()
    shown = log.shown()
    event = log.events[position - 1]
    state = bytearray(event.state)
    state[at % len(state)] ^= by
    log.events[position - 1] = replace(event, state=bytes(state))
    prover = ChainProver(log.after)
    assert prover.log(LENGTH, NOW) == ChainProof("broken", position - 1, NOW, position)
    assert prover.log(position - 1, NOW).verdict == "intact"
    assert prover.first_broken(shown) == position


def test_a_removed_event_and_a_cut_end_are_named() -> None:
    log = written()
    del log.events[4]
    assert ChainProver(log.after).log(LENGTH, NOW).first_broken == 5
    log = written()
    del log.events[-2:]
    assert ChainProver(log.after).log(LENGTH, NOW).first_broken == LENGTH - 1


def test_a_row_of_another_type_is_a_broken_event_and_no_error() -> None:
    log = written()
    log.events[2] = replace(log.events[2], topic=None)  # type: ignore[arg-type]
    assert ChainProver(log.after).log(LENGTH, NOW).first_broken == 3


def test_what_a_reader_is_shown_must_be_what_the_log_has() -> None:
    log = written()
    shown = log.shown()
    shown[3] = (4, "interaction.noted", '{"n":44}')
    assert ChainProver(log.after).first_broken(shown) == 4


def test_a_long_log_is_walked_part_by_part_and_each_event_once() -> None:
    log = written()
    prover = ChainProver(log.after)
    assert prover.log(LENGTH, NOW, most=5) == ChainProof("unfinished", 5, NOW)
    assert prover.log(LENGTH, NOW, most=5) == ChainProof("unfinished", 10, NOW)
    assert prover.log(LENGTH, NOW, most=5).verdict == "intact"
    assert log.read == LENGTH
    assert prover.log(LENGTH, NOW).verdict == "intact"
    assert log.read == LENGTH


def test_a_later_change_is_found_once_the_walk_begins_again_and_until_then_the_last_one_counts() -> None:
    log = written()
    prover = ChainProver(log.after)
    prover.log(LENGTH, NOW)
    log.events[7] = replace(log.events[7], state=b"{}")
    later = NOW + AGAIN_US
    assert prover.log(LENGTH, later, most=5) == ChainProof("intact", LENGTH, NOW)
    assert prover.log(LENGTH, later, most=5).first_broken == 8
