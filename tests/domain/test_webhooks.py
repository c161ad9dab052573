"""A webhook: what it accepts, which secrets sign, when it posts."""

from __future__ import annotations

from uuid import uuid4

import pytest

from domain.access import ATTEND, Actor
from domain.base import SECOND, EventMetadata, Personal
from domain.errors import InvalidField, NotAllowed, NotFound, Refused
from domain.webhook_messages import MessageData, WebhookMessage
from domain.webhooks import MOST_OVERLAP_US, Subscription, Webhook

TENANT = uuid4()
ALL = Subscription(("interaction.answered",))
URL = "https://crm.example.com/atende"


def at(us: int) -> EventMetadata:
    return EventMetadata(tenant=TENANT, actor="test", recorded_at=us)


def made() -> Webhook:
    webhook = Webhook(uuid4(), TENANT)
    webhook.create(URL, "first", ALL, None, at(0))
    return webhook


def plain(secrets: list[Personal]) -> list[str | None]:
    return [secret.plain for secret in secrets]


def test_the_former_secret_signs_until_the_overlap_ends() -> None:
    webhook = made()
    webhook.rotate("second", 10 * SECOND, None, at(SECOND))
    assert plain(webhook.signing(2 * SECOND)) == ["second", "first"]
    assert plain(webhook.signing(11 * SECOND)) == ["second"]
    webhook.rotate("third", 0, None, at(5 * SECOND))
    assert plain(webhook.signing(5 * SECOND)) == ["third"], "without an overlap no former secret signs"
    with pytest.raises(InvalidField):
        webhook.rotate("x", MOST_OVERLAP_US + 1, None, at(0))


def test_a_later_rotation_does_not_extend_an_earlier_overlap() -> None:
    webhook = made()
    webhook.rotate("second", 10 * SECOND, None, at(0))
    webhook.rotate("third", 100 * SECOND, None, at(SECOND))
    assert plain(webhook.signing(50 * SECOND)) == ["third", "second"]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://crm.example.com/",
        "https://",
        "https://a:b@crm.example.com/",
        "https://crm.example.com/#x",
        "https://x:99999/",
        "https://ã.br/",
        f"https://{'a' * 64}.example.com/",
        f"https://{'a.' * 126}com/",
        "https://crm..example.com/",
        "https://.example.com/",
    ],
)
def test_a_url_that_is_none_is_refused_by_its_field(url: str) -> None:
    with pytest.raises(InvalidField) as refused:
        Webhook(uuid4(), TENANT).create(url, "s", ALL, None, at(0))
    assert refused.value.field == "url"


@pytest.mark.parametrize(
    "host", [f"{'a' * 63}.example.com", f"{'a.' * 125}com", "crm.example.com.", "[2606:2800:220:1:248:1893:25c8:1946]"]
)
def test_a_host_may_be_as_long_as_names_are(host: str) -> None:
    Webhook(uuid4(), TENANT).create(f"https://{host}:8443/x", "s", ALL, None, at(0))


def test_what_is_no_type_of_message_or_direction_is_refused_by_its_field() -> None:
    for field, subscription in (
        ("events.1", Subscription((*ALL.kinds, "interaction.danced"))),
        ("events", Subscription(())),
        ("direction", Subscription(ALL.kinds, (), "up")),
    ):
        with pytest.raises(InvalidField) as refused:
            Webhook(uuid4(), TENANT).create(URL, "s", subscription, None, at(0))
        assert refused.value.field == field


def test_a_subscription_means_its_queues_in_any_spelling() -> None:
    def about(queue: str) -> WebhookMessage:
        return WebhookMessage(
            type="interaction.offered", timestamp="2026-03-02T17:05:09.250Z", data=MessageData(position=1, id=uuid4(), queues=(queue,))
        )

    wanted = Subscription(("interaction.offered",), ("VENDAS ",))
    assert wanted.wants(about("vendas"))
    assert not wanted.wants(about("suporte"))


def test_nobody_subscribes_to_what_they_may_not_watch() -> None:
    with pytest.raises(NotAllowed):
        Webhook(uuid4(), TENANT).create(URL, "s", ALL, Actor(uuid4(), "user", frozenset({"gerenciar-conectores"})), at(0))
    webhook = Webhook(uuid4(), TENANT)
    webhook.create(URL, "s", ALL, Actor(uuid4(), "user", frozenset({ATTEND})), at(0))
    assert webhook.status == "active"


def test_a_disabled_webhook_posts_again_once_it_is_resumed_and_a_deleted_one_never() -> None:
    webhook = made()
    webhook.disable("gone", at(1))
    webhook.disable("again", at(2))
    assert (webhook.status, webhook.reason, webhook.version) == ("disabled", "gone", 2)
    for refused in (lambda: webhook.pause(at(3)), lambda: webhook.redeliver(None, 0, at(3))):
        with pytest.raises(Refused):
            refused()
    webhook.resume(at(4))
    assert (webhook.status, webhook.reason) == ("active", "")
    webhook.delete(at(5))
    webhook.disable("late", at(6))
    assert (webhook.status, webhook.signing(6)) == ("deleted", [])
    with pytest.raises(NotFound):
        webhook.resume(at(7))
