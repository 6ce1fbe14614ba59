"""Emoji in Slack: on a message that shows one paper they say what people make of it; nobody is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.cards import card
from bot.model import Call, Destination, Item, Reply, Text
from bot.ports import Store
from bot.service import respond
from tests.fakes.slack import FakeSlack, Message
from tests.test_slack import ADA, LIDAR, NOON, OTHERS, filled, running

__all__ = ["filled"]

ROOM = Destination("slack", "T1", "C1")


class Heard:
    """What was called, in order: the real answers, written down."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.calls: list[Call] = []

    async def __call__(self, call: Call) -> Reply:
        self.calls.append(call)
        return await respond(call, self.store)

    @property
    def lines(self) -> list[str]:
        return [f"{each.name} {each.text}" for each in self.calls if each.name in ("like", "dislike", "unlike")]


@pytest.fixture
def heard(filled: Store) -> Heard:
    return Heard(filled)


@pytest.fixture
async def alert(slack: FakeSlack, filled: Store, heard: Heard) -> AsyncIterator[Message]:
    """Yield a direct message with one paper, while Paperwire is at work."""
    async with running(slack, filled, answering=heard) as adapter:
        await adapter.post(ADA, Reply(Text("1 paper"), (card(LIDAR),), private=True), key="k", uncertain=False)
        yield slack.posts[0]


async def after(slack: FakeSlack, heard: Heard, count: int) -> list[str]:
    await slack.until(lambda: len(heard.lines) >= count)
    return heard.lines


@pytest.mark.parametrize(
    ("emoji", "name"),
    [("+1", "like"), ("+1::skin-tone-4", "like"), ("heart", "like"), ("thumbsup", "like"), ("-1", "dislike")],
)
async def test_a_thumb_on_one_paper_counts_and_nobody_is_answered(
    slack: FakeSlack, heard: Heard, alert: Message, emoji: str, name: str
) -> None:
    await slack.react(emoji, alert)

    assert await after(slack, heard, 1) == [f"{name} {LIDAR.id}"]
    assert (heard.calls[0].room, heard.calls[0].caller) == (ADA, ADA)
    assert (slack.posts, slack.ephemerals) == ([alert], [])


async def test_what_is_taken_away_counts_no_more(slack: FakeSlack, heard: Heard, alert: Message) -> None:
    await slack.react("+1", alert)
    await after(slack, heard, 1)
    await slack.react("+1", alert, gone=True)

    assert await after(slack, heard, 2) == [f"like {LIDAR.id}", f"unlike {LIDAR.id}"]


async def test_of_several_on_one_message_the_newest_that_is_left_counts(
    slack: FakeSlack, heard: Heard, alert: Message
) -> None:
    for emoji, gone in (("+1", False), ("-1", False), ("+1", True), ("heart", False), ("heart", True), ("-1", True)):
        before = len(heard.lines)
        await slack.react(emoji, alert, gone=gone)
        await after(slack, heard, before + 1)

    said = [line.split()[0] for line in heard.lines]
    assert said == ["like", "dislike", "dislike", "like", "dislike", "unlike"]


async def test_a_reaction_in_a_channel_is_of_who_put_it_there_for_the_channel(
    slack: FakeSlack, filled: Store, heard: Heard
) -> None:
    slack.workspace("T1").channel("C1", members=("UBOT", "U1", "U2"))
    async with running(slack, filled, answering=heard) as adapter:
        await adapter.post(ROOM, Reply(Text("1 of 31"), (card(LIDAR),)), key="k", uncertain=False)
        for each in slack.posts:  # the message, and the details in its thread
            await slack.react("+1", each, user="U2")
        await after(slack, heard, 2)

    assert {(each.room, str(each.caller)) for each in heard.calls} == {(ROOM, "slack:T1/@U2")}
    assert await filled.reactions(NOON, ROOM) == {ROOM: {LIDAR.id: 1}}


async def test_an_answer_that_shows_one_paper_can_be_reacted_to(slack: FakeSlack, filled: Store, heard: Heard) -> None:
    async with running(slack, filled, answering=heard):
        await slack.dm(f"show {LIDAR.id}")
        (shown,) = await slack.until(lambda: slack.posts)
        while not await filled.ledger("slack").get("shown", f"T1/@U1/{shown.ts}", NOON):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await slack.react("heart", shown)
        assert await after(slack, heard, 1) == [f"like {LIDAR.id}"]


async def test_it_is_known_after_a_restart(slack: FakeSlack, filled: Store, heard: Heard) -> None:
    async with running(slack, filled, answering=heard) as adapter:
        await adapter.post(ADA, Reply(Text("1 paper"), (card(LIDAR),), private=True), key="k", uncertain=False)
    async with running(slack, filled, answering=heard):
        await slack.react("+1", slack.posts[0])
        assert await after(slack, heard, 1) == [f"like {LIDAR.id}"]


async def test_what_says_nothing_of_one_paper_is_let_be(slack: FakeSlack, heard: Heard, filled: Store) -> None:
    several = Reply(Text("2 papers"), (card(LIDAR), card(OTHERS[0])), private=True)
    week = Reply(Text("The week"), (card(LIDAR),), items=(Item(Text("lidar rises")),), private=True)
    async with running(slack, filled, answering=heard) as adapter:
        await adapter.post(ADA, several, key="several", uncertain=False)
        await adapter.post(ADA, Reply(Text("1 paper"), (card(LIDAR),), private=True), key="one", uncertain=False)
        await adapter.post(ADA, week, key="week", uncertain=False)
        two, one, more = slack.posts
        await slack.react("+1", two)
        await slack.react("+1", more)
        await slack.react("tada", one)
        await slack.react("+1", slack.say("lidar!", channel="C1"))
        await slack.react("+1", one, user="UBOT")
        await slack.react("-1", one)
        assert await after(slack, heard, 1) == [f"dislike {LIDAR.id}"]


async def test_an_event_that_comes_again_counts_once(slack: FakeSlack, heard: Heard, alert: Message) -> None:
    await slack.react("+1", alert, event_id="Ev1")
    await after(slack, heard, 1)
    await slack.react("+1", alert, event_id="Ev1", retry=(1, "timeout"))
    await slack.react("+1", alert, gone=True)

    assert await after(slack, heard, 2) == [f"like {LIDAR.id}", f"unlike {LIDAR.id}"]
