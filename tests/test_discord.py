"""Discord end to end: the real discord.py, a Discord on loopback, the real commands on a real store."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest

from adapters.discord import Adapter
from bot.commands import COMMANDS
from bot.config import Settings, SettingsError
from bot.daily import take_in
from bot.delivery import deliver
from bot.model import Answer, Call, Destination, Digest, Link, Paper, Reply
from bot.ports import Store, StoreError, Unreachable
from bot.service import offer, respond
from tests.fakes.discord import (
    FakeDiscord,
    Fault,
    Message,
    Permission,
    User,
    broken,
    dropped,
    refused,
    reset,
    truncated,
)
from tests.fakes.discord_markdown import shown

FRIDAY = date(2020, 11, 20)
NOON = datetime(2020, 11, 20, 12, tzinfo=UTC)
LIDAR = Paper(
    "2011.00001",
    "Lidar @everyone <@1> point *clouds*",
    "We scan roads with lidar and see <trees>. " * 40,
    categories=("cs.CV",),
    links=(Link("https://github.com/a/b", "code"),),
)
OTHERS = tuple(
    Paper(f"2011.{n:05}", f"Point clouds, part {n}", f"Clouds of points over {'Ghent' if n < 4 else 'Bruges'}.")
    for n in range(2, 32)
)
DIGEST = Digest("friday.md", "cs.CV", FRIDAY, (LIDAR, *OTHERS))


@pytest.fixture
async def filled(store: Store) -> Store:
    await take_in(DIGEST, store, NOON)
    return store


@asynccontextmanager
async def running(discord: FakeDiscord, store: Store, *, answering: Answer | None = None) -> AsyncIterator[Adapter]:
    """Run the adapter over a real store until the block ends, from when its commands can be typed."""
    settings = Settings(discord_api=discord.api, discord_token=discord.token)
    async with Adapter.open(settings, store.ledger("discord", ()), lambda: NOON) as adapter:
        answer = answering or (lambda call: respond(call, store))
        task = asyncio.create_task(adapter.run(answer, partial(offer, store=store)))
        try:
            await discord.connected()
            await discord.until(lambda: discord.commands)
            yield adapter
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def behind(gate: asyncio.Event, store: Store) -> Answer:
    """Return what answers once a gate is open."""

    async def slow(call: Call) -> Reply:
        await gate.wait()
        return await respond(call, store)

    return slow


@pytest.fixture
async def chat(discord: FakeDiscord, filled: Store) -> AsyncIterator[FakeDiscord]:
    """Return a Discord in which Paperwire is at work."""
    async with running(discord, filled):
        yield discord


def me(user: User) -> Destination:
    return Destination("discord", "dm", f"@{user.id}")


def titles(message: Message) -> list[str]:
    return [shown(each["title"]) for each in message.embeds]


def said(message: Message) -> str:
    """Return all that a reader sees of a message."""
    texts = [message.content]
    for each in message.embeds:
        texts += [each.get("title", ""), each.get("description", ""), each.get("footer", {}).get("text", "")]
    return "\n".join(map(shown, texts))


# Commands


async def test_a_search_is_answered_at_once_for_the_asker_alone(chat: FakeDiscord) -> None:
    answered = await chat.slash(chat.ben, chat.papers, "search", query="lidar")
    page = await answered.final()

    assert answered.kind == "message"
    assert answered.ephemeral
    assert "1 paper for lidar" in said(page)
    assert titles(page) == [LIDAR.title]
    assert page.embeds[0]["url"] == "https://arxiv.org/abs/2011.00001"
    assert "matches: lidar" in said(page)
    assert "Code (github.com)" in said(page)
    assert chat.messages == []


async def test_a_days_papers_are_for_everybody(chat: FakeDiscord) -> None:
    page = await (await chat.slash(chat.ben, chat.papers, "today")).final()

    assert not page.ephemeral
    assert chat.messages == [page]
    assert "cs.CV: 31 of 31 entries" in said(page)
    assert len(page.embeds) == 10
    assert "Page 1 of 4" in page.buttons


@pytest.mark.parametrize(
    ("command", "options", "expected"),
    [
        ("help", {}, "/papers search"),
        ("help", {"command": "subscribe"}, "Be told of new papers that match"),
        ("today", {"date": "2020-11-20", "page": 4}, "Page 4 of 4"),
        ("today", {"date": "soon"}, "soon"),
        ("today", {"category": "cs.XX"}, "No digest of cs.XX is stored"),
        ("search", {"query": "(lidar"}, "is not closed"),
        ("search", {"query": "lidr"}, "Did you mean lidar"),
        ("show", {"id": "2011.00001"}, "We scan roads"),
        ("status", {}, "31 papers from 1 digest"),
    ],
)
async def test_every_command_takes_its_options(
    chat: FakeDiscord, command: str, options: dict[str, Any], expected: str
) -> None:
    page = await (await chat.slash(chat.ben, chat.papers, command, **options)).final()

    assert expected in said(page) + " ".join(page.buttons)


async def test_an_answer_that_takes_longer_is_put_off_and_comes_for_the_asker_alone(
    discord: FakeDiscord, filled: Store
) -> None:
    gate = asyncio.Event()
    async with running(discord, filled, answering=behind(gate, filled)):
        answered = await discord.slash(discord.ben, discord.papers, "search", query="lidar")
        assert answered.kind == "deferred"
        assert answered.message is None
        gate.set()
        page = await answered.final()

    assert page.ephemeral
    assert titles(page) == [LIDAR.title]


async def test_an_answer_for_everybody_that_takes_longer_is_still_for_everybody(
    discord: FakeDiscord, filled: Store
) -> None:
    gate = asyncio.Event()
    async with running(discord, filled, answering=behind(gate, filled)):
        answered = await discord.slash(discord.ben, discord.papers, "today")
        gate.set()
        [page] = await discord.until(lambda: discord.messages)

        assert "cs.CV: 31 of 31 entries" in said(page)
        assert "below" in said(await answered.final())


async def test_an_answer_that_comes_too_late_is_logged_and_ends_nothing(
    discord: FakeDiscord, filled: Store, caplog: pytest.LogCaptureFixture
) -> None:
    discord.fail("POST", "/interactions/*/*/callback", refused(404, 10062))
    async with running(discord, filled):
        discord.callback_limit = 0.2
        discord.expect("was not answered")
        await discord.slash(discord.ben, discord.papers, "today")
        await discord.until(lambda: "answer_lost" in caplog.text)
        lost = next(each for each in caplog.records if each.message == "answer_lost")
        assert lost.__dict__["code"] == "unknown interaction (10062)"
        discord.callback_limit = 3
        page = await (await discord.slash(discord.ben, discord.papers, "status")).final()

    assert "31 papers" in said(page)


@pytest.mark.parametrize("fault", [dropped(), dropped(commit=False), reset(), truncated()])
async def test_an_answer_whose_reply_is_lost_is_given_again_and_stands_once(
    discord: FakeDiscord, filled: Store, fault: Fault
) -> None:
    async with running(discord, filled):
        discord.fail("POST", "/interactions/*/*/callback", fault)
        page = await (await discord.slash(discord.ben, discord.papers, "today")).final()

    assert len(page.embeds) == 10
    assert discord.messages == [page]
    assert discord.ephemerals == []


async def test_a_deferral_that_discord_knows_of_already_is_as_good_as_made(discord: FakeDiscord, filled: Store) -> None:
    gate = asyncio.Event()
    async with running(discord, filled, answering=behind(gate, filled)):
        discord.fail("POST", "/interactions/*/*/callback", broken(500, commit=True))
        answered = await discord.slash(discord.ben, discord.papers, "search", query="lidar")
        gate.set()
        page = await answered.final()

    assert titles(page) == [LIDAR.title]


async def test_a_late_answer_whose_reply_is_lost_is_given_again(discord: FakeDiscord, filled: Store) -> None:
    gate = asyncio.Event()
    async with running(discord, filled, answering=behind(gate, filled)):
        discord.fail("PATCH", "/webhooks/**", dropped(commit=False))
        answered = await discord.slash(discord.ben, discord.papers, "search", query="lidar")
        gate.set()
        page = await answered.final()

    assert titles(page) == [LIDAR.title]


@pytest.mark.parametrize("slow", [True, False])
async def test_whoever_gets_no_answer_is_told_to_ask_again(
    discord: FakeDiscord, filled: Store, caplog: pytest.LogCaptureFixture, *, slow: bool
) -> None:
    gate = asyncio.Event()
    async with running(discord, filled, answering=behind(gate, filled)):
        if slow:
            discord.fail("PATCH", "/webhooks/**", refused(400, 50035))
        else:
            gate.set()
            discord.fail("POST", "/interactions/*/*/callback", dropped(commit=False), dropped(commit=False))
        answered = await discord.slash(discord.ben, discord.papers, "today")
        gate.set()
        page = await answered.final()

    assert page.ephemeral
    assert "Ask again" in said(page)
    assert "answer_lost" in caplog.text


async def test_a_store_that_is_held_up_puts_off_the_answer_that_has_to_be_remembered(
    discord: FakeDiscord, filled: Store, address: str
) -> None:
    line = "clouds OR " + " OR ".join(f"word{n}" for n in range(25))
    async with running(discord, filled):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"), check_same_thread=False)) as other:
            # In a thread: what the start has still to write comes to its end meanwhile.
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
            answered = await discord.slash(discord.ben, discord.papers, "search", query=line)
            assert answered.kind == "deferred"
            other.rollback()
        page = await answered.final()

    assert len(page.embeds) == 10


async def test_trouble_of_the_store_is_said_and_is_no_bug(
    discord: FakeDiscord, filled: Store, caplog: pytest.LogCaptureFixture
) -> None:
    async def answering(_: Call) -> Reply:
        raise StoreError("The database is full.")

    async with running(discord, filled, answering=answering):
        page = await (await discord.slash(discord.ben, discord.papers, "today")).final()

    assert page.ephemeral
    assert said(page).strip() == "The database is full."
    assert "bug" not in caplog.messages


async def test_a_bug_is_answered_with_the_id_that_finds_it_in_the_log(
    discord: FakeDiscord, filled: Store, caplog: pytest.LogCaptureFixture
) -> None:
    async def answering(_: Call) -> Reply:
        raise ZeroDivisionError

    async with running(discord, filled, answering=answering):
        page = await (await discord.slash(discord.ben, discord.papers, "today")).final()

    assert page.ephemeral
    assert "This failed, and not through what you typed" in said(page)
    bug = next(each for each in caplog.records if each.message == "bug")
    assert bug.__dict__["id"] in said(page)


async def test_a_command_of_an_older_version_is_told_of(chat: FakeDiscord) -> None:
    stale = {"type": 1, "name": "find", "description": "x", "integration_types": [0], "contexts": [0]}
    chat.register([*chat.commands, stale])
    page = await (await chat.slash(chat.ben, chat.papers, "find")).final()

    assert page.ephemeral
    assert "older version" in said(page)


async def test_a_command_is_found_where_an_older_version_had_it(chat: FakeDiscord) -> None:
    papers, paper, *others = chat.commands
    chat.register([papers | {"options": [*papers["options"], *paper["options"]]}, *others])
    page = await (await chat.slash(chat.ben, chat.papers, "papers show", id="2011.00001")).final()

    assert titles(page) == [LIDAR.title]


_DIALOG: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("help", {"command": name}) for name in COMMANDS),
    ("show", {"id": "xyz"}),
    ("matches", {}),
    ("subscribe", {"query": "lidar"}),
    ("mute", {"number": "1"}),
    ("subscribe", {"query": "lidar"}),
    ("matches", {}),
    ("settings", {}),
    ("settings", {"categories": "off"}),
    ("settings", {"categories": "all"}),
    ("settings", {"categories": "cs.C"}),
    ("settings", {"switch": "off", "count": 3}),
    ("settings", {"switch": "on", "at": "09:00"}),
    ("settings", {"switch": "off"}),
)


async def test_whatever_one_is_told_to_type_can_be_typed(chat: FakeDiscord) -> None:
    names = {
        f"{root['name']} {each['name']}": [one["name"] for one in each.get("options", [])]
        for root in chat.commands
        for each in root.get("options", [])
    }
    told: set[str] = set()
    for command, options in _DIALOG:
        page = await (await chat.slash(chat.ada, chat.papers, command, **options)).final()
        told |= set(re.findall(r"`(/papers? [^`]+)`", page.content))

    assert len(told) >= 25
    for line in told:
        root, command, text = f"{line[1:]} ".split(" ", 2)
        command = f"{root} {command}"
        fields = re.split(rf"(?:^| )({'|'.join(names[command] or ['$'])}):", text)
        assert not fields[0], line
        values = dict(zip(fields[1::2], fields[2::2], strict=True))
        values = {name: value.rstrip() for name, value in values.items()}
        # What only stands for a value, and what Discord asks for before it sends a command, is left out.
        if values and not set(values.values()) & {"DATE", "NUMBER"}:
            await (await chat.slash(chat.ada, chat.papers, command, **values)).final()


# Autocompletion


async def test_own_subscriptions_and_words_of_papers_are_offered_for_a_query(chat: FakeDiscord) -> None:
    await (await chat.slash(chat.ben, chat.papers, "subscribe", query="ghent -bruges")).final()

    assert ("ghent -bruges", "ghent -bruges") in await chat.autocomplete(chat.ben, chat.papers, "search", "query", "gh")
    offered = await chat.autocomplete(chat.ada, chat.papers, "search", "query", "lid")
    assert [value for _, value in offered] == ["lidar"]


async def test_papers_days_and_categories_are_offered(chat: FakeDiscord) -> None:
    papers = await chat.autocomplete(chat.ben, chat.papers, "show", "id", "lidar poi")
    days = await chat.autocomplete(chat.ben, chat.papers, "today", "date", "20")
    categories = await chat.autocomplete(chat.ben, chat.papers, "today", "category", "cs")

    assert [value for _, value in papers] == ["2011.00001"]
    assert "2020-11-20" in [value for _, value in days]
    assert [value for _, value in categories] == ["cs.CV"]


async def test_a_subscription_is_chosen_by_what_it_says(chat: FakeDiscord) -> None:
    await (await chat.slash(chat.ben, chat.papers, "subscribe", query="ghent")).final()
    [(label, number)] = await chat.autocomplete(chat.ben, chat.papers, "unsubscribe", "number", "gh")
    page = await (await chat.slash(chat.ben, chat.papers, "unsubscribe", number=number)).final()

    assert "ghent" in label
    assert "Unsubscribed from ghent" in said(page)


# Buttons and menus


async def test_pages_are_turned_in_place_by_who_asked_alone(chat: FakeDiscord) -> None:
    page = await (await chat.slash(chat.ben, chat.papers, "today")).final()
    refused_ = await chat.press(chat.ada, page, "Next")
    turned = await chat.press(chat.ben, page, "Next")

    assert refused_.ephemeral
    assert "Only who asked can turn these pages" in said(await refused_.final())
    assert "/papers today date:2020-11-20 page:2" in said(await refused_.final())
    assert turned.kind == "update"
    assert "Page 2 of 4" in page.buttons
    assert chat.messages == [page]


async def test_buttons_work_after_a_restart(discord: FakeDiscord, filled: Store) -> None:
    discord.gateway.spacing = 0
    line = "clouds OR " + " OR ".join(f"word{n}" for n in range(25))
    async with running(discord, filled):
        page = await (await discord.slash(discord.ben, discord.papers, "search", query=line)).final()
    async with running(discord, filled):
        await discord.press(discord.ben, page, "Next")

    assert "Page 2 of 4" in page.buttons
    assert discord.puts == 1


async def test_a_paper_is_opened_from_the_menu_for_who_chose_it(chat: FakeDiscord) -> None:
    page = await (await chat.slash(chat.ben, chat.papers, "today")).final()
    opened = await chat.choose(chat.ada, page, "Abstract …", "Point clouds, part 2")

    assert opened.ephemeral
    assert "Clouds of points over Ghent." in said(await opened.final())
    assert "Similar" in (await opened.final()).buttons


async def test_a_personal_answer_can_be_shared(chat: FakeDiscord) -> None:
    page = await (await chat.slash(chat.ben, chat.papers, "search", query="lidar")).final()
    await chat.press(chat.ben, page, "Share to channel")
    [shared] = await chat.until(lambda: chat.messages)

    assert titles(shared) == [LIDAR.title]
    assert "shared by" in said(shared)
    assert "Share to channel" not in shared.buttons
    discussed = await (await chat.slash(chat.ada, chat.papers, "discussed")).final()
    assert titles(discussed) == [LIDAR.title]
    assert "1 person here" in said(discussed)


async def test_a_search_is_subscribed_to_and_the_subscription_undone_by_buttons(chat: FakeDiscord) -> None:
    page = await (await chat.slash(chat.ben, chat.papers, "search", query="ghent")).final()
    subscribed = await (await chat.press(chat.ben, page, "Subscribe to this search")).final()
    assert "Subscribed to ghent, number 1 of yours." in said(subscribed)
    await chat.press(chat.ben, subscribed, "Undo")

    assert "You have no subscriptions" in said(subscribed)


async def test_a_list_is_changed_from_its_menus_in_place(chat: FakeDiscord) -> None:
    for query in ("ghent", "bruges", "lidar"):
        await (await chat.slash(chat.ben, chat.papers, "subscribe", query=query)).final()
    page = await (await chat.slash(chat.ben, chat.papers, "subscriptions")).final()
    await chat.choose(chat.ben, page, "Mute …", "2. bruges (since Fri 20 Nov 2020)")
    await chat.choose(chat.ben, page, "Remove …", "1. ghent (since Fri 20 Nov 2020)")

    assert "2. bruges (since Fri 20 Nov 2020) (muted)" in said(page)
    assert "1. ghent" not in said(page)


async def test_a_button_that_is_slow_turns_its_page_when_the_answer_is_there(
    discord: FakeDiscord, filled: Store
) -> None:
    gate = asyncio.Event()
    gate.set()
    async with running(discord, filled, answering=behind(gate, filled)):
        page = await (await discord.slash(discord.ben, discord.papers, "today")).final()
        gate.clear()
        turned = await discord.press(discord.ben, page, "Next")
        assert turned.kind == "deferred update"
        gate.set()
        await discord.until(lambda: "Page 2 of 4" in page.buttons)


async def test_a_button_of_an_older_version_says_so(chat: FakeDiscord) -> None:
    page = await (await chat.slash(chat.ben, chat.papers, "today")).final()
    page.components[-1]["components"][0]["custom_id"] = "paper:12"
    answered = await chat.press(chat.ben, page, next(iter(page.buttons)))

    assert "older version" in said(await answered.final())


async def test_papers_like_a_message_are_found_from_its_menu(chat: FakeDiscord) -> None:
    answered = await chat.context_menu(chat.ada, chat.papers, "Find related papers", "lidar in Ghent, page:2")

    assert answered.ephemeral
    assert "shares: " in said(await answered.final())


@pytest.mark.parametrize(("count", "like"), [(1, LIDAR.title), (2, "this text")])
async def test_a_card_of_one_paper_is_taken_for_that_paper(chat: FakeDiscord, count: int, like: str) -> None:
    message = chat.say(chat.ben, chat.papers, "")
    message.embeds = [{"title": "Papers from Ghent", "url": "https://arxiv.org/abs/2011.00001"}] * count
    page = await (await chat.context_menu(chat.ada, chat.papers, "Find related papers", message)).final()

    assert f"like {like}" in said(page)


async def test_a_message_without_text_has_nothing_to_go_by(chat: FakeDiscord) -> None:
    answered = await chat.context_menu(
        chat.ada, chat.papers, "Find related papers", chat.say(chat.ada, chat.papers, "")
    )

    assert "no text" in said(await answered.final())


# Where it can be used


async def test_a_person_has_the_same_subscriptions_in_every_server_and_in_direct_messages(chat: FakeDiscord) -> None:
    elsewhere = chat.guild("Elsewhere")
    elsewhere.join(chat.ben)
    await chat.added_to(elsewhere)
    await (await chat.slash(chat.ben, chat.papers, "subscribe", query="ghent")).final()
    there = await (await chat.slash(chat.ben, elsewhere.text(), "subscriptions")).final()
    alone = await (await chat.slash(chat.ben, chat.world.dm(chat.ben), "subscriptions")).final()
    others = await (await chat.slash(chat.ada, chat.papers, "subscriptions")).final()

    assert "1. ghent" in said(there)
    assert "1. ghent" in said(alone)
    assert "You have no subscriptions" in said(others)


async def test_who_installed_it_for_themselves_uses_it_where_it_is_not(chat: FakeDiscord) -> None:
    eve = chat.user("eve", installed=True)
    foreign = chat.guild("Foreign", bot=False)
    foreign.join(eve, manage=True)
    room = foreign.text()
    found = await (await chat.slash(eve, room, "search", query="lidar")).final()
    settings = await (await chat.slash(eve, room, "settings", switch="on")).final()

    assert titles(found) == [LIDAR.title]
    assert "Paperwire is not in this server" in said(settings)


async def test_what_one_brings_along_answers_to_oneself_until_it_is_shared(chat: FakeDiscord) -> None:
    eve = chat.user("eve", installed=True)
    foreign = chat.guild("Foreign", bot=False)
    foreign.join(eve)
    for room in (foreign.text(), chat.world.dm(eve, chat.ben)):
        page = await (await chat.slash(eve, room, "today")).final()
        assert page.ephemeral
        await chat.press(eve, page, "Share to channel")

        assert [len(each.embeds) for each in room.messages] == [10]


async def test_who_may_not_write_in_a_channel_has_nothing_shown_there(chat: FakeDiscord) -> None:
    page = await (await chat.slash(chat.ben, chat.papers, "search", query="lidar")).final()
    chat.home.everyone &= ~Permission.SEND_MESSAGES
    refused_ = await (await chat.press(chat.ben, page, "Share to channel")).final()
    day = await (await chat.slash(chat.ben, chat.papers, "today")).final()

    assert "You may not write in this channel" in said(refused_)
    assert day.ephemeral
    assert "Share to channel" not in day.buttons
    assert chat.messages == []


async def test_in_a_thread_it_counts_who_may_write_in_threads(chat: FakeDiscord) -> None:
    chat.home.everyone &= ~Permission.SEND_MESSAGES_IN_THREADS
    thread = chat.home.thread(chat.papers)

    assert (await (await chat.slash(chat.ben, thread, "today")).final()).ephemeral
    assert not (await (await chat.slash(chat.ben, chat.papers, "today")).final()).ephemeral


# Settings


async def test_who_manages_the_server_sets_a_channel_up_for_everybody_to_see(
    chat: FakeDiscord, filled: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    page = await (await chat.slash(chat.ada, chat.papers, "settings", switch="on", categories="cs.CV", count=3)).final()
    following = await filled.following(Destination("discord", str(chat.home.id), str(chat.papers.id)))

    assert not page.ephemeral
    assert "The daily highlights of cs.CV are posted here, 3 papers a digest." in said(page)
    assert following is not None
    assert following.owner == me(chat.ada)
    changed = next(each for each in caplog.records if each.message == "room_changed")
    assert changed.__dict__["by"] == str(me(chat.ada))


async def test_who_does_not_manage_the_server_changes_nothing(chat: FakeDiscord, filled: Store) -> None:
    answered = await chat.slash(chat.ben, chat.papers, "settings", switch="on")

    assert answered.ephemeral
    assert "Only who manages this room" in said(await answered.final())
    assert await filled.following(Destination("discord", str(chat.home.id), str(chat.papers.id))) is None


async def test_another_channel_is_set_up_by_naming_it(chat: FakeDiscord, filled: Store) -> None:
    forum = chat.home.forum("reading", tags=["cs.CV"])
    await chat.outage(chat.home)
    await chat.restored(chat.home)
    chat.on_purpose.add(f"<#{forum.id}>")
    page = await (await chat.slash(chat.ada, chat.papers, "settings", switch="on", channel=forum)).final()

    assert f"<#{forum.id}>" in page.content
    assert await filled.following(Destination("discord", str(chat.home.id), str(forum.id))) is not None


async def test_what_is_done_in_a_post_of_ours_is_done_in_its_forum_and_in_anybody_elses_in_that_post(
    chat: FakeDiscord, filled: Store
) -> None:
    forum = chat.home.forum("reading")
    await chat.outage(chat.home)
    await chat.restored(chat.home)
    ours, theirs = chat.home.thread(forum, "cs.CV"), chat.home.thread(forum, "A question", owner=chat.ben)
    for place in (ours, theirs):
        await (await chat.slash(chat.ben, place, "like", id="2011.00001")).final()
    guild = str(chat.home.id)
    rooms = [Destination("discord", guild, str(each.id)) for each in (forum, theirs, ours)]

    assert [(await filled.heard(each)).voices for each in rooms] == [1, 1, 0]


async def test_what_is_said_of_another_channel_names_it_where_a_command_is_to_be_typed(chat: FakeDiscord) -> None:
    forum = chat.home.forum("reading")
    chat.on_purpose.add(f"<#{forum.id}>")
    page = await (await chat.slash(chat.ada, chat.papers, "settings", channel=forum)).final()

    assert f"`/papers settings switch:on channel:`<#{forum.id}>" in page.content


async def test_a_channel_of_another_server_cannot_be_named(chat: FakeDiscord, filled: Store) -> None:
    elsewhere = chat.guild("Elsewhere")
    elsewhere.join(chat.ben, manage=True)
    await chat.added_to(elsewhere)
    unknown = chat.guild("Foreign", bot=False).text()
    for room, named in ((elsewhere.text(), chat.papers), (chat.world.dm(chat.ben), unknown)):
        page = await (await chat.slash(chat.ben, room, "settings", switch="on", channel=named)).final()
        workspace = str(room.guild.id) if room.guild else "dm"

        assert "That channel is not of this server" in said(page)
        assert await filled.following(Destination("discord", workspace, str(named.id))) is None


async def test_in_a_group_nothing_can_be_set_up(chat: FakeDiscord) -> None:
    eve = chat.user("eve", installed=True)
    page = await (await chat.slash(eve, chat.world.dm(eve, chat.ben), "settings", switch="on")).final()

    assert "In a group nothing can be posted unasked" in said(page)


async def test_a_button_that_says_otherwise_than_ours_has_no_more_rights_than_who_presses_it(
    chat: FakeDiscord, filled: Store
) -> None:
    page = await (await chat.slash(chat.ben, chat.papers, "search", query="ghent")).final()
    button = page.components[-1]["components"][0]
    for where in ("below:0", "instead:0", "aside:0", "share:0"):
        button["custom_id"] = f"{where}::settings on"
        answered = await chat.press(chat.ben, page, button["label"])

        assert "Only who manages this room" in said(await answered.final())
    assert await filled.following(Destination("discord", str(chat.home.id), str(chat.papers.id))) is None
    assert chat.messages == []


@pytest.mark.parametrize(("field", "typed"), [("at", "at:09:00"), ("tz", "tz:Europe/Berlin"), ("days", "days:mon-fri")])
async def test_a_field_takes_its_value_also_with_its_name_before_it(chat: FakeDiscord, field: str, typed: str) -> None:
    page = await (await chat.slash(chat.ada, chat.papers, "settings", switch="on", **{field: typed})).final()

    assert "The daily highlights of every category are posted here" in said(page)


@pytest.mark.parametrize(
    ("lost", "named"),
    [(Permission.SEND_MESSAGES, "Send Messages"), (Permission.EMBED_LINKS, "Embed Links")],
)
@pytest.mark.parametrize("there", [True, False])
async def test_a_channel_where_nothing_can_be_posted_is_refused_with_what_is_missing(
    chat: FakeDiscord, filled: Store, lost: Permission, named: str, *, there: bool
) -> None:
    quiet = chat.home.text("quiet")
    quiet.deny(lost)
    await chat.outage(chat.home)
    await chat.restored(chat.home)
    chat.on_purpose.add(f"<#{quiet.id}>")
    room, options = (quiet, {}) if there else (chat.papers, {"channel": quiet})
    page = await (await chat.slash(chat.ada, room, "settings", switch="on", **options)).final()

    assert re.search(f"lacks the permissions .*{named}.* in that channel", said(page))
    assert await filled.following(Destination("discord", str(chat.home.id), str(quiet.id))) is None


# Alerts


async def test_whoever_subscribes_first_gets_a_direct_message_that_alerts_come_there(chat: FakeDiscord) -> None:
    await (await chat.slash(chat.ben, chat.papers, "subscribe", query="ghent")).final()
    await (await chat.slash(chat.ben, chat.papers, "subscribe", query="lidar")).final()

    [welcome] = [each for each in chat.messages if each.channel.kind == 1]
    assert "Alerts for what you subscribe to come here" in said(welcome)


async def test_whoever_takes_no_direct_messages_hears_of_it_when_subscribing(chat: FakeDiscord) -> None:
    eve = chat.user("eve", dms="closed")
    chat.home.join(eve)
    page = await (await chat.slash(eve, chat.papers, "subscribe", query="ghent")).final()

    assert "Subscribed to ghent" in said(page)
    assert "Alerts cannot reach you" in said(page)
    assert "/papers matches" in said(page)


async def test_an_alert_says_why_and_how_to_end_it(discord: FakeDiscord, store: Store) -> None:
    async with running(discord, store) as adapter:
        await (await discord.slash(discord.ben, discord.papers, "subscribe", query='"point clouds" -part')).final()
        await take_in(DIGEST, store, NOON)
        await store.begin_delivery()
        tally = await deliver(store, {"discord": adapter}, lambda: NOON)
        alert = discord.messages[-1]
        await discord.press(discord.ben, alert, 'Unsubscribe from "point clouds" -part')

    assert tally.sent == 1
    assert "1 new paper matches what you subscribed to" in said(alert)
    assert "matches: point clouds" in said(alert)
    assert await store.subscriptions(me(discord.ben)) == ()


async def test_highlights_are_posted_and_their_papers_opened(discord: FakeDiscord, store: Store) -> None:
    async with running(discord, store) as adapter:
        await (await discord.slash(discord.ada, discord.papers, "settings", switch="on")).final()
        await take_in(DIGEST, store, NOON)
        await store.begin_delivery()
        await deliver(store, {"discord": adapter}, lambda: NOON)
        post = discord.messages[-1]
        opened = await discord.choose(discord.ben, post, "Abstract …", LIDAR.title)
        whole = await discord.press(discord.ben, post, "The whole digest")

    assert "cs.CV, Fri 20 Nov 2020: 5 of 31 papers" in said(post)
    assert "code released" in said(post)
    assert opened.ephemeral
    assert whole.ephemeral


# Servers


async def test_a_server_that_removes_the_bot_is_sent_nothing_and_an_outage_is_no_removal(
    discord: FakeDiscord, store: Store
) -> None:
    async with running(discord, store) as adapter:
        await (await discord.slash(discord.ada, discord.papers, "settings", switch="on")).final()
        await discord.outage(discord.home)
        await take_in(DIGEST, store, NOON)
        await store.begin_delivery()
        assert (await deliver(store, {"discord": adapter}, lambda: NOON)).sent == 1
        await discord.restored(discord.home)
        await discord.removed_from(discord.home)
        later = Digest("monday.md", "cs.CV", date(2020, 11, 23), (Paper("2011.90000", "New"),))
        await take_in(later, store, NOON)

        async def closed() -> bool:
            return (await deliver(store, {"discord": adapter}, lambda: NOON)).sent == 0

        assert await closed()
    assert "cs.CV, Mon 23 Nov 2020" not in "".join(map(said, discord.messages))


# Starting


async def test_a_token_that_is_refused_ends_the_start_with_what_to_do(discord: FakeDiscord, store: Store) -> None:
    settings = Settings(discord_api=discord.api, discord_token="wrong.token.x")

    with pytest.raises(SettingsError, match="PAPERWIRE_DISCORD_TOKEN"):
        async with Adapter.open(settings, store.ledger("discord", ())):
            pass


async def test_a_discord_that_does_not_answer_ends_the_start(discord: FakeDiscord, store: Store) -> None:
    discord.fail("GET", "/users/@me", broken(503))
    settings = Settings(discord_api=discord.api, discord_token=discord.token)

    with pytest.raises(Unreachable, match="Discord does not answer"):
        async with Adapter.open(settings, store.ledger("discord", ())):
            pass
