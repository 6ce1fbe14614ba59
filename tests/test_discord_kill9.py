"""Killed while it posts to Discord: nothing is lost, nothing comes twice, and announcements are published."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tests.fakes.discord import FakeDiscord, fine, silent
from tests.fakes.discord_rest import CROSSPOSTED
from tests.fakes.discord_state import ANNOUNCEMENT
from tests.kill9 import days, worlds
from tests.kill9.judge import ALL_WELL
from tests.kill9.killing import Killing, until


async def test_killed_before_discord_answers_whether_it_took_a_message_or_not(tmp_path: Path) -> None:
    async with worlds.discord() as world:
        killing = Killing(world, tmp_path)
        await killing.furnish()
        # Before a message is taken, after it was, and after one that follows it was.
        faults = [*[silent()] * 2, *[silent(commit=True)] * 3, fine(), silent(commit=True)]
        world.discord.fail("POST", "/channels/*/messages", *faults)
        world.discord.fail("POST", "/channels/*/threads", silent(commit=True), silent())
        world.discord.fail("POST", "/channels/*/messages/*/crosspost", silent(commit=True), silent())
        kills, owed = 0, 1
        while owed:
            hanging = _unanswered(world.discord) + (1 if kills else 4)
            kills += (await killing.run(1, wait=until(partial(_hangs, world.discord, hanging)))).killed
            world.ahead += 15
            owed = (await days.look(killing.address, days.day(0))).owed
        assert kills >= 4
        assert killing.verdict(1) == ALL_WELL
        assert not any(each.may_repeat for each in world.arrived())
        (news,) = (each for each in world.discord.home.channels.values() if each.kind == ANNOUNCEMENT)
        assert news.messages
        assert all(each.flags & CROSSPOSTED for each in news.messages)


def _hangs(discord: FakeDiscord, count: int) -> bool:
    return _unanswered(discord) >= count


def _unanswered(discord: FakeDiscord) -> int:
    return sum(not each.status for each in discord.requests)
