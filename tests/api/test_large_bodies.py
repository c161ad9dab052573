"""Large bodies are parsed in turn, and small ones do not wait for them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from api import large_bodies
from api.large_bodies import LARGE_BYTES, LargeBodiesASGI
from tests.api.test_fair_turns import in_a_loop, settled

LARGE = b"x" * (LARGE_BYTES + 1)


class Served:
    """An application that answers when the test says so."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, bytes]] = []
        self.go_on = asyncio.Event()
        self.app = LargeBodiesASGI(self._answer, streamed=("POST", "/files"), upload_end="/audio")

    async def _answer(self, scope: Any, receive: Any, _: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.begun.append((scope["path"], body))
        await self.go_on.wait()

    def come(self, name: str, parts: list[bytes], client: str = "10.0.0.1", *, length: bool = True) -> asyncio.Task[None]:
        """A request whose body comes in these parts."""
        sent = [{"type": "http.request", "body": part, "more_body": part is not parts[-1]} for part in parts]
        header = (b"content-length", str(sum(map(len, parts))).encode()) if length else (b"transfer-encoding", b"chunked")
        scope = {"type": "http", "method": "POST", "path": name, "headers": [header], "client": (client, 1)}

        async def receive() -> Any:
            message = sent.pop(0)
            if message["body"] == b"too much":
                raise HTTPException(413)
            return message

        async def send(_: Any) -> None:
            raise NotImplementedError

        return asyncio.create_task(self.app(scope, receive, send))


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_bodies, "LONGEST_REST_S", 0)


@in_a_loop
async def test_one_large_body_is_worked_on_at_a_time_the_clients_by_turns_and_small_ones_at_once() -> None:
    served = Served()
    crowd = [served.come(f"crowd {number}", [LARGE]) for number in range(4)]
    await settled()
    others = [
        served.come("other", [LARGE[:-5], LARGE[-5:]], "10.0.0.2", length=False),
        served.come("small", [b"{}"]),
        served.come("/files", [LARGE]),
        served.come("small part", [b"{", b"}"], length=False),
    ]
    await settled()
    assert [name for name, _ in served.begun] == ["crowd 0", "small", "/files", "small part"]
    served.go_on.set()
    await asyncio.gather(*crowd, *others)
    assert [name for name, _ in served.begun].index("other") <= 5
    assert dict(served.begun)["other"] == LARGE
    assert dict(served.begun)["small part"] == b"{}"


@in_a_loop
async def test_what_is_too_large_is_refused_where_the_body_is_read() -> None:
    served = Served()
    with pytest.raises(HTTPException):
        await served.come("endless", [LARGE, b"too much", b""], length=False)
    assert served.begun == []


def test_a_rest_belongs_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    rested: list[float] = []
    at = iter([10.0, 10.02, 20.0, 29.0])
    monkeypatch.setattr(large_bodies, "monotonic", lambda: next(at))
    monkeypatch.setattr(large_bodies, "LONGEST_REST_S", 0.5)

    async def sleep(seconds: float) -> None:
        rested.append(round(seconds, 3))

    async def one_after_the_other() -> None:
        served = Served()
        served.go_on.set()
        for name in ("quick", "slow"):
            await served.come(name, [LARGE])

    monkeypatch.setattr(large_bodies.asyncio, "sleep", sleep)
    asyncio.run(one_after_the_other())
    assert rested == [0.06, 0.5]
