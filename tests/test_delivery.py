"""Delivering what is owed on a real store: claim, post, settle, and what becomes of what does not arrive."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot import daily, delivery, metrics, service
from bot.calendar import due
from bot.delivery.breaker import Breaker
from bot.delivery.compose import compose
from bot.model import Alerting, Delivery, Destination, Digest, Following, Paper, Reply, Schedule
from bot.ports import DeliveryError, DiskError, Pause, Store
from bot.search.grammar import parse
from tests.fakes.recorder import Clock, Crowd, Recorder

ANN = Destination.parse("slack:T1/@ANN")
BOB = Destination.parse("slack:T1/@BOB")
STRANGER = Destination.parse("slack:T2/@ANN")
ROOM = Destination.parse("slack:T1/C1")
PEOPLE = [Destination("slack", f"T{number % 2}", f"@U{number}") for number in range(20)]
FRIDAY = date(2020, 11, 20)
MONDAY = date(2020, 11, 23)
NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)

LIDAR = Paper("2011.00001", "Lidar point clouds", "We scan roads.")
MEDICAL = Paper("2011.00002", "Medical images", "CT scans.")
SKETCH = Paper("2011.00003", "Sketches that generate", "Joy.")
DIGEST = Digest("friday.md", "cs.CV", FRIDAY, (MEDICAL, LIDAR, SKETCH))
ROBOTS = Digest("x", "cs.RO", FRIDAY, (LIDAR, Paper("2011.00004", "Robots", "Lidar on wheels.")))


@pytest.fixture
def slack() -> Recorder:
    return Recorder()


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def deliver(
    store: Store, slack: Recorder, clock: Clock, *, breaker: Breaker | None = None, jitter: float = 1.0
) -> delivery.Tally:
    return await delivery.deliver(store, {"slack": slack}, clock, breaker=breaker, jitter=lambda: jitter)


@pytest.fixture
async def crowd(store: Store) -> Crowd:
    """Return a platform, with highlights of two categories owed to twenty people in two workspaces on it."""
    for each in PEOPLE:
        await store.follow(Following(each))
    for number, category in enumerate(("cs.CV", "cs.RO")):
        await daily.take_in(Digest("x", category, FRIDAY, (Paper(f"2011.0001{number}", "Lidar"),)), store, NOW)
    return Crowd()


async def crowded(crowd: Crowd, count: int) -> None:
    async with asyncio.timeout(20):
        while crowd.waiting < count:  # noqa: ASYNC110  # as many as come at once
            await asyncio.sleep(0.001)


async def test_a_message_that_a_bug_holds_up_is_given_up_in_the_end(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    slack.errors = [ZeroDivisionError()] * 9
    for _ in range(9):
        await deliver(store, slack, clock)
        clock.now += timedelta(hours=1)

    assert len(slack.uncertain) == 5
    assert (await store.census()).dead == 1


async def test_trouble_of_the_store_is_no_fault_of_the_message(
    store: Store, slack: Recorder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)

    async def full(*_: object, **__: object) -> None:
        raise DiskError("no space")

    stop = asyncio.Event()
    with monkeypatch.context() as trouble:
        trouble.setattr(store, "settle", full)
        for _ in range(9):
            with pytest.raises(DiskError):
                await deliver(store, slack, clock)
            await store.begin_delivery()
    monkeypatch.setattr(service, "_DELIVER_EVERY", 0.01)
    monkeypatch.setattr(type(slack), "run", lambda *_: stop.wait())
    serving = asyncio.create_task(service.serve(store, {"slack": slack}, clock, stop, outlive_asking=True))
    while (await store.census()).owed:  # noqa: ASYNC110  # the store has no event to wait for
        await asyncio.sleep(0.01)
    stop.set()
    await serving

    assert len(set(slack.keys)) == 1
    assert slack.uncertain == [False] + [True] * 9
    assert (await store.census()).dead == 0


async def test_a_failure_waits_longer_each_time_and_then_arrives(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    slack.errors = [DeliveryError("503"), DeliveryError("429", retry_after=90.5)]

    assert (await deliver(store, slack, clock)).failed == 1
    assert await deliver(store, slack, clock) == delivery.Tally()
    clock.now += timedelta(seconds=2)
    assert (await deliver(store, slack, clock)).failed == 1
    clock.now += timedelta(seconds=89)
    assert await deliver(store, slack, clock) == delivery.Tally()
    clock.now += timedelta(seconds=2)
    assert (await deliver(store, slack, clock)).sent == 1
    assert slack.uncertain == [False, False, False]


async def test_a_gone_destination_is_left_alone_until_somebody_there_speaks(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await store.subscribe(BOB, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    slack.failing[ANN] = [DeliveryError("user_not_found", "gone")]
    await deliver(store, slack, clock)
    clock.now += timedelta(days=1)
    await deliver(store, slack, clock)

    assert [to for to, _ in slack.posts] == [BOB]
    assert await store.paused(ANN) == Pause("user_not_found", NOW)
    await store.subscribe(ANN, parse("sketches"), NOW)
    await deliver(store, slack, clock)
    assert [to for to, _ in slack.posts] == [BOB, ANN]


async def test_a_message_that_the_platform_refuses_is_given_up_alone(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    slack.errors = [DeliveryError("msg_too_long", "content")]
    await deliver(store, slack, clock)
    later = Digest("x", "cs.CV", FRIDAY + timedelta(days=3), (Paper("2011.00010", "More lidar"),))
    await daily.take_in(later, store, NOW)
    await deliver(store, slack, clock)

    assert [[card.paper for card in alert.cards] for alert in slack.to(ANN)] == [["2011.00010"]]
    assert (await store.census()).dead == 1


async def test_what_may_have_arrived_is_posted_again_as_uncertain(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    slack.errors = [DeliveryError("timeout", "uncertain"), DeliveryError("503")]
    assert (await deliver(store, slack, clock)).uncertain == 1
    for _ in range(2):
        clock.now += timedelta(minutes=1)
        await deliver(store, slack, clock)

    assert slack.uncertain == [False, True, True]
    assert len(slack.to(ANN)) == 1


async def test_a_bug_in_one_message_does_not_keep_the_others(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await store.subscribe(BOB, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    slack.failing[ANN] = [ZeroDivisionError()]

    tally = await deliver(store, slack, clock)

    assert (tally.sent, tally.failed) == (1, 1)
    assert [to for to, _ in slack.posts] == [BOB]


async def test_a_crash_after_claiming_comes_back_as_uncertain(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    assert await store.claim(["slack"], NOW) is not None
    assert await deliver(store, slack, clock) == delivery.Tally()

    assert await store.begin_delivery() == 1
    assert (await deliver(store, slack, clock)).sent == 1
    assert slack.uncertain == [True]


async def test_only_platforms_that_run_are_delivered_to(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(Destination.parse("discord:G1/@ANN"), parse("lidar"), NOW)
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    await deliver(store, slack, clock)

    assert [to for to, _ in slack.posts] == [ANN]
    assert (await store.census()).owed == 1


async def test_who_set_a_room_up_is_told_once_that_it_is_gone(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.follow(Following(ROOM, ("cs.CV", "cs.LG"), owner=ANN))
    await daily.take_in(DIGEST, store, NOW)
    slack.failing[ROOM] = [DeliveryError("is_archived", "gone")]
    assert (await deliver(store, slack, clock)).sent == 1
    clock.now += timedelta(days=3)
    assert await deliver(store, slack, clock) == delivery.Tally()

    (notice,) = slack.to(ANN)
    assert notice.private
    assert notice.text.plain.splitlines() == [
        "The daily highlights cannot be posted in a room any more, since Fri 20 Nov 2020, 09:00 UTC: is_archived.",
        "Let the bot post there again, then type there: settings on cs.CV cs.LG",
    ]
    assert slack.keys == [f"{ANN}|notice|{ROOM}:2020-11-20|1"]
    # As they do, what was owed there arrives; and the next time that it is gone is told of again, even on that day.
    for code in ("not_in_channel", "channel_not_found"):
        clock.now += timedelta(minutes=1)
        await store.follow(Following(ROOM, owner=BOB))
        slack.failing[ROOM] = [DeliveryError(code, "gone")]
        await deliver(store, slack, clock)
        assert code in slack.to(BOB)[-1].text.plain
    assert slack.keys[1:] == [f"{BOB}|notice|{ROOM}:2020-11-23|{part}" for part in (1, 2)]


async def test_a_notice_that_waits_speaks_for_the_next_pause_too(store: Store, slack: Recorder, clock: Clock) -> None:
    await daily.take_in(DIGEST, store, NOW, owe=False)
    await store.follow(Following(ROOM, owner=ANN))
    await daily.take_in(ROBOTS, store, NOW)
    for code in ("is_archived", "not_in_channel"):
        await store.follow(Following(ROOM, owner=ANN))
        claimed = await store.claim(["slack"], NOW)
        assert claimed is not None
        notice = Delivery(ANN, "notice", str(ROOM), FRIDAY, ())
        await store.settle(claimed, "pending", code=code, pause=NOW, owe=notice)
    await deliver(store, slack, clock)

    (told,) = slack.to(ANN)
    assert "not_in_channel" in told.text.plain


async def test_a_room_that_comes_back_gets_the_newest_day_and_not_all_that_it_missed(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.follow(Following(ROOM))
    slack.failing[ROOM] = [DeliveryError("is_archived", "gone")]
    days = [FRIDAY + timedelta(days=n) for n in range(4)]
    for n, day in enumerate(days):
        for category in ("cs.CV", "cs.LG"):
            await daily.take_in(Digest("x", category, day, (Paper(f"2011.{n}{category}", "Lidar"),)), store, NOW)
        await deliver(store, slack, clock)
    assert slack.posts == []
    assert await store.follow(Following(ROOM)) == tuple(days[:-1])
    assert await store.follow(Following(ROOM)) == ()
    await deliver(store, slack, clock)

    assert [[card.paper for card in post.cards] for post in slack.to(ROOM)] == [["2011.3cs.CV"], ["2011.3cs.LG"]]
    # What was given up was not shown: another listing may bring it up.
    await daily.take_in(Digest("x", "cs.RO", days[-1], (Paper("2011.0cs.CV", "Lidar"),)), store, NOW)
    await deliver(store, slack, clock)
    assert [card.paper for card in slack.to(ROOM)[-1].cards] == ["2011.0cs.CV"]


async def test_nobody_is_told_of_a_person_or_of_a_room_that_nobody_set_up(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await store.follow(Following(BOB, owner=BOB))
    await store.follow(Following(ROOM))
    await daily.take_in(DIGEST, store, NOW)
    slack.failing = {each: [DeliveryError("gone", "gone")] for each in (ANN, BOB, ROOM)}

    assert (await deliver(store, slack, clock)).failed == 3
    assert (await store.census()).owed == 3


async def test_a_notice_of_what_was_put_right_meanwhile_is_not_sent(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    notice = Delivery(ANN, "notice", str(ROOM), FRIDAY, ())
    await store.follow(Following(ROOM))

    assert await compose(notice, store, NOW) is None


async def test_sixteen_are_delivered_to_at_once_and_each_in_order(store: Store, crowd: Crowd, clock: Clock) -> None:
    delivering = asyncio.create_task(deliver(store, crowd, clock))
    await crowded(crowd, 16)
    crowd.go.set()

    assert (await delivering).sent == 40
    assert crowd.most == 16
    for each in PEOPLE:
        first, second = crowd.to(each)
        assert (first.topic, second.topic) == ("cs.CV", "cs.RO")


async def test_one_that_is_slow_does_not_keep_the_others(store: Store, slack: Recorder, clock: Clock) -> None:
    slow = Crowd()
    for person in (ANN, BOB, Destination.parse("discord:G1/@ANN")):
        await store.subscribe(person, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    delivering = asyncio.create_task(delivery.deliver(store, {"slack": slack, "discord": slow}, clock))
    await crowded(slow, 1)
    while len(slack.posts) < 2:  # noqa: ASYNC110  # the others arrive
        await asyncio.sleep(0.001)
    assert not delivering.done()
    slow.go.set()

    assert (await delivering).sent == 3


async def test_when_it_stops_what_is_on_its_way_arrives_and_nothing_more_begins(
    store: Store, crowd: Crowd, clock: Clock
) -> None:
    stopping = asyncio.Event()
    delivering = asyncio.create_task(delivery.deliver(store, {"slack": crowd}, clock, stopping.is_set))
    await crowded(crowd, 16)
    stopping.set()
    crowd.go.set()

    assert (await delivering).sent == 16
    assert (await store.census()).owed == 24


async def test_when_the_store_fails_the_others_end_first_and_it_is_said_once(
    store: Store, crowd: Crowd, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise DiskError("no space")

    delivering = asyncio.create_task(deliver(store, crowd, clock))
    await crowded(crowd, 16)
    with monkeypatch.context() as trouble:
        trouble.setattr(store, "settle", full)
        crowd.go.set()
        with pytest.raises(DiskError):
            await delivering

    assert (len(crowd.posts), crowd.waiting) == (16, 0)
    assert await store.begin_delivery() == 16


async def test_to_cancel_delivering_cancels_what_is_on_its_way(store: Store, crowd: Crowd, clock: Clock) -> None:
    delivering = asyncio.create_task(deliver(store, crowd, clock))
    await crowded(crowd, 16)
    delivering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivering

    assert (crowd.posts, crowd.waiting) == ([], 0)
    assert await store.begin_delivery() == 16


async def test_a_large_workspace_does_not_keep_the_others_waiting(store: Store, clock: Clock) -> None:
    """Sixteen go out at once, and eight of one workspace: the last in line is another workspace's, and gets a place."""
    many = [Destination("slack", "T1", f"@U{n}") for n in range(40)]
    for person in (*many, STRANGER):
        await store.subscribe(person, parse("lidar"), NOW)
    gate = asyncio.Event()

    class Slow(Recorder):
        async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
            await super().post(to, reply, key=key, uncertain=uncertain)
            if len({each.workspace for each, _ in self.posts}) > 1:
                gate.set()
            await gate.wait()

    slow = Slow()
    await daily.take_in(DIGEST, store, NOW)
    tally = await asyncio.wait_for(deliver(store, slow, clock), 20)

    assert tally.sent == 41
    assert STRANGER in [to for to, _ in slow.posts[:16]]


async def test_what_was_held_back_was_not_tried(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("scans"), NOW)
    await daily.take_in(replace(DIGEST, papers=(MEDICAL,)), store, NOW)
    slack.errors = [DeliveryError("ratelimited", "held", 30.0)]
    await deliver(store, slack, clock)
    # It still takes in what else that day brings, and has its first attempt before it.
    await daily.take_in(Digest("other.md", "cs.RO", FRIDAY, (replace(LIDAR, abstract="It scans."),)), store, NOW)
    clock.now += timedelta(seconds=30)
    await deliver(store, slack, clock)

    (alert,) = slack.to(ANN)
    assert {card.paper for card in alert.cards} == {MEDICAL.id, LIDAR.id}


async def test_what_becomes_due_meanwhile_does_not_wait_for_what_is_slow(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    slow = Crowd()
    other = Destination.parse("slack:T1/@OTHER")
    await store.subscribe(Destination.parse("discord:G1/@ANN"), parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    delivering = asyncio.create_task(delivery.deliver(store, {"slack": slack, "discord": slow}, clock))
    await crowded(slow, 1)
    await store.subscribe(other, parse("robots"), NOW)
    await daily.take_in(ROBOTS, store, NOW)
    async with asyncio.timeout(20):
        while not slack.to(other):  # noqa: ASYNC110  # it arrives
            await asyncio.sleep(0.001)
    assert not delivering.done()
    slow.go.set()
    await delivering


# What is due together


def lidar(number: int) -> Paper:
    return Paper(f"2011.1{number:04}", f"Lidar, part {number}")


def week(*sizes: int, category: str = "cs.CV") -> list[Digest]:
    """Return the digests of the days from Monday, with so many papers each, of which none is another's."""
    numbers = iter(range(100))
    return [
        Digest("x", category, MONDAY + timedelta(days=n), tuple(lidar(next(numbers)) for _ in range(size)))
        for n, size in enumerate(sizes)
    ]


async def test_alerts_of_several_days_are_one_message_of_all_their_papers(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    for each in week(2, 1, 1):
        await daily.take_in(each, store, NOW)
    assert (await deliver(store, slack, clock)).sent == 1

    (alert,) = slack.to(ANN)
    assert "Mon 23 to Wed 25 Nov 2020" in alert.text.plain
    assert {card.paper for card in alert.cards} == {lidar(n).id for n in range(4)}
    assert slack.keys == [f"{ANN}|alert|:2020-11-25|1"]
    # The days that were merged are done with: what else comes of them is another part.
    again = Digest("x", "cs.RO", MONDAY, (lidar(9),))
    await daily.take_in(again, store, NOW)
    await deliver(store, slack, clock)
    assert slack.keys[1:] == [f"{ANN}|alert|:2020-11-23|2"]


async def test_what_was_tried_stays_as_it_was(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    monday, *others = week(1, 1, 1)
    await daily.take_in(monday, store, NOW)
    slack.errors = [DeliveryError("503")]
    await deliver(store, slack, clock)
    for each in others:
        await daily.take_in(each, store, NOW)
    clock.now += timedelta(seconds=1)
    await deliver(store, slack, clock)

    assert [[card.paper for card in alert.cards] for alert in slack.to(ANN)] == [
        [lidar(0).id],
        [lidar(1).id, lidar(2).id],
    ]


async def test_highlights_of_several_days_show_the_best_of_each(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.follow(Following(ROOM, count=4))
    for each in week(3, 1, 3):
        await daily.take_in(each, store, NOW)
    await deliver(store, slack, clock)

    (post,) = slack.to(ROOM)
    assert post.text.plain == "cs.CV, Mon 23 to Wed 25 Nov 2020: 4 of 7 papers"
    assert [card.paper for card in post.cards] == [lidar(n).id for n in (4, 3, 0, 5)]
    assert post.note.plain == "What was owed here for these days was due together, so it is one message."
    assert [(button.label, button.text) for button in post.buttons] == [
        ("All of Mon 23 Nov 2020", "2020-11-23 cs.CV"),
        ("All of Tue 24 Nov 2020", "2020-11-24 cs.CV"),
        ("All of Wed 25 Nov 2020", "2020-11-25 cs.CV"),
    ]
    # What was left out was not shown: another listing brings it up.
    await daily.take_in(Digest("x", "cs.RO", MONDAY, tuple(lidar(n) for n in range(7))), store, NOW)
    await deliver(store, slack, clock)
    assert {card.paper for card in slack.to(ROOM)[1].cards} == {lidar(n).id for n in (1, 2, 6)}


async def test_highlights_of_two_categories_are_two_messages(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.follow(Following(ROOM))
    for each in (*week(1, 1), Digest("x", "cs.RO", MONDAY, (lidar(9),))):
        await daily.take_in(each, store, NOW)
    await deliver(store, slack, clock)

    assert [post.text.plain for post in slack.to(ROOM)] == [
        "cs.CV, Mon 23 to Tue 24 Nov 2020: all of it",
        "cs.RO, Mon 23 Nov 2020: all of it",
    ]


async def test_a_room_of_certain_days_is_told_that_these_are_why(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.follow(Following(ROOM, schedule=Schedule(days=(0,))))
    clock.now = datetime(2020, 11, 24, 9, tzinfo=UTC)
    for each in week(0, 0, *[1] * 7):
        await daily.take_in(each, store, clock.now)
    clock.now += timedelta(days=6)
    await deliver(store, slack, clock)

    (post,) = slack.to(ROOM)
    assert post.text.plain == "cs.CV, Wed 25 Nov to Tue 1 Dec 2020: 5 of 7 papers"
    assert post.note.plain == "Highlights are posted here on Mon: these days are one message."
    assert [button.text for button in post.buttons] == [
        f"{date(2020, 11, 27) + timedelta(days=n)} cs.CV" for n in range(5)
    ]


async def test_a_weekend_is_no_reason(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.follow(Following(ROOM, schedule=Schedule(days=(0, 1, 2, 3, 4))))
    for each in (DIGEST, *week(1)):
        await daily.take_in(each, store, NOW)
    clock.now += timedelta(days=3)
    await deliver(store, slack, clock)

    (post,) = slack.to(ROOM)
    assert post.note.plain == "What was owed here for these days was due together, so it is one message."


# What was missed


async def test_what_was_missed_waits_for_the_rooms_next_day_and_goes_with_it(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    """The bot is down at nine of two days; when it is back it is night there, and another day comes in before nine."""
    nine = Following(ROOM, schedule=Schedule(time(9), "Europe/Berlin"))
    await store.follow(nine)
    clock.now = datetime(2020, 11, 23, 2, tzinfo=UTC)
    monday, tuesday, wednesday = week(1, 1, 1)
    for each in (monday, tuesday):
        await daily.take_in(each, store, clock.now)
        clock.now += timedelta(days=1)
    assert (await deliver(store, slack, clock)).sent == 0
    assert (await deliver(store, slack, clock)).sent == 0
    await daily.take_in(wednesday, store, clock.now)
    # The end of a batch lets go all that was held back, and nothing comes early by it.
    await store.release()
    assert (await deliver(store, slack, clock)).sent == 0
    clock.now = datetime(2020, 11, 25, 7, 59, tzinfo=UTC)
    assert (await deliver(store, slack, clock)).sent == 0
    clock.now += timedelta(minutes=1)
    assert (await deliver(store, slack, clock)).sent == 1

    (post,) = slack.to(ROOM)
    assert post.text.plain == "cs.CV, Mon 23 to Wed 25 Nov 2020: all of it"
    assert [each.delivery.attempts for each in (await store.deliveries(states=["sent"]))[0]] == [1]


@pytest.mark.parametrize("since", [time(3), time(1)], ids=["later", "by then"])
async def test_what_was_missed_goes_by_the_schedule_that_the_room_has_now(
    store: Store, slack: Recorder, clock: Clock, since: time
) -> None:
    await store.follow(Following(ROOM, schedule=Schedule(time(9))))
    clock.now = datetime(2020, 11, 23, 3, tzinfo=UTC)
    (monday,) = week(1)
    await daily.take_in(monday, store, clock.now)
    clock.now = datetime(2020, 11, 24, 2, tzinfo=UTC)
    assert (await deliver(store, slack, clock)).sent == 0
    schedule = Schedule(since)
    await store.follow(Following(ROOM, schedule=schedule), due(schedule, clock.now))
    assert (await deliver(store, slack, clock)).sent == (since <= clock.now.time())
    clock.now += timedelta(hours=1)
    await deliver(store, slack, clock)

    assert len(slack.to(ROOM)) == 1


async def test_what_waits_for_its_turn_past_midnight_was_not_missed(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.follow(Following(ROOM, schedule=Schedule(time(23, 30), days=(0,))))
    (monday,) = week(1)
    await daily.take_in(monday, store, NOW)
    clock.now = datetime(2020, 11, 23, 23, 59, tzinfo=UTC)
    slack.errors = [DeliveryError("ratelimited", "held", 120.0)]
    await deliver(store, slack, clock)
    clock.now += timedelta(minutes=2)

    assert (await deliver(store, slack, clock)).sent == 1


async def test_a_month_that_was_missed_is_one_message_for_each_who_is_owed_it(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await store.follow(Following(ROOM, schedule=Schedule(time(10))))
    slack.errors = [DeliveryError("503")] * 9
    first, *others = week(*[2] * 30)
    await daily.take_in(first, store, clock.now)
    await deliver(store, slack, clock)  # the alert alone
    slack.errors = []
    for each in others:
        clock.now += timedelta(days=1)
        await daily.take_in(each, store, clock.now)
    clock.now = datetime(2020, 12, 20, 10, tzinfo=UTC)
    assert await deliver(store, slack, clock) == delivery.Tally(sent=2)

    assert slack.to(ROOM)[0].text.plain == "cs.CV, Mon 23 Nov to Tue 22 Dec 2020: 5 of 60 papers"
    (alert,) = slack.to(ANN)
    assert alert.text.plain.startswith("58 new papers match")
    assert "Not delivered: the alert of Mon 23 Nov 2020." in alert.note.plain
    assert (await store.census()).dead == 1


# What fails


@pytest.mark.parametrize("jitter", [1.0, 0.25])
async def test_each_wait_is_a_part_of_one_that_is_longer_than_before(
    store: Store, slack: Recorder, clock: Clock, jitter: float
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    slack.errors = [DeliveryError("503")] * 9
    for seconds in (1, 5, 30, 120, 600, 1800, 3600, 3600):
        assert (await deliver(store, slack, clock, jitter=jitter)).failed == 1
        clock.now += timedelta(seconds=seconds * jitter) - timedelta(microseconds=1)
        assert await deliver(store, slack, clock, jitter=jitter) == delivery.Tally()
        clock.now += timedelta(microseconds=1)


async def test_to_wait_for_a_turn_is_no_failure(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    slack.errors = [DeliveryError("ratelimited", "held", 600.0)] * 300
    for _ in range(300):
        await deliver(store, slack, clock)
        clock.now += timedelta(seconds=600)
    slack.errors = [DeliveryError("503")]
    await deliver(store, slack, clock)
    clock.now += timedelta(seconds=1)

    # After two days its time begins, and its first wait is the shortest.
    assert (await deliver(store, slack, clock)).sent == 1


async def fail_for(hours: int, store: Store, slack: Recorder, clock: Clock, *errors: DeliveryError) -> None:
    """Let everything fail for so long, with one of these errors after the other, tried again every hour."""
    for hour in range(hours):
        slack.errors = [errors[hour % len(errors)]] * 9
        await deliver(store, slack, clock)
        clock.now += timedelta(hours=1)
    slack.errors = []


async def test_what_does_not_arrive_in_a_day_expires_and_the_next_message_says_so(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await store.follow(Following(ROOM, count=1))
    await daily.take_in(DIGEST, store, NOW)
    await fail_for(23, store, slack, clock, DeliveryError("503"))
    clock.now += timedelta(minutes=45)
    slack.errors = [DeliveryError("503")] * 2
    assert (await deliver(store, slack, clock)).failed == 2
    clock.now += timedelta(minutes=15)
    tried = len(slack.uncertain)
    assert await deliver(store, slack, clock) == delivery.Tally()
    assert len(slack.uncertain) == tried
    assert (await store.census()).owed == 0
    for each in week(2, 1):
        await daily.take_in(each, store, NOW)
        await deliver(store, slack, clock)

    first, second = slack.to(ANN)
    assert first.note.plain == ("Not delivered: the alert of Fri 20 Nov 2020. To see it, type: matches 2020-11-20")
    assert second.note.plain == ""
    assert [post.note.plain for post in slack.to(ROOM)] == [
        "Not delivered: cs.CV of Fri 20 Nov 2020. To see it, type: today 2020-11-20 cs.CV",
        "",
    ]
    # Nobody was told of what expired: another listing brings it up.
    await daily.take_in(ROBOTS, store, NOW)
    await deliver(store, slack, clock)
    assert LIDAR.id in [card.paper for card in slack.to(ANN)[2].cards]


async def test_what_expires_but_may_have_arrived_is_not_told_again(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    await fail_for(25, store, slack, clock, DeliveryError("timeout", "uncertain"), DeliveryError("503"))
    await daily.take_in(ROBOTS, store, NOW)
    await deliver(store, slack, clock)

    (alert,) = slack.to(ANN)
    assert [card.paper for card in alert.cards] == ["2011.00004"]
    assert alert.note.plain.startswith("May not have arrived: the alert of Fri 20 Nov 2020.")


async def test_of_much_that_expired_the_last_is_named(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.follow(Following(ROOM))
    for number in range(6):
        await daily.take_in(Digest("x", f"cs.{number}", MONDAY, (lidar(number),)), store, NOW)
        await fail_for(25, store, slack, clock, DeliveryError("503"))
    await daily.take_in(Digest("x", "cs.RO", MONDAY, (lidar(9),)), store, NOW)
    await deliver(store, slack, clock)

    (post,) = slack.to(ROOM)
    assert [line[:20] for line in post.note.plain.splitlines()] == [
        "3 more before these ",
        "Not delivered: cs.3 ",
        "Not delivered: cs.4 ",
        "Not delivered: cs.5 ",
    ]


async def test_what_was_never_tried_does_not_expire(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    clock.now += timedelta(days=9)

    assert (await deliver(store, slack, clock)).sent == 1


async def test_a_code_that_nobody_knows_is_tried_five_times(store: Store, slack: Recorder, clock: Clock) -> None:
    for person in (ANN, STRANGER):
        await store.subscribe(person, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    slack.failing = {ANN: [DeliveryError("new", known=False)] * 9, STRANGER: [DeliveryError("503")] * 9}
    for _ in range(9):
        await deliver(store, slack, clock)
        clock.now += timedelta(hours=1)

    assert [len(slack.failing[each]) for each in (ANN, STRANGER)] == [4, 0]
    assert [(each.delivery.to, each.code) for each in (await store.deliveries(states=["dead"]))[0]] == [(ANN, "new")]


async def test_a_clock_that_was_ahead_keeps_nothing_until_then(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    monday, tuesday = week(1, 1)
    clock.now = NOW + timedelta(days=30)
    await daily.take_in(monday, store, clock.now)
    slack.errors = [DeliveryError("503"), DeliveryError("503")]
    await deliver(store, slack, clock)
    clock.now = NOW
    await daily.take_in(tuesday, store, clock.now)
    assert (await deliver(store, slack, clock)).failed == 1
    # It has all its time anew, and its next wait.
    assert await deliver(store, slack, clock) == delivery.Tally()
    clock.now += timedelta(hours=23)
    assert (await deliver(store, slack, clock)).sent == 2


async def test_what_a_clock_that_was_ahead_has_put_off_comes_at_its_hour(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await store.alert(ANN, Alerting("daily", Schedule(time(9), "Europe/Berlin")))
    clock.now = NOW + timedelta(days=30)
    await daily.take_in(DIGEST, store, clock.now)
    clock.now = NOW + timedelta(hours=1)
    assert await deliver(store, slack, clock) == delivery.Tally()
    clock.now = datetime(2020, 11, 21, 7, 59, tzinfo=UTC)
    assert await deliver(store, slack, clock) == delivery.Tally()
    clock.now += timedelta(minutes=1)
    assert (await deliver(store, slack, clock)).sent == 1


async def test_a_clock_that_is_set_right_changes_no_wait(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    slack.errors = [DeliveryError("503")]
    await deliver(store, slack, clock)
    clock.now -= timedelta(minutes=1)

    assert await deliver(store, slack, clock) == delivery.Tally()


async def test_what_waits_in_a_workspace_that_is_closed_does_not_expire(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    for person in (ANN, STRANGER):
        await store.subscribe(person, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    slack.errors = [DeliveryError("token_revoked", "later", 600.0)] * 2
    await deliver(store, slack, clock)
    ledger = store.ledger("slack")
    await ledger.close(ANN.workspace, "token_revoked", clock.now)
    clock.now += timedelta(days=3)
    await ledger.reopen(ANN.workspace)
    await ledger.reopen(STRANGER.workspace)  # it never was closed
    await deliver(store, slack, clock)

    assert [to for to, _ in slack.posts] == [ANN]


async def test_what_is_erased_while_it_is_sent_settles_nothing_of_others(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.subscribe(STRANGER, parse("lidar"), NOW)
    monday, tuesday = week(1, 1)
    await daily.take_in(monday, store, NOW)
    sending = await store.claim(["slack"], NOW)
    assert sending is not None
    await store.ledger("slack").close(STRANGER.workspace, "removed", NOW, erase_at=NOW)
    assert await store.erase(NOW) == 1
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(tuesday, store, NOW)
    await store.settle(sending, "sent")

    assert (await deliver(store, slack, clock)).sent == 1
    assert [to for to, _ in slack.posts] == [ANN]


async def test_a_room_that_refuses_three_messages_in_a_row_is_paused(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.follow(Following(ROOM, owner=BOB))
    refused = DeliveryError("invalid_blocks", "content")
    slack.failing[ROOM] = [refused, refused]
    for number, each in enumerate(week(*[1] * 6)):
        if number == 3:
            assert [post.topic for post in slack.to(ROOM)] == ["cs.CV"]
            slack.failing[ROOM] = [refused, DeliveryError("503"), refused, refused]
        await daily.take_in(each, store, clock.now)
        for _ in range(2):
            await deliver(store, slack, clock)
            clock.now += timedelta(minutes=1)

    pause = await store.paused(ROOM)
    assert pause is not None
    assert pause.code == "invalid_blocks"
    (notice,) = slack.to(BOB)
    assert notice.text.plain.endswith("type there: settings on")
    assert (await store.census()).dead == 5


async def test_where_nothing_arrives_for_a_week_nothing_more_is_tried(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.follow(Following(ROOM, owner=BOB))
    slack.failing[ROOM] = [DeliveryError("503")] * 9999
    *first, last = week(*[1] * 8)
    for each in first:
        await daily.take_in(each, store, clock.now)
        for _ in range(12):
            await deliver(store, slack, clock)
            clock.now += timedelta(hours=2)
    await daily.take_in(last, store, clock.now)
    assert await store.paused(ROOM) is None
    await deliver(store, slack, clock)
    assert await store.paused(ROOM) == Pause("503", NOW + timedelta(days=7))
    await deliver(store, slack, clock)
    assert len(slack.to(BOB)) == 1
    # What comes back begins anew.
    await store.follow(Following(ROOM))
    clock.now += timedelta(hours=2)
    assert (await deliver(store, slack, clock)).failed == 1
    assert await store.paused(ROOM) is None


async def test_one_message_that_arrives_ends_a_week_that_was_not_over(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.follow(Following(ROOM))
    for number, each in enumerate(week(*[1] * 9)):
        slack.failing[ROOM] = [] if number == 4 else [DeliveryError("503")] * 99
        await daily.take_in(each, store, clock.now)
        for _ in range(12):
            await deliver(store, slack, clock)
            clock.now += timedelta(hours=2)

    assert await store.paused(ROOM) is None
    assert len(slack.to(ROOM)) == 1


async def test_who_comes_back_gets_one_message_of_all_that_was_owed(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    slack.failing[ANN] = [DeliveryError("user_not_found", "gone")]
    for each in week(1, 1, 1):
        await daily.take_in(each, store, NOW)
        await deliver(store, slack, clock)
        clock.now += timedelta(days=1)
    await store.subscribe(ANN, parse("lidar"), NOW)
    await deliver(store, slack, clock)

    assert [len(alert.cards) for alert in slack.to(ANN)] == [3]
    assert slack.to(ANN)[0].note.plain == ""


@pytest.mark.parametrize(
    "error",
    [DeliveryError("user_not_found", "gone", begun=True), DeliveryError("ratelimited", "held", 3600.0, begun=True)],
    ids=["gone", "held"],
)
async def test_what_has_arrived_in_part_is_as_it_was_when_it_goes_on(
    store: Store, slack: Recorder, clock: Clock, error: DeliveryError
) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    slack.failing[ANN] = [error]
    for each in week(1, 1, 1):
        await daily.take_in(each, store, NOW)
        await deliver(store, slack, clock)
    clock.now += timedelta(hours=23)
    await store.subscribe(ANN, parse("lidar"), NOW)
    await deliver(store, slack, clock)

    assert [len(alert.cards) for alert in slack.to(ANN)] == [1, 2]
    assert slack.keys[0] == f"{ANN}|alert|:2020-11-23|1"


async def test_each_attempt_is_counted_by_what_became_of_it(store: Store, slack: Recorder, clock: Clock) -> None:
    ends = {
        "sent": [],
        "failed": [DeliveryError("503")] * 99,
        "uncertain": [DeliveryError("timeout", "uncertain")],
        "dead": [DeliveryError("no_text", "content")],
        "held": [DeliveryError("ratelimited", "held", 172_800.0)],
    }
    slack.failing = {Destination("slack", what, "@U1"): list(errors) for what, errors in ends.items()}
    for person in slack.failing:
        await store.subscribe(person, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    with metrics.recording():
        await deliver(store, slack, clock)
        clock.now += timedelta(hours=24)
        await deliver(store, slack, clock)
        told = (await metrics.exposition(store, ["slack"], clock.now)).decode()

    counted = re.findall(
        r'^paperwire_deliveries_total\{kind="alert",outcome="(\w+)",platform="slack"\} (.*)$', told, re.MULTILINE
    )
    assert dict(counted) == dict.fromkeys(ends, "1.0") | {"expired": "2.0"}


# Leaving alone who does not answer


async def test_a_workspace_that_does_not_answer_is_left_alone_for_a_minute_and_then_tried_with_one(
    store: Store, slack: Recorder, clock: Clock
) -> None:
    for each in PEOPLE:
        await store.subscribe(each, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    (silent, *_), (answering, *_) = PEOPLE[::2], PEOPLE[1::2]
    slack.failing = {each: [DeliveryError("503")] * 99 for each in PEOPLE if each.workspace == silent.workspace}
    breaker = Breaker()

    async def tried() -> int:
        before = len(slack.uncertain)
        await deliver(store, slack, clock, breaker=breaker)
        return len(slack.uncertain) - before

    # Eight at once are on their way before three have failed.
    assert await tried() <= len(PEOPLE[1::2]) + 8
    assert len(slack.posts) == len(PEOPLE[1::2])
    assert {to.workspace for to, _ in slack.posts} == {answering.workspace}
    clock.now += timedelta(seconds=59)
    assert await tried() == 0
    clock.now += timedelta(seconds=1)
    assert await tried() == 1
    clock.now += timedelta(seconds=59)
    assert await tried() == 0
    slack.failing = {}
    clock.now += timedelta(seconds=1)
    assert await tried() == len(PEOPLE[::2])
    assert (await store.census()).owed == 0


@pytest.mark.parametrize(
    "error",
    [
        DeliveryError("ratelimited", "later", 0.0),
        DeliveryError("unconfirmed", "uncertain", 0.0),
        DeliveryError("ratelimited", "held", 0.0),
        DeliveryError("msg_too_long", "content"),
        DeliveryError("is_archived", "gone"),
        DeliveryError("new", known=False),
        ZeroDivisionError(),
    ],
    ids=repr,
)
async def test_who_answers_is_not_left_alone(store: Store, slack: Recorder, clock: Clock, error: Exception) -> None:
    for each in PEOPLE:
        await store.subscribe(each, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    slack.failing = {each: [error] for each in PEOPLE}
    breaker = Breaker()
    await deliver(store, slack, clock, breaker=breaker)

    assert not any(slack.failing.values())
    assert breaker.limits(clock.now) == {}


def test_only_failures_in_a_row_count_and_only_where_they_are() -> None:
    breaker, here, there = Breaker(), ("slack", "T1"), ("slack", "T2")
    for _ in range(2):
        breaker.fail(here, NOW)
        breaker.fail(there, NOW)
    breaker.mend(here)
    breaker.fail(here, NOW)
    breaker.fail(there, NOW)

    assert breaker.limits(NOW) == {there: 0}
    assert breaker.limits(NOW + timedelta(seconds=60)) == {there: 1}
    # A clock that was put back keeps nobody waiting.
    assert breaker.limits(NOW - timedelta(hours=1)) == {there: 1}
