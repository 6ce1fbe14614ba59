"""Subscriptions as Atom feeds: their addresses, what is read there, and who reads it, over real HTTP."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol

import aiohttp
import feedparser
import pytest
import yarl
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from adapters._feeds import listening
from adapters.discord import messages
from adapters.slack import blocks
from bot import feeds
from bot.commands import answer
from bot.config import SettingsError
from bot.daily import take_in
from bot.feeds.atom import atom
from bot.model import Call, Destination, Listing, Paper, Reply
from bot.ports import Store, StoreError
from bot.search.grammar import parse
from tests.conftest import MakeDigest, MakePaper
from tests.fakes.command_line import Paperwire
from tests.fakes.recorder import Clock
from tests.test_ledger import raw
from tests.test_morning import monitored, running

ME, OTHER = Destination.parse("slack:T1/@U1"), Destination.parse("slack:T1/@U2")
FRIDAY = date(2020, 11, 20)
NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
ATOM = {"atom": "http://www.w3.org/2005/Atom"}


class Ask(Protocol):
    def __call__(self, line: str, caller: Destination = ME) -> Awaitable[Reply]:
        """Answer a typed line."""
        ...


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def http(store: Store, clock: Clock) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a session with the feeds' server, and switch feeds on at its address."""
    async with listening(
        "127.0.0.1:0",
        "https://papers.example/lab",
        lambda secret, now: feeds.edition(secret, store, now),
        clock,
    ) as address:
        await feeds.switch("https://papers.example/lab", store)
        async with aiohttp.ClientSession(f"http://{address}") as session:
            yield session


@pytest.fixture
async def ask(store: Store, clock: Clock) -> Ask:
    await store.subscribe(ME, parse("lidar"), NOW)

    async def asked(line: str, caller: Destination = ME) -> Reply:
        name, _, text = line.partition(" ")
        return await answer(Call(name, text, caller, caller, clock()), store)

    return asked


def path(reply: Reply) -> str:
    """Return the path of the address in an answer."""
    (found,) = re.findall(r"^https://papers\.example(/lab/feed/[\w-]{43})$", reply.text.plain, re.MULTILINE)
    return str(found)


async def status(http: aiohttp.ClientSession, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    async with http.request(method, path, headers=headers) as found:
        return found.status, await found.text()


# What is read


async def test_a_feed_has_the_papers_of_the_newest_30_days_the_newest_first_as_a_reader_reads_them(
    store: Store, http: aiohttp.ClientSession, ask: Ask, digest: MakeDigest, paper: MakePaper
) -> None:
    old = paper("2009.00001", "Lidar of long ago")
    other = paper("2011.00001", "Elephants")
    plain = paper("2011.00002", "Lidar at home", "We scan <b>& more</b>.", categories=("cs.CV", "cs.RO"))
    second = paper("2011.00003", "Lidar < radar & sonar", authors=("Jane Doe", "Bo <Li>"), version=2)
    for day, each in (("2020-10-01", old), ("2020-11-19", plain), ("2020-11-20", other), ("2020-11-20", second)):
        await take_in(digest(day, "cs.CV" if each is not second else "cs.RO", each), store, NOW)
    address = path(await ask("feed 1"))

    async with http.get(address) as found:
        assert (found.status, found.content_type, found.charset) == (200, "application/atom+xml", "utf-8")
        body = await found.read()
    read = feedparser.parse(body)
    assert (read.bozo, read.version) == (False, "atom10")
    assert read.feed.title == "lidar: new papers"
    assert read.feed.id.startswith("urn:uuid:")
    assert [each.href for each in read.feed.links] == [f"https://papers.example{address}"]
    newest, older = read.entries
    assert newest.title == "Lidar < radar & sonar"
    assert (newest.id, newest.link) == ("https://arxiv.org/abs/2011.00003v2",) * 2
    assert [each.name for each in newest.authors] == ["Jane Doe", "Bo <Li>"]
    assert (newest.updated, newest.published) == ("2020-11-20T01:00:00+00:00",) * 2
    assert (older.id, older.author) == ("https://arxiv.org/abs/2011.00002", "Authors not known")
    assert [each.term for each in older.tags] == ["cs.CV", "cs.RO"]
    (summary,) = ElementTree.fromstring(body).findall("atom:entry[2]/atom:summary", ATOM)
    assert summary.text == "We scan <b>& more</b>."
    assert "type" not in summary.attrib  # text, as Atom has it where nothing is said


async def test_a_feed_has_a_hundred_papers_at_most(
    store: Store, http: aiohttp.ClientSession, ask: Ask, digest: MakeDigest, paper: MakePaper
) -> None:
    await take_in(digest(FRIDAY, "cs.CV", *(paper(f"2011.{n:05}", f"Lidar {n}") for n in range(120))), store, NOW)
    _, body = await status(http, path(await ask("feed 1")))
    assert len(feedparser.parse(body).entries) == 100


async def test_a_feed_of_nothing_is_a_feed(http: aiohttp.ClientSession, ask: Ask) -> None:
    found, body = await status(http, path(await ask("feed 1")))
    assert found == 200
    assert (feedparser.parse(body).bozo, feedparser.parse(body).entries) == (False, [])


texts = st.text(st.characters(exclude_categories=[]))  # with halves of surrogate pairs, and what no XML can hold


@given(texts, texts, st.lists(texts, max_size=3), texts)
def test_whatever_a_paper_says_the_feed_is_well_formed_and_says_the_same(
    title: str, abstract: str, authors: list[str], query: str
) -> None:
    paper = Paper("2011.00001", title, abstract, authors=tuple(authors), listings=(Listing(FRIDAY, "cs.CV"),))
    made = ElementTree.fromstring(atom(query, "urn:uuid:1", "https://papers.example/feed/x", [paper], NOW))

    def said(text: str) -> str:
        allowed = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
        return allowed.replace("\r\n", "\n").replace("\r", "\n")  # as XML reads the ends of lines

    assert made.findtext("atom:title", namespaces=ATOM) == said(query)
    (entry,) = made.findall("atom:entry", ATOM)
    assert entry.findtext("atom:title", namespaces=ATOM) == said(title)
    assert (entry.findtext("atom:summary", namespaces=ATOM) or "") == said(abstract)
    names = [each.text or "" for each in entry.findall("atom:author/atom:name", ATOM)]
    assert names == ([*map(said, authors)] or ["Authors not known"])


def test_a_paper_is_the_same_entry_once_its_version_is_known_and_another_in_its_second() -> None:
    def entry(version: int | None) -> str:
        body = atom("q", "urn:uuid:1", "https://a.example", [Paper("2011.00001", "T", version=version)], NOW)
        return str(feedparser.parse(body).entries[0].id)

    assert entry(None) == entry(1) == "https://arxiv.org/abs/2011.00001"
    assert entry(2) == "https://arxiv.org/abs/2011.00001v2"


# How often


async def test_who_has_it_already_is_told_so_until_something_comes_in(
    store: Store, http: aiohttp.ClientSession, ask: Ask, digest: MakeDigest, paper: MakePaper, clock: Clock
) -> None:
    await take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar")), store, NOW)
    address = path(await ask("feed 1"))
    async with http.get(address) as first:
        mark, modified = first.headers["ETag"], first.headers["Last-Modified"]
    assert await status(http, address, **{"If-None-Match": mark}) == (304, "")
    assert await status(http, address, **{"If-None-Match": f'"other", W/{mark}'}) == (304, "")
    assert await status(http, address, **{"If-Modified-Since": modified}) == (304, "")
    # The mark is what counts where there are both: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
    both = {"If-None-Match": '"other"', "If-Modified-Since": modified}
    assert (await status(http, address, **both))[0] == 200

    clock.now += timedelta(hours=1)
    await take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar"), paper("2011.00002", "X")), store, clock())
    for stale in ({"If-None-Match": mark}, {"If-Modified-Since": modified}):
        assert (await status(http, address, **stale))[0] == 200


async def test_what_comes_in_a_second_after_it_was_read_is_not_taken_for_known(
    store: Store, http: aiohttp.ClientSession, ask: Ask, digest: MakeDigest, paper: MakePaper, clock: Clock
) -> None:
    clock.now = NOW.replace(microsecond=200_000)
    address = path(await ask("feed 1"))
    async with http.get(address) as first:
        modified = first.headers["Last-Modified"]
    assert modified == "Fri, 20 Nov 2020 09:00:00 GMT"
    clock.now += timedelta(seconds=1.3)
    await take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar")), store, clock())
    assert (await status(http, address, **{"If-Modified-Since": modified}))[0] == 200


async def test_one_address_is_read_so_often_at_most_and_another_all_the_same(
    store: Store, http: aiohttp.ClientSession, ask: Ask, clock: Clock
) -> None:
    await store.subscribe(OTHER, parse("lidar"), NOW)
    mine, others = path(await ask("feed 1")), path(await ask("feed 1", OTHER))
    assert {(await status(http, mine))[0] for _ in range(30)} == {200}
    async with http.get(mine) as refused:
        assert (refused.status, refused.headers["Retry-After"]) == (429, "601")
    assert (await status(http, others))[0] == 200
    clock.now += timedelta(minutes=11)
    assert (await status(http, mine))[0] == 200


# Who


async def test_what_leads_nowhere_is_told_in_the_same_words(http: aiohttp.ClientSession, ask: Ask) -> None:
    address = path(await ask("feed 1"))
    other = path(await ask("feed 1 new"))
    nowhere = {
        await status(http, each)
        for each in (
            address,
            f"{other}x",
            other[:-1],
            other.lower(),
            "/lab/feed/",
            "/",
            "/healthz",
            f"/feed/{other[-43:]}",
        )
    }
    nowhere |= {await status(http, other, method) for method in ("POST", "PUT", "DELETE", "OPTIONS")}
    assert nowhere == {(404, "no feed here\n")}
    assert (await status(http, other))[0] == 200
    async with http.head(other) as head:
        assert (head.status, await head.read()) == (200, b"")


async def test_nobody_finds_keeps_or_passes_on_an_address_by_what_the_answer_says(
    http: aiohttp.ClientSession, ask: Ask
) -> None:
    address = path(await ask("feed 1"))
    for each, kept in ((address, "private, max-age=300"), (f"{address[:-1]}", "no-store")):
        async with http.get(each) as found:
            assert found.headers["Cache-Control"] == kept
            assert found.headers["Server"] == "paperwire"
            assert found.headers["X-Robots-Tag"] == "noindex, nofollow"
            assert found.headers["Referrer-Policy"] == "no-referrer"
            assert found.headers["X-Content-Type-Options"] == "nosniff"
            assert found.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_the_store_has_only_the_hash_and_the_log_no_address(
    http: aiohttp.ClientSession, ask: Ask, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = path(await ask("feed 1"))
    await status(http, address)
    secret = address[-43:]
    assert caplog.records
    assert secret not in str([vars(each) for each in caplog.records])
    with closing(sqlite3.connect(tmp_path / "paperwire.db")) as db:
        ((stored,),) = db.execute("SELECT secret FROM feed")
    assert stored == feeds.hashed(secret)
    assert secret.encode() not in raw(tmp_path)
    assert stored.encode() in raw(tmp_path)


@pytest.mark.parametrize("line", ["feed 1 off", "unsubscribe 1", "forget me now", "subscribe radar instead:1"])
async def test_a_feed_goes_when_it_is_closed_and_with_its_subscription_and_its_person(
    http: aiohttp.ClientSession, ask: Ask, line: str, tmp_path: Path
) -> None:
    address = path(await ask("feed 1"))
    await ask(line)
    assert await status(http, address) == (404, "no feed here\n")
    with closing(sqlite3.connect(tmp_path / "paperwire.db")) as db:
        assert db.execute("SELECT count(*) FROM feed").fetchone() == (0,)


async def test_a_feed_of_a_workspace_that_removed_the_app_leads_nowhere(
    store: Store, http: aiohttp.ClientSession, ask: Ask
) -> None:
    address = path(await ask("feed 1"))
    await store.ledger("slack").close("T1", "app_uninstalled", NOW)
    assert (await status(http, address))[0] == 404
    await store.ledger("slack").reopen("T1")
    assert (await status(http, address))[0] == 200


async def test_a_feed_goes_on_while_its_subscription_is_muted_and_its_person_away(
    store: Store, http: aiohttp.ClientSession, ask: Ask, digest: MakeDigest, paper: MakePaper
) -> None:
    address = path(await ask("feed 1"))
    await ask("mute 1 until monday")
    await ask("pause 2 weeks")
    await take_in(digest(FRIDAY, "cs.CV", paper("2011.00001", "Lidar")), store, NOW)
    assert len(feedparser.parse((await status(http, address))[1]).entries) == 1


async def test_trouble_inside_is_told_without_a_word_of_it(clock: Clock) -> None:
    errors = [StoreError("the disk is full"), ValueError("a bug")]

    async def fail(secret: str, now: datetime) -> None:
        raise errors.pop()

    async with (
        listening("127.0.0.1:0", "https://papers.example", fail, clock) as address,
        aiohttp.ClientSession(f"http://{address}") as session,
    ):
        while errors:
            assert await status(session, f"/feed/{'x' * 43}") == (503, "later\n")


async def test_the_service_serves_what_a_person_was_given_and_nothing_where_it_is_switched_off(
    tmp_path: Path,
) -> None:
    paperwire = Paperwire(tmp_path)
    on = {"PAPERWIRE_FEEDS": "https://papers.example/lab", "PAPERWIRE_FEEDS_LISTEN": "127.0.0.1:0"}
    paperwire("ask", "subscribe lidar")
    paperwire.environment |= on
    async with running(paperwire) as service:
        await service.until(lambda: [each for each in service.events if each.get("what") == "feeds"])
        (address,) = (each["address"] for each in service.events if each.get("what") == "feeds")
        asked = await asyncio.to_thread(paperwire, "ask", "feed 1")
        (found,) = re.findall(r"https://papers\.example(/lab/feed/[\w-]{43})", asked.stdout)
        async with aiohttp.ClientSession(f"http://{address}") as session:
            assert (await status(session, found))[0] == 200
        assert await service.ended() == 0
        assert found[-43:] not in str(service.events)
    for each in on:
        del paperwire.environment[each]
    async with monitored(paperwire) as (service, _):
        assert not [each for each in service.events if each.get("what") == "feeds"]
        assert "switched off" in (await asyncio.to_thread(paperwire, "ask", "feed 1 new")).stderr
        assert await service.ended() == 0


async def test_an_address_that_cannot_be_listened_on_is_named_with_its_setting(clock: Clock, store: Store) -> None:
    with pytest.raises(SettingsError, match="PAPERWIRE_FEEDS_LISTEN"):
        async with listening(
            "no.such.host.invalid:1", "https://papers.example", lambda s, now: feeds.edition(s, store, now), clock
        ):
            pass


# Asking for one


async def test_an_address_is_shown_once_to_who_asked(http: aiohttp.ClientSession, ask: Ask) -> None:
    reply = await ask("feed 1")
    address = path(reply)
    assert reply.private
    assert reply.again is None
    assert reply.text.plain.startswith("A feed of lidar, number 1 of yours:\nhttps://papers.example/lab/feed/")
    assert address[-43:] not in str([(each.label, each.name, each.text) for each in reply.buttons])

    # It can be copied as it is, and is no link: what looks ahead at links does not ask for it.
    address = f"https://papers.example{address}"
    assert address in str(blocks.message(reply).blocks)
    in_discord = messages.message(reply).content
    assert address not in in_discord
    assert address in in_discord.replace("\\", "")

    second = await ask("feed 1")
    assert second.text.plain == (
        "There is a feed of lidar already. Its address was shown once, and is not kept. "
        "For another in its place, type: feed 1 new"
    )
    assert not address.endswith(path(await ask("feed 1 new")))
    assert await status(http, yarl.URL(address).path) == (404, "no feed here\n")


async def test_feed_alone_lists_which_have_one_without_an_address(http: aiohttp.ClientSession, ask: Ask) -> None:
    assert (await ask("feed")).text.plain == "0 feeds of 1 subscription. To make one, type: feed NUMBER"
    address = path(await ask("feed 1"))
    listed = await ask("feed")
    assert [str(each.text) for each in listed.items] == ["1. lidar (since Fri 20 Nov 2020)"]
    assert address[-43:] not in str(listed)
    assert (await ask("feed 1 off")).text.plain == "The feed of lidar is closed: its address leads nowhere any more."
    assert (await ask("feed 1 off")).text.plain == "The feed of lidar was not open."


async def test_where_feeds_are_switched_off_the_command_says_who_can_switch_them_on(store: Store, ask: Ask) -> None:
    off = "Feeds are switched off here: whoever runs the bot can switch them on with PAPERWIRE_FEEDS."
    assert (await ask("feed 1")).error == off
    assert (await ask("feed")).text.plain == f"0 feeds of 1 subscription. {off}"
    await feeds.switch("https://papers.example", store)
    assert (await ask("feed 1")).error is None
    await feeds.switch("", store)
    assert (await ask("feed 1 new")).error == off
    assert "is closed" in (await ask("feed 1 off")).text.plain


async def test_one_persons_feeds_are_not_anothers(http: aiohttp.ClientSession, ask: Ask) -> None:
    address = path(await ask("feed 1"))
    for line in ("feed 1", "feed 1 new", "feed 1 off"):
        reply = await ask(line, OTHER)
        assert reply.error == "You have no subscription 1. You have none at all."
    assert (await status(http, address))[0] == 200


@pytest.mark.parametrize("named", ["lidar", '"wait off"', "1"])
async def test_a_subscription_is_named_by_its_query_as_well(
    store: Store, http: aiohttp.ClientSession, ask: Ask, named: str
) -> None:
    await store.subscribe(ME, parse('"wait off"'), NOW)
    first = path(await ask(f"feed {named}"))
    second = path(await ask(f"feed {named} NEW"))
    assert [(await status(http, each))[0] for each in (first, second)] == [404, 200]
    assert "is closed" in (await ask(f"feed {named} off")).text.plain


async def test_who_has_no_subscription_is_told_how_to_make_one(http: aiohttp.ClientSession, ask: Ask) -> None:
    assert (await ask("feed", OTHER)).text.plain.startswith("You have no subscriptions. To make one, type: subscribe")


async def test_of_many_long_subscriptions_an_error_lists_some_and_says_where_all_are(store: Store, ask: Ask) -> None:
    for number in range(30):
        await store.subscribe(ME, parse(f"{'x' * 300}{number}"), NOW)
    error = str((await ask("feed 99")).error)
    assert len(error) < 2_000
    assert error.startswith("You have no subscription 99. Yours are:\n1. lidar (since Fri 20 Nov 2020)\n2. xxx")
    assert error.endswith("\nFor all of them, type: subscriptions")


async def test_what_names_no_subscription_is_refused(ask: Ask) -> None:
    assert (await ask("feed new")).error == "Which one? Type one like: feed 2 new"
