"""The service is killed while it posts to Discord: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

from bot import daily
from bot.grammar import parse
from bot.model import Destination, Digest, Following, Paper
from storage import connect
from tests.fakes.discord import FakeDiscord, fine, silent
from tests.test_cli import Paperwire
from tests.test_kill9 import KILLS, SEED

_PAPERS = tuple(Paper(f"2011.{number:05}", f"Paper {number}", "An abstract. " * 100) for number in range(1, 31))
# Before a message is taken, after it was, and after one that follows it was.
_WORST = (*[silent()] * 2, *[silent(commit=True)] * 3, *[fine()] * 3, silent(commit=True))


async def _killed(paperwire: Paperwire, discord: FakeDiscord, *, calls: int, after: float) -> bool:
    """Run the service and kill it a while after it has called so often; return whether it was there to be killed."""
    before = len(discord.requests)
    process = await asyncio.to_thread(paperwire.start, "run", "--once")
    await discord.until(lambda: len(discord.requests) >= before + calls or process.poll() is not None, 30)
    await asyncio.sleep(after)
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.communicate)
    return process.returncode == -signal.SIGKILL


async def _ended(paperwire: Paperwire, discord: FakeDiscord) -> None:
    """Run the service to its end, or kill it where Discord leaves it without an answer."""
    before = _unanswered(discord)
    process = await asyncio.to_thread(paperwire.start, "run", "--once")
    await discord.until(lambda: _unanswered(discord) > before or process.poll() is not None, 60)
    process.kill()
    await asyncio.to_thread(process.communicate)


def _unanswered(discord: FakeDiscord) -> int:
    return sum(not each.status for each in discord.requests)


async def test_killed_while_it_posts_nothing_is_lost_or_comes_twice(discord: FakeDiscord, tmp_path: Path) -> None:
    paperwire = Paperwire(tmp_path)
    moments = random.Random(SEED)
    rooms = [discord.home.text(f"room{number}") for number in range(KILLS)]
    rooms += [discord.home.announcement(f"news{number}") for number in range(3)]
    forums = [discord.home.forum(f"forum{number}", tags=["cs.CV"]) for number in range(3)]
    people = [discord.user(f"person{number}") for number in range(10)]
    paperwire.environment |= {"PAPERWIRE_DISCORD_API": discord.api, "PAPERWIRE_DISCORD_TOKEN": discord.token}
    async with connect(f"sqlite:///{paperwire.database}") as store:
        for room in (*rooms, *forums):
            await store.follow(Following(Destination("discord", str(discord.home.id), str(room.id)), count=30))
        for person in people:
            discord.home.join(person)
            await store.subscribe(Destination("discord", "dm", f"@{person.id}"), parse("paper"), datetime.now(UTC))
        await daily.take_in(Digest("x", "cs.CV", date(2020, 11, 20), _PAPERS), store, datetime.now(UTC))

        discord.fail("POST", "/channels/*/messages", *_WORST)
        discord.fail("POST", "/channels/*/threads", silent(commit=True), silent())
        discord.fail("POST", "/channels/*/messages/*/crosspost", silent(commit=True), silent())
        kills = int(await _killed(paperwire, discord, calls=14, after=0))
        while kills < max(3, KILLS // 10) and (await store.census()).owed:
            kills += await _killed(paperwire, discord, calls=6, after=moments.uniform(0, 0.3))
        for _ in range(20):
            if (await store.census()).owed:
                await _ended(paperwire, discord)
        assert (await store.census()).owed == 0, f"SEED={SEED} repeats this"

    direct = [discord.world.dm(person) for person in people]
    posts = [each for each in discord.home.channels.values() if each.parent in forums]
    assert sorted(each.parent.id for each in posts if each.parent) == sorted(each.id for each in forums)
    for place in (*rooms, *direct, *posts):
        titles = Counter(embed["title"] for each in place.messages for embed in each.embeds if "title" in embed)
        assert set(titles.values()) == {1}, f"SEED={SEED} repeats this"
        assert len(place.messages) == len(rooms[0].messages) > 1
    assert all(each.flags & 1 for room in rooms[KILLS:] for each in room.messages)
    assert not any("may be a repeat" in each.text for each in discord.messages)
