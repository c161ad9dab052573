"""A telephone of its own: it answers, speaks by RTP, leaves out packets on purpose, holds, and transfers by REFER, as no Asterisk that plays telephones can be told to."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import httpx2

from services.server import HOST
from tests.kit.waiting import within

PACKET_S = 0.02
_SAMPLES = 160
_SILENCE = b"\xff" * _SAMPLES
_LONGEST = 65_535


class SipPhone:
    """Is a telephone of the PBX until it is closed, and answers every call at once. drops: whether the n-th packet of sound is lost on its way. sent, lost: packets of the last call. texts: that it was sent."""

    def __init__(self, ari: str, drops: Callable[[int], bool] = lambda _: False) -> None:
        """ari: the address of the PBX's ARI, with its user."""
        self.sent = self.lost = 0
        self.texts: list[str] = []
        self._drops = drops
        self._sip, self._rtp, self._rtcp = self._sockets()
        self.port = self._sip.getsockname()[1]
        self.name = f"kit{self.port}"
        self.interface = f"PJSIP/{self.name}"
        self._ari = ari
        self.register()
        self._invite: dict[str, str] = {}
        self._peer = (HOST, 0)
        self._tag = uuid4().hex
        self._numbers = 0
        self._finals: dict[int, str] = {}
        self._became: list[str] = []
        self._talks = threading.Event()
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._listen, self._speak)]
        for thread in self._threads:
            thread.start()

    def register(self) -> None:
        """Let the PBX know it; again after it was killed, which may have been before it had written that down."""
        self._tell("aor", {"contact": f"sip:{self.name}@{HOST}:{self.port}"})
        self._tell(
            "endpoint",
            {"context": "ramais", "disallow": "all", "allow": "ulaw", "aors": self.name, "direct_media": "no", "allow_transfer": "yes"},
        )

    @staticmethod
    def _sockets() -> tuple[socket.socket, socket.socket, socket.socket]:
        """One for SIP; one for RTP, and one for RTCP at the next port."""
        sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sip.bind((HOST, 0))
        while True:
            rtp, rtcp = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
            rtp.bind((HOST, 0))
            try:
                rtcp.bind((HOST, rtp.getsockname()[1] + 1))
            except (OSError, OverflowError):
                rtp.close()
                rtcp.close()
                continue
            return sip, rtp, rtcp

    def _tell(self, kind: str, fields: dict[str, str] | None) -> None:
        """Write an object of the telephone into the PBX; None removes it."""
        url = f"{self._ari}/ari/asterisk/config/dynamic/res_pjsip/{kind}/{self.name}"
        body = None if fields is None else {"fields": [{"attribute": name, "value": value} for name, value in fields.items()]}
        answer = httpx2.request("DELETE" if fields is None else "PUT", url, json=body, trust_env=False)
        assert answer.is_success, answer.text

    def close(self) -> None:
        """End it."""
        for kind in ("endpoint", "aor"):
            self._tell(kind, None)
        self._ends.set()
        self._talks.set()
        self._sip.sendto(b"", self._sip.getsockname())
        for thread in self._threads:
            thread.join(5)
        for each in (self._sip, self._rtp, self._rtcp):
            each.close()

    # In a call

    @property
    def talks(self) -> bool:
        """Whether it is in a call."""
        return self._talks.is_set() and not self._ends.is_set()

    def hold(self) -> None:
        """Put the other side on hold, by a re-INVITE."""
        self._ask("INVITE", body=self._sdp("sendonly"))

    def resume(self) -> None:
        """Talk again."""
        self._ask("INVITE", body=self._sdp("sendrecv"))

    def refer(self, exten: str, sip_port: int) -> None:
        """Transfer the call blindly by REFER, and be out of it. Just after the answer the PBX accepts it and then says that it did not do it: the two are not joined yet."""

        def is_done() -> bool:
            self._became.clear()
            self._ask("REFER", f"Refer-To: <sip:{exten}@{HOST}:{sip_port}>")
            within(lambda: bool(self._became), 10)
            return self._became[0].startswith("2")

        within(is_done, 20)

    # SIP

    def _sdp(self, direction: str) -> str:
        lines = ["v=0", f"o=- 1 {self._numbers + 1} IN IP4 {HOST}", "s=-", f"c=IN IP4 {HOST}", "t=0 0"]
        lines += [f"m=audio {self._rtp.getsockname()[1]} RTP/AVP 0", "a=rtpmap:0 PCMU/8000", f"a={direction}"]
        return "\r\n".join([*lines, ""])

    def _ask(self, method: str, *more: str, body: str = "") -> None:
        """Send a request in the dialog, and wait until it is accepted."""
        self._numbers += 1
        number = self._numbers
        self._request(method, number, *more, body=body)
        within(lambda: number in self._finals, 10)
        assert self._finals[number].startswith("2"), (method, self._finals[number])
        if method == "INVITE":
            self._request("ACK", number)

    def _request(self, method: str, number: int, *more: str, body: str = "") -> None:
        invite = self._invite
        to = re.search(r"<(.+?)>", invite["Contact"])
        assert to is not None
        lines = [
            f"{method} {to[1]} SIP/2.0", f"Via: SIP/2.0/UDP {HOST}:{self.port};rport;branch=z9hG4bK{uuid4().hex}", "Max-Forwards: 70",
            f"From: {invite['To']};tag={self._tag}", f"To: {invite['From']}", f"Call-ID: {invite['Call-ID']}", f"CSeq: {number} {method}",
            f"Contact: <sip:phone@{HOST}:{self.port}>", *more,
        ]  # fmt: skip
        self._send(lines, body, self._peer)

    def _send(self, lines: list[str], body: str, to: tuple[str, int]) -> None:
        lines = [*lines, *(["Content-Type: application/sdp"] if body else []), f"Content-Length: {len(body)}", "", body]
        self._sip.sendto("\r\n".join(lines).encode(), to)

    def _listen(self) -> None:
        with suppress(OSError):
            while not self._ends.is_set():
                raw, peer = self._sip.recvfrom(_LONGEST)
                head, _, body = raw.decode("utf-8", "replace").partition("\r\n\r\n")
                first, *lines = head.split("\r\n")
                headers: dict[str, str] = {}
                for name, _, value in (line.partition(": ") for line in lines):
                    headers[name] = f"{headers[name]}\r\n{name}: {value}" if name in headers else value
                if first.startswith("SIP/2.0 "):
                    self._finals |= {int(headers["CSeq"].split()[0]): first[8:]} if not first.startswith("SIP/2.0 1") else {}
                elif first:
                    self._answer(first.split()[0], headers, body, peer)

    def _answer(self, method: str, headers: dict[str, str], body: str, peer: tuple[str, int]) -> None:
        if method == "ACK":
            return
        new = method == "INVITE" and ";tag=" not in headers["To"]
        if new:
            self._invite, self._peer = headers, peer
            self.sent = self.lost = 0
            found = re.search(r"m=audio (\d+)", body)
            assert found is not None
            self._sound_to = HOST, int(found[1])
        to = headers["To"] if ";tag=" in headers["To"] else f"{headers['To']};tag={self._tag}"
        lines = [
            f"Via: {headers['Via']}",
            f"From: {headers['From']}",
            f"To: {to}",
            f"Call-ID: {headers['Call-ID']}",
            f"CSeq: {headers['CSeq']}",
        ]
        lines.append(f"Contact: <sip:phone@{HOST}:{self.port}>")
        self._send(["SIP/2.0 200 OK", *lines], self._sdp("sendrecv") if method == "INVITE" else "", peer)
        if new:
            self._talks.set()
        elif method == "NOTIFY" and not body.startswith("SIP/2.0 1"):
            self._became.append(body.removeprefix("SIP/2.0 "))
        elif method == "MESSAGE":
            self.texts.append(body)
        elif method in ("BYE", "CANCEL"):
            self._talks.clear()

    # Sound

    def _speak(self) -> None:
        number = 0
        while self._talks.wait() and not self._ends.is_set():
            number += 1
            if self._drops(number):
                self.lost += 1
            else:
                packet = struct.pack("!BBHII", 0x80, 0, number % 65_536, number * _SAMPLES % (1 << 32), 4_711) + _SILENCE
                self._rtp.sendto(packet, self._sound_to)
            self.sent += 1
            self._ends.wait(PACKET_S)
