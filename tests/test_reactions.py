"""Reactions: saying that a room wants more papers like one, or fewer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot import commands
from bot.daily import take_in
from bot.model import Button, Destination, Digest, Following, Paper, Reply
from bot.ports import Store
from tests.conftest import MakeCall

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
ROOM, OTHER = Destination.parse("slack:T1/C1"), Destination.parse("slack:T1/C2")
ANN, BEN = Destination.parse("slack:T1/@ANN"), Destination.parse("slack:T1/@BEN")
PAPERS = tuple(Paper(f"2011.{n:05}", f"Title {n}", "An abstract.") for n in range(30))
LONG_AGO = NOW - timedelta(days=999)

Ask = Callable[..., Awaitable[Reply]]


@pytest.fixture
async def ask(store: Store, call: MakeCall) -> Ask:
    await take_in(Digest("test", "cs.CV", NOW.date(), PAPERS), store, NOW)

    async def ask(line: str, caller: Destination = ANN, room: Destination = ROOM) -> Reply:
        return await commands.answer(call(line, caller=str(caller), room=str(room), at=NOW), store)

    return ask


async def test_it_is_said_what_a_reaction_does_in_counts_only(ask: Ask, store: Store) -> None:
    await store.follow(Following(ROOM))
    first = await ask("like 2011.00001")
    second = await ask("like https://arxiv.org/abs/2011.00001v2", BEN)

    assert first.text.plain == (
        "Papers like Title 1 go up in this room's highlights: 1 person here likes it. "
        "It takes effect with the next digest, and in your alerts at once.\n"
        "Counts now: 1 paper that this room liked."
    )
    assert "2 people here like it." in second.text.plain
    assert first.private
    assert second.private
    assert first.buttons == (Button("Undo", "unlike", "2011.00001"),)
    assert await store.reactions(LONG_AGO) == {ROOM: {"2011.00001": 2}}


async def test_to_say_it_twice_is_to_say_it_once_and_the_contrary_takes_its_place(ask: Ask, store: Store) -> None:
    for _ in range(2):
        assert "1 person here likes it" in (await ask("like 2011.00001")).text.plain
    assert await store.reactions(LONG_AGO) == {ROOM: {"2011.00001": 1}}

    said = await ask("dislike 2011.00001")
    assert "go down in this room's highlights: 1 person here does not like it." in said.text.plain
    assert await store.reactions(LONG_AGO) == {ROOM: {"2011.00001": -1}}


async def test_what_one_said_can_be_taken_back_and_others_voices_stay(ask: Ask, store: Store) -> None:
    for who in (ANN, BEN):
        await ask("like 2011.00001", who)
    undo = (await ask("dislike 2011.00001")).buttons[0]
    assert "2 people" not in (await ask("dislike 2011.00002")).text.plain
    said = await ask(f"{undo.name} {undo.text}")

    assert said.text.plain == "What you said of Title 1 does not count here any more."
    assert said.error is None
    assert await store.reactions(LONG_AGO) == {ROOM: {"2011.00001": 1, "2011.00002": -1}}
    assert (await ask("unlike 2011.00003")).text.plain == "You had said nothing of Title 3 here."


async def test_a_room_without_highlights_is_told_how_to_have_them(ask: Ask, store: Store) -> None:
    line = (await ask("like 2011.00001")).text.plain.splitlines()[-1]
    assert line == "No daily highlights are posted here. To have them, type: settings on"

    await store.follow(Following(ROOM))
    assert "settings" not in (await ask("like 2011.00001")).text.plain


async def test_alone_one_reacts_for_oneself(ask: Ask, store: Store) -> None:
    said = await ask("like 2011.00001", ANN, room=ANN)

    assert said.text.plain.startswith("Papers like Title 1 go up in your highlights. It takes effect")
    assert await store.reactions(LONG_AGO) == {ANN: {"2011.00001": 1}}


async def test_alone_it_is_said_that_it_is_taken_back_everywhere(ask: Ask) -> None:
    await ask("like 2011.00001")

    said = [(await ask("unlike 2011.00001", room=ANN)).text.plain for _ in range(2)]
    assert said == [
        "What you said of Title 1 does not count any more, here or in any room.",
        "You had said nothing of Title 1.",
    ]


async def test_what_is_switched_off_is_not_said_to_take_effect(ask: Ask, store: Store) -> None:
    await store.follow(Following(ROOM))
    await store.learn(ROOM, learns=False)
    off = "What is liked here does not change what comes first here. To let it, type: taste on"
    assert (await ask("like 2011.00001")).text.plain == (
        f"It is kept that you like Title 1. It takes effect in your alerts at once.\n{off}"
    )
    await store.learn(ANN, learns=False)
    assert (await ask("dislike 2011.00001")).text.plain == f"It is kept that you do not like Title 1.\n{off}"

    await store.learn(ROOM, learns=True)
    assert "It takes effect with the next digest.\n" in (await ask("like 2011.00001")).text.plain


async def test_rooms_do_not_hear_each_other(ask: Ask, store: Store) -> None:
    await ask("like 2011.00001", room=ROOM)
    assert "1 person here does not" in (await ask("dislike 2011.00001", room=OTHER)).text.plain

    assert await store.reactions(LONG_AGO) == {ROOM: {"2011.00001": 1}, OTHER: {"2011.00001": -1}}


@pytest.mark.parametrize("name", ["like", "dislike", "unlike"])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "needs more. Usage: {0} ID"),
        ("lidar", "lidar is no arXiv id. Type one like: {0} 2011.10043"),
        ("2099.00001", "No digest here lists 2099.00001."),
    ],
)
async def test_a_mistake_says_what_to_type_and_changes_nothing(
    ask: Ask, store: Store, name: str, text: str, told: str
) -> None:
    reply = await ask(f"{name} {text}".strip())

    assert reply.error is not None
    assert told.format(name) in reply.error
    assert await store.reactions(LONG_AGO) == {}


async def test_a_paper_that_is_not_stored_cannot_be_reacted_to(store: Store) -> None:
    with pytest.raises(KeyError):
        await store.react(ROOM, ANN, "2099.00001", 1, NOW)
    assert await store.reactions(LONG_AGO) == {}


async def test_of_a_persons_voices_the_newest_twenty_count(ask: Ask, store: Store) -> None:
    for n, paper in enumerate(PAPERS):
        await store.react(ROOM, ANN, paper.id, 1, NOW + timedelta(minutes=n))
    await store.react(ROOM, BEN, PAPERS[0].id, 1, NOW)
    await store.react(OTHER, ANN, PAPERS[0].id, 1, NOW)

    heard = await store.reactions(LONG_AGO)
    assert heard[ROOM].keys() == {PAPERS[0].id, *(each.id for each in PAPERS[10:])}
    assert set(heard[ROOM].values()) == {1}
    assert heard[OTHER] == {PAPERS[0].id: 1}


async def test_only_what_was_said_since_is_heard(ask: Ask, store: Store) -> None:
    await store.react(ROOM, ANN, PAPERS[0].id, 1, NOW - timedelta(days=1))
    await store.react(ROOM, ANN, PAPERS[1].id, 1, NOW)

    assert await store.reactions(NOW) == {ROOM: {PAPERS[1].id: 1}}


async def test_an_opened_paper_can_be_reacted_to(ask: Ask) -> None:
    (card,) = (await ask("show 2011.00001")).cards
    labels = {each.label: each for each in card.buttons}
    for label, way in (("More like this", "up"), ("Less like this", "down")):
        pressed = await ask(f"{labels[label].name} {labels[label].text}")
        assert f"go {way} in this room's highlights" in pressed.text.plain


async def test_reactions_of_a_workspace_are_erased_with_it(store: Store, ask: Ask) -> None:
    stranger = Destination.parse("slack:T2/@X")
    away = Destination.parse("slack:T2/C1")
    await store.react(ROOM, ANN, PAPERS[0].id, 1, NOW)
    await store.react(ROOM, stranger, PAPERS[0].id, 1, NOW)
    await store.react(away, stranger, PAPERS[0].id, 1, NOW)
    await store.ledger("slack").close("T2", "gone", NOW, erase_at=NOW)
    await store.erase(NOW)

    assert await store.reactions(LONG_AGO) == {ROOM: {PAPERS[0].id: 1}}
