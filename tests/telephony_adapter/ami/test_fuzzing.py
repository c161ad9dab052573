"""Whatever arrives, the parser and the translator go on, and a call ends only when its own events say so."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.observations import ObserveCall
from telephony_adapter.ami.last_known import LastKnown
from telephony_adapter.ami.live_stream import LiveStream
from telephony_adapter.ami.translator import EVENTS
from tests.kit.captures import capture
from tests.kit.one_call import CALL, complete, connect, dial_end, hang_up, join, leave, ring
from tests.kit.one_call import born as calls
from tests.kit.packets import T0

HEADERS = (
    "Uniqueid", "Linkedid", "Channel", "DestUniqueid", "DestLinkedid", "DestChannel", "Queue", "Interface", "MemberName", "Name", "Location", "Count", "HoldTime",
    "TalkTime", "RingTime", "Reason", "Variable", "Value", "Exten", "Context", "Application", "AppData", "ChannelState", "ChannelStateDesc", "CallerIDNum", "Uptime",
    "Wait", "Position", "Paused", "LastPause", "PausedReason", "LoginTime", "DialStatus", "Cause", "Response", "ActionID", "ListItems", "EventList", "Completed",
    "Abandoned", "UserEvent", "SpyeeUniqueid", "SpyerUniqueid", "LocalOneUniqueid", "LocalTwoUniqueid", "TransfererUniqueid", "TransfereeUniqueid", "StateInterface",
    "OrigTransfererUniqueid", "SecondTransfererUniqueid", "Timestamp", "TransferExten",
)  # fmt: skip
IDS = ("1795409001.7", "pbx-1795409002.9", "1795409003.10", ".", "1.", "x", "", "9" * 40, "-1.5", "<unknown>")
WORDS = ("vendas", "PJSIP/1001-0000002a", "Local/1005@agentes-00000000;1", "0", "1", "-1", "99999999999999999999", "4.5", "", " ", "é\udce9", "\x00", "nan", "TIMEOUT",
         "QUEUESTATUS", "RTPAUDIOQOS", "rxcount=nan;lp=inf", "s", "h", "ANSWER", "CANCEL", "Queue", "Read", "ura", "fora-horario", "<null>", ":", "a: b")  # fmt: skip
VALUES = st.one_of(st.sampled_from(WORDS), st.sampled_from(IDS), st.text(st.characters(exclude_characters="\r\n"), max_size=12))
STAMPS = st.one_of(st.none(), st.floats(T0, T0 + 100).map(lambda at: f"{at:.6f}"), VALUES)


@st.composite
def packets(draw: st.DrawFn) -> str:
    """An event with a name that the translator knows, and headers that may be anything or missing."""
    name = draw(st.sampled_from(sorted(EVENTS)))
    headers = draw(st.dictionaries(st.sampled_from(HEADERS), VALUES, max_size=14))
    stamp = draw(STAMPS)
    if stamp is not None:
        headers["Timestamp"] = stamp
    return "\r\n".join([f"Event: {name}", *(f"{header}: {value}" for header, value in headers.items())])


def live() -> LiveStream:
    return LiveStream("pbx", lambda: (T0 + 50) * 1_000_000, LastKnown())


@settings(max_examples=150)
@given(st.lists(st.one_of(packets(), st.text(max_size=60)), max_size=25))
def test_no_packet_makes_the_translator_fail(raws: list[str]) -> None:
    stream = live()
    stream.connected()
    failed: list[str] = []
    for raw in raws:
        for packet in stream.stream.packet(raw, (T0 + 1) * 1_000_000, 1):
            try:
                stream.translator.feed(packet)
            except Exception as error:  # noqa: BLE001
                if type(error).__name__ != "BrokenPacket":
                    failed.append(f"{type(error).__name__}: {error} for {raw!r}")
    stream.disconnected()
    stream.cover()
    assert failed == []


STORY = [calls(), join(1), *ring(2), dial_end(3, "ANSWER"), leave(3.001), connect(3.002, 2), complete(9, 2, 6), hang_up(9.01)]
OTHERS = st.dictionaries(
    st.sampled_from(["Uniqueid", "Linkedid", "DestUniqueid", "DestLinkedid"]),
    st.sampled_from(["1795409004.77", "1795409005.78", "x", ""]),
    min_size=1,
)
ABOUT_ALL = {"FullyBooted", "Shutdown", "CoreShowChannelsComplete", "QueueStatusComplete", "QueueParams"}


@st.composite
def about_others(draw: st.DrawFn) -> str:
    """An event about another call, in another queue, with another agent."""
    name = draw(st.sampled_from(sorted(EVENTS.keys() - ABOUT_ALL)))
    headers = draw(st.dictionaries(st.sampled_from(["Reason", "HoldTime", "TalkTime", "Variable", "Value", "Exten", "DialStatus"]), VALUES))
    headers |= draw(OTHERS) | {"Queue": "outra", "Interface": "PJSIP/1999", "MemberName": "Outro", "Channel": "PJSIP/tronco-000000ff"}
    return "\r\n".join([f"Event: {name}", *(f"{header}: {value}" for header, value in headers.items())])


def facts(raws: list[str]) -> list[tuple[str, str]]:
    stream = live()
    stream.connected()
    stream.receive([raw.removesuffix("\r\n\r\n") for raw in raws], [0.0] * len(raws))
    return [
        (fact.kind, fact.queue)
        for observation in stream.taken()
        if isinstance(observation, ObserveCall) and observation.call == CALL
        for fact in observation.facts
        if fact.kind != "unseen"
    ]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, len(STORY)), about_others()), max_size=12))
def test_what_arrives_about_others_ends_no_call(strangers: list[tuple[int, str]]) -> None:
    mixed = list(STORY)
    for place, raw in sorted(strangers, key=lambda one: -one[0]):
        mixed.insert(place, raw)
    assert facts(mixed) == facts(STORY)


@settings(max_examples=10)
@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 400), st.integers(0, 255)), max_size=40))
def test_a_real_stream_with_bytes_changed_is_read_to_its_end(changes: list[tuple[int, int, int]]) -> None:
    raws = [bytearray(line.raw.encode("utf-8", "surrogateescape")) for line in capture("run-a").lines[:3001] if line.raw]
    for packet, at, byte in changes:
        raw = raws[packet % len(raws)]
        raw[at % len(raw)] = byte
    stream = live()
    stream.connected()
    stream.receive([bytes(raw).decode("utf-8", "surrogateescape").removesuffix("\r\n\r\n") for raw in raws], [0.0] * len(raws))
    stream.disconnected()
    assert stream.stream.read == len(raws)
