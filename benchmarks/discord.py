"""How soon Discord has its answer and its offers while one types, beside discord.py as its documentation sets it up.

Both answer the same commands from the same store, through a Discord on loopback in the same process, which does not
judge here: what it takes itself is in both figures. The peer offers nothing while one types, which is the least that
anybody can do.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from statistics import median
from time import perf_counter, process_time
from typing import Any

import discord
from discord import app_commands

from adapters.discord import Adapter, markdown, messages
from adapters.discord.api import point_at
from adapters.discord.commands import payload
from benchmarks import material
from benchmarks.chats import LINES, filled, percentiles, running
from benchmarks.timing import Cost, Row
from bot.commands import answer, call
from bot.config import Settings
from bot.model import Card, Destination, Reply, Text
from bot.ports import Store
from bot.service import offer
from tests.fakes.discord import FakeDiscord

_TYPED = ("s", "segm", "point cl", "large language mod", '"self sup', "lidar -medi", "zzz")
_ROOM, _CALLER = Destination("discord", "1", "2"), Destination("discord", "dm", "@1")
_REPEATS = 10


def rows(rounds: int, count: int) -> list[tuple[str, list[Row]]]:
    if not material.CORPUS.exists():
        return [("Discord: there is no corpus beside the checkout", [])]
    return asyncio.run(_rows(rounds, count))


async def _rows(rounds: int, count: int) -> list[tuple[str, list[Row]]]:
    async with filled(count) as (store, papers):
        answers, offers = await _asked(store, rounds)
        room = await _room(store)
    return [
        (f"Discord, {papers:,} papers: from a command to its answer, p50 and p99", percentiles(answers)),
        (
            f"Discord, {papers:,} papers: from a letter that is typed to what is offered, p50 and p99",
            percentiles(offers),
        ),
        ("Discord: characters of each abstract that fit into a message of ten papers, least and median", room),
    ]


async def _asked(store: Store, rounds: int) -> tuple[dict[str, list[Cost]], dict[str, list[Cost]]]:
    """Let both answer in turns; return the times to the answers of commands, and to the offers.

    discord.py knows one Discord in a process: so each has its own for a turn.
    """
    contenders = {"Paperwire": paperwire, "discord.py as documented": _documented}
    answers: dict[str, list[Cost]] = {name: [] for name in contenders}
    offers: dict[str, list[Cost]] = {name: [] for name in contenders}
    for number in range(max(2, rounds // _REPEATS)):
        for name in list(contenders)[:: -1 if number % 2 else 1]:
            async with FakeDiscord(judging=False) as fake, contenders[name](fake, store):
                for _ in range(_REPEATS):
                    answers[name] += [await command(fake, line) for line in LINES]
                    offers[name] += [await _offered(fake, typed) for typed in _TYPED]
    return answers, offers


async def command(fake: FakeDiscord, line: str) -> Cost:
    name, _, text = line.partition(" ")
    wall, cpu = perf_counter(), process_time()
    answered = await fake.slash(fake.ben, fake.papers, name, **({"query": text} if text else {}))
    await answered.final()
    return Cost(perf_counter() - wall, process_time() - cpu)


async def _offered(fake: FakeDiscord, typed: str) -> Cost:
    wall, cpu = perf_counter(), process_time()
    await fake.autocomplete(fake.ben, fake.papers, "search", "query", typed)
    return Cost(perf_counter() - wall, process_time() - cpu)


@asynccontextmanager
async def paperwire(fake: FakeDiscord, store: Store) -> AsyncIterator[None]:
    settings = Settings(database="", discord_api=fake.api, discord_token=fake.token)
    fake.register(payload())  # the store knows that a Discord has them, and not that this is another one
    async with (
        Adapter.open(settings, store.ledger("discord", ())) as adapter,
        running(adapter.run(lambda asked: answer(asked, store), partial(offer, store=store))),
    ):
        await fake.connected()
        yield


@asynccontextmanager
async def _documented(fake: FakeDiscord, store: Store) -> AsyncIterator[None]:
    """Run a client with a tree of commands, each a function of its own."""
    client = discord.AutoShardedClient(intents=discord.Intents(guilds=True), guild_ready_timeout=0.1)
    group = app_commands.Group(name="papers", description="Papers")

    async def give(interaction: discord.Interaction[Any], line: str) -> None:
        said = messages.message(await answer(call(line, room=_ROOM, caller=_CALLER, at=datetime.now(UTC)), store))
        view = said.view()
        mentions = discord.AllowedMentions.none()
        more: dict[str, Any] = {"view": view} if view else {}
        await interaction.response.send_message(said.content, embeds=said.embeds, allowed_mentions=mentions, **more)

    @group.command(description="Search")
    async def search(interaction: discord.Interaction[Any], query: str) -> None:
        await give(interaction, f"search {query}")

    @search.autocomplete("query")
    async def nothing(_: discord.Interaction[Any], __: str) -> list[app_commands.Choice[str]]:
        return []

    @group.command(description="Today")
    async def today(interaction: discord.Interaction[Any]) -> None:
        await give(interaction, "today")

    @group.command(description="Status")
    async def status(interaction: discord.Interaction[Any]) -> None:
        await give(interaction, "status")

    tree = app_commands.CommandTree(client)
    tree.add_command(group)
    point_at(fake.api)
    async with client:
        await client.login(fake.token)
        await tree.sync()
        async with running(client.connect()):
            await fake.connected()
            yield


async def _room(store: Store) -> list[Row]:
    """Fit ten papers with as much of their abstracts as goes into one message, in two ways."""
    pages = []
    for line in ("today", "search learning", "search segmentation", "search large language model"):
        reply = await answer(call(line, room=_ROOM, caller=_CALLER, at=datetime.now(UTC)), store)
        papers = {each.id: each for each in await store.papers(card.paper for card in reply.cards)}
        pages.append([replace(card, body=Text(papers[card.paper].abstract)) for card in reply.cards])
    return [
        _fitting("embeds, as here", pages, 6_000, _in_embed),
        _fitting("Components V2, a section for each", pages, 4_000, _in_section),
    ]


def _fitting(what: str, pages: list[list[Card]], most: int, size: Callable[[Card, int], int]) -> Row:
    widths = [_widest(cards, most, size) for cards in pages]
    return Row(what, f"{min(widths)}", f"{median(widths):.0f}")


def _widest(cards: list[Card], most: int, size: Callable[[Card, int], int]) -> int:
    """Return to how many characters each body can be cut so that the cards hold no more than `most`."""
    least = 3
    fitting = bisect_right(range(least, 2_000), most, key=lambda width: sum(size(card, width) for card in cards))
    return least - 1 + fitting


def _in_embed(card: Card, width: int) -> int:
    [embed] = messages.message(Reply(Text("x"), (replace(card, body=card.body.clip(width)),))).embeds
    return len(embed)


def _in_section(card: Card, width: int) -> int:
    """Count what the texts of a section hold: there, addresses count as well."""
    said = " · ".join(filter(None, [card.why.plain, *card.facts]))
    small = f"{markdown.small(said)} · {markdown.link('PDF', card.pdf)}"
    body = markdown.marked(card.body.clip(width), "**")
    return len(f"**{markdown.link(card.title.plain, card.url)}**\n{body}\n{small}")
