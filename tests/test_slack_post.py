"""Deliveries to Slack: each arrives once, in order and at Slack's pace, whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import failures
from adapters.slack.post import Posts
from adapters.slack.single import OneWorkspace
from bot import daily, delivery
from bot.model import Button, Card, Destination, Digest, Following, Paper, Reply, Text
from bot.ports import DeliveryError, Store
from bot.search.grammar import parse
from tests.fakes.slack import (
    SCOPES,
    FakeSlack,
    Fault,
    broken,
    dropped,
    fine,
    limited,
    refused,
    reset,
    silent,
    truncated,
)
from tests.test_slack_blocks import found, texts

ROOM = Destination("slack", "T1", "C1")
ADA = Destination("slack", "T1", "@U1")
KEY = "slack:T1/C1|highlights|cs.CV:2020-11-20|1"
FRIDAY = date(2020, 11, 20)
CARDS = tuple(
    Card(f"2011.{n:05}", Text(f"Paper {n}"), f"https://arxiv.org/abs/2011.{n:05}", Text("An abstract. " * 20))
    for n in range(1, 6)
)
HIGHLIGHTS = Reply(Text("cs.CV, Fri 20 Nov 2020: 5 of 53 papers"), CARDS, buttons=(Button("All", "today", "cs.CV"),))
ALERT = Reply(
    Text("5 new papers match"), CARDS, buttons=(Button("Unsubscribe from lidar", "unsubscribe", "1"),), private=True
)


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as made:
        made.workspace("T1", scopes=SCOPES | {"channels:history", "groups:history"})
        yield made


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as made:
        yield made


@pytest.fixture
async def posts(slack: FakeSlack, store: Store, session: aiohttp.ClientSession, clock: Clock) -> Posts:
    client = AsyncWebClient(base_url=slack.api, session=session, retry_handlers=[])
    ledger = store.ledger("slack")
    return Posts(await OneWorkspace.open(slack.token, client, ledger, clock), client, ledger, clock)


async def failure(
    posts: Posts, reply: Reply = HIGHLIGHTS, to: Destination = ROOM, *, uncertain: bool = False
) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        await posts.send(to, reply, key=KEY, uncertain=uncertain)
    return raised.value


def calls(slack: FakeSlack, method: str = "chat.postMessage") -> int:
    return sum(call.method == method for call in slack.calls)


async def test_highlights_are_one_message_with_the_details_in_its_thread(slack: FakeSlack, posts: Posts) -> None:
    await posts.send(ROOM, HIGHLIGHTS, key=KEY, uncertain=False)

    first, *thread = slack.posts
    assert (first.channel, first.thread_ts) == ("C1", None)
    assert {each.thread_ts for each in thread} == {first.ts}
    assert [each["text"] for each in found(first.blocks, "link")] == [f"Paper {n}" for n in range(1, 6)]
    assert "An abstract." not in texts(first.blocks)
    assert "".join(texts(each.blocks) for each in thread).count("Paper ") == 5


async def test_an_alert_is_one_direct_message_with_its_buttons(slack: FakeSlack, posts: Posts) -> None:
    await posts.send(ADA, ALERT, key=KEY, uncertain=False)

    (said,) = slack.posts
    assert said.channel == "DU1"
    assert "Unsubscribe from lidar" in texts(said.blocks)
    assert texts(said.blocks).count("Paper ") == 5


async def test_what_arrived_is_not_sent_again(slack: FakeSlack, posts: Posts) -> None:
    for uncertain in (False, True):
        await posts.send(ROOM, HIGHLIGHTS, key=KEY, uncertain=uncertain)

    assert len(slack.posts) == 2


LOST = {
    "the connection is closed": dropped(commit=True),
    "the connection is reset": reset(commit=True),
    "nothing is answered": silent(commit=True),
    "half of the answer comes": truncated(),
    "a page of HTML comes": broken(500, commit=True),
    "a proxy gives up": broken(503, commit=True),
    "Slack does not know": refused("fatal_error", commit=True),
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize("to", [ROOM, ADA], ids=["room", "person"])
async def test_a_message_whose_reply_was_lost_is_found_and_not_repeated(
    slack: FakeSlack, posts: Posts, clock: Clock, fault: Fault, to: Destination
) -> None:
    reply = HIGHLIGHTS if to is ROOM else ALERT
    slack.fail("chat.postMessage", fault)
    assert (await failure(posts, reply, to)).kind == "uncertain"
    assert len(slack.posts) == 1

    early = await failure(posts, reply, to, uncertain=True)
    assert (early.code, early.kind) == ("unconfirmed", "uncertain")
    assert early.retry_after is not None
    clock.forward(early.retry_after)
    await posts.send(to, reply, key=KEY, uncertain=True)

    assert len(slack.posts) == (2 if to is ROOM else 1)
    assert "may be a repeat" not in texts([each.blocks for each in slack.posts])


@pytest.mark.parametrize("fault", [dropped(), reset(), broken(500)], ids=["closed", "reset", "HTML"])
async def test_a_message_that_never_arrived_is_sent_once_more(
    slack: FakeSlack, posts: Posts, clock: Clock, fault: Fault
) -> None:
    slack.fail("chat.postMessage", fault)
    assert (await failure(posts)).kind == "uncertain"
    clock.forward(60)
    await posts.send(ROOM, HIGHLIGHTS, key=KEY, uncertain=True)

    assert [texts(each.blocks).count("may be a repeat") for each in slack.posts] == [0, 0]


async def test_a_lost_reply_in_the_thread_repeats_neither_the_message_nor_the_thread(
    slack: FakeSlack, posts: Posts, clock: Clock
) -> None:
    long = replace(HIGHLIGHTS, cards=CARDS * 20)
    slack.fail("chat.postMessage", fine(), fine(), dropped(commit=True))
    assert (await failure(posts, long)).kind == "uncertain"
    clock.forward(60)
    await posts.send(ROOM, long, key=KEY, uncertain=True)

    assert len(slack.posts) > 4
    assert [each.thread_ts for each in slack.posts] == [None, *[slack.posts[0].ts] * (len(slack.posts) - 1)]
    keys = [(each.metadata or {})["event_payload"]["key"] for each in slack.posts]
    assert len(set(keys)) == len(keys)


async def test_a_crash_in_the_thread_goes_on_where_it_was(slack: FakeSlack, posts: Posts, clock: Clock) -> None:
    long = replace(HIGHLIGHTS, cards=CARDS * 20)
    slack.fail("chat.postMessage", fine(), fine(), silent(commit=True))
    sending = asyncio.create_task(posts.send(ROOM, long, key=KEY, uncertain=False))
    await slack.until(lambda: len(slack.posts) == 3)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    clock.forward(60)
    await posts.send(ROOM, long, key=KEY, uncertain=True)

    keys = [(each.metadata or {})["event_payload"]["key"] for each in slack.posts]
    assert len(set(keys)) == len(keys) > 4


async def test_where_history_may_not_be_read_a_repeat_says_that_it_may_be_one(
    slack: FakeSlack, posts: Posts, clock: Clock
) -> None:
    slack.workspace("T1", scopes=SCOPES)
    slack.fail("chat.postMessage", dropped(commit=True))
    await failure(posts)
    clock.forward(60)
    await posts.send(ROOM, HIGHLIGHTS, key=KEY, uncertain=True)

    assert [texts(each.blocks).count("(may be a repeat)") for each in slack.posts] == [0, 1, 0]
    assert slack.posts[1].text.startswith("(may be a repeat)")


async def test_a_message_is_found_among_many_others(slack: FakeSlack, posts: Posts, clock: Clock) -> None:
    slack.fail("chat.postMessage", dropped(commit=True))
    await failure(posts)
    for number in range(250):
        slack.say(f"chatter {number}")
    clock.forward(60)
    await posts.send(ROOM, HIGHLIGHTS, key=KEY, uncertain=True)

    assert calls(slack, "conversations.history") == 3
    assert sum(each.thread_ts is None for each in slack.posts) == 1


async def test_a_search_that_slack_interrupts_goes_on_where_it_was(
    slack: FakeSlack, posts: Posts, clock: Clock
) -> None:
    slack.history_limit = 15
    slack.fail("chat.postMessage", dropped(commit=True))
    await failure(posts)
    for number in range(40):
        slack.say(f"chatter {number}")
    clock.forward(60)
    slack.fail("conversations.history", *[fine(), limited("60")] * 3)  # a page a minute
    for _ in range(2):
        assert (await failure(posts, uncertain=True)).kind == "uncertain"
        clock.forward(60)
    await posts.send(ROOM, HIGHLIGHTS, key=KEY, uncertain=True)

    assert sum(each.thread_ts is None for each in slack.posts) == 1


@pytest.mark.parametrize("ahead", [-240, 240])
async def test_a_message_is_found_though_the_clocks_differ(
    slack: FakeSlack, posts: Posts, clock: Clock, ahead: float
) -> None:
    slack.ahead = ahead
    slack.fail("chat.postMessage", dropped(commit=True))
    await failure(posts)
    clock.forward(60)
    await posts.send(ROOM, HIGHLIGHTS, key=KEY, uncertain=True)

    assert len(slack.posts) == 2


async def test_a_clock_that_is_put_back_makes_nothing_wait_for_it(posts: Posts, slack: FakeSlack, clock: Clock) -> None:
    slack.fail("chat.postMessage", dropped(commit=True))
    await failure(posts)
    clock.forward(-3600)

    assert (await failure(posts, uncertain=True)).retry_after == 10


async def test_who_is_stopped_while_waiting_for_a_turn_has_sent_nothing_uncertain(
    slack: FakeSlack, posts: Posts
) -> None:
    slack.workspace("T1", scopes=SCOPES)  # without history, a look would end in doubt
    long = replace(HIGHLIGHTS, cards=CARDS * 12)
    sending = asyncio.create_task(posts.send(ROOM, long, key=KEY, uncertain=False))
    await slack.until(lambda: len(slack.posts) == 3)
    await asyncio.sleep(0.1)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await posts.send(ROOM, long, key=KEY, uncertain=True)

    assert "may be a repeat" not in texts([each.blocks for each in slack.posts])


async def test_while_slack_will_not_say_whether_it_arrived_nothing_is_sent(
    slack: FakeSlack, posts: Posts, clock: Clock
) -> None:
    slack.fail("chat.postMessage", dropped(commit=True))
    await failure(posts)
    clock.forward(60)
    slack.fail("conversations.history", limited("7", "<html>slow down</html>"), broken(500))

    limited_ = await failure(posts, uncertain=True)
    assert (limited_.kind, limited_.retry_after) == ("uncertain", 7.0)
    assert (await failure(posts, uncertain=True)).kind == "uncertain"
    assert len(slack.posts) == 1


# Refusals


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        *((refused(code), "gone", code) for code in sorted(failures.GONE)),
        *((refused(code), "content", code) for code in sorted(failures.CONTENT)),
        *((refused(code), "later", code) for code in sorted(failures.REFUSED | failures.LEFT)),
        *((refused(code), "uncertain", code) for code in sorted(failures.UNCERTAIN)),
        *((refused(code), "later", "ratelimited") for code in sorted(failures.RATE)),
        (refused("some_new_code"), "later", "some_new_code"),
        (refused("service_unavailable"), "later", "service_unavailable"),
        (broken(503), "uncertain", "http_503"),
        (broken(502), "uncertain", "http_502"),
        (broken(200), "uncertain", "http_200"),
        (reset(), "uncertain", "no_reply"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_every_refusal_is_understood(slack: FakeSlack, posts: Posts, fault: Fault, kind: str, code: str) -> None:
    slack.fail("chat.postMessage", fault)
    error = await failure(posts)

    assert (error.kind, error.code) == (kind, code)
    assert calls(slack) == 1


def test_no_code_is_understood_in_two_ways() -> None:
    tables = (failures.GONE, failures.CONTENT, failures.LEFT, failures.REFUSED, failures.RATE, failures.UNCERTAIN)

    assert sum(map(len, tables)) == len(frozenset().union(*tables))


async def test_nobody_listening_means_that_nothing_was_sent(
    posts: Posts, store: Store, session: aiohttp.ClientSession
) -> None:
    client = AsyncWebClient(base_url="http://127.0.0.1:9/api/", session=session, retry_handlers=[])
    away = Posts(posts._workspaces, client, store.ledger("slack"), lambda: datetime.now(UTC))

    error = await failure(away)
    assert (error.kind, error.code) == ("later", "unreachable")


async def test_what_a_thread_cannot_show_does_not_take_the_message_back(slack: FakeSlack, posts: Posts) -> None:
    long = replace(HIGHLIGHTS, cards=CARDS * 12)
    slack.fail("chat.postMessage", fine(), refused("invalid_blocks"))
    await posts.send(ROOM, long, key=KEY, uncertain=False)

    assert slack.posts[0].thread_ts is None
    assert len(slack.posts) == calls(slack) - 1 > 2


async def test_a_workspace_that_has_thrown_the_app_out_is_closed(slack: FakeSlack, posts: Posts, store: Store) -> None:
    await store.subscribe(ADA, parse("paper"), datetime.now(UTC))
    await daily.take_in(Digest("x", "cs.CV", FRIDAY, (Paper("2011.1", "Paper"),)), store, datetime.now(UTC))
    slack.revoke()
    await failure(posts)

    assert await store.claim(["slack"], datetime.now(UTC) + timedelta(days=1)) is None


async def test_a_workspace_that_lets_nothing_through_is_left_alone_for_a_while(
    slack: FakeSlack, posts: Posts, clock: Clock
) -> None:
    slack.workspace("T1", scopes=SCOPES - {"chat:write"})
    await failure(posts)
    held = await failure(posts, to=ADA)
    assert held.kind == "held"
    assert calls(slack) == 1
    slack.workspace("T1", scopes=SCOPES)
    clock.forward(held.retry_after or 0)
    await posts.send(ADA, ALERT, key=KEY, uncertain=False)


# Pace


@pytest.mark.parametrize(
    ("header", "body", "seconds"),
    [
        ("0.5", "{}", 0.5),
        ("30", '{"ok": false, "error": "ratelimited"}', 30.0),
        (None, '{"ok": false, "error": "ratelimited"}', 30.0),
        ("soon", "<html>slow down</html>", 30.0),
        ("-1", "{}", 30.0),
        ("nan", "{}", 30.0),
        ("1e300", "{}", 86_400.0),
        ("Wed, 21 Oct 2026 07:28:50 GMT", "<html>slow down</html>", 50.0),
        ("Wed, 21 Oct 2026 07:27:00 GMT", "{}", 30.0),
        ("Wed, 21 Oct 2026", "{}", 30.0),
    ],
)
async def test_slack_is_not_asked_again_before_the_time_that_it_named(
    slack: FakeSlack, posts: Posts, clock: Clock, header: str | None, body: str, seconds: float
) -> None:
    slack.fail("chat.postMessage", limited(header, body, at="Wed, 21 Oct 2026 07:28:00 GMT"))
    error = await failure(posts)
    assert (error.code, error.kind, error.retry_after) == ("ratelimited", "later", seconds)

    clock.forward(seconds - 0.1)
    assert (await failure(posts)).kind == "held"
    assert calls(slack) == 1
    clock.forward(0.1)
    await posts.send(ROOM, HIGHLIGHTS, key=KEY, uncertain=False)


async def test_one_hot_channel_does_not_hold_up_the_others_and_two_hold_up_the_workspace(
    slack: FakeSlack, posts: Posts
) -> None:
    slack.teams["T1"].channel("C2")
    slack.fail("chat.postMessage", limited("60"))
    await failure(posts)
    await posts.send(ADA, ALERT, key="one", uncertain=False)
    slack.fail("chat.postMessage", limited("60"))
    await failure(posts, to=Destination("slack", "T1", "C2"))

    assert (await failure(posts, ALERT, ADA)).kind == "held"


async def test_once_a_workspace_is_held_up_nothing_goes_on_there(slack: FakeSlack, posts: Posts) -> None:
    for name in ("C2", "C3"):
        slack.teams["T1"].channel(name)
    long = replace(HIGHLIGHTS, cards=CARDS * 12)
    sending = asyncio.create_task(failure(posts, long))
    await slack.until(lambda: len(slack.posts) == 3)  # now it waits for its turn
    slack.fail("chat.postMessage", *[limited("60")] * 2)
    others = (
        posts.send(Destination("slack", "T1", name), HIGHLIGHTS, key=name, uncertain=False) for name in ("C2", "C3")
    )
    await asyncio.gather(*others, return_exceptions=True)

    assert (await sending).kind == "held"
    assert len(slack.posts) == 3


async def test_those_held_up_come_back_one_after_the_other(slack: FakeSlack, posts: Posts) -> None:
    slack.workspace("T1", scopes=SCOPES - {"chat:write"})
    await failure(posts)
    waits = [(await failure(posts, ALERT, ADA)).retry_after or 0 for _ in range(100)]

    assert waits == sorted(waits)
    assert waits[-1] - waits[0] > 5


async def test_what_an_earlier_token_is_refused_with_does_not_close_a_workspace_that_has_a_new_one(
    slack: FakeSlack, posts: Posts, store: Store, clock: Clock, session: aiohttp.ClientSession
) -> None:
    sending = asyncio.create_task(failure(posts, replace(HIGHLIGHTS, cards=CARDS * 12)))
    await slack.until(lambda: len(slack.posts) == 3)  # now it waits for its turn
    new = slack.workspace("T1", token="xoxb-new").token
    client = AsyncWebClient(base_url=slack.api, session=session, retry_handlers=[])
    posts._workspaces = await OneWorkspace.open(new, client, store.ledger("slack"), clock)
    slack.fail("chat.postMessage", refused("token_revoked"))
    assert (await sending).code == "token_revoked"

    assert await store.paused(ROOM) is None


async def test_a_channel_gets_no_more_than_slack_lets_it_have(slack: FakeSlack, posts: Posts) -> None:
    slack.pace = True
    slack.teams["T1"].channel("C2")
    long = replace(HIGHLIGHTS, cards=CARDS * 6)
    await asyncio.gather(
        posts.send(ROOM, long, key="one", uncertain=False),
        posts.send(Destination("slack", "T1", "C2"), long, key="two", uncertain=False),
    )

    assert {each.channel for each in slack.posts} == {"C1", "C2"}
    assert [call.error for call in slack.calls if call.method == "chat.postMessage"] == [""] * len(slack.posts)


# The whole way


class Slack:
    """The adapter, as far as deliveries go."""

    def __init__(self, posts: Posts) -> None:
        self.post = posts.send

    async def run(self, answer: object, suggest: object) -> None: ...


async def test_a_morning_goes_from_the_digest_to_the_channel_and_the_person_once(
    slack: FakeSlack, posts: Posts, store: Store, clock: Clock
) -> None:
    await store.follow(Following(ROOM, owner=ADA))
    await store.subscribe(ADA, parse("paper"), clock())
    papers = tuple(Paper(f"2011.{n:05}", f"Paper {n}", "An abstract.") for n in range(1, 9))
    slack.fail("chat.postMessage", limited("0.2"), dropped(commit=True))
    for _ in range(12):
        await daily.take_in(Digest("x", "cs.CV", FRIDAY, papers), store, clock())
        await delivery.deliver(store, {"slack": Slack(posts)}, clock)
        clock.forward(20)

    rooms = [each for each in slack.posts if each.channel == "C1" and not each.thread_ts]
    people = [each for each in slack.posts if each.channel == "DU1"]
    assert (len(rooms), len(people)) == (1, 1)
    assert "8 new papers match what you subscribed to" in texts(people[0].blocks)


async def test_a_code_that_nobody_knows_is_tried_five_times_and_given_up(
    slack: FakeSlack, posts: Posts, store: Store, clock: Clock
) -> None:
    await store.follow(Following(ROOM))
    await daily.take_in(Digest("x", "cs.CV", FRIDAY, (Paper("2011.00001", "Paper"),)), store, clock())
    slack.fail("chat.postMessage", *[refused("some_new_code")] * 6)
    for _ in range(6):
        await delivery.deliver(store, {"slack": Slack(posts)}, clock)
        clock.forward(3600)

    assert calls(slack) == 5
    ((dead,), _) = await store.deliveries(states=["dead"])
    assert dead.code == "some_new_code"


async def test_what_stands_in_part_while_it_is_held_takes_nothing_in(
    slack: FakeSlack, posts: Posts, store: Store, clock: Clock
) -> None:
    """While a message waits with its thread, two other channels are told to wait, and so the whole workspace is."""
    others = [Destination("slack", "T1", name) for name in ("C2", "C3")]
    for each in others:
        slack.teams["T1"].channel(each.name)
    await store.follow(Following(ROOM, count=60))
    days = [
        Digest("x", "cs.CV", day, tuple(Paper(f"20{day.day}.{n:05}", "Paper", "An abstract. " * 99) for n in range(60)))
        for day in (FRIDAY, FRIDAY + timedelta(days=3))
    ]
    await daily.take_in(days[0], store, clock())
    delivering = asyncio.create_task(delivery.deliver(store, {"slack": Slack(posts)}, clock))
    await slack.until(lambda: len(slack.posts) == 3)  # now it waits for its turn
    slack.fail("chat.postMessage", *[limited("60")] * 2)
    sent = (posts.send(each, HIGHLIGHTS, key=each.name, uncertain=False) for each in others)
    await asyncio.gather(*sent, return_exceptions=True)
    await delivering
    assert len(slack.posts) == 3
    assert [each.code for each in (await store.deliveries())[0]] == ["ratelimited"]
    await daily.take_in(days[1], store, clock())
    clock.forward(70)
    await delivery.deliver(store, {"slack": Slack(posts)}, clock)

    heads = [each for each in slack.posts if not each.thread_ts]
    assert [each.text.partition(":")[0] for each in heads] == ["cs.CV, Fri 20 Nov 2020", "cs.CV, Mon 23 Nov 2020"]


async def test_whoever_set_a_channel_up_is_told_once_that_nothing_can_be_posted_there(
    slack: FakeSlack, posts: Posts, store: Store, clock: Clock
) -> None:
    await store.follow(Following(ROOM, owner=ADA))
    slack.teams["T1"].channels["C1"].archived = True
    for number in range(1, 4):
        digest = Digest("x", "cs.CV", FRIDAY + timedelta(number), (Paper(f"2011.0000{number}", "Paper"),))
        await daily.take_in(digest, store, clock())
        await delivery.deliver(store, {"slack": Slack(posts)}, clock)
        clock.forward(86_400)

    (notice,) = slack.posts
    assert notice.channel == "DU1"
    assert "settings on" in texts(notice.blocks)
    assert sum(call.body.get("channel") == "C1" for call in slack.calls) == 1
