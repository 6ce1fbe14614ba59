"""Killed while it posts to Slack: where history may be read nothing comes twice, and elsewhere a repeat says so."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.fakes.slack import fine, silent
from tests.kill9 import worlds
from tests.kill9.judge import ALL_WELL
from tests.kill9.killing import Killing, until


async def test_killed_before_slack_answers_whether_it_took_a_message_or_not(tmp_path: Path) -> None:
    async with worlds.slack() as world:
        killing = Killing(world, tmp_path)
        await killing.furnish()
        # Before a message is taken, after it was, and after one of its thread was.
        faults = [*[silent()] * 2, *[silent(commit=True)] * 3, *[fine()] * 3, silent(commit=True)]
        world.slack.fail("chat.postMessage", *faults)
        calls = world.slack.calls
        posted = until(lambda: sum(each.method == "chat.postMessage" for each in calls) >= len(faults))
        assert (await killing.run(1, wait=posted)).killed
        await killing.drain(1)
        assert killing.verdict(1) == ALL_WELL
    keys = Counter((each.metadata or {})["event_payload"]["key"] for each in world.slack.posts)
    assert set(keys.values()) == {1}
    assert not any(each.may_repeat for each in world.arrived())


async def test_killed_where_history_cannot_be_read_nothing_is_lost_and_each_repeat_says_so(tmp_path: Path) -> None:
    async with worlds.slack(history=False) as world:
        killing = Killing(world, tmp_path)
        await killing.furnish()
        everyone = [*world.rooms, *world.people]
        world.slack.fail("chat.postMessage", *[silent(commit=True)] * len(everyone))
        assert (await killing.run(1, wait=until(lambda: len(world.slack.posts) == len(everyone)))).killed
        await killing.drain(1)
        verdict = killing.verdict(1)
        assert verdict.duplicated > 0
        assert verdict._replace(duplicated=0) == ALL_WELL
        assert killing.unmarked(1) == 0
        rooms = {room.name for room, _ in world.rooms}
        assert {each.place for each in world.arrived() if each.may_repeat} == rooms, "people's can always be looked up"
