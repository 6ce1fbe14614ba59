"""Titles that try to ring, to lead away or to break out: nothing of them is alive, on either platform.

The real adapters say them to a Slack and a Discord on loopback, which read all that arrives with parsers of their own:
in pages, dialogs, unfurled links, offers, deliveries, and in answers that repeat what somebody has typed.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from unittest.mock import patch

import discord

from adapters.discord import Adapter as DiscordAdapter
from adapters.discord import markdown
from adapters.slack import Adapter as SlackAdapter
from benchmarks.chats import running
from benchmarks.faults.row import Found, Row, Trial
from bot.commands import answer
from bot.config import Settings
from bot.daily import take_in
from bot.digest.text import read
from bot.dispatch import call
from bot.model import Destination, Digest, Link, Paper
from bot.ports import DeliveryError, Platform, Store
from bot.service import offer, respond
from storage import connect
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord_markdown import shown
from tests.fakes.slack import SCOPES, FakeSlack

_HOSTILE = (
    *("@everyone", "@here", "<!channel>", "<!here>", "<!everyone>", "<!subteam^S1>", "<!subteam^S1|x>", "<@U1>"),
    *("<@W1|x>", "<#C1>", "<#C1|x>", "<@1>", "<@!1>", "<@&1>", "<#1>", "</papers:1>", "<id:browse>", "<:a:1>", "<t:1>"),
    *("<!date^1^{date}^http://evil.example|x>", "<http://evil.example|x>", "<https://evil.example>", "<mailto:a@b.ex>"),
    *("[x](http://evil.example)", "[x](<http://evil.example>)", "![x](http://evil.example)", "http://evil.example"),
    *("www.evil.example", "discord.gg/x", "https://discord.com/invite/x", "hTTps://evil.example", "evil.example"),
    *("[", "](", "](http://evil.example)", ")", "|>", "<", ">", "|", "&lt;!channel&gt;", "&amp;lt;", "&", "&#60;"),
    *("`", "``", "```", "*", "**", "***", "_", "__", "~", "~~", "||", "\\", "\\\\", "# ", "-# ", "- ", "1. ", "> "),
    *(">>> ", ":tada:", "\u202e", "\u202d", "\u2066", "\u2069", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad"),
    *("$x^2$", "$<!channel>$", r"\textbf{<@U1>}", r"\href{http://evil.example}{x}", "<b>", "</b>", "{", "}", "Ω", "Ж"),
    *("\u0661\u0662", "\u0627\u0628", "\U0001f600", "\u0301", "\ufffd", "clouds", "a", "GAN", " ", " "),
)
_LONGEST = 100  # characters: with an escape for each one still a title of Discord's
_BATCH = 10  # papers of a day: a page
_FIRST = date(2001, 1, 1)
_NOW = datetime(2020, 11, 20, 12, tzinfo=UTC)
_ROOMS = 40
_LIVE = ("user", "usergroup", "broadcast", "channel", "emoji", "date")  # elements of rich text
_PATIENCE = 60.0  # seconds, where a platform would have less


@dataclass(slots=True)
class _Heard:
    """What has arrived, and what of it must not be."""

    titles: int = 0
    texts: int = 0
    wrong: list[str] = field(default_factory=list)

    def same(self, paper: Paper, seen: str, where: str) -> None:
        self.texts += 1
        if seen != paper.title:
            self.wrong.append(f"{where}: {paper.title!r} is shown as {seen!r}")


def _check(
    trial: Trial,
    *,
    chat: Callable[[Store, Trial, _Heard], Awaitable[None]],
    mistakes: Callable[[], Sequence[AbstractContextManager[Any]]],
) -> Found:
    heard = _Heard()

    async def all_of_it() -> None:
        async with connect(f"sqlite:///{trial.folder / 'titles.db'}") as store:
            await chat(store, trial, heard)

    with ExitStack() as stack:
        for each in mistakes() if trial.planted else ():
            stack.enter_context(each)
        asyncio.run(all_of_it())
    figures = f"{heard.titles:,} titles, read back {heard.texts:,} times, {len(heard.wrong)} alive, foreign or changed"
    return Found(figures, tuple(heard.wrong[:20]))


async def _batches(store: Store, trial: Trial, heard: _Heard) -> AsyncIterator[tuple[str, list[Paper]]]:
    """Take a day's digest in after the other; yield each day, and its papers as they are stored."""
    while heard.titles < trial.count:
        number = heard.titles // _BATCH
        day = _FIRST + timedelta(days=number)
        papers = tuple(
            _paper(trial.random, f"{number // 9000 + 2001:04}.{number % 9000 * _BATCH + n:05}")
            for n in range(min(_BATCH, trial.count - heard.titles))
        )
        heard.titles += len(papers)
        await take_in(Digest("titles.md", "cs.CV", day, papers), store, _NOW, owe=False)
        yield f"{day}", list(papers)


def _paper(random: Random, arxiv_id: str) -> Paper:
    """Return a paper all of whose texts are hostile: as a digest's text is read, or straight from who wrote it."""
    is_read = random.random() < 0.5
    title, abstract, author = (_text(random, is_read=is_read) for _ in range(3))
    link = Link(f"https://github.com/a/{random.choice(('b', 'b)c', 'b|c', 'b>c', '<b>', '[b](c)', '*_~`'))}", "code")
    return Paper(arxiv_id, title, abstract * 3, authors=(author,), categories=("cs.CV",), links=(link,))


def _text(random: Random, *, is_read: bool) -> str:
    while True:
        parts = random.choices(_HOSTILE, k=random.randint(1, 8))
        text = " ".join(random.choice(("", " ")).join(parts).split())
        text = (read(text).plain if is_read else text)[:_LONGEST].strip()
        if text and read(text).plain:
            return text


# Slack


async def _in_slack(store: Store, trial: Trial, heard: _Heard) -> None:
    async with FakeSlack() as slack:
        slack.ack_limit = slack.trigger_life = _PATIENCE
        workspace = slack.workspace("T1", scopes=SCOPES | {"links:read", "links:write"})
        for number in range(2, _ROOMS):
            workspace.channel(f"C{number}")
            workspace.user(f"U{number}")
        settings = Settings(slack_api=slack.api, slack_bot_token=slack.token, slack_app_token=slack.app_token)
        async with (
            SlackAdapter.open(settings, store.ledger("slack"), lambda: _NOW) as adapter,
            running(adapter.run(lambda asked: respond(asked, store), partial(offer, store=store))),
        ):
            await slack.connected()
            async for day, papers in _batches(store, trial, heard):
                number = heard.titles // _BATCH
                place = number % (_ROOMS - 1) + 1  # each in turn: in one place a message a second is the most
                to = Destination("slack", "T1", f"C{place}" if number % 2 else f"@U{place}")
                posting = asyncio.create_task(_post(adapter, store, to, day, heard)) if number % 8 < 2 else None
                await _slack_says(slack, day, papers, heard)
                if posting:
                    await posting
                for payload in (*slack.unfurls, *(each.blocks for each in (*slack.messages, *slack.ephemerals))):
                    heard.wrong += [f"{day}: a live {each}" for each in _objects(payload) if each.get("type") in _LIVE]
                heard.wrong += slack.problems
                slack.problems = []
                for each in (slack.messages, slack.ephemerals, slack.unfurls, slack.responses, slack.calls):
                    each.clear()
                slack.views.clear()


async def _slack_says(slack: FakeSlack, day: str, papers: Sequence[Paper], heard: _Heard) -> None:
    """Let people see each title in each way that there is."""
    ack = await slack.slash(f"today {day}")
    if slack.problems:
        return
    page = await slack.answered(ack)
    titles = _linked(page.blocks)
    for paper in papers:
        heard.same(paper, titles.get(paper.url, ""), "a page in Slack")
    for number, paper in enumerate(papers):
        ack = await slack.slash(f"search {html.escape(paper.title, quote=False)}")
        if not slack.problems:
            await slack.answered(ack)
        await slack.press("Abstract", on=page, nth=number)
        if slack.problems:
            return
        await slack.until(lambda: slack.views, _PATIENCE)
        ((_, view),) = slack.views.items()
        heard.same(paper, _linked(view["blocks"]).get(paper.url, ""), "a dialog in Slack")
        slack.views.clear()
    await slack.share_links(*(paper.url for paper in papers[:3]))
    if not slack.problems:
        await slack.until(lambda: slack.unfurls or slack.problems, _PATIENCE)


def _linked(part: Any) -> dict[str, str]:  # noqa: ANN401  # JSON
    """Return the text of the links in blocks by where they lead."""
    found: dict[str, str] = {}
    for each in _objects(part):
        if each.get("type") == "link":
            found[each["url"]] = found.get(each["url"], "") + each["text"]
    return found


def _objects(part: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401  # JSON
    if isinstance(part, dict):
        yield part
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list | tuple) else ():
        yield from _objects(each)


# Discord


async def _in_discord(store: Store, trial: Trial, heard: _Heard) -> None:
    async with FakeDiscord() as chat:
        chat.callback_limit = _PATIENCE
        forum = chat.home.forum("digests")
        settings = Settings(discord_api=chat.api, discord_token=chat.token)
        async with (
            DiscordAdapter.open(settings, store.ledger("discord", ()), lambda: _NOW) as adapter,
            running(adapter.run(lambda asked: respond(asked, store), partial(offer, store=store))),
        ):
            await chat.connected()
            await chat.until(lambda: chat.commands, _PATIENCE)
            guild = str(chat.home.id)
            places = (
                Destination("discord", guild, str(chat.papers.id)),
                Destination("discord", guild, str(forum.id)),
                Destination("discord", "dm", f"@{chat.ben.id}"),
            )
            async for day, papers in _batches(store, trial, heard):
                await _post(adapter, store, places[heard.titles // _BATCH % len(places)], day, heard)
                await _discord_says(chat, day, papers, heard)
                heard.wrong += chat.problems
                chat.problems.clear()
                for each in (chat.messages, chat.ephemerals, chat.requests):
                    each.clear()


async def _discord_says(chat: FakeDiscord, day: str, papers: Sequence[Paper], heard: _Heard) -> None:
    """Let people see each title in each way that there is."""
    if chat.problems:
        return
    asked = await chat.slash(chat.ben, chat.papers, "today", date=day)
    if chat.problems:
        return
    page = await asked.final()
    titles = {each["url"]: shown(each.get("title", "")) for each in page.embeds}
    for paper in papers:
        heard.same(paper, titles.get(paper.url, ""), "a page in Discord")
    for paper in papers:
        await (await chat.slash(chat.ben, chat.papers, "search", query=paper.title)).final()
        await chat.autocomplete(chat.ben, chat.papers, "search", "query", paper.title)
        opened = await (await chat.slash(chat.ben, chat.papers, "show", id=paper.id)).final()
        if chat.problems:
            return
        heard.same(paper, shown(opened.embeds[0].get("title", "")), "a paper in Discord")


# Both


async def _post(adapter: Platform, store: Store, to: Destination, day: str, heard: _Heard) -> None:
    """Deliver a day's papers, as an alert is delivered to a person and highlights to a room."""
    reply = await answer(call(f"today {day}", room=to, caller=to, at=_NOW), store)
    try:
        await adapter.post(to, replace(reply, private=to.is_person, topic="cs.CV"), key=f"{to} {day}", uncertain=False)
    except DeliveryError as error:
        heard.wrong.append(f"{day} could not be delivered to {to}: {error.code}")


_EXPECTED = "0 live mentions, 0 links elsewhere, the text as it was written"
ROWS = (
    Row(
        number=19,
        name="hostile titles, Slack",
        fault="mentions, links, markup, right-to-left and zero-width signs in titles, abstracts, authors, questions",
        expected=_EXPECTED,
        counts=(1_000, 10_000),
        check=partial(
            _check, chat=_in_slack, mistakes=lambda: [patch("adapters.slack.blocks.escape", lambda text: text)]
        ),
        planted="mrkdwn is not escaped",
        planted_count=20,
    ),
    Row(
        number=19,
        name="hostile titles, Discord",
        fault="the same there",
        expected=_EXPECTED,
        counts=(1_000, 10_000),
        check=partial(_check, chat=_in_discord, mistakes=lambda: [patch.object(markdown, "escape", lambda text: text)]),
        planted="markdown is not escaped",
        planted_count=20,
    ),
    Row(
        number=19,
        name="mentions, Discord",
        fault="the same there",
        expected="every message says that nobody is mentioned",
        counts=(50, 500),
        check=partial(
            _check,
            chat=_in_discord,
            mistakes=lambda: [patch.object(discord.AllowedMentions, "none", discord.AllowedMentions.all)],
        ),
        planted="Discord's own default, which lets everything ring",
        planted_count=20,
    ),
)
