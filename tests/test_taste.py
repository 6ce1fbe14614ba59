"""A taste: what people like orders what they are shown, is said, listed, erased and switched off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import commands, daily
from bot.alerts import alerting
from bot.highlights import Room, Weights, choose, rank
from bot.highlights.evidence import gather, weigh
from bot.highlights.novelty import LATELY, unlike
from bot.highlights.taste import ALIKE, LASTS
from bot.model import Alerting, Button, Delivery, Destination, Digest, Following, Link, Paper, Pick, Reply
from bot.ports import Heard, Store
from bot.search.likeness import likeness, unit
from tests.conftest import MakeCall

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
FRIDAY, THURSDAY = date(2020, 11, 20), date(2020, 11, 19)
ROOM, OTHER, AWAY = (Destination.parse(f"slack:{each}") for each in ("T1/C1", "T1/C2", "T2/C1"))
ANN, BEN, EVE = (Destination.parse(f"slack:{each}") for each in ("T1/@ANN", "T1/@BEN", "T2/@EVE"))
TOPICS = {
    "pose": "estimate human pose from keypoints of the skeleton with a heatmap",
    "speech": "recognise speech of speakers with an acoustic encoder for phonemes",
    "galaxy": "count galaxies in a telescope survey of redshift",
    "protein": "fold proteins from residues with a structure prediction",
}
LONG_AGO = NOW - timedelta(days=999)

Ask = Callable[..., Awaitable[Reply]]


def about(topic: str, number: int, **fields: object) -> Paper:
    return Paper(
        f"2011.{number:05}",
        f"{topic.title()} study {number}",
        f"A method to {TOPICS[topic]}.",
        **fields,  # type: ignore[arg-type]
    )


EARLIER = tuple(about(topic, 9000 + n * 10 + k) for n, topic in enumerate(TOPICS) for k in range(4))
POSES, SPEECHES, GALAXIES, PROTEINS = (EARLIER[n : n + 4] for n in range(0, 16, 4))
# In the digest's order the galaxies come last.
DAY = tuple(
    about(topic, n * 10 + k) for n, topic in enumerate(("pose", "speech", "protein", "galaxy")) for k in range(4)
)


def topics(papers: Sequence[str]) -> list[str]:
    names = {each.id: each.title.split()[0].lower() for each in (*DAY, *EARLIER)}
    return [names[each] for each in papers]


@pytest.fixture
async def ask(store: Store, call: MakeCall) -> Ask:
    await daily.take_in(Digest("test", "cs.CV", THURSDAY, EARLIER), store, NOW, owe=False)

    async def ask(line: str, caller: Destination = ANN, room: Destination = ROOM, *, may_manage: bool = False) -> Reply:
        said = call(line, caller=str(caller), room=str(room), at=NOW, may_manage=may_manage)
        return await commands.answer(said, store)

    return ask


async def like(store: Store, *papers: Paper, who: Destination = ANN, room: Destination = ROOM, value: int = 1) -> None:
    for paper in papers:
        await store.react(room, who, paper.id, value, NOW)


async def alerted(store: Store, who: Destination = ANN, papers: Sequence[Paper] = DAY) -> Reply:
    """Return the alert of a day to somebody."""
    await daily.take_in(Digest("test", "cs.CV", FRIDAY, tuple(papers)), store, NOW)
    picks = tuple(Pick(each.id) for each in papers)
    said = await alerting.message(Delivery(who, "alert", "", FRIDAY, picks), store)
    assert said is not None
    return said


# A person's own


async def test_what_a_person_liked_in_any_room_comes_first_in_their_alert_and_says_why(ask: Ask, store: Store) -> None:
    await ask("subscribe study", room=ANN)
    await store.alert(ANN, Alerting(most=5))
    await like(store, GALAXIES[0], room=ROOM)
    await like(store, GALAXIES[1], room=OTHER)
    said = await alerted(store)

    assert topics([each.paper for each in said.cards])[:4] == ["galaxy"] * 4
    why = said.cards[0].why.plain
    assert why.startswith("matches: study; more like 2 papers you liked (")
    assert {"galaxy", "galaxies", "telescope", "redshift", "survey"} & set(
        why.partition("(")[2].rstrip(")").split(", ")
    )
    assert "liked" not in said.cards[4].why.plain
    assert "and 11 more" in said.note.plain


async def test_a_taste_hides_no_paper_and_what_was_not_liked_goes_last(ask: Ask, store: Store) -> None:
    await ask("subscribe study", room=ANN)
    await store.alert(ANN, Alerting(most=50))
    await like(store, GALAXIES[0])
    await like(store, *SPEECHES, value=-1)
    said = await alerted(store)

    assert {each.paper for each in said.cards} == {each.id for each in DAY}
    assert topics([each.paper for each in said.cards])[-4:] == ["speech"] * 4


async def test_what_one_liked_is_not_said_to_be_like_itself(ask: Ask, store: Store) -> None:
    await ask("subscribe study", room=ANN)
    await alerted(store)
    await like(store, DAY[4])
    first, second, *_ = (await ask("matches 2020-11-20")).cards

    assert first.paper == DAY[4].id
    assert first.why.plain == "matches: study; you liked it"
    assert "; more like a paper you liked (" in second.why.plain


FILLER = "At the end, each part was made so that no other way was used."


async def test_no_word_is_named_that_tells_nothing(ask: Ask, store: Store) -> None:
    liked = Paper(
        "2011.08000", "End-to-end galaxies in every part", f"We count galaxies by redshift. {FILLER} {FILLER}"
    )
    others = [
        Paper("2011.08001", "Towards galaxies, part of an end", f"We count galaxies by redshift. {FILLER}"),
        Paper("2011.08002", "An end of songs in part", f"We hear birds. {FILLER}"),
    ]
    await daily.take_in(Digest("test", "cs.CV", THURSDAY - timedelta(days=1), (liked,)), store, NOW, owe=False)
    await ask("subscribe end", room=ANN)
    await ask(f"like {liked.id}", room=ANN)
    galaxies, songs = (await alerted(store, papers=others)).cards

    assert galaxies.why.plain == "matches: end; more like a paper you liked (galaxies)"
    assert "(" not in songs.why.plain
    up = (await ask("taste", room=ANN)).text.plain.partition("up go ")[2].splitlines()[0]
    assert set(up.rstrip(".").split(", ")) == {"galaxies", "count", "redshift"}


async def test_one_paper_that_was_liked_is_one(ask: Ask, store: Store) -> None:
    await ask("subscribe study", room=ANN)
    await like(store, POSES[0])
    far = Paper("2011.00600", "A skeleton study", "We study bones, their age, their growth, and how they are dated.")
    said = await alerted(store, papers=[far, *DAY[4:]])

    assert said.cards[0].why.plain == "matches: study; a little like the paper you liked (skeleton)"


async def test_without_a_taste_alerts_are_as_they_were(ask: Ask, store: Store) -> None:
    await ask("subscribe study", room=ANN)
    await like(store, *GALAXIES, who=BEN)
    await like(store, *GALAXIES, value=-1)
    said = await alerted(store)

    assert [each.paper for each in said.cards] == [each.id for each in DAY[:10]]
    assert "liked" not in repr(said.cards)


async def test_matches_are_in_the_order_of_the_taste_on_every_page(ask: Ask, store: Store) -> None:
    await ask("subscribe study", room=ANN)
    await alerted(store)
    await like(store, GALAXIES[0])
    shown = [card for page in (1, 2) for card in (await ask(f"matches 2020-11-20 page:{page}")).cards]

    assert topics([each.paper for each in shown])[:4] == ["galaxy"] * 4
    assert {each.paper for each in shown} == {each.id for each in DAY}
    assert "; more like a paper you liked (" in shown[0].why.plain


async def test_what_others_like_orders_nobody_elses_alerts(ask: Ask, store: Store) -> None:
    await ask("subscribe study", room=ANN)
    for who, room in ((BEN, ROOM), (EVE, AWAY), (BEN, BEN)):
        await like(store, *GALAXIES, who=who, room=room)

    assert "liked" not in repr((await alerted(store)).cards)


async def test_what_a_person_likes_in_rooms_orders_their_own_highlights_and_no_other_rooms(
    ask: Ask, store: Store
) -> None:
    for room in (ANN, OTHER):
        await store.follow(Following(room))
    await like(store, GALAXIES[0], room=ROOM)
    tastes = (await gather(Digest("test", "cs.CV", FRIDAY, DAY), store, NOW)).tastes

    assert tastes.keys() == {ANN}


async def test_of_a_paper_the_newest_said_anywhere_counts_and_what_is_old_does_not(ask: Ask, store: Store) -> None:
    await store.react(ROOM, ANN, POSES[0].id, 1, NOW - timedelta(hours=2))
    await store.react(OTHER, ANN, POSES[0].id, -1, NOW - timedelta(hours=1))
    await store.react(ROOM, ANN, POSES[1].id, 1, NOW - timedelta(days=2))

    assert await store.opinions(LONG_AGO, [ANN, BEN]) == {ANN: {POSES[0].id: -1, POSES[1].id: 1}}
    assert await store.opinions(NOW - timedelta(days=1), [ANN]) == {ANN: {POSES[0].id: -1}}
    assert await store.opinions(LONG_AGO, []) == {}


async def test_of_a_person_the_newest_hundred_count(store: Store) -> None:
    many = tuple(about("pose", number) for number in range(103))
    await daily.take_in(Digest("test", "cs.CV", THURSDAY, many), store, NOW, owe=False)
    for number, paper in enumerate(many):
        await store.react(ROOM, ANN, paper.id, 1, NOW + timedelta(minutes=number))

    assert (await store.opinions(LONG_AGO, [ANN]))[ANN].keys() == {each.id for each in many[3:]}


# What was taught


async def test_a_reaction_is_answered_with_what_counts_now(ask: Ask) -> None:
    first = await ask(f"dislike {SPEECHES[0].id}")
    assert "Nothing counts yet: what is not liked counts once something is." in first.text.plain

    await ask(f"like {GALAXIES[0].id}", BEN)
    said = (await ask(f"like {GALAXIES[1].id}")).text.plain.splitlines()[1]
    assert said.startswith("Counts now: 2 papers that this room liked; up go ")
    up, down = said.partition("up go ")[2].rstrip(".").split("; down go ")
    assert set(up.split(", ")) <= {"galaxy", "galaxies", "count", "telescope", "survey", "redshift"}
    assert set(down.split(", ")) <= {"speech", "recognise", "speakers", "acoustic", "encoder", "phonemes"}

    assert "Counts now: 1 paper that you liked" in (await ask(f"like {POSES[0].id}", EVE, EVE)).text.plain


async def test_a_rooms_taste_is_told_in_counts_and_words_and_one_s_own_by_paper(ask: Ask, store: Store) -> None:
    assert (await ask("taste")).text.plain == (
        "Nothing was liked here in the last half year. To teach what to show first, type: like 2011.10043"
    )
    await like(store, *GALAXIES[:2], who=BEN)
    await like(store, GALAXIES[0], SPEECHES[0])
    said = await ask("taste")

    head, mine = said.text.plain.splitlines()
    assert head.startswith("In the last half year 2 people here liked or disliked 3 papers; up go ")
    assert mine == "You said something of 2 papers here:"
    assert [each.text.plain for each in said.items] == [
        "Speech study 9010 (more like it, Fri 20 Nov 2020)",
        "Galaxy study 9020 (more like it, Fri 20 Nov 2020)",
    ]
    assert said.items[0].buttons == (Button("Take back", "unlike", SPEECHES[0].id),)
    assert said.private
    assert "BEN" not in repr(said)


async def test_alone_one_sees_what_one_said_anywhere_and_takes_it_back_everywhere(ask: Ask, store: Store) -> None:
    await like(store, GALAXIES[0])
    await like(store, GALAXIES[0], room=OTHER)
    await like(store, SPEECHES[0], room=OTHER, value=-1)
    said = await ask("taste", room=ANN)

    assert said.text.plain.startswith(
        "In the last half year you liked 1 paper and disliked 1, here or in any room; up go "
    )
    assert sorted(each.text.plain.partition(" (")[0] for each in said.items) == [GALAXIES[0].title, SPEECHES[0].title]
    await ask(f"unlike {GALAXIES[0].id}", room=ANN)
    assert [each.paper for each in await store.voices(ANN)] == [SPEECHES[0].id]


async def test_in_a_room_one_takes_back_what_one_said_there(ask: Ask, store: Store) -> None:
    await like(store, GALAXIES[0])
    await like(store, GALAXIES[0], room=OTHER)
    await ask(f"unlike {GALAXIES[0].id}", room=ROOM)

    assert [each.room for each in await store.voices(ANN)] == [OTHER]


async def test_what_one_said_is_listed_page_by_page(ask: Ask, store: Store) -> None:
    await like(store, *EARLIER)
    first, second = await ask("taste"), await ask("taste page:2")

    assert len(first.items) == 10
    assert len(second.items) == 6
    assert len({each.text for each in (*first.items, *second.items)}) == 16
    assert "There is no page 3" in str((await ask("taste page:3")).error)


# Erased, and switched off


@pytest.mark.parametrize("room", [ROOM, ANN])
async def test_a_reset_says_what_would_go_and_is_done_with_a_second_word(
    ask: Ask, store: Store, room: Destination
) -> None:
    await like(store, *GALAXIES)
    await like(store, GALAXIES[0], room=OTHER)
    await like(store, GALAXIES[0], who=BEN)
    before = await store.reactions(LONG_AGO)
    asked = await ask("taste reset", room=room)

    count = 5 if room.is_person else 4
    assert f"{count} reactions" in asked.text.plain
    assert "To have it erased, type: taste reset now" in asked.text.plain
    assert await store.reactions(LONG_AGO) == before
    (button,) = asked.buttons
    assert f"{count} reactions" in (await ask(f"{button.name} {button.text}", room=room)).text.plain
    assert [each.room for each in await store.voices(ANN)] == ([] if room.is_person else [OTHER])
    assert len(await store.voices(BEN)) == 1
    for line in ("taste reset", "taste reset now"):
        assert "nothing to erase" in (await ask(line, room=room)).text.plain


async def test_all_that_a_room_said_is_erased_by_who_manages_it_alone(ask: Ask, store: Store) -> None:
    for who in (ANN, BEN):
        await like(store, GALAXIES[0], who=who)
    await like(store, GALAXIES[0], who=BEN, room=OTHER)
    for line in ("taste reset room", "taste reset room now"):
        assert "type: taste reset" in str((await ask(line)).error)
    assert "2 reactions" in (await ask("taste reset room", may_manage=True)).text.plain
    assert await store.heard(ROOM) == Heard(2, 1, 2)
    await ask("taste reset room now", may_manage=True)

    assert await store.heard(ROOM) == Heard(0, 0, 0)
    assert await store.heard(OTHER) == Heard(1, 1, 1)


async def test_a_rooms_taste_is_switched_off_and_on_by_who_manages_it(ask: Ask, store: Store) -> None:
    await store.follow(Following(ROOM))
    await like(store, GALAXIES[0])
    digest = Digest("test", "cs.CV", FRIDAY, DAY)
    assert "Only who manages" in str((await ask("taste off")).error)
    assert ROOM in (await gather(digest, store, NOW)).tastes

    off = await ask("taste off", may_manage=True)
    assert off.text.plain == (
        "What is liked here does not change what comes first here. Nothing is erased. To let it, type: taste on"
    )
    assert (await gather(digest, store, NOW)).tastes == {}
    assert "To let it, type: taste on" in (await ask("taste")).text.plain
    assert "does not change what comes first here" in (await ask(f"like {POSES[0].id}")).text.plain
    # What people like there is still their own taste.
    assert (await store.opinions(LONG_AGO, [ANN]))[ANN].keys() == {GALAXIES[0].id, POSES[0].id}

    await ask("taste on", may_manage=True)
    assert ROOM in (await gather(digest, store, NOW)).tastes


async def test_a_persons_taste_is_switched_off_by_themselves_and_the_rooms_stays(ask: Ask, store: Store) -> None:
    await ask("subscribe study", room=ANN)
    await like(store, *GALAXIES)
    await ask("taste off", room=ANN)

    assert "liked" not in repr((await alerted(store)).cards)
    assert ROOM in await store.reactions(LONG_AGO)
    await ask("taste on", room=ANN)
    assert "you liked" in repr((await ask("matches 2020-11-20")).cards)


async def test_who_may_not_change_what_counts_for_all_is_offered_no_button_for_it(ask: Ask, store: Store) -> None:
    await like(store, GALAXIES[0])
    labels = [[each.label for each in (await ask("taste", may_manage=may)).buttons] for may in (False, True)]

    assert labels == [["Erase what you said"], ["Erase what you said", "Let nothing count"]]


# Something new


async def test_one_of_the_highlights_of_a_room_with_a_taste_is_something_new(ask: Ask, store: Store) -> None:
    await store.follow(Following(ROOM, count=4))
    await like(store, *GALAXIES, POSES[0])
    evidence = await gather(Digest("test", "cs.CV", FRIDAY, DAY), store, NOW)
    picks = choose(DAY, Room(taste=evidence.tastes[ROOM]), evidence, 4)

    assert topics([each.paper for each in picks])[3] in ("speech", "protein")
    assert picks[3].reasons == ("something new: unlike what this room liked",)
    assert "something new" not in repr(picks[:3])


def test_what_was_shown_lately_is_not_new() -> None:
    for shown, new in ((SPEECHES, "protein"), (PROTEINS, "speech")):
        known = weigh(DAY, [], [], {ROOM: {each.id: 1 for each in (*GALAXIES, *POSES)}}, EARLIER, {
            ROOM: [each.id for each in shown]
        })  # fmt: skip
        picks = choose(DAY, Room(taste=known.tastes[ROOM]), known, 5)
        assert topics([picks[-1].paper]) == [new]


def test_of_what_is_new_that_goes_first_which_has_more_for_it() -> None:
    code = about("protein", 500, links=(Link("https://github.com/a/b", "code"),))
    known = weigh((*DAY, code), [], [], {ROOM: {each.id: 1 for each in GALAXIES}}, EARLIER)
    picks = choose((*DAY, code), Room(taste=known.tastes[ROOM]), known, 3)

    assert picks[-1] == Pick(code.id, ("something new: unlike what this room liked", "code released"))


@pytest.mark.parametrize("count", [1, 2])
def test_of_few_highlights_none_is_spared(count: int) -> None:
    known = weigh(DAY, [], [], {ROOM: {GALAXIES[0].id: 1}}, EARLIER)

    assert "something new" not in repr(choose(DAY, Room(taste=known.tastes[ROOM]), known, count))


def test_where_there_is_no_taste_or_no_weight_or_nothing_unlike_nothing_is_kept_open() -> None:
    known = weigh(DAY, [], [], {ROOM: {GALAXIES[0].id: 1}}, EARLIER)
    room = Room(taste=known.tastes[ROOM])
    every = weigh(DAY, [], [], {ROOM: {each.id: 1 for each in EARLIER}}, EARLIER)
    chosen = (
        choose(DAY, Room(), known, 5),
        choose(DAY, room, known, 5, Weights(novelty=0)),
        choose(DAY, Room(taste=every.tastes[ROOM]), every, 5),
        choose(DAY, room, known, len(DAY)),
    )

    assert "something new" not in repr(chosen)
    assert "something new" in repr(choose(DAY, room, known, 5))


def test_a_ranking_keeps_the_same_place_open() -> None:
    known = weigh(DAY, [], [], {ROOM: {GALAXIES[0].id: 1}}, EARLIER)
    room = Room(taste=known.tastes[ROOM])
    ranking = rank(DAY, room, known, 5)

    assert [each.paper.id for each in ranking.shown[:5]] == [each.paper for each in choose(DAY, room, known, 5)]
    assert ranking.new is ranking.shown[4]
    assert {each.paper.id for each in ranking.shown} == {each.id for each in DAY}


async def test_lately_is_two_weeks_before_the_day_and_highlights_alone(ask: Ask, store: Store) -> None:
    for room in (ROOM, OTHER):
        await store.follow(Following(room, count=1))
    await ask("subscribe study")
    for days in range(3):
        digest = Digest("test", "cs.RO", FRIDAY - days * LATELY, (about("pose", 700 + days),))
        await daily.take_in(digest, store, NOW - days * LATELY)

    assert await store.shown(FRIDAY - LATELY, FRIDAY, [ROOM, ANN]) == {ROOM: ("2011.00701",)}


words = st.dictionaries(st.sampled_from("abcdef"), st.floats(0.1, 1), min_size=1, max_size=4).map(unit)


@given(st.lists(words, max_size=8), st.lists(words, max_size=5), st.floats(0, 2))
def test_what_is_new_is_like_nothing_known_and_where_a_paper_shares_no_word_with_it_there_is_one(
    papers: list[dict[str, float]], known: list[dict[str, float]], weight: float
) -> None:
    named = {str(number): each for number, each in enumerate(papers)}
    new = unlike(named, dict.fromkeys(named, 0.0), known, weight)

    if new is None:
        assert all(any(each.keys() & other.keys() for other in known) for each in papers)
    else:
        assert all(likeness(named[new], other) < ALIKE for other in known)


async def test_the_half_year_is_over_when_it_is(ask: Ask, store: Store) -> None:
    await ask("subscribe study", room=ANN)
    await store.react(ROOM, ANN, GALAXIES[0].id, 1, NOW - LASTS - timedelta(hours=12))
    assert "Nothing was liked here" in (await ask("taste")).text.plain
    assert "liked" not in repr((await alerted(store)).cards)
