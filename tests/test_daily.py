"""A day's work on a real store: what is owed to whom, when, and what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot import daily, delivery
from bot.model import Destination, Digest, Following, Link, Paper, Pick, Schedule
from bot.ports import Intake, Morning, Store
from bot.search.grammar import parse
from tests.fakes.recorder import Clock, Recorder

ANN = Destination.parse("slack:T1/@ANN")
BOB = Destination.parse("slack:T1/@BOB")
STRANGER = Destination.parse("slack:T2/@ANN")
ROOM = Destination.parse("slack:T1/C1")
FRIDAY = date(2020, 11, 20)
NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)

LIDAR = Paper("2011.00001", "Lidar point clouds", "We scan roads.")
MEDICAL = Paper("2011.00002", "Medical images", "CT scans.")
SKETCH = Paper("2011.00003", "Sketches that generate", "Joy.", links=(Link("https://github.com/a/b", "code"),))
DIGEST = Digest("friday.md", "cs.CV", FRIDAY, (MEDICAL, LIDAR, SKETCH))


@pytest.fixture
def slack() -> Recorder:
    return Recorder()


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def deliver(store: Store, slack: Recorder, clock: Clock) -> delivery.Tally:
    return await delivery.deliver(store, {"slack": slack}, clock)


async def test_each_person_gets_one_message_with_every_reason(store: Store, slack: Recorder, clock: Clock) -> None:
    for line in ("lidar", '"point cloud"', "scan -medical"):
        await store.subscribe(ANN, parse(line), NOW)
    await store.subscribe(BOB, parse("medical OR lidar"), NOW)
    intake = await daily.take_in(DIGEST, store, NOW)
    tally = await deliver(store, slack, clock)

    assert (intake.new, intake.owed, tally.sent) == (3, 2, 2)
    (alert,) = slack.to(ANN)
    assert alert.private
    assert [(card.paper, card.why.plain) for card in alert.cards] == [
        (LIDAR.id, "matches: lidar, point cloud, scan"),
    ]
    assert alert.cards[0].title.render(str, "[", "]") == "[Lidar point clouds]"
    assert [button.text for button in alert.buttons] == ["1", "2", "3"]
    (bobs,) = slack.to(BOB)
    assert [card.paper for card in bobs.cards] == [MEDICAL.id, LIDAR.id]
    assert bobs.text.plain == "2 new papers match what you subscribed to, in cs.CV of Fri 20 Nov 2020"


async def test_what_is_owed_to_a_person_does_not_say_what_they_asked_for(store: Store) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    claimed = await store.claim(["slack"], NOW)

    assert claimed is not None
    assert claimed.picks == (Pick(LIDAR.id),)


async def test_whole_words_fire_and_parts_of_words_do_not(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("NER"), NOW)
    await daily.take_in(DIGEST, store, NOW)

    assert await deliver(store, slack, clock) == delivery.Tally()


async def test_highlights_put_first_what_the_room_follows_and_say_why(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    for line in ("lidar", "roads"):
        await store.subscribe(ANN, parse(line), NOW)
    await store.subscribe(STRANGER, parse("medical"), NOW)
    await store.follow(Following(ROOM, count=2))
    await daily.take_in(DIGEST, store, NOW)
    await deliver(store, slack, clock)

    (post,) = slack.to(ROOM)
    assert [(card.paper, card.why.plain) for card in post.cards] == [
        (LIDAR.id, "close to what people here follow"),
        (SKETCH.id, "code released"),
    ]
    assert post.text.plain == "cs.CV, Fri 20 Nov 2020: 2 of 3 papers"
    assert [(button.name, button.text) for button in post.buttons] == [("today", "2020-11-20 cs.CV")]
    assert "ANN" not in repr(post)


async def test_what_somebody_of_everywhere_subscribed_to_counts_where_they_did(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    everywhere = Destination.parse("slack:people/@U9")
    await store.subscribe(everywhere, parse("lidar"), NOW, workspace=ROOM.workspace)
    await store.subscribe(everywhere, parse("medical"), NOW, workspace="T9")
    await store.follow(Following(ROOM, count=2))
    await daily.take_in(DIGEST, store, NOW)
    await deliver(store, slack, clock)

    (post,) = slack.to(ROOM)
    assert [card.why.plain for card in post.cards] == ["close to what people here follow", "code released"]


async def test_to_a_person_alone_nobody_is_said_to_be_here(store: Store, slack: Recorder, clock: Clock) -> None:
    # Where all people are of one workspace, the others of it may be strangers.
    await store.subscribe(BOB, parse("lidar"), NOW)
    await store.follow(Following(ANN, count=2))
    await daily.take_in(DIGEST, store, NOW)
    await deliver(store, slack, clock)

    (post,) = slack.to(ANN)
    assert [card.why.plain for card in post.cards] == ["code released", "early in the digest"]


async def test_a_room_gets_the_categories_it_chose(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.follow(Following(ROOM, ("cs.cv",)))
    await daily.take_in(replace(DIGEST, category="cs.LG"), store, NOW)
    await daily.take_in(DIGEST, store, NOW)
    await deliver(store, slack, clock)

    assert [post.text.plain for post in slack.to(ROOM)] == ["cs.CV, Fri 20 Nov 2020: all of it"]


async def test_taking_in_again_owes_nothing_even_to_who_came_since(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    await store.subscribe(BOB, parse("lidar"), NOW)
    await store.follow(Following(ROOM))

    assert await daily.take_in(DIGEST, store, NOW) == Intake(new=0, known=3, corrected=0, owed=0)
    await deliver(store, slack, clock)
    assert [to for to, _ in slack.posts] == [ANN]


async def test_a_cross_listed_paper_is_told_of_once(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    await daily.take_in(Digest("x", "cs.RO", FRIDAY, (LIDAR,)), store, NOW)
    await daily.take_in(Digest("x", "cs.RO", FRIDAY + timedelta(days=3), (replace(LIDAR, version=2),)), store, NOW)
    await deliver(store, slack, clock)

    assert len(slack.to(ANN)) == 1


async def test_a_room_is_shown_a_cross_listed_paper_once(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.follow(Following(ROOM))
    await daily.take_in(DIGEST, store, NOW)
    await daily.take_in(Digest("x", "cs.RO", FRIDAY, (LIDAR, Paper("2011.00004", "Robots"))), store, NOW)
    await daily.take_in(Digest("x", "cs.LG", FRIDAY, (LIDAR,)), store, NOW)
    await deliver(store, slack, clock)

    assert [[card.paper for card in post.cards] for post in slack.to(ROOM)] == [
        [SKETCH.id, MEDICAL.id, LIDAR.id],
        ["2011.00004"],
    ]


async def test_a_correction_tells_of_what_it_adds_and_of_nothing_else(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.subscribe(ANN, parse("lidar OR ultrasound"), NOW)
    await store.follow(Following(ROOM))
    empty = replace(MEDICAL, abstract="", raw_abstract="")
    await daily.take_in(replace(DIGEST, papers=(LIDAR, empty)), store, NOW)
    await deliver(store, slack, clock)
    mended = replace(MEDICAL, abstract="An ultrasound.", raw_abstract="An ultrasound.")
    late = Paper("2011.00009", "Late lidar", "")
    intake = await daily.take_in(replace(DIGEST, papers=(LIDAR, mended, late)), store, NOW)
    await deliver(store, slack, clock)

    assert (intake.new, intake.known, intake.corrected, intake.owed) == (1, 2, 1, 1)
    assert [[card.paper for card in alert.cards] for alert in slack.to(ANN)] == [[LIDAR.id], [MEDICAL.id, late.id]]
    assert len(slack.to(ROOM)) == 1
    assert len(set(slack.keys)) == 3


async def test_who_unsubscribed_meanwhile_is_not_told(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await store.subscribe(ANN, parse("medical"), NOW)
    await store.subscribe(BOB, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    await store.unsubscribe(ANN, 1)
    await store.unsubscribe(BOB, 1)
    await deliver(store, slack, clock)

    assert [[card.paper for card in alert.cards] for alert in slack.to(ANN)] == [[MEDICAL.id]]
    assert slack.to(BOB) == []
    assert (await store.census()).owed == 0


async def test_unsubscribing_and_taking_it_back_loses_nothing(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    await store.unsubscribe(ANN, 1)
    await store.subscribe(ANN, parse("lidar"), NOW)
    await deliver(store, slack, clock)

    assert [[card.paper for card in alert.cards] for alert in slack.to(ANN)] == [[LIDAR.id]]


async def test_a_room_that_was_turned_off_gets_nothing_more(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.follow(Following(ROOM))
    await daily.take_in(DIGEST, store, NOW)
    await store.unfollow(ROOM)
    await deliver(store, slack, clock)

    assert slack.posts == []


async def test_a_room_can_follow_an_archive(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.follow(Following(ROOM, ("cs",)))
    await daily.take_in(replace(DIGEST, category="math.CO", papers=(MEDICAL,)), store, NOW)
    await daily.take_in(replace(DIGEST, papers=(LIDAR,)), store, NOW)
    await deliver(store, slack, clock)

    assert [post.text.plain for post in slack.to(ROOM)] == ["cs.CV, Fri 20 Nov 2020: all of it"]


async def test_an_empty_digest_does_not_cost_the_day_its_highlights(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.follow(Following(ROOM))
    await daily.take_in(replace(DIGEST, papers=()), store, NOW)
    await daily.take_in(DIGEST, store, NOW)
    await deliver(store, slack, clock)

    assert len(slack.to(ROOM)) == 1


async def test_a_digest_without_papers_is_none(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.follow(Following(ROOM))
    await daily.take_in(replace(DIGEST, papers=()), store, NOW)

    assert await deliver(store, slack, clock) == delivery.Tally()
    assert await store.digests(FRIDAY) == ()


async def test_history_can_be_taken_in_without_owing_anybody(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    intake = await daily.take_in(DIGEST, store, NOW, owe=False)

    assert (intake.new, intake.owed) == (3, 0)
    assert await deliver(store, slack, clock) == delivery.Tally()


def test_planning_is_pure_and_repeatable() -> None:
    morning = Morning("cs.CV", FRIDAY, NOW, True, DIGEST.papers, (Following(ROOM),))

    assert list(daily.plan(morning)) == list(daily.plan(morning))


ROBOTS = Digest("x", "cs.RO", FRIDAY, (LIDAR, Paper("2011.00004", "Robots", "Lidar on wheels.")))


async def test_what_comes_in_together_is_told_in_one_message_a_day(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    hold = NOW + timedelta(minutes=10)
    intakes = [await daily.take_in(each, store, NOW, hold_until=hold) for each in (DIGEST, ROBOTS)]
    assert [each.owed for each in intakes] == [1, 0]
    assert await deliver(store, slack, clock) == delivery.Tally()
    await store.release()
    await deliver(store, slack, clock)

    (alert,) = slack.to(ANN)
    assert alert.text.plain == "2 new papers match what you subscribed to, in cs.CV and cs.RO of Fri 20 Nov 2020"
    assert [card.paper for card in alert.cards] == [LIDAR.id, "2011.00004"]
    assert slack.keys == [f"{ANN}|alert|:2020-11-20|1"]


async def test_what_comes_after_the_message_of_the_day_is_a_second_part(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    for each in (DIGEST, ROBOTS):
        await daily.take_in(each, store, NOW)
        await deliver(store, slack, clock)

    assert [[card.paper for card in alert.cards] for alert in slack.to(ANN)] == [[LIDAR.id], ["2011.00004"]]
    assert slack.to(ANN)[1].text.plain.endswith("in cs.RO of Fri 20 Nov 2020")
    assert slack.keys[-1].endswith("|2")


async def test_a_muted_subscription_is_silent_when_a_digest_comes_and_when_a_message_goes(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    for person in (ANN, BOB):
        await store.subscribe(person, parse("lidar"), NOW)
    await store.mute(ANN, 1, muted=True)
    assert (await daily.take_in(DIGEST, store, NOW)).owed == 1
    await store.mute(BOB, 1, muted=True)
    await deliver(store, slack, clock)
    assert slack.posts == []
    # What was not told may be told yet: another category lists it.
    await store.mute(ANN, 1, muted=False)
    await daily.take_in(ROBOTS, store, NOW)
    await deliver(store, slack, clock)

    assert [(to, [card.paper for card in alert.cards]) for to, alert in slack.posts] == [
        (ANN, [LIDAR.id, "2011.00004"]),
    ]


async def test_highlights_wait_for_the_rooms_own_time(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.follow(Following(ROOM, schedule=Schedule(time(12), "Europe/Berlin", (0,))))
    await daily.take_in(DIGEST, store, NOW)
    clock.now = datetime(2020, 11, 23, 10, 59, tzinfo=UTC)
    assert await deliver(store, slack, clock) == delivery.Tally()
    clock.now += timedelta(minutes=1)
    assert (await deliver(store, slack, clock)).sent == 1


async def test_a_persons_highlights_and_alerts_are_each_for_itself(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.follow(Following(ANN, schedule=Schedule(time(12))))
    await daily.take_in(DIGEST, store, NOW)
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(ROBOTS, store, NOW)
    await deliver(store, slack, clock)
    # Highlights that are given up take no alert back, so it is not sent again.
    await store.unfollow(ANN)
    clock.now += timedelta(hours=4)
    await deliver(store, slack, clock)
    await daily.take_in(replace(ROBOTS, category="cs.LG"), store, NOW)
    await deliver(store, slack, clock)

    assert [[card.paper for card in post.cards] for post in slack.to(ANN)] == [[LIDAR.id, "2011.00004"]]


async def test_what_is_due_at_once_is_not_held_by_a_clock_that_was_wrong(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await store.follow(Following(ROOM))
    await daily.take_in(DIGEST, store, NOW + timedelta(days=30))

    assert (await deliver(store, slack, clock)).sent == 2


async def test_an_alert_by_many_subscriptions_leads_to_their_list(store: Store, slack: Recorder, clock: Clock) -> None:
    lines = ["lidar", "point", "cloud", "scan", "road", "lidar point"]
    for count, line in enumerate(lines, 1):
        await store.subscribe(ANN, parse(line), NOW)
        day = FRIDAY + timedelta(days=count)
        paper = replace(LIDAR, id=f"2012.{count:05}")
        await daily.take_in(replace(DIGEST, day=day, papers=(paper,)), store, NOW)
        await deliver(store, slack, clock)

    assert [len(alert.buttons) for alert in slack.to(ANN)] == [1, 2, 3, 4, 5, 1]
    assert [(each.label, each.name) for each in slack.to(ANN)[-1].buttons] == [("Your subscriptions", "subscriptions")]
