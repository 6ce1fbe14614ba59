"""Highlights: what goes first in a room, and the words that say why."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot import daily
from bot.evidence import gather, weigh
from bot.grammar import parse
from bot.highlights import Room, Weights, choose
from bot.interest import Interest
from bot.model import Destination, Digest, Following, Link, Listing, Paper, Pick
from bot.ports import Intake, Store
from bot.taste import LASTS
from storage import connect
from tests.conftest import MakePaper

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
FRIDAY = date(2020, 11, 20)
ROOM = Destination.parse("slack:T1/C1")
OTHER = Destination.parse("slack:T1/C2")
ANN, BEN, EVE = (Destination.parse(f"slack:T1/@{name}") for name in ("ANN", "BEN", "EVE"))
CODE = (Link("https://github.com/a/b", "code"),)
TOPICS = {
    "pose": "We estimate human pose from keypoints of the skeleton with a heatmap",
    "speech": "We recognise speech of speakers with an acoustic encoder for phonemes",
    "galaxy": "We count galaxies in a telescope survey of redshift",
    "protein": "We fold proteins from residues with a structure prediction",
}


def about(topic: str, number: int, **fields: object) -> Paper:
    return Paper(
        f"2011.{number:05}",
        f"{topic.title()} study number{number}",
        f"{TOPICS[topic]} and case{number}.",
        listings=(Listing(FRIDAY, "cs.CV"),),
        **fields,  # type: ignore[arg-type]
    )


DAY = tuple(about(topic, n * 10 + k) for n, topic in enumerate(TOPICS, 1) for k in range(4))
EARLIER = tuple(about(topic, 9000 + n * 10 + k) for n, topic in enumerate(TOPICS) for k in range(4))


def topic(pick: Pick, papers: tuple[Paper, ...] = DAY) -> str:
    return next(paper.title for paper in papers if paper.id == pick.paper).split()[0].lower()


async def posted(store: Store, room: Destination = ROOM) -> tuple[Pick, ...]:
    """Return what a room is owed for the day."""
    await store.begin_delivery()
    while delivery := await store.claim(["slack"], NOW):
        await store.settle(delivery, "sent")
        if delivery.to == room:
            return delivery.picks
    return ()


async def take_in(store: Store, *papers: Paper, day: date = FRIDAY, owe: bool = True) -> Intake:
    return await daily.take_in(Digest("test", "cs.CV", day, papers), store, NOW, owe=owe)


async def test_papers_like_those_the_room_liked_go_first_and_say_so(store: Store) -> None:
    await take_in(store, *EARLIER, day=FRIDAY - timedelta(days=1), owe=False)
    await store.follow(Following(ROOM, count=5))
    for number, who in ((9020, ANN), (9021, BEN)):
        await store.react(ROOM, who, f"2011.{number:05}", 1, NOW)
    await take_in(store, *DAY)

    picks = await posted(store)
    assert [topic(each) for each in picks[:3]] == ["galaxy"] * 3
    assert picks[0].reasons[0].startswith("like 2 papers this room liked (")
    assert {"galaxy", "galaxies"} & set(picks[0].reasons[0].partition("(")[2].rstrip(")").split(", "))
    assert "ANN" not in repr(picks)


async def test_of_a_person_alone_it_is_said_what_they_liked(store: Store) -> None:
    await take_in(store, *EARLIER, day=FRIDAY - timedelta(days=1), owe=False)
    await store.follow(Following(ANN, count=2))
    await store.react(ANN, ANN, "2011.09020", 1, NOW)
    await take_in(store, *DAY)

    assert all(each.reasons[0].startswith("like a paper you liked (") for each in await posted(store, ANN))


async def test_what_another_room_liked_changes_nothing_here(store: Store) -> None:
    await take_in(store, *EARLIER, day=FRIDAY - timedelta(days=1), owe=False)
    for room in (ROOM, OTHER):
        await store.follow(Following(room, count=1))
    await store.react(OTHER, ANN, "2011.09020", 1, NOW)
    await take_in(store, *DAY)

    assert [topic(each) for each in await posted(store, ROOM)] == ["pose"]


async def test_what_was_not_liked_goes_down_where_something_is_liked(store: Store) -> None:
    mixed = Paper("2011.09999", "Speech and galaxies", f"{TOPICS['speech']} {TOPICS['galaxy']}.")
    await take_in(store, *EARLIER, mixed, day=FRIDAY - timedelta(days=1), owe=False)
    evidence = {}
    for value in (0, -1):
        await store.follow(Following(ROOM))
        await store.react(ROOM, ANN, "2011.09999", 1, NOW)
        await store.react(ROOM, BEN, "2011.09020", value, NOW)
        known = await gather(Digest("test", "cs.CV", FRIDAY, DAY), store, NOW)
        evidence[value] = choose(DAY, Room(taste=known.tastes[ROOM]), known, 8, Weights(variety=0))

    assert {topic(each) for each in evidence[0][:8]} == {"speech", "galaxy"}
    assert [topic(each) for each in evidence[-1][:4]] == ["speech"] * 4


async def test_reactions_fade_out(store: Store) -> None:
    await take_in(store, *EARLIER, day=FRIDAY - timedelta(days=1), owe=False)
    await store.follow(Following(ROOM))
    await store.react(ROOM, ANN, "2011.09020", 1, NOW - LASTS - timedelta(seconds=1))
    assert (await gather(Digest("test", "cs.CV", FRIDAY, DAY), store, NOW)).tastes == {}

    await store.react(ROOM, ANN, "2011.09020", 1, NOW - LASTS)
    assert list((await gather(Digest("test", "cs.CV", FRIDAY, DAY), store, NOW)).tastes) == [ROOM]


async def test_who_likes_many_papers_of_one_topic_does_not_drown_what_others_like(store: Store) -> None:
    many = tuple(about("pose", 8000 + n) for n in range(60))
    await take_in(store, *EARLIER, *many, day=FRIDAY - timedelta(days=1), owe=False)
    await store.follow(Following(ROOM))
    for paper in many:
        await store.react(ROOM, EVE, paper.id, 1, NOW)
    for n in range(4):
        for who in (ANN, BEN):
            await store.react(ROOM, who, f"2011.{9020 + n:05}", 1, NOW)
    taste = (await gather(Digest("test", "cs.CV", FRIDAY, DAY), store, NOW)).tastes[ROOM]

    assert taste.voices == 20 + 8


async def test_more_voices_for_one_paper_than_three_say_no_more(store: Store) -> None:
    known = weigh(DAY, [], [], {ROOM: {"2011.09000": 40, "2011.09010": 3}}, EARLIER)

    assert known.tastes[ROOM].voices == 6


async def test_a_subscription_that_says_more_puts_its_paper_higher(store: Store) -> None:
    # Half of the day is about speech or pose; one paper has the rare word.
    day = (*(about("speech", n) for n in range(100, 110)), about("galaxy", 200), *(about("pose", n) for n in range(9)))
    await store.follow(Following(ROOM, count=3))
    for person, line in ((ANN, "speech"), (BEN, "galaxy")):
        await store.subscribe(person, parse(line), NOW)
    await take_in(store, *day)

    picks = await posted(store)
    assert topic(picks[0], day) == "galaxy"
    assert {each.reasons[0] for each in picks} == {"1 person here follows this"}


async def test_a_person_with_several_subscriptions_is_one_person(store: Store) -> None:
    await store.follow(Following(ROOM, count=1))
    for line in ("galaxy", "telescope", "redshift"):
        await store.subscribe(ANN, parse(line), NOW)
    await store.subscribe(BEN, parse("telescope"), NOW)
    await take_in(store, *DAY)

    (pick,) = await posted(store)
    assert topic(pick) == "galaxy"
    assert pick.reasons == ("2 people here follow this",)


def test_a_rising_term_is_said_with_its_figures() -> None:
    day = (*DAY, *(Paper(f"2011.7000{n}", f"{word} Gaussian Splatting", "x") for n, word in enumerate("ABC")))
    evidence = weigh(day, [each.title for each in EARLIER] * 20, [], {}, ())
    picks = choose(day, Room(), evidence, 3)

    assert picks[0] == Pick("2011.70000", ("rising: gaussian splatting (in 3 titles, 0 in the 30 days before)",))


def test_what_names_its_code_goes_before_what_does_not_and_else_the_digests_order_holds() -> None:
    day = (about("pose", 1), about("speech", 2), about("galaxy", 3, links=CODE), about("protein", 4))
    picks = choose(day, Room(), weigh(day, [], [], {}, ()), 4, Weights(variety=0))

    assert [each.paper[-1] for each in picks] == ["3", "1", "2", "4"]
    assert [each.reasons for each in picks] == [("code released",), *[("early in the digest",)] * 3]


def test_five_papers_on_one_topic_do_not_fill_the_list() -> None:
    interests = {each.id: Interest(1, 5.0) for each in DAY if "pose" in each.title.lower()}
    interests |= {DAY[4].id: Interest(1, 4.6), DAY[8].id: Interest(1, 4.5)}
    evidence = weigh(DAY, [], [], {}, ())
    varied = choose(DAY, Room(interests), evidence, 4)
    plain = choose(DAY, Room(interests), evidence, 4, Weights(variety=0))

    assert [topic(each) for each in plain] == ["pose"] * 4
    assert [topic(each) for each in varied[:3]] == ["pose", "speech", "galaxy"]
    assert varied[1].reasons == ("1 person here follows this", "a different topic")
    assert "a different topic" not in repr(plain)


def test_what_matters_more_to_the_room_is_not_given_up_for_variety() -> None:
    interests = {each.id: Interest(3, 30.0) for each in DAY if "pose" in each.title.lower()}
    picks = choose(DAY, Room(interests), weigh(DAY, [], [], {}, ()), 4)

    assert [topic(each) for each in picks] == ["pose"] * 4


def test_a_reason_is_given_for_every_paper_and_nobody_is_in_it() -> None:
    evidence = weigh(DAY, [], [], {ROOM: {"2011.09020": 1}}, EARLIER)
    picks = choose(DAY, Room({DAY[0].id: Interest(2, 3.0)}, evidence.tastes[ROOM]), evidence, len(DAY))

    assert all(each.reasons for each in picks)
    assert len({each.paper for each in picks}) == len(DAY)


def test_the_same_evidence_gives_the_same_highlights_in_whatever_order_it_is_read() -> None:
    voices = {each.id: 1 for each in EARLIER[::3]}
    one = weigh(DAY, ["Pose of cats"] * 120, [("a", "b")], {ROOM: voices}, EARLIER)
    other = weigh(DAY, ["Pose of cats"] * 120, [("a", "b")], {ROOM: dict(reversed(voices.items()))}, EARLIER[::-1])

    assert choose(DAY, Room(taste=one.tastes[ROOM]), one, 9) == choose(DAY, Room(taste=other.tastes[ROOM]), other, 9)


async def test_where_no_room_wants_them_nothing_is_read_and_of_a_known_digest_neither(
    store: Store, paper: MakePaper
) -> None:
    digest = Digest("test", "cs.CV", FRIDAY, (paper("2011.1", "A title"),))
    assert (await gather(digest, store, NOW)).papers == {}

    await store.follow(Following(ROOM, ("cs.RO",)))
    assert (await gather(digest, store, NOW)).papers == {}

    await store.follow(Following(ROOM, ("cs",)))
    assert (await gather(digest, store, NOW)).papers.keys() == {"2011.1"}
    await daily.take_in(digest, store, NOW)
    assert (await gather(digest, store, NOW)).papers == {}


async def test_a_room_that_begins_to_follow_while_a_digest_is_read_gets_its_highlights(store: Store) -> None:
    digest = Digest("test", "cs.CV", FRIDAY, DAY)
    evidence = await gather(digest, store, NOW)
    await store.follow(Following(ROOM, count=2))
    await store.take_in(digest, lambda morning: daily.plan(morning, evidence), NOW)

    assert len(await posted(store)) == 2


async def test_of_a_categorys_month_only_its_own_papers_are_read(store: Store, paper: MakePaper) -> None:
    for category, day, id_ in (("cs.CV", 1, "1"), ("cs.CV", 2, "2"), ("cs.RO", 2, "3"), ("cs.CV", 3, "4")):
        listed = Digest("test", category, date(2020, 11, day), (paper(f"2011.{id_}", f"Title {id_}", f"Text {id_}"),))
        await daily.take_in(listed, store, NOW)
    first, last = date(2020, 11, 1), date(2020, 11, 2)

    assert sorted(await store.headlines("cs.CV", first, last)) == ["Title 1", "Title 2"]
    assert await store.texts("cs.CV", first, last, limit=9) == (("Title 2", "Text 2"), ("Title 1", "Text 1"))
    assert await store.texts("cs.CV", first, last, limit=1) == (("Title 2", "Text 2"),)


@pytest.mark.parametrize("rooms", [[], [Following(ROOM, ("cs.CV",), 3), Following(ANN)]])
async def test_all_rooms_that_follow_are_known(address: str, rooms: list[Following]) -> None:
    async with connect(address) as store:
        for each in rooms:
            await store.follow(each)
        assert list(await store.followings()) == rooms
