"""Deliveries to Discord: each arrives once, in order and at Discord's pace, whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import aiohttp
import pytest
from discord import AllowedMentions, Client, Intents, RateLimited

from adapters.discord import direct, failures, forums
from adapters.discord.api import point_at
from adapters.discord.invalid import InvalidRequests
from adapters.discord.messages import chapters
from adapters.discord.post import Posts
from bot import daily, delivery
from bot.model import Button, Card, Destination, Digest, Following, Paper, Reply, Text
from bot.ports import DeliveryError, Store
from bot.search.grammar import parse
from tests.fakes.discord import (
    Channel,
    FakeDiscord,
    Fault,
    Guild,
    Permission,
    User,
    broken,
    dropped,
    fine,
    limited,
    refused,
    reset,
    silent,
    truncated,
)
from tests.fakes.discord_state import Dms

FRIDAY = date(2020, 11, 20)
KEY = "discord:1/2|highlights|cs.CV:2020-11-20|1"
CARDS = tuple(
    Card(
        f"2011.{n:05}",
        Text(f"Paper {n}"),
        f"https://arxiv.org/abs/2011.{n:05}",
        Text("An abstract. " * 20),
        facts=("cs.CV",),
        buttons=(Button("Abstract", "show", f"2011.{n:05}", "aside"),),
    )
    for n in range(1, 21)
)
HIGHLIGHTS = Reply(
    Text("cs.CV, Fri 20 Nov 2020: 5 of 53 papers"),
    CARDS[:5],
    buttons=(Button("All", "today", "cs.CV"),),
    topic="cs.CV",
)
LONG = replace(HIGHLIGHTS, cards=CARDS)  # more than one message takes
ALERT = replace(HIGHLIGHTS, text=Text("5 new papers match"), buttons=(Button("Unsubscribe", "unsubscribe", "1"),))
WORDS = Reply(Text("The daily highlights cannot be posted in a room any more."))
SENT = "/channels/*/messages"
REPEAT = "(may be a repeat)"


@dataclass
class Clock:
    """The adapter's clock and Discord's, put forward together."""

    fake: FakeDiscord
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.fake.ahead += seconds


@pytest.fixture
def clock(discord: FakeDiscord) -> Clock:
    return Clock(discord)


@pytest.fixture
def guild(discord: FakeDiscord) -> Guild:
    return discord.guild("Reading group")


@pytest.fixture
def ada(discord: FakeDiscord, guild: Guild) -> User:
    ada = discord.user("ada")
    guild.join(ada)
    return ada


@pytest.fixture
def papers(guild: Guild) -> Channel:
    return guild.text("papers")


@pytest.fixture
def guard(clock: Clock) -> InvalidRequests:
    return InvalidRequests(clock)


@pytest.fixture
async def client(discord: FakeDiscord, guard: InvalidRequests) -> AsyncIterator[Client]:
    """Yield a client as the adapter makes it."""
    made = Client(
        intents=Intents.none(),
        allowed_mentions=AllowedMentions.none(),
        max_ratelimit_timeout=30,
        http_trace=guard.trace(),
    )
    async with made:
        await made.login(discord.token)
        yield made


@pytest.fixture
def left() -> set[str]:
    return set()


@pytest.fixture
def posts(client: Client, guard: InvalidRequests, store: Store, clock: Clock, left: set[str]) -> Posts:
    return Posts(client, guard, store.ledger("discord"), clock, left.__contains__)


def to(place: Channel | User) -> Destination:
    if isinstance(place, User):
        return Destination("discord", "dm", f"@{place.id}")
    assert place.guild is not None
    return Destination("discord", str(place.guild.id), str(place.id))


async def failure(
    posts: Posts, place: Channel | User, reply: Reply = HIGHLIGHTS, *, uncertain: bool = False
) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        await posts.send(to(place), reply, key=KEY, uncertain=uncertain)
    return raised.value


def calls(fake: FakeDiscord, ending: str = "/messages", method: str = "POST") -> int:
    return sum(each.method == method and each.path.endswith(ending) for each in fake.requests)


def titles(place: Channel) -> list[str]:
    return [embed["title"] for each in place.messages for embed in each.embeds]


def repeats(place: Channel) -> list[bool]:
    return [REPEAT in each.text for each in place.messages]


async def test_highlights_are_a_message_in_the_channel(posts: Posts, papers: Channel) -> None:
    await posts.send(to(papers), HIGHLIGHTS, key=KEY, uncertain=False)

    (said,) = papers.messages
    assert "5 of 53 papers" in said.content
    assert titles(papers) == [f"Paper {n}" for n in range(1, 6)]
    assert "All" in said.buttons


async def test_what_is_too_long_for_one_message_comes_in_several_in_order(posts: Posts, papers: Channel) -> None:
    await posts.send(to(papers), LONG, key=KEY, uncertain=False)

    assert len(papers.messages) > 1
    assert titles(papers) == [f"Paper {n}" for n in range(1, 21)]


async def test_what_arrived_is_not_sent_again(discord: FakeDiscord, posts: Posts, papers: Channel) -> None:
    for uncertain in (False, True):
        await posts.send(to(papers), LONG, key=KEY, uncertain=uncertain)

    assert len(papers.messages) == calls(discord)


async def test_nothing_in_a_message_mentions_anybody(posts: Posts, papers: Channel, discord: FakeDiscord) -> None:
    await posts.send(to(papers), HIGHLIGHTS, key=KEY, uncertain=False)

    (sent,) = (each.body for each in discord.requests if each.path.endswith("/messages"))
    assert sent["allowed_mentions"] == {"parse": []}


async def test_the_line_of_a_long_button_is_remembered_before_it_is_sent(
    posts: Posts, papers: Channel, store: Store, clock: Clock
) -> None:
    line = " OR ".join(f"word{number}" for number in range(50))
    await posts.send(to(papers), replace(WORDS, buttons=(Button("Again", "search", line),)), key=KEY, uncertain=False)

    key = papers.messages[0].buttons["Again"].rpartition(":")[2]
    ledger = store.ledger("discord")
    assert await ledger.get("line", f"{to(papers).workspace}/{key}", clock()) == f"search {line}"


# Lost replies

LOST = {
    "the connection is closed": dropped(commit=True),
    "the connection is reset": reset(commit=True),
    "half of the answer comes": truncated(),
    "the proxy gives up": broken(502, commit=True),
    "Discord fails": broken(500, commit=True),
    "a page comes": broken(200, commit=True),
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize("later", [0, 3, 300, 1000])
@pytest.mark.parametrize("reply", [HIGHLIGHTS, WORDS], ids=["buttons", "words"])
async def test_a_message_whose_reply_was_lost_is_not_repeated(
    discord: FakeDiscord, posts: Posts, papers: Channel, clock: Clock, fault: Fault, later: float, reply: Reply
) -> None:
    discord.fail("POST", SENT, fault)
    assert (await failure(posts, papers, reply)).kind == "uncertain"
    assert calls(discord) == len(papers.messages) == 1
    clock.forward(later)
    await posts.send(to(papers), reply, key=KEY, uncertain=True)

    assert repeats(papers) == [False]


@pytest.mark.parametrize("later", [0, 300])
async def test_a_direct_message_whose_reply_was_lost_is_not_repeated(
    discord: FakeDiscord, posts: Posts, ada: User, clock: Clock, later: float
) -> None:
    discord.fail("POST", SENT, dropped(commit=True))
    assert (await failure(posts, ada, ALERT)).kind == "uncertain"
    clock.forward(later)
    await posts.send(to(ada), ALERT, key=KEY, uncertain=True)

    assert repeats(discord.world.dm(ada)) == [False]


async def test_the_same_words_of_a_person_are_not_taken_for_ours(
    discord: FakeDiscord, posts: Posts, ada: User, clock: Clock
) -> None:
    discord.fail("POST", SENT, dropped(commit=False))
    await failure(posts, ada, WORDS)
    discord.say(ada, discord.world.dm(ada), chapters(WORDS, key=KEY)[0].content)
    clock.forward(300)
    await posts.send(to(ada), WORDS, key=KEY, uncertain=True)

    assert len(discord.world.dm(ada).messages) == 2


@pytest.mark.parametrize("later", [0, 300])
async def test_a_message_that_never_arrived_is_sent_once_more(
    discord: FakeDiscord, posts: Posts, papers: Channel, clock: Clock, later: float
) -> None:
    discord.say(discord.ben, papers, "Morning")
    discord.fail("POST", SENT, dropped(commit=False))
    await failure(posts, papers)
    clock.forward(later)
    await posts.send(to(papers), HIGHLIGHTS, key=KEY, uncertain=True)

    assert repeats(papers) == [False, False]


@pytest.mark.parametrize("later", [0, 300])
async def test_a_lost_reply_further_on_repeats_nothing(
    discord: FakeDiscord, posts: Posts, papers: Channel, clock: Clock, later: float
) -> None:
    discord.fail("POST", SENT, fine(), dropped(commit=True))
    await failure(posts, papers, LONG)
    clock.forward(later)
    await posts.send(to(papers), LONG, key=KEY, uncertain=True)

    assert titles(papers) == [f"Paper {n}" for n in range(1, 21)]


async def test_a_crash_between_two_messages_goes_on_where_it_was(
    discord: FakeDiscord, posts: Posts, papers: Channel, clock: Clock
) -> None:
    discord.fail("POST", SENT, fine(), silent(commit=True))
    sending = asyncio.create_task(posts.send(to(papers), LONG, key=KEY, uncertain=False))
    await discord.until(lambda: len(papers.messages) == 2)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    clock.forward(300)
    await posts.send(to(papers), LONG, key=KEY, uncertain=True)

    assert titles(papers) == [f"Paper {n}" for n in range(1, 21)]


async def test_a_message_that_was_taken_and_then_deleted_counts_as_sent(
    discord: FakeDiscord, posts: Posts, papers: Channel
) -> None:
    discord.fail("POST", SENT, dropped(commit=True))
    await failure(posts, papers)
    discord.remove(papers.messages[0])
    await posts.send(to(papers), HIGHLIGHTS, key=KEY, uncertain=True)

    assert papers.messages == []
    assert calls(discord) == 2


async def test_a_look_waits_until_a_message_can_be_seen(
    discord: FakeDiscord, posts: Posts, papers: Channel, clock: Clock
) -> None:
    discord.fail("POST", SENT, *[dropped(commit=True)] * 2)
    await failure(posts, papers)
    clock.forward(119)
    await failure(posts, papers, uncertain=True)
    clock.forward(1)
    early = await failure(posts, papers, uncertain=True)
    assert (early.code, early.kind, early.retry_after) == ("unconfirmed", "uncertain", 1)
    assert calls(discord, method="GET") == 0
    clock.forward(1)
    await posts.send(to(papers), HIGHLIGHTS, key=KEY, uncertain=True)

    assert repeats(papers) == [False]


async def test_where_history_may_not_be_read_a_repeat_says_that_it_may_be_one(
    discord: FakeDiscord, posts: Posts, papers: Channel, clock: Clock
) -> None:
    papers.deny(Permission.READ_MESSAGE_HISTORY)
    discord.fail("POST", SENT, dropped(commit=True))
    await failure(posts, papers, LONG)
    clock.forward(1000)
    await posts.send(to(papers), LONG, key=KEY, uncertain=True)

    assert repeats(papers)[:2] == [False, True]
    assert not any(repeats(papers)[2:])


async def test_what_was_refused_outright_is_in_no_doubt(
    discord: FakeDiscord, posts: Posts, papers: Channel, clock: Clock
) -> None:
    papers.deny(Permission.READ_MESSAGE_HISTORY)
    discord.fail("POST", SENT, dropped(commit=False), fine(), refused(503, 130000))
    await failure(posts, papers, LONG)
    assert (await failure(posts, papers, LONG, uncertain=True)).kind == "later"
    clock.forward(1000)
    await posts.send(to(papers), LONG, key=KEY, uncertain=True)

    assert not any(repeats(papers))


async def test_a_message_is_found_among_many_others(
    discord: FakeDiscord, posts: Posts, papers: Channel, clock: Clock
) -> None:
    discord.fail("POST", SENT, dropped(commit=True))
    await failure(posts, papers)
    for _ in range(250):
        discord.say(discord.ben, papers, "Morning")
    clock.forward(1000)
    await posts.send(to(papers), HIGHLIGHTS, key=KEY, uncertain=True)

    assert titles(papers) == [f"Paper {n}" for n in range(1, 6)]


@pytest.mark.parametrize("ahead", [-240, 240])
async def test_a_message_is_found_though_the_clocks_differ(
    discord: FakeDiscord, posts: Posts, papers: Channel, clock: Clock, ahead: float
) -> None:
    discord.ahead = ahead
    discord.fail("POST", SENT, dropped(commit=True))
    await failure(posts, papers)
    clock.forward(1000)
    await posts.send(to(papers), HIGHLIGHTS, key=KEY, uncertain=True)

    assert repeats(papers) == [False]


async def test_a_clock_that_is_put_back_makes_nothing_wait_for_it_and_says_nothing_of_nonces(
    discord: FakeDiscord, posts: Posts, papers: Channel, clock: Clock
) -> None:
    discord.fail("POST", SENT, dropped(commit=True))
    await failure(posts, papers)
    clock.now -= timedelta(hours=1)
    discord.ahead += 1000
    await posts.send(to(papers), HIGHLIGHTS, key=KEY, uncertain=True)

    assert repeats(papers) == [False]


async def test_while_discord_will_not_say_whether_it_arrived_nothing_is_sent(
    discord: FakeDiscord, posts: Posts, papers: Channel, clock: Clock
) -> None:
    discord.fail("POST", SENT, dropped(commit=True))
    await failure(posts, papers)
    clock.forward(300)
    discord.fail("GET", SENT, limited(70), broken(503), broken(200))

    waits = await failure(posts, papers, uncertain=True)
    assert (waits.kind, waits.retry_after) == ("uncertain", 70)
    for _ in range(2):
        assert (await failure(posts, papers, uncertain=True)).kind == "uncertain"
    assert len(papers.messages) == calls(discord) == 1


# Refusals

REFUSED = [
    *((refused(403, code), "gone", f"{words} ({code})") for code, words in failures.GONE.items()),
    *((refused(400, code), "content", f"{words} ({code})") for code, words in failures.CONTENT.items()),
    *((refused(400, code), "later", f"{words} ({code})") for code, words in failures.RATE.items()),
    (refused(400, 12345), "later", "error 12345"),
    (refused(404, 0), "later", "http_404"),
    (refused(403, 0), "later", "http_403"),
    (refused(401, 0), "later", "unauthorized"),
    (refused(401, 40001), "later", "unauthorized"),
    (refused(403, 40333), "later", "banned"),
    (broken(403), "later", "banned"),
    (limited(via=False), "later", "banned"),
    (limited(31), "later", "ratelimited"),
    (
        Fault(status=429, headers={"Via": "1.1 google", "Content-Type": "application/json"}, body="{}"),
        "later",
        "ratelimited",
    ),
    (broken(500), "uncertain", "http_500"),
    (broken(502), "uncertain", "http_502"),
    (broken(503), "uncertain", "http_503"),
    (broken(504), "uncertain", "http_504"),
    (broken(520), "uncertain", "http_520"),
    (broken(522), "uncertain", "http_522"),
    (broken(524), "uncertain", "http_524"),
    *((broken(status), "later", f"http_{status}") for status in (521, 523, 525, 526)),
    (broken(200), "uncertain", "no_reply"),
    (reset(commit=False), "uncertain", "no_reply"),
]


@pytest.mark.parametrize(("fault", "kind", "code"), REFUSED, ids=lambda each: each if isinstance(each, str) else "")
async def test_every_refusal_is_understood(
    discord: FakeDiscord, posts: Posts, papers: Channel, fault: Fault, kind: str, code: str
) -> None:
    discord.fail("POST", SENT, fault)
    error = await failure(posts, papers)

    assert (error.kind, error.code) == (kind, code)
    assert calls(discord) == 1


@pytest.mark.parametrize(
    ("reason", "kind"),
    [("overflow", "later"), ("remote connection failure", "later"), ("connection termination", "uncertain")],
)
async def test_what_discords_own_proxy_did_not_pass_on_did_not_arrive(
    discord: FakeDiscord, posts: Posts, papers: Channel, reason: str, kind: str
) -> None:
    said = f"upstream connect error or disconnect/reset before headers. reset reason: {reason}"
    discord.fail("POST", SENT, Fault(status=503, headers={"Content-Type": "text/plain"}, body=said))

    assert (await failure(posts, papers)).kind == kind


def test_no_code_is_understood_in_two_ways() -> None:
    assert not failures.GONE.keys() & failures.CONTENT.keys()
    assert not (failures.GONE.keys() | failures.CONTENT.keys()) & failures.RATE.keys()


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (TimeoutError(), "uncertain", "no_reply"),
        (aiohttp.ServerDisconnectedError(), "uncertain", "no_reply"),
        (aiohttp.ClientPayloadError(), "uncertain", "no_reply"),
        (json.JSONDecodeError("half", "{", 1), "uncertain", "no_reply"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no text"), "uncertain", "no_reply"),
        (aiohttp.ConnectionTimeoutError(), "later", "unreachable"),
        (RateLimited(70), "later", "ratelimited"),
        (RateLimited(float("nan")), "later", "ratelimited"),
        (KeyError("retry_after"), "later", "ratelimited"),
    ],
)
def test_what_is_no_answer_is_understood(error: Exception, kind: str, code: str) -> None:
    failed = failures.translated(error)

    assert (failed.kind, failed.code) == (kind, code)
    assert failures.passes(error)


@pytest.mark.parametrize("bug", [KeyError("id"), ValueError("11 embeds"), AttributeError("x")])
def test_a_bug_of_ours_is_no_failure_of_discords(bug: Exception) -> None:
    with pytest.raises(type(bug)):
        failures.translated(bug)


async def test_nobody_listening_means_that_nothing_was_sent(posts: Posts, papers: Channel) -> None:
    point_at("http://127.0.0.1:9/api/v10")

    error = await failure(posts, papers)
    assert (error.kind, error.code) == ("later", "unreachable")


async def test_what_cannot_be_shown_further_on_does_not_take_the_first_message_back(
    discord: FakeDiscord, posts: Posts, papers: Channel
) -> None:
    long = replace(LONG, cards=CARDS * 10)
    discord.fail("POST", SENT, fine(), refused(400, 200000))
    await posts.send(to(papers), long, key=KEY, uncertain=False)

    assert len(papers.messages) == calls(discord) - 1 > 1


@pytest.mark.parametrize("fault", [refused(401, 0), refused(403, 40333), limited(via=False)], ids=["401", "403", "429"])
async def test_where_the_whole_bot_is_refused_nothing_is_asked_for_ten_minutes(
    discord: FakeDiscord, posts: Posts, papers: Channel, ada: User, clock: Clock, fault: Fault
) -> None:
    discord.fail("POST", SENT, fault)
    assert (await failure(posts, papers)).retry_after == 600
    asked = len(discord.requests)
    held = await failure(posts, ada)
    assert (held.kind, held.retry_after) == ("held", 600)
    assert len(discord.requests) == asked
    clock.forward(600)
    await posts.send(to(ada), ALERT, key=KEY, uncertain=False)

    assert len(discord.world.dm(ada).messages) == 1


@pytest.mark.parametrize("away", [True, False])
async def test_a_server_that_has_thrown_the_bot_out_is_closed_and_one_that_is_down_is_not(
    posts: Posts, papers: Channel, guild: Guild, store: Store, left: set[str], clock: Clock, *, away: bool
) -> None:
    await store.follow(Following(to(papers)))
    await daily.take_in(Digest("x", "cs.CV", FRIDAY, (Paper("2011.1", "Paper"),)), store, clock())
    left |= {str(guild.id)} if away else set()
    del guild.members[guild.world.bot.id]

    assert (await failure(posts, papers)).kind == ("later" if away else "gone")
    assert (await store.claim(["discord"], clock() + timedelta(days=1)) is None) is away
    assert await store.erase(clock() + timedelta(days=7)) == away


# Direct messages


async def test_an_alert_comes_as_a_direct_message_whose_channel_is_opened_once(
    discord: FakeDiscord, posts: Posts, ada: User
) -> None:
    for key in ("one", "two"):
        await posts.send(to(ada), ALERT, key=key, uncertain=False)

    assert "Unsubscribe" in discord.world.dm(ada).messages[0].buttons
    assert len(discord.world.dm(ada).messages) == 2
    assert len(discord.opened) == 1


@pytest.mark.parametrize("dms", ["closed", "no mutual server"])
async def test_who_has_closed_direct_messages_is_gone_and_asked_anew_when_subscribing(
    discord: FakeDiscord,
    posts: Posts,
    ada: User,
    client: Client,
    store: Store,
    clock: Clock,
    guard: InvalidRequests,
    dms: Dms,
) -> None:
    await posts.send(to(ada), ALERT, key="one", uncertain=False)
    ada.dms = dms
    assert (await failure(posts, ada, ALERT)).kind == "gone"

    assert await direct.confirm(client, store.ledger("discord"), str(ada.id), clock, guard)


async def test_a_direct_channel_of_another_bot_is_opened_anew(
    discord: FakeDiscord, posts: Posts, ada: User, store: Store, clock: Clock
) -> None:
    await direct.works(store.ledger("discord"), str(ada.id), "4711", clock())
    assert (await failure(posts, ada, ALERT)).kind == "later"
    await posts.send(to(ada), ALERT, key=KEY, uncertain=False)

    assert len(discord.world.dm(ada).messages) == 1


async def test_a_direct_channel_that_is_no_more_is_opened_anew_also_within_a_delivery(
    discord: FakeDiscord, posts: Posts, ada: User
) -> None:
    long = replace(LONG, private=True)
    discord.fail("POST", SENT, fine(), limited(64))
    await failure(posts, ada, long)
    before = discord.world.dm(ada)
    del discord.world.channels[before.id]
    assert (await failure(posts, ada, long)).kind == "later"
    await posts.send(to(ada), long, key=KEY, uncertain=False)

    assert titles(before) + titles(discord.world.dm(ada)) == [f"Paper {n}" for n in range(1, 21)]


async def test_opening_too_many_direct_messages_waits(discord: FakeDiscord, posts: Posts, ada: User) -> None:
    discord.fail("POST", "/users/@me/channels", refused(400, 40003), dropped(commit=True))
    error = await failure(posts, ada, ALERT)
    assert (error.kind, error.retry_after) == ("later", 600)

    assert (await failure(posts, ada, ALERT)).kind == "later"
    await posts.send(to(ada), ALERT, key=KEY, uncertain=False)


async def test_subscribing_sends_one_confirmation_the_first_time(
    discord: FakeDiscord, client: Client, ada: User, store: Store, clock: Clock, guard: InvalidRequests
) -> None:
    ledger = store.ledger("discord")
    discord.fail("POST", SENT, dropped(commit=True))
    for _ in range(3):
        assert await direct.confirm(client, ledger, str(ada.id), clock, guard) == ""

    (said,) = discord.world.dm(ada).messages
    assert "Alerts for what you subscribe to come here" in said.content
    assert calls(discord) == 2


async def test_two_subscriptions_at_once_send_one_confirmation(
    discord: FakeDiscord, client: Client, ada: User, store: Store, clock: Clock, guard: InvalidRequests
) -> None:
    ledger = store.ledger("discord")
    await asyncio.gather(*(direct.confirm(client, ledger, str(ada.id), clock, guard) for _ in range(4)))

    assert len(discord.world.dm(ada).messages) == 1


@pytest.mark.parametrize(("dms", "why"), [("closed", "Privacy Settings"), ("no mutual server", "no server in common")])
async def test_who_cannot_be_written_to_is_told_while_subscribing_until_it_is_put_right(
    discord: FakeDiscord,
    client: Client,
    ada: User,
    store: Store,
    clock: Clock,
    guard: InvalidRequests,
    dms: Dms,
    why: str,
) -> None:
    ada.dms = dms
    told = await direct.confirm(client, store.ledger("discord"), str(ada.id), clock, guard)
    assert why in told
    assert "/papers matches" in told

    ada.dms = "open"
    assert await direct.confirm(client, store.ledger("discord"), str(ada.id), clock, guard) == ""
    assert len(discord.world.dm(ada).messages) == 1


@pytest.mark.parametrize("fault", [refused(400, 40003), broken(503), dropped(commit=False), limited(via=False)])
async def test_what_is_no_refusal_is_not_told_and_tried_again(
    discord: FakeDiscord, client: Client, ada: User, store: Store, clock: Clock, guard: InvalidRequests, fault: Fault
) -> None:
    discord.fail("POST", "/users/@me/channels", fault)
    assert await direct.confirm(client, store.ledger("discord"), str(ada.id), clock, guard) == ""
    assert await direct.confirm(client, store.ledger("discord"), str(ada.id), clock, guard) == ""
    clock.forward(600)
    await direct.confirm(client, store.ledger("discord"), str(ada.id), clock, guard)

    assert len(discord.world.dm(ada).messages) == 1


async def test_a_ban_that_confirming_meets_holds_all_sending(
    discord: FakeDiscord,
    client: Client,
    posts: Posts,
    papers: Channel,
    ada: User,
    store: Store,
    clock: Clock,
    guard: InvalidRequests,
) -> None:
    discord.fail("POST", "/users/@me/channels", limited(via=False))
    await direct.confirm(client, store.ledger("discord"), str(ada.id), clock, guard)

    assert (await failure(posts, papers)).kind == "held"


# Announcements


def published(place: Channel) -> list[bool]:
    return [bool(each.flags & 1) for each in place.messages]


async def test_announcements_are_published(posts: Posts, guild: Guild) -> None:
    news = guild.announcement()
    await posts.send(to(news), LONG, key=KEY, uncertain=False)

    assert published(news) == [True] * len(news.messages)


async def test_what_cannot_be_published_for_an_hour_is_not_posted_again(
    discord: FakeDiscord, posts: Posts, guild: Guild, clock: Clock
) -> None:
    news = guild.announcement()
    for number in range(10):
        await posts.send(to(news), WORDS, key=str(number), uncertain=False)
    error = await failure(posts, news)
    assert (error.code, error.kind) == ("ratelimited", "later")
    assert error.retry_after == pytest.approx(3600, abs=60)
    assert published(news) == [True] * 10 + [False]

    clock.forward(3600)
    await posts.send(to(news), HIGHLIGHTS, key=KEY, uncertain=True)
    assert published(news) == [True] * 11
    assert calls(discord) == 11


async def test_a_lost_reply_to_publishing_is_asked_again_and_nothing_else(
    discord: FakeDiscord, posts: Posts, guild: Guild, caplog: pytest.LogCaptureFixture
) -> None:
    news = guild.announcement()
    discord.fail("POST", "/channels/*/messages/*/crosspost", dropped(commit=True))
    error = await failure(posts, news)
    # What stands already is merged with nothing.
    assert (error.kind, error.begun) == ("later", True)
    await posts.send(to(news), HIGHLIGHTS, key=KEY, uncertain=False)

    assert published(news) == [True]
    assert calls(discord) == 1
    assert "unpublished" not in caplog.text


@pytest.mark.parametrize("fault", [refused(403, 50013), refused(400, 12345), refused(404, 10008)])
async def test_what_may_not_be_published_stands_as_it_is(
    discord: FakeDiscord, posts: Posts, guild: Guild, fault: Fault
) -> None:
    news = guild.announcement()
    discord.fail("POST", "/channels/*/messages/*/crosspost", fault)
    await posts.send(to(news), HIGHLIGHTS, key=KEY, uncertain=False)

    assert published(news) == [False]


async def test_a_channel_of_somewhere_else_is_no_room_of_the_server_that_named_it(
    discord: FakeDiscord, posts: Posts, guild: Guild
) -> None:
    private = discord.world.dm(discord.ada)
    foreign = discord.guild("Foreign").text()
    for channel in (private, foreign):
        named = Destination("discord", str(guild.id), str(channel.id))
        with pytest.raises(DeliveryError, match="not a channel of this server") as refusal:
            await posts.send(named, HIGHLIGHTS, key=KEY, uncertain=False)
        assert refusal.value.kind == "gone"
    assert discord.messages == []


# Threads and forums


def threads(forum: Channel) -> list[Channel]:
    assert forum.guild is not None
    return [each for each in forum.guild.channels.values() if each.parent is forum]


async def test_a_thread_gets_messages_also_where_it_was_archived(posts: Posts, papers: Channel, guild: Guild) -> None:
    thread = guild.thread(papers, archived=True)
    await posts.send(to(thread), HIGHLIGHTS, key=KEY, uncertain=False)

    assert len(thread.messages) == 1


async def test_a_locked_thread_is_gone(posts: Posts, papers: Channel, guild: Guild) -> None:
    assert (await failure(posts, guild.thread(papers, locked=True))).kind == "gone"


async def test_a_digest_is_a_post_of_its_own_in_a_forum(posts: Posts, guild: Guild) -> None:
    forum = guild.forum(tags=["Announcements", "CS.CV", "cs.CL"])
    await posts.send(to(forum), LONG, key=KEY, uncertain=False)

    (thread,) = threads(forum)
    assert thread.name == "cs.CV, Fri 20 Nov 2020"
    assert thread.applied == [forum.tags[1].id]
    assert titles(thread) == [f"Paper {n}" for n in range(1, 21)]


async def test_a_post_whose_first_line_is_long_is_named_by_its_first_words(posts: Posts, guild: Guild) -> None:
    forum = guild.forum()
    await posts.send(to(forum), replace(WORDS, text=Text("lidar " * 50 + "\nbelow")), key=KEY, uncertain=False)

    (thread,) = threads(forum)
    assert len(thread.name) <= 100
    assert thread.name.endswith("lidar…")


async def test_each_agenda_is_a_post_that_is_named_by_its_meeting(posts: Posts, guild: Guild) -> None:
    forum = guild.forum()
    for day in ("Mon 23 Nov 2020", "Mon 30 Nov 2020"):
        await posts.send(
            to(forum), Reply(Text(f"Journal club: {day}, 14:00, UTC"), CARDS[:1]), key=day, uncertain=False
        )

    assert [each.name for each in threads(forum)] == [
        "Journal club: Mon 23 Nov 2020, 14:00, UTC",
        "Journal club: Mon 30 Nov 2020, 14:00, UTC",
    ]


@pytest.mark.parametrize(("tags", "applied"), [(["reading", "cs.CV"], [1]), (["reading", "other"], [0])])
async def test_a_forum_that_wants_a_tag_gets_one(
    posts: Posts, guild: Guild, tags: list[str], applied: list[int]
) -> None:
    forum = guild.forum(tags=tags, require_tag=True)
    await posts.send(to(forum), HIGHLIGHTS, key=KEY, uncertain=False)

    assert threads(forum)[0].applied == [forum.tags[number].id for number in applied]


def test_a_tag_that_only_moderators_may_set_is_not_set() -> None:
    tags = [{"id": "1", "name": "cs.CV", "moderated": True}, {"id": "2", "name": "other", "moderated": False}]
    forum = {"flags": 1 << 4, "available_tags": tags}

    assert forums.opening(forum, HIGHLIGHTS, {})["applied_tags"] == ["2"]


async def test_a_forum_that_wants_a_tag_and_has_none_is_gone(posts: Posts, guild: Guild) -> None:
    error = await failure(posts, guild.forum(require_tag=True))

    assert (error.kind, error.code) == ("gone", "a tag is required (40067)")


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST.keys())
async def test_a_post_whose_reply_was_lost_is_found_and_goes_on(
    discord: FakeDiscord, posts: Posts, guild: Guild, clock: Clock, fault: Fault
) -> None:
    forum = guild.forum()
    discord.fail("POST", "/channels/*/threads", fault)
    assert (await failure(posts, forum, LONG)).kind == "uncertain"
    assert (await failure(posts, forum, LONG, uncertain=True)).code == "unconfirmed"
    clock.forward(2)
    await posts.send(to(forum), LONG, key=KEY, uncertain=True)

    (thread,) = threads(forum)
    assert titles(thread) == [f"Paper {n}" for n in range(1, 21)]
    assert not any(repeats(thread))


@pytest.mark.parametrize(("later", "repeat"), [(600, False), (7200, True)])
async def test_a_post_that_is_not_among_the_active_ones_is_opened_again(
    discord: FakeDiscord, posts: Posts, guild: Guild, clock: Clock, later: float, *, repeat: bool
) -> None:
    forum = guild.forum()
    guild.thread(forum, name="cs.CV, Fri 20 Nov 2020: 5 of 53 papers")  # of an earlier time
    discord.fail("POST", "/channels/*/threads", dropped(commit=False))
    await failure(posts, forum)
    clock.forward(later)
    await posts.send(to(forum), HIGHLIGHTS, key=KEY, uncertain=True)

    assert [repeats(each) for each in threads(forum)] == [[], [repeat]]


async def test_a_crash_within_a_post_goes_on_in_it(
    discord: FakeDiscord, posts: Posts, guild: Guild, clock: Clock
) -> None:
    forum = guild.forum()
    discord.fail("POST", SENT, dropped(commit=True))
    await failure(posts, forum, LONG)
    clock.forward(300)
    await posts.send(to(forum), LONG, key=KEY, uncertain=True)

    (thread,) = threads(forum)
    assert titles(thread) == [f"Paper {n}" for n in range(1, 21)]


@pytest.mark.parametrize("how", ["deleted", "locked"])
@pytest.mark.parametrize("between", [True, False], ids=["between attempts", "within one"])
async def test_a_post_that_a_moderator_ends_says_nothing_of_the_forum(
    discord: FakeDiscord, posts: Posts, guild: Guild, how: str, *, between: bool
) -> None:
    forum = guild.forum()
    if between:
        discord.fail("POST", SENT, limited(64))
        await failure(posts, forum, LONG)
        setattr(threads(forum)[0], how, True)
    else:
        discord.fail("POST", SENT, refused(404, 10003) if how == "deleted" else refused(403, 160005))
    await posts.send(to(forum), LONG, key=KEY, uncertain=False)

    assert len(threads(forum)) == 1


async def test_a_post_that_may_not_be_written_in_says_that_the_forum_may_not(
    discord: FakeDiscord, posts: Posts, guild: Guild
) -> None:
    discord.fail("POST", SENT, refused(403, 50013))

    assert (await failure(posts, guild.forum(), LONG)).kind == "gone"


# Pace


@pytest.mark.parametrize("asks", ["POST", "GET"])
async def test_who_is_cancelled_while_all_have_to_wait_keeps_nobody_waiting(
    discord: FakeDiscord, posts: Posts, papers: Channel, guild: Guild, clock: Clock, asks: str
) -> None:
    if asks == "GET":
        discord.fail("POST", SENT, dropped())
        await failure(posts, papers)
        clock.forward(300)
    discord.fail(asks, SENT, limited(20, scope="global"))
    sending = asyncio.create_task(posts.send(to(papers), HIGHLIGHTS, key=KEY, uncertain=True))
    await discord.until(lambda: discord.requests[-1].status == 429)
    await asyncio.sleep(0.05)  # until discord.py has read the answer
    sending.cancel()
    await asyncio.wait([sending])

    await asyncio.wait_for(posts.send(to(guild.text("other")), HIGHLIGHTS, key="other", uncertain=False), 15)


async def test_discord_never_gets_more_requests_in_a_second_than_it_takes(
    discord: FakeDiscord, posts: Posts, guild: Guild
) -> None:
    discord.limits.everywhere = 55  # the machine that tests may be late
    rooms = [guild.text(f"room{number}") for number in range(30)]
    await asyncio.gather(*(posts.send(to(each), WORDS, key=str(each.id), uncertain=False) for each in rooms))

    assert [len(each.messages) for each in rooms] == [1] * 30
    assert not any(each.status == 429 for each in discord.requests)


async def test_a_channel_that_discord_holds_up_for_long_comes_back_when_it_said(
    discord: FakeDiscord, posts: Posts, papers: Channel, guild: Guild
) -> None:
    discord.fail("POST", SENT, limited(64.5))
    error = await failure(posts, papers)
    assert (error.code, error.kind, error.retry_after) == ("ratelimited", "later", 64.5)

    await posts.send(to(guild.text("other")), HIGHLIGHTS, key="other", uncertain=False)


# The whole way


def platform(posts: Posts) -> SimpleNamespace:
    """Return the adapter, as far as deliveries go."""
    return SimpleNamespace(post=posts.send)


async def test_a_morning_goes_from_the_digest_to_the_channel_and_the_person_once(
    discord: FakeDiscord, posts: Posts, store: Store, clock: Clock, papers: Channel, ada: User
) -> None:
    await store.follow(Following(to(papers), owner=to(ada)))
    await store.subscribe(to(ada), parse("paper"), clock())
    listed = tuple(Paper(f"2011.{n:05}", f"Paper {n}", "An abstract.") for n in range(1, 9))
    discord.fail("POST", SENT, limited(0.2), dropped(commit=True), broken(503), broken(500, commit=True))
    for _ in range(12):
        await daily.take_in(Digest("x", "cs.CV", FRIDAY, listed), store, clock())
        await delivery.deliver(store, {"discord": platform(posts)}, clock)
        clock.forward(60)

    assert len(papers.messages) == 1
    (said,) = discord.world.dm(ada).messages
    assert "8 new papers match what you subscribed to" in said.content


async def test_a_code_that_nobody_knows_is_tried_five_times_and_given_up(
    discord: FakeDiscord, posts: Posts, store: Store, clock: Clock, papers: Channel
) -> None:
    await store.follow(Following(to(papers)))
    await daily.take_in(Digest("x", "cs.CV", FRIDAY, (Paper("2011.00001", "Paper"),)), store, clock())
    discord.fail("POST", SENT, *[refused(400, 12345)] * 6)
    for _ in range(6):
        await delivery.deliver(store, {"discord": platform(posts)}, clock)
        clock.forward(3600)

    assert calls(discord) == 5
    ((dead,), _) = await store.deliveries(states=["dead"])
    assert dead.code == "error 12345"


async def test_whoever_set_a_channel_up_is_told_once_that_nothing_can_be_posted_there(
    discord: FakeDiscord, posts: Posts, store: Store, clock: Clock, papers: Channel, ada: User
) -> None:
    await store.follow(Following(to(papers), owner=to(ada)))
    papers.deny(Permission.SEND_MESSAGES)
    for number in range(1, 4):
        digest = Digest("x", "cs.CV", FRIDAY + timedelta(number), (Paper(f"2011.0000{number}", "Paper"),))
        await daily.take_in(digest, store, clock())
        await delivery.deliver(store, {"discord": platform(posts)}, clock)
        clock.forward(86_400)

    (notice,) = discord.world.dm(ada).messages
    assert "missing permissions (50013)" in notice.content
    assert sum(each.path == f"/channels/{papers.id}/messages" for each in discord.requests) == 1
