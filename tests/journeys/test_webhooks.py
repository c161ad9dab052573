"""A server of the company gets what happens in its center while it happens: by the API, the process managers and the sender of one process."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from standardwebhooks.webhooks import Webhook as Verifier

from api.app import create_app
from bootstrap import Embedded
from settings import Settings
from tests.kit.http import administrator, serving
from tests.kit.waiting import within
from tests.processes.receiving import receiver, status


def test_a_server_of_the_company_gets_its_calls_signed_and_nobody_elses(tmp_path: Path) -> None:
    headers: list[dict[str, str]] = []

    def reply(handler) -> None:
        headers.append(dict(handler.headers))
        status(200)(handler)

    settings = Settings(token_secret="s" * 64, webhook_allow=("127.0.0.1/32",))
    with receiver(reply) as (port, got), closing(Embedded(tmp_path / "data", settings)) as center:
        app = create_app(center)
        ours = {"Authorization": f"Bearer {administrator(app, center, 'Empresa')}"}
        theirs = {"Authorization": f"Bearer {administrator(app, center, 'Outra')}"}
        center.processes.start()
        with serving(app) as client:

            def post(path: str, body: object, who: dict[str, str] = ours) -> dict:
                answer = client.post(path, json=body, headers=who)
                assert answer.status_code < 300, answer.text
                return answer.json()

            made = post("/v1/webhooks", {"url": f"http://127.0.0.1:{port}/hook", "events": ["interaction.arrived", "interaction.offered"]})
            for who in (theirs, ours):
                post("/v1/queues", {"name": "vendas"}, who)
                call = post("/v1/interactions", {"call": "1772470800.17", "from_number": "+5511987654321"}, who)["id"]
                post(f"/v1/interactions/{call}/offer", {"queue": "vendas"}, who)
            path = f"/v1/webhooks/{made['id']}/deliveries"
            within(lambda: len(client.get(path, params={"status": "delivered"}, headers=ours).json()["items"]) == 2)
            shown = client.get(path, headers=ours).json()["items"]
            assert client.get("/v1/webhooks", headers=theirs).json()["items"] == []
            assert 'atende_webhook_posts_total{outcome="delivered"} 2.0' in client.get("/metrics").text
    verifier = Verifier(made["result"]["secret"])
    messages = [verifier.verify(body, header) for (_, _, body), header in zip(got, headers, strict=True)]
    named = {"id": call, "call": "1772470800.17", "protocol": 1, "direction": "inbound"}
    assert [(one["type"], one["data"] | named == one["data"]) for one in messages] == [
        ("interaction.arrived", True),
        ("interaction.offered", True),
    ]
    assert [one["message"] for one in shown] == messages[::-1]
    assert {one["status_code"] for one in shown} == {200}
    assert b"98765" not in b"".join(body for _, _, body in got)
