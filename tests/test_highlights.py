"""Highlights: what goes first in a room, and the words that say why."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot import daily
from bot.alerts.subscribers import Subscribers
from bot.highlights import Room, Weights, choose
from bot.highlights.evidence import gather, weigh
from bot.highlights.interest import Interest, interests
from bot.highlights.taste import LASTS
from bot.highlights.trends import Trend
from bot.model import Destination, Digest, Following, Link, Listing, Paper, Pick, Subscription
from bot.ports import Intake, Store
from bot.search.grammar import parse
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


def test_what_was_not_liked_goes_down_where_something_is_liked() -> None:
    mixed = Paper("2011.09999", "Speech and galaxies", f"{TOPICS['speech']} {TOPICS['galaxy']}.")
    galaxy = DAY[8]

    def heard(voices: dict[str, int]) -> float:
        known = weigh(DAY, [], [], {ROOM: voices}, (*EARLIER, mixed))
        return known.tastes[ROOM].liking(known.vectors[galaxy.id], 0)

    assert heard({mixed.id: 1, "2011.09020": 1}) > heard({mixed.id: 1}) > heard({mixed.id: 1, "2011.09020": -1}) > 0
    assert weigh(DAY, [], [], {ROOM: {"2011.09020": -1}}, EARLIER).tastes == {}


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


def test_a_taste_gets_louder_with_each_voice_until_there_are_enough() -> None:
    def heard(papers: int) -> float:
        many = tuple(about("galaxy", 9500 + n) for n in range(papers))
        known = weigh(DAY, [], [], {ROOM: {each.id: 1 for each in many}}, many)
        return known.tastes[ROOM].liking(known.vectors[DAY[8].id], 0)

    assert heard(1) < heard(5) < heard(20)
    assert heard(40) == pytest.approx(heard(20), rel=0.05)


def test_what_a_paper_shares_with_most_of_its_day_counts_less() -> None:
    known = weigh(DAY, [], [], {ROOM: {"2011.09020": 1}}, EARLIER)
    taste, (paper, *_) = known.tastes[ROOM], known.vectors

    assert known.usual[paper] > 0
    assert taste.liking(known.vectors[paper], known.usual[paper]) < taste.liking(known.vectors[paper], 0)


def test_more_voices_for_one_paper_than_three_say_no_more() -> None:
    known = weigh(DAY, [], [], {ROOM: {"2011.09000": 40, "2011.09010": 3}}, EARLIER)

    assert known.tastes[ROOM].voices == 6


async def test_a_word_that_few_papers_have_says_more_than_one_that_half_of_them_have(store: Store) -> None:
    day = (*(about("speech", n) for n in range(100, 110)), about("galaxy", 200), *(about("pose", n) for n in range(9)))
    await store.follow(Following(ROOM, count=3))
    for person, line in ((ANN, "speech"), (BEN, "galaxy")):
        await store.subscribe(person, parse(line), NOW)
    await take_in(store, *day)

    picks = await posted(store)
    assert topic(picks[0], day) == "galaxy"
    assert {each.reasons[0] for each in picks} == {"close to what people here follow"}


async def test_what_is_close_to_what_people_follow_is_said_to_be_without_their_words(store: Store) -> None:
    await store.follow(Following(ROOM, count=2))
    await store.subscribe(ANN, parse("redshift clustering"), NOW)
    await take_in(store, *DAY)

    picks = await posted(store)
    assert [topic(each) for each in picks] == ["galaxy", "galaxy"]
    assert {each.reasons[0] for each in picks} == {"close to what people here follow"}


async def test_what_one_of_another_workspace_or_with_a_muted_subscription_looks_for_brings_nothing_close(
    store: Store,
) -> None:
    await store.follow(Following(ROOM, count=1))
    await store.subscribe(Destination.parse("slack:T2/@X"), parse("redshift clustering"), NOW)
    muted, _ = await store.subscribe(ANN, parse("redshift stars"), NOW)
    await store.mute(ANN, muted.number, muted=True)
    await store.subscribe(BEN, parse("author:galaxy"), NOW)
    await take_in(store, *DAY)

    (pick,) = await posted(store)
    assert topic(pick) == "pose"
    assert pick.reasons == ("early in the digest",)


def test_a_word_that_a_paper_has_often_brings_it_closer_and_a_long_text_does_not() -> None:
    once = Paper("2011.1", "A study", "It is about a galaxy and about stars, dust, gas and light.")
    often = Paper("2011.2", "A study of a galaxy", "The galaxy is about a galaxy and about stars, dust and gas.")
    long = Paper("2011.3", "A study", f"It is about a galaxy. {TOPICS['pose']} {TOPICS['protein']}")
    others = tuple(about("speech", n) for n in range(10))
    close = weigh((once, often, long, *others), [], [], {}, ()).close
    words = {"galaxy": 1, "nothing": 1}

    assert close("2011.2", words) > close("2011.1", words) > close("2011.3", words) > 0
    assert close("2011.1", {"galaxy": 2}) == 2 * close("2011.1", words)
    assert close("2011.1", {"dust": 1}) > close("2011.1", {"study": 1})
    assert close(others[0].id, words) == 0


async def test_a_person_with_several_subscriptions_is_one_person(store: Store) -> None:
    await store.follow(Following(ROOM, count=1))
    for line in ("galaxy", "telescope", "redshift"):
        await store.subscribe(ANN, parse(line), NOW)
    for person in (BEN, EVE):
        await store.subscribe(person, parse("telescope"), NOW)
    await take_in(store, *DAY)

    (pick,) = await posted(store)
    assert topic(pick) == "galaxy"
    assert pick.reasons == ("3 people here follow this",)
    mine = [*await store.subscriptions(ANN), Subscription(ANN, 9, "galaxy clusters", NOW, workspace="T1")]
    words = {"galaxy": 1, "cluster": 1, "telescope": 1, "redshift": 1}
    here = interests(Subscribers.of(mine).match(DAY[:9]), {("slack", "T1")})["slack", "T1"]
    assert here.words == words
    assert here.people == {each.id: 1 for each in DAY[:9] if topic(Pick(each.id)) == "galaxy"}


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
    here = Interest({each.id: 50 for each in DAY[:4]} | {DAY[4].id: 40, DAY[8].id: 38})
    evidence = weigh(DAY, [], [], {}, ())
    varied = choose(DAY, Room(here), evidence, 4)
    plain = choose(DAY, Room(here), evidence, 4, Weights(variety=0))

    assert [topic(each) for each in plain] == ["pose"] * 4
    assert [topic(each) for each in varied[:3]] == ["pose", "speech", "galaxy"]
    assert varied[1].reasons == ("40 people here follow this", "a different topic")
    assert "a different topic" not in repr(plain)


def test_what_matters_more_to_the_room_is_not_given_up_for_variety() -> None:
    here = Interest({each.id: 3 for each in DAY[:4]})
    picks = choose(DAY, Room(here), weigh(DAY, [], [], {}, ()), 4)

    assert [topic(each) for each in picks] == ["pose"] * 4


def test_a_reason_is_given_for_every_paper_and_nobody_is_in_it() -> None:
    evidence = weigh(DAY, [], [], {ROOM: {"2011.09020": 1}}, EARLIER)
    picks = choose(DAY, Room(Interest({DAY[0].id: 2}), evidence.tastes[ROOM]), evidence, len(DAY))

    assert all(each.reasons for each in picks)
    assert len({each.paper for each in picks}) == len(DAY)


def test_the_same_evidence_gives_the_same_highlights_in_whatever_order_it_is_read() -> None:
    voices = {each.id: 1 for each in EARLIER[::3]}
    one = weigh(DAY, ["Pose of cats"] * 120, [("a", "b")], {ROOM: voices}, EARLIER)
    other = weigh(DAY, ["Pose of cats"] * 120, [("a", "b")], {ROOM: dict(reversed(voices.items()))}, EARLIER[::-1])

    assert choose(DAY, Room(taste=one.tastes[ROOM]), one, 9) == choose(DAY, Room(taste=other.tastes[ROOM]), other, 9)


async def test_a_day_is_held_against_the_thirty_days_before_it(store: Store, paper: MakePaper) -> None:
    titles = [paper(f"2010.{n:05}", f"{['Pose', 'Speech', 'Galaxy', 'Protein'][n % 4]} study {n}") for n in range(400)]
    await take_in(store, *titles, day=FRIDAY - timedelta(days=30), owe=False)
    await take_in(store, paper("2009.1", "Gaussian splatting"), day=FRIDAY - timedelta(days=31), owe=False)
    await store.follow(Following(ROOM))
    day = (*DAY, *(paper(f"2011.7000{n}", f"{word} Gaussian Splatting") for n, word in enumerate("ABC")))
    known = await gather(Digest("test", "cs.CV", FRIDAY, day), store, NOW)

    assert known.rising[0] == Trend("gaussian splatting", 3, 0)


async def test_where_no_room_wants_them_nothing_is_read_and_of_a_known_digest_neither(
    store: Store, paper: MakePaper
) -> None:
    digest = Digest("test", "cs.CV", FRIDAY, (paper("2011.1", "A title"),))
    assert (await gather(digest, store, NOW)).vectors == {}

    await store.follow(Following(ROOM, ("cs.RO",)))
    assert (await gather(digest, store, NOW)).vectors == {}

    await store.follow(Following(ROOM, ("cs",)))
    assert (await gather(digest, store, NOW)).vectors.keys() == {"2011.1"}
    await daily.take_in(digest, store, NOW)
    assert (await gather(digest, store, NOW)).vectors == {}


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
