"""Why a paper came, and why not: each reason is brought about for real, and said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import event, given, settings

from bot import commands, daily, delivery
from bot.explaining.parts import Failing, failing, has, lacks
from bot.highlights import Room, choose, rank
from bot.highlights.evidence import weigh
from bot.highlights.interest import Interest
from bot.model import (
    Alerting,
    Button,
    Delivery,
    Destination,
    Digest,
    Following,
    Link,
    Listing,
    Paper,
    Pick,
    Reply,
    Schedule,
)
from bot.ports import DeliveryError, Store
from bot.search.grammar import parse
from bot.search.query import And, Folded, Node, Not, Or, holds
from tests.conftest import MakeCall
from tests.fakes.recorder import Clock, Recorder
from tests.test_matching import lines, papers, query_of

NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
THURSDAY, FRIDAY, TUESDAY = date(2020, 11, 19), date(2020, 11, 20), date(2020, 11, 24)
ROOM = Destination.parse("slack:T1/C1")
ANN, BEN, CAT, DAN = (Destination.parse(f"slack:T1/@{name}") for name in ("ANN", "BEN", "CAT", "DAN"))
LIDAR = Paper("2011.00001", "A lidar detector for roads", "We scan roads into a cloud of points.")
GALAXY = Paper("2011.00002", "Galaxies far away", "We count galaxies.", links=(Link("https://github.com/a/b", "code"),))
BIRDS = Paper("2011.00003", "Songs of birds", "An acoustic encoder.")

Ask = Callable[..., Awaitable[Reply]]
Deliver = Callable[..., Awaitable[None]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack() -> Recorder:
    return Recorder()


@pytest.fixture
def ask(store: Store, call: MakeCall, clock: Clock) -> Ask:
    async def ask(line: str, room: Destination = ROOM, caller: Destination = ANN) -> Reply:
        reply = await commands.answer(call(line, caller=str(caller), room=str(room), at=clock.now), store)
        assert reply.error is None, reply.error
        if line.startswith("why"):
            assert reply.private
            assert len(reply.text.plain.splitlines()) <= 15
        return reply

    return ask


@pytest.fixture
def deliver(store: Store, slack: Recorder, clock: Clock) -> Deliver:
    async def deliver() -> None:
        await store.begin_delivery()
        await delivery.deliver(store, {"slack": slack}, clock, jitter=lambda: 1.0)

    return deliver


async def come(
    store: Store,
    *some: Paper,
    at: datetime = NOW,
    day: date = FRIDAY,
    category: str = "cs.CV",
    owe: bool = True,
) -> None:
    await daily.take_in(Digest("test", category, day, some or (LIDAR, GALAXY, BIRDS)), store, at, owe=owe)


def marked(reply: Reply) -> list[str]:
    return [reply.text.plain[start:end] for start, end in reply.text.marks]


def line(reply: Reply, *of: str) -> str:
    """Return the one line of an answer that has one of some texts."""
    (found,) = [each for each in reply.text.plain.splitlines() if any(text in each for text in of)]
    return found


# Which part of a query


def flipped(node: Node, turned: Iterable[int], paper: Folded) -> bool:
    """Say whether a node holds where some of its leaves, by identity, are the contrary of what they are."""
    match node:
        case Not(inner):
            return not flipped(inner, turned, paper)
        case And(nodes):
            return all(flipped(each, turned, paper) for each in nodes)
        case Or(nodes):
            return any(flipped(each, turned, paper) for each in nodes)
        case _:
            return holds(node, paper) != (id(node) in turned)


SOME = papers(Random(20201120), 12)


@given(line=lines)
@settings(max_examples=500, deadline=None)
def test_the_parts_named_are_what_stands_between_a_query_and_a_paper_and_no_more(line: str) -> None:
    query = query_of(line)
    event("no query" if query is None else "query")
    if query is None:
        return
    for paper in SOME:
        folded = Folded(paper)
        fails = failing(query, folded)
        named = [id(each.part) for each in fails]
        assert bool(fails) != query.matches(folded)
        assert flipped(query.root, named, folded)
        for one in named:
            assert not flipped(query.root, [each for each in named if each != one], folded)
        for each in fails:
            assert holds(each.part, folded) is each.excluded
            said = lacks(each, paper, folded)
            ways = ("it has what is left out",) if each.excluded else ("lacks ", "is not ", "was not ", "has no ")
            assert said.plain.startswith(ways)
        for part in query.met(folded):
            assert holds(part, folded)
            assert bool(has(part, paper, folded).marks) == hasattr(part, "phrases")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("detection", "lacks detection: has detector, not detection"),
        ("lidra", "lacks lidra: has lidar, not lidra"),
        ('"point cloud"', "lacks point cloud: it has the words, but not together"),
        ('"lidar camera"', "lacks lidar camera: has lidar, not camera"),
        ("title:scan", "lacks title: scan: it is in the abstract (We scan roads into a cloud of points.)"),
        ("galaxy", "lacks galaxy"),
        ("radar OR sonar", "lacks radar, nor sonar in its place"),
        ("cat:cs.LG", "lacks category cs.LG: it is listed in cs.CV"),
        ("id:2011.00002", "is not 2011.00002: it is 2011.00001"),
        ("has:code", "has no code address"),
        ("after:2020-12-01", "was not announced since 2020-12-01: it was listed Fri 20 Nov 2020"),
        ("author:he", "lacks author: he: its digest carries no authors"),
        ("lidar -scan", "it has what is left out: scan: in abstract (We scan roads into a cloud of points.)"),
    ],
)
async def test_what_a_paper_lacks_is_named_with_what_it_has_that_is_near(
    ask: Ask, store: Store, query: str, said: str
) -> None:
    await come(store)

    lines = (await ask(f"why-not 2011.00001 {query}")).text.plain.splitlines()
    assert lines[1] == f"It does not match {query}: 1 part of it is against it."
    assert lines[2] == f"- {said}"


async def test_of_a_paper_with_authors_these_are_named(ask: Ask, store: Store) -> None:
    await come(store, Paper("2011.00009", "Of clouds", authors=("Kaiming He", "Ann Lee")))

    assert "its authors are Kaiming He, Ann Lee" in (await ask("why-not 2011.00009 author:kaiser")).text.plain
    assert "has Kaiming, not kaimin" in (await ask("why-not 2011.00009 author:kaimin")).text.plain


async def test_all_that_is_against_a_query_is_named_and_what_is_for_it(ask: Ask, store: Store) -> None:
    await come(store)

    reply = await ask("why-not 2011.00001 lidar camera -roads")
    where = "title (…detector for roads), abstract (We scan roads into a cloud of points.)"
    assert reply.text.plain.splitlines()[1:] == [
        "It does not match lidar camera -roads: 2 parts of it are against it.",
        "- lacks camera",
        "- it has what is left out: roads: in " + where,
        "It has: lidar: in title (A lidar detector for roads)",
    ]
    assert marked(reply) == ["roads", "roads", "lidar"]


# Alerts


async def test_why_says_what_matched_and_where_and_how_the_alert_stands(
    ask: Ask, store: Store, deliver: Deliver
) -> None:
    await ask("subscribe lidar -medical")
    await ask("subscribe cat:cs.CV roads")
    await ask("subscribe lidar")
    await come(store)
    assert "The alert of Fri 20 Nov 2020 has it: due now." in (await ask("why 2011.00001")).text.plain
    await deliver()

    reply = await ask("why 2011.00001")
    where = "title (…detector for roads), abstract (We scan roads into a cloud of points.)"
    assert reply.text.plain.splitlines()[1:5] == [
        "1. lidar -medical: lidar: in title (A lidar detector for roads)",
        f"2. cat:cs.CV roads: category cs.CV; roads: in {where}",
        "3. lidar: in title (A lidar detector for roads)",
        "Told Fri 20 Nov 2020, 09:00 UTC, the alert of Fri 20 Nov 2020. A paper is told once, whatever lists it again.",
    ]
    assert marked(reply) == ["lidar", "roads", "roads", "lidar"]
    (card,) = reply.cards
    assert [card.title.plain[start:end] for start, end in card.title.marks] == ["lidar", "roads"]
    assert reply.buttons == (Button("Why not?", "why-not", "2011.00001"),)


async def test_of_many_subscriptions_the_nearest_are_explained_and_the_others_counted(ask: Ask, store: Store) -> None:
    for query in ("camera sonar radar", "lidar camera", "lidar", *(f"nothing{n}" for n in range(4))):
        await ask(f"subscribe {query}")
    await come(store, owe=False)

    reply = await ask("why-not 2011.00001")
    numbers = [each.partition(".")[0] for each in reply.text.plain.splitlines() if each[:3].endswith(". ")]
    assert numbers == ["3", "2", "4", "5", "6"]
    assert "2. lidar camera: lacks camera" in reply.text.plain
    assert "2 more of your subscriptions lack as much, or more." in reply.text.plain


async def test_the_longest_queries_leave_the_answer_on_one_screen(ask: Ask, store: Store) -> None:
    many = [f"word{n}" for n in range(30)]
    await come(store, Paper("2011.00030", "Words", " ".join(many)))
    for n in range(7):
        await ask(f"subscribe {' '.join(many)} -other{n}")

    reply = await ask("why 2011.00030")
    assert "; and 25 more" in reply.text.plain
    assert len(reply.text.plain) < 2500
    await ask(f"why-not 2011.00030 {' '.join(f'{each}s' for each in many)} none")


async def test_others_subscriptions_are_nobodys_business(ask: Ask, store: Store) -> None:
    await ask("subscribe lidar", caller=BEN)
    await come(store)

    for command in ("why", "why-not"):
        said = (await ask(f"{command} 2011.00001")).text.plain
        assert "You have no subscriptions." in said
        assert "lidar:" not in said


async def test_a_muted_subscription_kept_it_back_and_can_speak_again(ask: Ask, store: Store) -> None:
    await ask("subscribe lidar")
    await ask("mute 1")
    await come(store)

    reply = await ask("why-not 2011.00001")
    assert line(reply, "1. lidar (muted)").endswith("it matches, but is muted. To let it speak, type: unmute 1")
    assert Button("Unmute lidar", "unmute", "1") in reply.buttons
    assert "is muted" in line(await ask("why 2011.00001"), "You were not told")
    assert "is muted" in (await ask("why-not 2011.00001 lidar")).text.plain


async def test_a_subscription_that_is_muted_until_a_day_says_until_when(ask: Ask, store: Store, clock: Clock) -> None:
    await ask("subscribe lidar")
    await ask("mute 1 until 2020-11-23")
    await come(store)
    assert "but is muted until Mon 23 Nov 2020, 00:00 UTC." in (await ask("why-not 2011.00001")).text.plain

    clock.now += timedelta(days=4)
    assert "was muted then" in (await ask("why-not 2011.00001")).text.plain


async def test_who_subscribed_after_the_paper_came_is_told_so(ask: Ask, store: Store, clock: Clock) -> None:
    await come(store)
    clock.now += timedelta(hours=1)
    await ask("subscribe lidar")

    assert line(await ask("why-not 2011.00001"), "1. lidar") == (
        "1. lidar: it matches, but you subscribed Fri 20 Nov 2020, 10:00 UTC, after the paper came, "
        "Fri 20 Nov 2020, 09:00 UTC"
    )


async def test_a_digest_that_was_taken_in_without_alerts_says_so(ask: Ask, store: Store) -> None:
    await ask("subscribe lidar")
    await come(store, owe=False, at=NOW + timedelta(hours=1))

    assert (
        "nothing was owed for it when the paper came, Fri 20 Nov 2020, 10:00 UTC: the digest was taken in without"
        in (await ask("why-not 2011.00001")).text.plain
    )


async def test_what_was_told_before_is_not_told_again_and_it_is_said_when(
    ask: Ask, store: Store, deliver: Deliver, clock: Clock
) -> None:
    await ask("subscribe lidar")
    await come(store, day=THURSDAY)
    await deliver()
    clock.now += timedelta(days=1)
    await come(store, LIDAR, category="cs.RO", at=clock.now)
    await deliver()

    assert (await ask("why-not 2011.00001")).text.plain.splitlines()[1:3] == [
        "Told Fri 20 Nov 2020, 09:00 UTC, the alert of Thu 19 Nov 2020. A paper is told once, whatever lists it again.",
        "1. lidar: it matches; the alert is named above",
    ]


async def test_what_the_budget_folds_was_counted_and_not_shown(
    ask: Ask, store: Store, deliver: Deliver, slack: Recorder
) -> None:
    await ask("alerts most:1")
    await ask("subscribe encoder")
    await ask("subscribe galaxies")
    await ask("subscribe cat:cs.CV count")
    await come(store)
    await deliver()
    (alert,) = slack.to(ANN)
    assert [card.paper for card in alert.cards] == [GALAXY.id]

    assert (
        "counted there and not shown, as at most 1 paper a day is shown (most:N)."
        in (await ask("why-not 2011.00003")).text.plain
    )
    assert "counted there" not in (await ask("why-not 2011.00002")).text.plain


async def test_a_later_part_of_a_day_does_not_fold_what_an_earlier_one_showed(
    ask: Ask, store: Store, deliver: Deliver, clock: Clock
) -> None:
    await ask("alerts most:1")
    await ask("subscribe lidar OR birds")
    await come(store, LIDAR)
    await deliver()
    clock.now += timedelta(hours=1)
    await come(store, BIRDS, category="cs.SD", at=clock.now)
    await deliver()

    assert "counted there" not in (await ask("why-not 2011.00001")).text.plain
    assert "counted there" in (await ask("why-not 2011.00003")).text.plain


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        (
            Alerting(quiet=(time(8), time(10))),
            "10:00 UTC. Alerts come at once, at most 10 papers a day; nothing between 08:00 and 10:00, UTC.",
        ),
        (
            Alerting("daily", Schedule(time(12))),
            "12:00 UTC. Alerts come daily at 12:00, UTC, at most 10 papers a day.",
        ),
        (
            Alerting(away_until=NOW + timedelta(hours=3)),
            "12:00 UTC. Alerts to you rest until Fri 20 Nov 2020, 12:00 UTC. What comes meanwhile is kept for then.",
        ),
    ],
)
async def test_what_waits_says_for_what(ask: Ask, store: Store, wishes: Alerting, said: str) -> None:
    await ask("subscribe lidar")
    await store.alert(ANN, wishes)
    await come(store)

    here = line(await ask("why-not 2011.00001"), "has it")
    assert here == f"The alert of Fri 20 Nov 2020 has it: due Fri 20 Nov 2020, {said}"


async def test_paused_alerts_say_why_and_since_when(ask: Ask, store: Store, deliver: Deliver, slack: Recorder) -> None:
    await ask("subscribe lidar")
    await come(store)
    slack.failing[ANN] = [DeliveryError("cannot_dm_bot", "gone")]
    await deliver()

    assert line(await ask("why-not 2011.00001"), "has it") == (
        "The alert of Fri 20 Nov 2020 has it: it waits, as messages are paused since Fri 20 Nov 2020, 09:00 UTC: "
        "cannot_dm_bot."
    )


async def test_what_was_given_up_or_expired_says_by_which_code(
    ask: Ask, store: Store, deliver: Deliver, slack: Recorder, clock: Clock
) -> None:
    await ask("subscribe lidar OR galaxies")
    await come(store, LIDAR)
    slack.errors.append(DeliveryError("invalid_blocks", "content"))
    await deliver()
    assert "given up: the platform would not take it (invalid_blocks)" in (await ask("why-not 2011.00001")).text.plain

    await come(store, GALAXY, category="cs.GA")
    slack.errors.append(DeliveryError("fatal_error"))
    await deliver()
    assert "tried once (fatal_error)" in (await ask("why-not 2011.00002")).text.plain
    clock.now += timedelta(hours=25)
    await deliver()
    assert "expired: it did not arrive within a day (fatal_error)" in (await ask("why-not 2011.00002")).text.plain


async def test_what_is_held_says_who_decides(ask: Ask, store: Store, deliver: Deliver, slack: Recorder) -> None:
    await ask("subscribe lidar")
    await come(store)
    slack.errors.append(DeliveryError("no_history", "unknowable"))
    await deliver()

    assert (
        "held, as it may have arrived: who runs the bot says whether it is sent."
        in (await ask("why-not 2011.00001")).text.plain
    )


async def test_what_nobody_wanted_any_more_says_so(ask: Ask, store: Store, deliver: Deliver) -> None:
    await ask("subscribe lidar")
    await come(store)
    await ask("mute 1")
    await deliver()

    assert (
        "given up: nothing of it was wanted any more when its turn came" in (await ask("why-not 2011.00001")).text.plain
    )


async def test_a_query_that_matches_and_is_nobodys_is_offered(ask: Ask, store: Store) -> None:
    await come(store)

    reply = await ask("why-not 2011.00001 lidar")
    assert reply.text.plain.splitlines()[-1] == (
        "You are not subscribed to that. To be told of the next, type: subscribe lidar"
    )
    assert reply.buttons == (Button("Subscribe", "subscribe", "lidar"),)


@pytest.mark.parametrize("command", ["why", "why-not"])
async def test_of_a_paper_that_is_not_here_it_is_said_where_it_may_be(
    store: Store, call: MakeCall, command: str
) -> None:
    reply = await commands.answer(call(f"{command} 2099.00001"), store)
    assert reply.error == "No digest here lists 2099.00001. arXiv itself may know it: https://arxiv.org/abs/2099.00001"


# Alerts by taste

GALAXIES = tuple(Paper(f"2011.0005{n}", f"Galaxies of survey {n}", "We count galaxies by redshift.") for n in range(2))
LIKED = Paper("2011.00040", "Galaxies counted", "We count galaxies of a survey by redshift.")


async def test_why_says_what_ones_taste_did_for_a_papers_place_in_the_alert(
    ask: Ask, store: Store, deliver: Deliver, slack: Recorder
) -> None:
    await come(store, LIKED, day=THURSDAY, owe=False)
    await ask("subscribe galaxies OR lidar OR birds")
    await ask("like 2011.00040", room=ANN)
    await come(store, LIDAR, BIRDS, *GALAXIES)
    due = line(await ask("why 2011.00050"), "there")
    await deliver()

    (alert,) = slack.to(ANN)
    assert [card.paper for card in alert.cards[:2]] == ["2011.00050", "2011.00051"]
    assert line(await ask("why 2011.00050"), "there") == due
    assert due.startswith("Place 1 of 4 there, 3 without your taste: more like a paper you liked (galaxies")
    assert due.endswith(", where each subscription that matches adds 1).")
    last = line(await ask("why-not 2011.00003"), "there")
    assert last.startswith("Place 4 of 4 there, 2 without your taste: others are more like what you liked (-")


async def test_what_was_liked_after_an_alert_changes_nothing_that_is_said_of_it(
    ask: Ask, store: Store, deliver: Deliver, clock: Clock
) -> None:
    await ask("alerts most:1")
    await ask("subscribe lidar OR galaxies")
    await come(store, LIDAR, *GALAXIES)
    await deliver()
    clock.now += timedelta(hours=1)
    await ask("like 2011.00050", room=ANN)

    for paper, is_counted in (("2011.00001", False), ("2011.00050", True)):
        said = (await ask(f"why {paper}")).text.plain
        assert ("counted there" in said) is is_counted
        assert "your taste" not in said


async def test_what_a_catch_up_showed_is_not_said_to_be_counted_once_it_was_liked(
    ask: Ask, store: Store, deliver: Deliver, slack: Recorder, clock: Clock
) -> None:
    many = [Paper(f"2011.0006{n}", f"Lidar {n}") for n in range(8)]
    await ask("alerts most:1")
    await ask("subscribe lidar")
    await store.alert(ANN, Alerting(most=1, away_until=NOW + timedelta(days=3)))
    await come(store, *many)
    await come(store, *(Paper(f"2011.0007{n}", f"Lidar again {n}") for n in range(4)), day=TUESDAY)
    clock.now += timedelta(days=4)
    await deliver()
    (alert,) = slack.to(ANN)
    shown = [card.paper for card in alert.cards]
    assert "while you were away" in alert.text.plain
    clock.now += timedelta(hours=1)
    await ask(f"like {shown[0]}", room=ANN)
    await ask(f"save {shown[1]}", room=ANN)

    for paper in shown[:2]:
        assert "counted there" not in (await ask(f"why {paper}")).text.plain


# Highlights


async def test_a_room_without_highlights_or_of_other_categories_is_told_so(ask: Ask, store: Store) -> None:
    await come(store)
    assert (
        "No daily highlights are posted here. To have them, type: settings on"
        in (await ask("why 2011.00001")).text.plain
    )

    await store.follow(Following(ROOM, ("cs.CL",)))
    assert "The highlights here are of cs.CL; it was listed in cs.CV." in (await ask("why 2011.00001")).text.plain


async def test_the_place_and_each_part_of_the_score_are_said(ask: Ask, store: Store, deliver: Deliver) -> None:
    await store.follow(Following(ROOM, count=1))
    for person in (ANN, BEN, CAT):
        await ask("subscribe galaxies", caller=person)
    await come(store)
    due = (await ask("why 2011.00002")).text.plain.splitlines()
    assert "Among this room's highlights of cs.CV, Fri 20 Nov 2020: due now." in due
    await deliver()

    said = (await ask("why 2011.00002")).text.plain.splitlines()
    assert "Among this room's highlights of cs.CV, Fri 20 Nov 2020, posted Fri 20 Nov 2020, 09:00 UTC." in said
    (place,) = [each for each in said if each.startswith("By what is known now, place 1 of 3 of cs.CV")]
    parts = [each for each in said if each.startswith("- ")]
    assert parts[0] == "- 3 people here follow this (+1.39)"
    assert parts[1].startswith("- close to what people here follow (+")
    assert parts[2] == "- code released (+0.20)"
    adds = [float(each.rpartition("(")[2].rstrip(")")) for each in parts]
    assert sum(adds) == pytest.approx(float(place.rpartition(": ")[2].partition(" ")[0]), abs=0.02)


async def test_what_was_not_shown_is_held_beside_the_last_that_was(ask: Ask, store: Store, deliver: Deliver) -> None:
    await store.follow(Following(ROOM, count=1))
    for person in (ANN, BEN, CAT):
        await ask("subscribe galaxies", caller=person)
    await come(store)
    await deliver()

    said = (await ask("why-not 2011.00001")).text.plain
    assert "Not among the 1 of this room's highlights of cs.CV, Fri 20 Nov 2020." in said
    assert "- few or none here follow this (+0.00, +1.39 for the last that is shown)" in said
    assert "- no code (+0.00, +0.20 for the last that is shown)" in said
    assert "The last that is shown is 2011.00002, with +" in said


async def test_highlights_that_wait_say_when_they_are_posted(ask: Ask, store: Store) -> None:
    await store.follow(Following(ROOM, schedule=Schedule(time(9), days=(0,))))
    await come(store)

    assert line(await ask("why 2011.00001"), "Among") == (
        "Among this room's highlights of cs.CV, Fri 20 Nov 2020: due Mon 23 Nov 2020, 09:00 UTC; "
        "they are posted on Mon from 09:00, UTC."
    )


async def test_paused_highlights_say_so(ask: Ask, store: Store, deliver: Deliver, slack: Recorder) -> None:
    await store.follow(Following(ROOM))
    await come(store)
    slack.failing[ROOM] = [DeliveryError("is_archived", "gone")]
    await deliver()

    assert "paused since Fri 20 Nov 2020, 09:00 UTC: is_archived" in line(await ask("why 2011.00001"), "Among")


async def test_what_several_days_in_one_message_left_out_is_said(
    ask: Ask, store: Store, deliver: Deliver, clock: Clock
) -> None:
    await store.follow(Following(ROOM, count=1, schedule=Schedule(time(9), days=(1,))))
    await come(store, LIDAR, day=THURSDAY)
    await come(store, GALAXY)
    clock.now = datetime(2020, 11, 24, 9, tzinfo=UTC)
    await deliver()

    assert (
        "it became part of a later message, which left this paper out" in (await ask("why-not 2011.00001")).text.plain
    )
    assert (
        "Among this room's highlights of cs.CV, Thu 19 to Fri 20 Nov 2020, posted"
        in (await ask("why 2011.00002")).text.plain
    )


async def test_a_digest_without_highlights_here_says_so(ask: Ask, store: Store) -> None:
    await come(store, owe=False)
    await store.follow(Following(ROOM))

    said = (await ask("why-not 2011.00003")).text.plain
    assert "You have no subscriptions." in said
    await ask("subscribe sonar")
    said = (await ask("why-not 2011.00003")).text.plain
    assert "This room's highlights had none of cs.CV, Fri 20 Nov 2020: set up later, or taken in without them." in said
    assert "last that is shown" not in said


async def test_a_paper_that_a_message_of_another_category_showed_has_a_place_all_the_same(
    ask: Ask, store: Store, deliver: Deliver
) -> None:
    await store.follow(Following(ROOM, count=1))
    other = Digest("test", "cs.RO", THURSDAY, (GALAXY,))
    owed = Delivery(ROOM, "highlights", "cs.RO", THURSDAY, (Pick(LIDAR.id),))
    await store.take_in(other, lambda _: [owed], NOW - timedelta(hours=1))
    await come(store, owe=False)

    said = (await ask("why 2011.00001")).text.plain
    assert "Among this room's highlights of cs.RO, Thu 19 Nov 2020" in said
    assert " of 3 of cs.CV, Fri 20 Nov 2020" in said


async def test_alone_the_highlights_are_ones_own(ask: Ask, store: Store, deliver: Deliver) -> None:
    await store.follow(Following(ANN))
    await ask("subscribe lidar", room=ANN)
    await come(store)
    await deliver()

    said = (await ask("why 2011.00001", room=ANN)).text.plain
    assert "Among your highlights of cs.CV" in said
    assert "here follow" not in said


async def test_what_another_workspace_follows_counts_nothing_here(ask: Ask, store: Store) -> None:
    await store.follow(Following(ROOM))
    await ask("subscribe lidar", caller=Destination.parse("slack:T2/@ANN"), room=Destination.parse("slack:T2/C1"))
    await come(store)

    assert "follow this" not in (await ask("why 2011.00001")).text.plain


async def test_who_follows_a_paper_is_counted_as_it_is_now(ask: Ask, store: Store, clock: Clock) -> None:
    await store.follow(Following(ROOM))
    for person in (ANN, CAT, DAN):
        await ask("subscribe galaxies", caller=person)
    await come(store)

    async def counted() -> str:
        return line(await ask("why 2011.00002"), "here follow this").partition(" here")[0]

    assert await counted() == "- 3 people"
    await ask("subscribe galaxies -lidar", caller=BEN)
    assert await counted() == "- 4 people"
    await ask("mute 1 until 2020-11-23", caller=BEN)
    assert await counted() == "- 3 people"
    clock.now += timedelta(days=4)
    assert await counted() == "- 4 people"
    for n in range(3):
        await ask(f"subscribe sonar{n}", caller=BEN)
    await ask("unsubscribe 1", caller=BEN)
    assert await counted() == "- 3 people"


async def test_of_many_workspaces_each_has_its_own_followers(store: Store) -> None:
    tenants = [("slack", f"T{n}") for n in range(40)]
    for workspace in range(0, 40, 2):
        person = Destination("slack", f"T{workspace}", "@ANN")
        await store.subscribe(person, parse("lidar"), NOW)

    for _ in range(2):
        found = await asyncio.gather(*(store.followed(each, NOW) for each in tenants * 2))
        assert [len(each) for each in found] == [1, 0] * 40


def test_a_ranking_begins_with_what_is_chosen_and_its_parts_are_its_score() -> None:
    random = Random(8)
    day = [
        Paper(f"2011.{n:05}", " ".join(random.choices(("pose", "sky", "bird", "cell", "road"), k=4))) for n in range(60)
    ]
    evidence = weigh(day, [], [], {}, ())
    room = Room(Interest({day[7].id: 3, day[30].id: 1}, {"sky": 2, "cell": 1}))
    ranking = rank(day, room, evidence, 5)

    assert {each.paper.id for each in ranking.shown} == {each.id for each in day}
    for count in (1, 5, 20):
        chosen = [each.paper for each in choose(day, room, evidence, count)]
        assert chosen == [each.paper.id for each in ranking.shown[:count]]
    scores = [each.score for each in ranking.scored]
    assert scores == sorted(scores, reverse=True)
    assert ranking.scored != ranking.shown


async def test_taste_is_a_part_and_the_last_place_is_kept_for_something_new(
    ask: Ask, store: Store, deliver: Deliver
) -> None:
    await come(store, Paper("2011.00020", "Galaxies in a survey", "We count galaxies of a survey."), day=THURSDAY)
    await store.follow(Following(ROOM, count=3))
    await ask("like 2011.00020")
    many = [Paper(f"2011.0001{n}", f"Galaxies of survey {n}", "We count galaxies.") for n in range(3)]
    await come(store, *many, BIRDS, LIDAR)
    await deliver()

    assert "- like a paper this room liked (" in (await ask("why 2011.00010")).text.plain
    new = [said for each in (BIRDS, LIDAR) if "kept for" in (said := (await ask(f"why {each.id}")).text.plain)]
    assert len(new) == 1
    assert "Among this room's highlights" in new[0]
    assert "place 3 of 5" in new[0]


async def test_what_was_liked_after_a_digest_came_did_not_order_it(ask: Ask, store: Store, clock: Clock) -> None:
    await store.follow(Following(ROOM, count=3))
    await come(store)
    clock.now += timedelta(hours=1)
    assert "takes effect with the next digest" in (await ask("like 2011.00001")).text.plain

    assert "liked" not in (await ask("why 2011.00001")).text.plain


async def test_what_different_topics_changed_is_said(ask: Ask, store: Store) -> None:
    await store.follow(Following(ROOM, count=2))
    many = [Paper(f"2011.0001{n}", GALAXY.title, GALAXY.abstract, links=GALAXY.links) for n in range(4)]
    await ask(f"subscribe {' OR '.join(f'id:{each.id}' for each in (*many, BIRDS))}")
    await come(store, *many, BIRDS, LIDAR)

    second = (await ask("why-not 2011.00011")).text.plain
    assert "place 3 of 6" in second
    assert "- place 2 by score alone: it is like 2011.00010, which goes before it" in second
    birds = (await ask("why 2011.00003")).text.plain
    assert "place 2 of 6" in birds
    assert "- place 5 by score alone: different topics take turns" in birds


def test_a_paper_is_known_to_fail_by_a_part_of_it() -> None:
    paper = Paper("2011.00001", "Radar", listings=(Listing(FRIDAY, "cs.CV"),))
    query = parse("(lidar camera) OR (radar -rain sonar) OR x")
    (fails,) = failing(query, Folded(paper))
    assert isinstance(fails, Failing)
    assert lacks(fails, paper, Folded(paper)).plain == "lacks sonar, nor lidar nor x in its place"
