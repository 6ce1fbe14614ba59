"""What people of a room do before each other: counted, and named by their own choice alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot import commands
from bot.daily import take_in
from bot.model import Call, Destination, Digest, Paper, Reply
from bot.ports import Discussed, Store
from bot.search.grammar import parse

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
ROOM, OTHER = Destination.parse("slack:T1/C1"), Destination.parse("slack:T1/C2")
ANN, BEN, CAT, DAN = (Destination.parse(f"slack:T1/@{name}") for name in ("ANN", "BEN", "CAT", "DAN"))
STRANGER = Destination.parse("slack:T2/@ANN")
PAPERS = tuple(Paper(f"2011.{n:05}", f"Lidar, part {n}", "An abstract.") for n in range(30))
ONE, TWO, THREE = (each.id for each in PAPERS[:3])

Ask = Callable[..., Awaitable[Reply]]


@pytest.fixture
async def ask(store: Store) -> Ask:
    await take_in(Digest("test", "cs.CV", NOW.date(), PAPERS), store, NOW)

    async def ask(
        line: str, caller: Destination = ANN, room: Destination = ROOM, *, at: datetime = NOW, shared: bool = False
    ) -> Reply:
        name, _, text = line.partition(" ")
        return await commands.answer(Call(name, text, room, caller, at, shared=shared), store)

    return ask


async def follow(store: Store, *people: Destination, room: Destination = ROOM) -> None:
    for each in people:
        await store.subscribe(each, parse("lidar"), NOW, workspace=room.workspace)


async def told(ask: Ask, caller: Destination = ANN) -> list[str]:
    return (await ask(f"who {ONE}", caller)).text.plain.splitlines()[1:]


async def test_it_is_counted_who_liked_shared_nominated_and_voted_and_the_asker_is_you(ask: Ask, store: Store) -> None:
    for each in (ANN, BEN, CAT):
        await ask(f"like {ONE}", each)
    await ask(f"show {ONE}", BEN, shared=True)
    assert await told(ask) == ["You and 2 others liked it.", "Someone shared it."]
    assert await told(ask, BEN) == ["You and 2 others liked it.", "You shared it."]
    assert await told(ask, DAN) == ["3 people liked it.", "Someone shared it."]

    await ask(f"dislike {ONE}", CAT)
    await ask(f"unlike {ONE}", BEN)
    await store.nominate(ROOM, BEN, ONE, NOW)
    await store.vote(ROOM, CAT, ONE, wanted=True)
    assert await told(ask, CAT) == [
        "Someone liked it.",
        "Someone shared it.",
        "Someone nominated it for the journal club.",
        "You voted for it.",
    ]


async def test_what_one_follows_or_keeps_is_told_of_two_others_at_least(ask: Ask, store: Store) -> None:
    nobody = ["Nobody here has taken it up yet, as far as may be told."]
    await follow(store, BEN)
    await store.save(BEN, ONE, NOW)
    assert await told(ask) == nobody
    assert await told(ask, BEN) == ["You follow it.", "You keep it."]

    await follow(store, CAT)
    await store.save(CAT, ONE, NOW)
    assert await told(ask) == ["2 people follow it.", "2 people keep it."]
    # To each of the two there is one other: to say so would give them away.
    assert await told(ask, BEN) == ["You follow it.", "You keep it."]

    await store.mute(CAT, 1, muted=True)
    assert await told(ask) == ["2 people keep it."]


async def test_people_are_named_who_want_to_be_and_never_for_what_is_their_own(ask: Ask, store: Store) -> None:
    for each in (ANN, BEN, CAT, DAN):
        await ask(f"like {ONE}", each)
        await store.save(each, ONE, NOW)
    await follow(store, BEN, CAT, DAN)
    said = await ask("who named  Ben  Müller", BEN)

    assert said.text.plain.startswith("Others here may see as Ben Müller what you like, share and nominate.")
    assert await told(ask) == [
        "You, Ben Müller and 2 others liked it.",
        "3 people follow it.",
        "You and 3 others keep it.",
    ]
    assert (await told(ask, BEN))[0] == "You and 3 others liked it."
    await ask("who unnamed", BEN)
    assert (await told(ask))[0] == "You and 3 others liked it."


async def test_a_name_holds_for_one_workspace(ask: Ask, store: Store) -> None:
    ada = Destination.parse("discord:dm/@1")
    home, away = (Destination("discord", guild, "7") for guild in ("G1", "G2"))
    for room in (home, away):
        await ask(f"like {ONE}", ada, room)
    await ask("who named Ada", ada, home)
    ben = Destination.parse("discord:dm/@2")

    assert (await ask(f"who {ONE}", ben, home)).text.plain.endswith("\nAda liked it.")
    assert (await ask(f"who {ONE}", ben, away)).text.plain.endswith("\nSomeone liked it.")
    await store.erase_workspace(home.tenant)
    assert await store.known_as(ada, home.tenant) is None


@pytest.mark.parametrize(
    "name", ["", "<@U1>", "@everyone", "a@b", "https://a.example", "x" * 41, "42", "A\u202eB", "\u200b"]
)
async def test_a_name_is_short_text_and_mentions_nobody(ask: Ask, store: Store, name: str) -> None:
    said = (await ask(f"who named {name}")).error

    assert said is not None
    assert said.endswith("Type one like: who named Anna")
    assert await store.known_as(ANN, ROOM.tenant) is None


async def test_what_others_do_elsewhere_is_not_told(ask: Ask, store: Store) -> None:
    elsewhere = Destination.parse("slack:T2/C1")
    for number in range(3):
        person = Destination("slack", "T2", f"@U{number}")
        await ask(f"like {ONE}", person, elsewhere)
        await ask(f"show {ONE}", person, elsewhere, shared=True)
        await store.save(person, ONE, NOW)
        await follow(store, person, room=elsewhere)
    await ask(f"like {ONE}", BEN, OTHER)

    assert await told(ask) == ["Nobody here has taken it up yet, as far as may be told."]
    assert (await ask("discussed")).cards == ()
    assert "follow this" not in str((await ask(f"show {ONE}")).cards[0].why)


async def test_an_opened_paper_says_how_many_here_follow_it(ask: Ask, store: Store) -> None:
    async def why(caller: Destination, room: Destination = ROOM, *, shared: bool = False) -> str:
        return (await ask(f"show {ONE}", caller, room, shared=shared)).cards[0].why.plain

    await follow(store, ANN, BEN)
    assert await why(ANN) == await why(CAT, shared=True) == ""
    assert await why(CAT) == "2 people here follow this"
    await follow(store, CAT)
    assert await why(ANN) == "You and 2 others here follow this"
    # Before the room nobody is you.
    assert await why(ANN, shared=True) == await why(DAN) == "3 people here follow this"
    assert await why(DAN, DAN) == ""


async def test_most_discussed_is_what_most_people_took_up_each_once(ask: Ask, store: Store) -> None:
    for each in (ANN, BEN):
        await ask(f"like {ONE}", each)
    for _ in range(3):
        await ask(f"show {TWO}", ANN, shared=True, at=NOW + timedelta(minutes=1))
    await ask(f"like {TWO}", ANN, at=NOW + timedelta(minutes=2))
    await store.nominate(ROOM, CAT, PAPERS[5].id, NOW)
    for each in (ANN, BEN):
        await store.vote(ROOM, each, PAPERS[5].id, wanted=True)
    await ask(f"like {THREE}", CAT, at=NOW + timedelta(minutes=3))
    await ask(f"dislike {PAPERS[3].id}", CAT)
    await store.save(CAT, PAPERS[4].id, NOW)
    reply = await ask("discussed", at=NOW + timedelta(hours=1))

    assert [(each.paper, each.why.plain) for each in reply.cards] == [
        (PAPERS[5].id, "3 people here"),
        (ONE, "2 people here"),
        (THREE, "1 person here"),
        (TWO, "1 person here"),
    ]
    assert reply.text.plain == "Most discussed here in the last 7 days:"
    assert reply.private
    assert reply.again
    assert "is not read" in (await ask("help discussed")).text.plain


async def test_what_is_longer_ago_is_asked_for_by_the_number_of_days(ask: Ask, store: Store) -> None:
    await ask(f"like {ONE}")
    later = NOW + timedelta(days=20)

    assert (await ask("discussed", at=later)).cards == ()
    assert [each.paper for each in (await ask("discussed 30", at=later)).cards] == [ONE]
    assert await store.discussed(ROOM, NOW, limit=5) == (Discussed(ONE, 1, NOW),)


async def test_only_what_is_shared_with_a_room_counts_as_shared(ask: Ask, store: Store) -> None:
    await ask(f"show {ONE}")
    await ask("show 2011.99999", shared=True)
    await follow(store, ANN)
    for line in (f"who {ONE}", "matches"):
        await ask(line, shared=True)
    assert await store.discussed(ROOM, NOW, limit=5) == ()

    await ask("search lidar", shared=True)
    assert len(await store.discussed(ROOM, NOW, limit=50)) == 10


@pytest.mark.parametrize("line", [f"who {ONE}", "discussed", "who named Anna"])
async def test_alone_with_the_bot_there_are_no_others(ask: Ask, line: str) -> None:
    assert str((await ask(line, ANN, ANN)).error).startswith("Nobody else is here.")


async def test_who_asks_of_nothing_is_told_what_to_type(ask: Ask) -> None:
    assert (await ask("who")).error == "who needs a paper. Type one like: who 2011.10043"
