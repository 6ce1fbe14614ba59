"""Each dialog gives the same papers in the terminal, in Slack and in Discord."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from adapters.console import Adapter
from adapters.discord.commands import option_name
from bot import feeds
from bot.club import agenda
from bot.commands import COMMANDS, places
from bot.daily import take_in
from bot.delivery import deliver
from bot.model import Digest, Paper
from bot.ports import Platform, Store
from bot.service import respond
from tests import test_discord, test_slack
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import FakeSlack
from tests.test_console import printing_to, text
from tests.test_discord import NOON

DIGESTS = (
    test_discord.DIGEST,
    Digest("cl.md", "cs.CL", date(2020, 11, 20), (Paper("2011.40001", "Words about clouds", "Of Ghent."),)),
)
# In this order: what an earlier line does, a later one shows.
DIALOG = (
    "search clouds",
    "search clouds page:2",
    "search lidr",
    "search nothing",
    "today 2020-11-20",
    "today 2020-11-20 cs.CL",
    "today page:4",
    "show 2011.00001",
    "similar 2011.00001",
    "similar clouds over Ghent",
    "preview ghent",
    "subscribe ghent",
    "matches",
    "why 2011.00001",
    "why-not 2011.00001",
    "why-not 2011.00002 ghent lidar",
    "like 2011.00001",
    "dislike 2011.00002",
    "taste",
    "matches",
    "taste reset",
    "taste reset now",
    "taste off",
    "taste on",
    "subscriptions",
    "mute 1",
    "unmute 1",
    "unsubscribe 1",
)


@dataclass(frozen=True)
class Chats:
    """The three platforms over one store, and for each how to say a line in it and read the answer."""

    store: Store
    slack: FakeSlack
    discord: FakeDiscord
    platforms: dict[str, Platform]
    terminal: Path

    async def in_terminal(self, line: str) -> str:
        self.terminal.write_text("")
        with printing_to(self.terminal):
            await Adapter().show(await respond(replace(Adapter().call(line), at=NOON), self.store))
        return text(self.terminal)

    async def in_slack(self, line: str) -> str:
        page = await self.slack.answered(await self.slack.slash(line))
        return json.dumps(page.blocks)

    async def in_discord(self, line: str) -> str:
        name, _, rest = line.partition(" ")
        options: dict[str, Any] = {}
        for parameter, value in places(name, rest).items():
            is_number = COMMANDS[name].parameters[parameter].most
            options[option_name(name, parameter)] = int(value) if is_number else value
        page = await (await self.discord.slash(self.discord.ben, self.discord.papers, name, **options)).final()
        return json.dumps([page.content, page.embeds])


@pytest.fixture
async def chats(store: Store, slack: FakeSlack, discord: FakeDiscord, tmp_path: Path) -> AsyncIterator[Chats]:
    """Return the platforms at work, before the first digest comes."""
    async with (
        test_slack.running(slack, store) as in_slack,
        test_discord.running(discord, store) as in_discord,
    ):
        platforms: dict[str, Platform] = {"console": Adapter(), "slack": in_slack, "discord": in_discord}
        yield Chats(store, slack, discord, platforms, tmp_path / "terminal")


def papers(said: str) -> list[str]:
    """Return the ids of the papers that something shows, in order: a title may be in several pieces."""
    return [each for each, _ in groupby(re.findall(r"arxiv\.org/abs/([\w./-]+)", said))]


async def test_every_line_of_a_dialog_shows_the_same_papers_everywhere(chats: Chats) -> None:
    for each in DIGESTS:
        await take_in(each, chats.store, NOON)
    counts = {}
    for line in DIALOG:
        shown = papers(await chats.in_terminal(line))
        counts[line] = len(shown)

        assert papers(await chats.in_slack(line)) == shown, line
        assert papers(await chats.in_discord(line)) == shown, line
    assert list(counts.values()) == [10, 10, 1, 0, 10, 1, 2, 1, 0, 3, 3, 3, 3, 1, 1, 1, *[0] * 11]


async def test_how_alerts_come_is_chosen_the_same_way_everywhere(chats: Chats) -> None:
    line = "alerts daily days:mon-fri at:08:30 tz:Europe/Berlin quiet:22:00-07:00 most:5"
    how = "on weekdays at 08:30, Europe/Berlin, at most 5 papers a day; nothing between 22:00 and 07:00."

    for say in (chats.in_terminal, chats.in_slack, chats.in_discord):
        assert how in " ".join((await say(line)).split())


async def test_a_holiday_a_snooze_an_author_and_a_feed_are_had_the_same_way_everywhere(chats: Chats) -> None:
    await take_in(test_discord.DIGEST, chats.store, NOON)
    await feeds.switch("https://papers.example", chats.store)
    for say in (chats.in_terminal, chats.in_slack, chats.in_discord):
        await say("subscribe clouds")
        for line, said in (
            ("pause until friday", "Alerts to you rest until Fri 27 Nov 2020, 09:00 UTC."),
            ("subscriptions", "Alerts to you rest until Fri 27 Nov 2020, 09:00 UTC."),
            ("pause off", "You are back. Nothing came meanwhile."),
            ("mute 1 until friday", "You will not be told of it before Fri 27 Nov 2020, 00:00 UTC."),
            ("follow Jane Doe", "number 2 of yours."),
            ("follow 2011.00002", "citations cannot be followed."),
            ("feed 1", "/feed/"),
            ("feed 1", "There is a feed of clouds already."),
            ("feed", "1 feed of 2 subscriptions."),
            ("feed 1 off", "The feed of clouds is closed:"),
        ):
            assert said in " ".join((await say(line)).split()), line


async def test_a_subscription_takes_anothers_place_the_same_way_everywhere(chats: Chats) -> None:
    for say in (chats.in_terminal, chats.in_slack, chats.in_discord):
        await say("subscribe clouds")
        replaced = await say('subscribe "clouds over" instead:1')
        listed = await say("subscriptions")

        assert "number 2 of yours." in replaced
        assert "You will not be told of clouds any more." in replaced
        assert "You have 1 subscription." in listed
        assert "clouds over" in listed


async def test_alerts_and_highlights_bring_the_same_papers_everywhere(chats: Chats) -> None:
    for say in (chats.in_terminal, chats.in_slack, chats.in_discord):
        await say("subscribe clouds ghent")
    await chats.in_terminal("settings on cs.CV count:3")
    await chats.in_slack("settings on cs.CV count:3")
    chats.discord.home.join(chats.discord.ben, manage=True)
    await chats.in_discord("settings on cs.CV count:3")
    await take_in(test_discord.DIGEST, chats.store, NOON)
    await chats.store.begin_delivery()
    with printing_to(chats.terminal):
        tally = await deliver(chats.store, chats.platforms, lambda: NOON)

    in_terminal = papers(text(chats.terminal))
    in_slack = [papers(json.dumps(each.blocks)) for each in chats.slack.messages if not each.thread_ts]
    in_discord = [papers(json.dumps(each.embeds)) for each in chats.discord.messages if each.embeds]
    alert, highlights = ["2011.00002", "2011.00003"], ["2011.00002", "2011.00003", "2011.00001"]
    assert tally.sent == 6
    assert sorted([in_terminal[:2], in_terminal[2:]], key=len) == [alert, highlights]
    assert sorted(filter(None, in_slack), key=len) == [alert, highlights]
    assert sorted(in_discord, key=len) == [alert, highlights]


async def test_what_is_stored_about_a_person_is_shown_and_erased_the_same_way_everywhere(chats: Chats) -> None:
    for say in (chats.in_terminal, chats.in_slack, chats.in_discord):
        await say("subscribe clouds")
        assert "Stored about you: 1 subscription" in await say("export me")
        assert "me now" in await say("forget me")
        assert "You have 1 subscription." in await say("subscriptions")
        assert "Erased: 1 subscription" in await say("forget me now")
        assert "Nothing is stored about you." in await say("export me")


async def test_a_journal_club_is_run_and_its_agenda_posted_the_same_way_everywhere(chats: Chats) -> None:
    await take_in(test_discord.DIGEST, chats.store, NOON)
    chats.discord.home.join(chats.discord.ben, manage=True)
    for say in (chats.in_terminal, chats.in_slack, chats.in_discord):
        begun = await say("club on mon at:14:00 tz:Europe/Berlin count:1")
        for paper in ("2011.00002", "2011.00003"):
            assert "with your vote" in await say(f"club nominate {paper}")
        assert "does not have your vote: 0 votes." in await say("club unvote 2011.00002")
        assert "You present Point clouds, part 3." in await say("club present 2011.00003")
        standing = " ".join((await say("club")).split())

        assert "Mon 23 Nov 2020, 14:00, Europe/Berlin" in begun
        assert "(2011.00003): 1 vote; a member of this room presents it" in standing
        assert standing.index("2011.00003") < standing.index("2011.00002")
        assert "Only who" not in await say("club skip")
        assert "does not take place" in await say("club")
        await say("club unskip")
    notice = datetime(2020, 11, 23, 12, tzinfo=UTC)
    await chats.store.owe(await agenda.plan(chats.store, notice), notice)
    await chats.store.begin_delivery()
    with printing_to(chats.terminal):
        tally = await deliver(chats.store, chats.platforms, lambda: notice)

    assert tally.sent == 3
    assert papers(text(chats.terminal)) == ["2011.00003"]
    (in_slack,) = (each for each in chats.slack.messages if "Journal club: Mon" in each.text and not each.thread_ts)
    (in_discord,) = (each for each in chats.discord.messages if "Journal club: Mon" in each.content)
    assert papers(json.dumps(in_slack.blocks)) == papers(json.dumps(in_discord.embeds)) == ["2011.00003"]
    for posted in (text(chats.terminal), json.dumps(in_slack.blocks), json.dumps(in_discord.embeds)):
        assert "a member of this room presents it" in " ".join(posted.split())
