"""The sender posts at least once and in order per interaction, tries again for three days, and gives a lasting failure up, on both databases."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from commands.webhooks import ChangeWebhook, PauseWebhook, RedeliverWebhook, ResumeWebhook, RotateWebhookSecret
from domain.base import SECOND
from domain.webhooks import WebhookDisabled
from processes.webhook_posts import Answer
from processes.webhook_sender import AT_ONCE, DELAYS_S
from store import webhook_deliveries as queue
from store.clock import SystemClock
from store.event_store import Store
from store.storage_location import StorageLocation
from store.webhook_deliveries import Delivery
from tests.commands.tally import OTHER
from tests.kit.stores import BOTH, location, on_server, own_database
from tests.kit.waiting import DEADLINE_S
from tests.processes.posting import AWAY, DAY, GONE, KINDS, OK, WRONG, Post, Posting

__all__ = ["location", "on_server", "own_database"]

pytestmark = pytest.mark.parametrize("location", BOTH, indirect=True)


@pytest.fixture
def posting(location: StorageLocation) -> Iterator[Posting]:
    store = Store(location)
    yield Posting(store)
    store.close()


def statuses(posting: Posting, webhook: UUID) -> list[str]:
    return [one.status for one in posting.deliveries(webhook)]


def test_what_happens_is_posted_in_order_and_once(posting: Posting) -> None:
    webhook = posting.create().id
    calls = [posting.call() for _ in range(3)]
    posting.post()
    posting.post()
    assert [posting.receiver.steps(call) for call in calls] == [list(KINDS)] * 3
    (first, *_) = posting.deliveries(webhook)
    assert (first.status, first.attempts, first.code, first.error) == ("delivered", 1, 200, "")
    assert posting.sender.figures.attempts == {"delivered": 9, "retried": 0, "given_up": 0}


def test_the_signature_is_what_standard_webhooks_verifies(posting: Posting) -> None:
    posting.clock.us = SystemClock().now_us()  # the package refuses messages of another time
    receipt = posting.create()
    posting.call()
    posting.post()
    secret = str(receipt.result["secret"])
    post = posting.receiver.posts[0]
    verifies(secret, post)
    with pytest.raises(WebhookVerificationError):
        verifies(secret, Post(post.url, post.headers, post.body + " "))
    posting.do(RotateWebhookSecret(webhook=receipt.id, overlap_ms=60_000))
    rotated = str(posting.do(RotateWebhookSecret(webhook=receipt.id, overlap_ms=60_000)).result["secret"])
    posting.call()
    posting.post()
    for known in (secret, rotated):
        verifies(known, posting.receiver.posts[-1])
    posting.clock.pass_s(61)
    posting.call()
    posting.post()
    verifies(rotated, posting.receiver.posts[-1])
    with pytest.raises(WebhookVerificationError):
        verifies(secret, posting.receiver.posts[-1])


def verifies(secret: str, post: Post) -> None:
    Verifier(secret).verify(post.body, post.headers)


def test_an_interaction_waits_for_its_earlier_message_and_others_go_on(posting: Posting) -> None:
    webhook = posting.create().id
    stuck, other = posting.call(), posting.call()
    posting.receiver.answer = lambda post: WRONG if post.step[0] == str(stuck) else OK
    posting.post()
    assert posting.receiver.steps(stuck) == [KINDS[0]]
    assert posting.receiver.steps(other) == list(KINDS)
    posting.receiver.answer = lambda _: OK
    posting.wait(DELAYS_S[0] - 1)
    assert posting.receiver.steps(stuck) == [KINDS[0]]
    posting.wait(1)
    assert posting.receiver.steps(stuck) == [KINDS[0], *KINDS]
    assert [(one.attempts, one.failed) for one in posting.deliveries(webhook) if one.subject == stuck] == [(2, 1), (1, 0), (1, 0)]
    ids = [post.id for post in posting.receiver.posts if post.step[0] == str(stuck)]
    assert ids[0] == ids[1] != ids[2], "a repeat is known by its id"


def test_a_receiver_that_fails_holds_up_itself_alone_and_gets_few_posts_at_once(posting: Posting) -> None:
    posting.create(url="https://dead.example.com/")
    posting.create(url="https://alive.example.com/")
    calls = [posting.call() for _ in range(3 * AT_ONCE)]
    posting.receiver.answer = lambda post: AWAY if "dead" in post.url else OK
    posting.post()
    hosts = Counter(post.url for post in posting.receiver.posts)
    assert hosts == {"https://dead.example.com/": len(calls), "https://alive.example.com/": len(calls) * len(KINDS)}
    assert set(posting.receiver.most_at_once.values()) == {AT_ONCE}


def test_a_receiver_that_does_not_answer_keeps_nobody_else_waiting(posting: Posting) -> None:
    slow, quick = posting.create(url="https://slow.example.com/").id, posting.create(url="https://quick.example.com/").id
    for _ in range(3 * AT_ONCE):
        posting.call()
    posting.queued()
    posting.receiver.silent = "https://slow.example.com/"

    async def looks() -> None:
        deadline = monotonic() + DEADLINE_S
        while set(statuses(posting, quick)) != {"delivered"}:
            assert monotonic() < deadline
            await posting.sender.look()
        await posting.sender.look()
        assert (
            posting.receiver.at_once["https://slow.example.com/"] == posting.receiver.most_at_once["https://slow.example.com/"] == AT_ONCE
        )

    asyncio.run(looks())
    assert set(statuses(posting, slow)) == {"waiting"}


def test_a_message_that_is_delivered_while_the_queue_is_read_is_posted_once(posting: Posting, monkeypatch: pytest.MonkeyPatch) -> None:
    posting.create()
    posting.call()
    posting.queued()
    post, read = posting.receiver.post, queue.due

    async def looks() -> None:
        loop, read_once = asyncio.get_running_loop(), asyncio.Event()

        async def post_then(*args: Any) -> Answer:
            await read_once.wait()
            return await post(*args)

        monkeypatch.setattr(posting.receiver, "post", post_then)
        (first,) = await posting.sender.look()

        def read_then_deliver(*args: Any) -> list[Delivery]:
            found = read(*args)
            loop.call_soon_threadsafe(read_once.set)
            asyncio.run_coroutine_threadsafe(asyncio.wait([first]), loop).result(DEADLINE_S)
            return found

        monkeypatch.setattr(queue, "due", read_then_deliver)
        await posting.sender.look()
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

    asyncio.run(looks())
    assert [one.step[1] for one in posting.receiver.posts] == [KINDS[0]]


def test_it_is_tried_for_three_days_less_and_less_often_then_the_webhook_is_disabled_with_a_notice(
    posting: Posting, caplog: pytest.LogCaptureFixture
) -> None:
    webhook = posting.create().id
    posting.call()
    posting.receiver.answer = lambda _: WRONG
    posting.post()
    for delay in DELAYS_S[:-1]:
        posting.wait(delay)
    assert len(posting.receiver.posts) == len(DELAYS_S)
    answered = queue.receiver_of(posting.store.recorder.db, webhook)
    assert (answered.failed, answered.code, answered.due) == (len(DELAYS_S), 500, posting.clock.now_us() + DELAYS_S[-1] * SECOND)
    assert statuses(posting, webhook) == ["waiting"] * 3
    posting.wait(DELAYS_S[-1])
    assert statuses(posting, webhook) == ["failed"] * 3, "the others are withdrawn"
    assert posting.webhook(webhook).status == "disabled"
    assert "three days" in posting.webhook(webhook).reason
    assert isinstance(posting.store.stream(webhook)[-1], WebhookDisabled)
    assert posting.sender.figures.disabled == 1
    assert f"webhook disabled id={webhook}" in caplog.text
    assert 2.9 * DAY < sum(DELAYS_S) < 3 * DAY
    posted = len(posting.receiver.posts)
    posting.call()
    posting.wait(DAY)
    assert len(posting.receiver.posts) == posted, "a disabled one posts nothing"


def test_one_message_that_is_refused_for_days_is_given_up_and_the_webhook_goes_on(posting: Posting) -> None:
    webhook = posting.create().id
    stuck = posting.call()
    posting.receiver.answer = lambda post: WRONG if post.step == (str(stuck), KINDS[0]) else OK
    posting.post()
    for delay in DELAYS_S:
        posting.call()
        posting.wait(delay)
    assert posting.webhook(webhook).status == "active"
    assert [one.status for one in posting.deliveries(webhook) if one.subject == stuck] == ["failed", "delivered", "delivered"]


def test_a_message_that_waited_for_days_behind_another_is_tried_for_its_own_three_days(posting: Posting) -> None:
    webhook = posting.create().id
    call = posting.call()
    refused = {(str(call), KINDS[0])}
    posting.receiver.answer = lambda post: WRONG if post.step in refused else OK
    posting.post()
    for delay in DELAYS_S[:-1]:
        posting.call()
        posting.wait(delay)
    refused.add((str(call), KINDS[1]))
    posting.call()
    posting.wait(DELAYS_S[-1])
    assert [one.status for one in posting.deliveries(webhook) if one.subject == call] == ["failed", "waiting", "waiting"], "refused once"
    refused.clear()
    posting.wait(DELAYS_S[0])
    assert [one.status for one in posting.deliveries(webhook) if one.subject == call] == ["failed", "delivered", "delivered"]


def test_a_receiver_that_is_gone_is_disabled_at_once(posting: Posting) -> None:
    webhook = posting.create().id
    posting.call()
    posting.receiver.answer = lambda _: GONE
    posting.post()
    assert posting.webhook(webhook).status == "disabled"
    assert "410" in posting.webhook(webhook).reason
    assert (len(posting.receiver.posts), set(statuses(posting, webhook))) == (1, {"failed"})


def test_what_failed_is_posted_again_on_request_one_or_all_since_in_order(posting: Posting) -> None:
    webhook = posting.create().id
    since = posting.clock.now_us()
    call = posting.call()
    posting.receiver.answer = lambda _: GONE
    posting.post()
    posting.receiver.answer = lambda _: OK
    posting.do(ResumeWebhook(webhook=webhook))
    posting.do(RedeliverWebhook(webhook=webhook, since=since + 60_000_000))
    posting.post()
    assert len(posting.receiver.posts) == 1, "nothing failed since then"
    posting.do(RedeliverWebhook(webhook=webhook, since=since))
    posting.post()
    assert posting.receiver.steps(call)[1:] == list(KINDS)
    (first, *_) = posting.deliveries(webhook)
    posting.do(RedeliverWebhook(webhook=webhook, delivery=first.id))
    posting.post()
    assert posting.receiver.posts[-1].id == posting.receiver.posts[0].id
    assert posting.deliveries(webhook)[0].attempts == 3


def test_a_delivery_of_another_webhook_is_not_posted_again(posting: Posting) -> None:
    ours, theirs = posting.create().id, posting.create(OTHER).id
    posting.call()
    posting.post()
    posting.do(RedeliverWebhook(webhook=theirs, delivery=posting.deliveries(ours)[0].id), OTHER)
    posting.post()
    assert len(posting.receiver.posts) == len(KINDS)


def test_what_waits_stays_through_a_pause_and_goes_to_the_new_url(posting: Posting) -> None:
    webhook = posting.create().id
    posting.call()
    posting.queued()
    posting.do(PauseWebhook(webhook=webhook))
    posting.post()
    assert posting.receiver.posts == []
    posting.do(ChangeWebhook(webhook=webhook, url="https://new.example.com/"))
    posting.do(ResumeWebhook(webhook=webhook))
    posting.post()
    assert [post.url for post in posting.receiver.posts] == ["https://new.example.com/"] * len(KINDS)


def test_an_attempt_that_another_leader_recorded_changes_nothing(posting: Posting) -> None:
    webhook = posting.create().id
    posting.call()
    posting.queued()
    (late, *_) = posting.deliveries(webhook)
    posting.receiver.answer = lambda _: WRONG
    posting.post()
    (recorded, *_) = posting.deliveries(webhook)
    posting.sender._record(late, Answer(500, "late"), 1)
    assert posting.deliveries(webhook)[0] == recorded
    posting.receiver.answer = lambda _: OK
    posting.wait(DELAYS_S[0])
    posting.sender._record(late, Answer(500, "late"), 1)
    assert posting.deliveries(webhook)[0].status == "delivered"


def test_an_earlier_message_that_is_posted_again_comes_before_later_ones_that_wait(posting: Posting) -> None:
    webhook = posting.create().id
    call = posting.call()
    posting.receiver.answer = lambda post: OK if post.step[1] == KINDS[0] else WRONG
    posting.post()
    first, second, _ = posting.deliveries(webhook)
    assert second.due == posting.clock.now_us() + DELAYS_S[0] * SECOND
    posting.receiver.answer = lambda _: WRONG
    posting.do(RedeliverWebhook(webhook=webhook, delivery=first.id))
    posting.post()
    posting.wait(DELAYS_S[1] - 1)
    assert posting.receiver.steps(call) == [KINDS[0], KINDS[1], KINDS[0]]


def test_deliveries_are_kept_for_seven_days_after_they_ended(posting: Posting) -> None:
    webhook = posting.create().id
    posting.call()
    posting.post()
    posting.clock.pass_s(7 * DAY - 10)
    posting.begin()
    posting.post()
    assert len(posting.deliveries(webhook)) == len(KINDS)
    posting.clock.pass_s(20)
    posting.begin()
    posting.post()
    assert posting.deliveries(webhook) == []
    assert posting.store.recorder.db.read("SELECT count(*) FROM webhook_failures", ()) == [(0,)]
