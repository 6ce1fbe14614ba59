"""A day's work on a real store: what is owed, what is composed, what is delivered when."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot import daily, service
from bot.grammar import parse
from bot.model import Answer, Delivery, Destination, Digest, Following, Link, Paper, Pick, Reply, Schedule, Suggest
from bot.ports import DeliveryError, DiskError, Intake, Morning, Pause, Store

ANN = Destination.parse("slack:T1/@ANN")
BOB = Destination.parse("slack:T1/@BOB")
STRANGER = Destination.parse("slack:T2/@ANN")
ROOM = Destination.parse("slack:T1/C1")
PEOPLE = [Destination("slack", f"T{number % 2}", f"@U{number}") for number in range(20)]
FRIDAY = date(2020, 11, 20)
NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)

LIDAR = Paper("2011.00001", "Lidar point clouds", "We scan roads.")
MEDICAL = Paper("2011.00002", "Medical images", "CT scans.")
SKETCH = Paper("2011.00003", "Sketches that generate", "Joy.", links=(Link("https://github.com/a/b", "code"),))
DIGEST = Digest("friday.md", "cs.CV", FRIDAY, (MEDICAL, LIDAR, SKETCH))


class Recorder:
    """A platform at its edge: keeps what is posted, fails when told to."""

    def __init__(self) -> None:
        self.posts: list[tuple[Destination, Reply]] = []
        self.keys: list[str] = []
        self.uncertain: list[bool] = []
        self.errors: list[Exception] = []
        self.failing: dict[Destination, list[Exception]] = {}

    async def run(self, answer: Answer, suggest: Suggest) -> None: ...

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        self.uncertain.append(uncertain)
        if errors := self.failing.get(to) or self.errors:
            raise errors.pop(0)
        self.posts.append((to, reply))
        self.keys.append(key)

    def to(self, destination: Destination) -> list[Reply]:
        return [reply for to, reply in self.posts if to == destination]


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def slack() -> Recorder:
    return Recorder()


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def deliver(store: Store, slack: Recorder, clock: Clock) -> daily.Tally:
    return await daily.deliver(store, {"slack": slack}, clock)


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

    assert await deliver(store, slack, clock) == daily.Tally()


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
        (LIDAR.id, "1 person here follows this"),
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
    assert [card.why.plain for card in post.cards] == ["1 person here follows this", "code released"]


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


async def test_a_digest_without_papers_posts_nothing(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.follow(Following(ROOM))
    await daily.take_in(replace(DIGEST, papers=()), store, NOW)

    assert await deliver(store, slack, clock) == daily.Tally()
    assert (await store.digests(FRIDAY))[0].declared == 0


async def test_history_can_be_taken_in_without_owing_anybody(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    intake = await daily.take_in(DIGEST, store, NOW, owe=False)

    assert (intake.new, intake.owed) == (3, 0)
    assert await deliver(store, slack, clock) == daily.Tally()


async def test_a_failure_waits_longer_each_time_and_then_arrives(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    slack.errors = [DeliveryError("503"), DeliveryError("429", retry_after=90.5)]

    assert (await deliver(store, slack, clock)).failed == 1
    assert await deliver(store, slack, clock) == daily.Tally()
    clock.now += timedelta(seconds=2)
    assert (await deliver(store, slack, clock)).failed == 1
    clock.now += timedelta(seconds=89)
    assert await deliver(store, slack, clock) == daily.Tally()
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
    assert await deliver(store, slack, clock) == daily.Tally()

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


def test_planning_is_pure_and_repeatable() -> None:
    morning = Morning("cs.CV", FRIDAY, NOW, True, DIGEST.papers, (Following(ROOM),))

    assert list(daily.plan(morning)) == list(daily.plan(morning))


ROBOTS = Digest("x", "cs.RO", FRIDAY, (LIDAR, Paper("2011.00004", "Robots", "Lidar on wheels.")))


async def test_what_comes_in_together_is_told_in_one_message_a_day(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    hold = NOW + timedelta(minutes=10)
    intakes = [await daily.take_in(each, store, NOW, hold_until=hold) for each in (DIGEST, ROBOTS)]
    assert [each.owed for each in intakes] == [1, 0]
    assert await deliver(store, slack, clock) == daily.Tally()
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
    assert await deliver(store, slack, clock) == daily.Tally()
    clock.now += timedelta(minutes=1)
    assert (await deliver(store, slack, clock)).sent == 1


async def test_who_set_a_room_up_is_told_once_that_it_is_gone(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.follow(Following(ROOM, ("cs.CV", "cs.LG"), owner=ANN))
    await daily.take_in(DIGEST, store, NOW)
    slack.failing[ROOM] = [DeliveryError("is_archived", "gone")]
    assert (await deliver(store, slack, clock)).sent == 1
    clock.now += timedelta(days=3)
    assert await deliver(store, slack, clock) == daily.Tally()

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

    assert await daily.compose(notice, store) is None


class Crowd(Recorder):
    """A platform that posts when `go` is set, and knows how many it was given at once."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.waiting = self.most = 0

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        try:
            await self.go.wait()
        finally:
            self.waiting -= 1
        await super().post(to, reply, key=key, uncertain=uncertain)


@pytest.fixture
async def crowd(store: Store) -> Crowd:
    """Return a platform, with two days' alerts owed to twenty people in two workspaces on it."""
    for each in PEOPLE:
        await store.subscribe(each, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    later = Digest("x", "cs.CV", FRIDAY + timedelta(days=3), (Paper("2011.00010", "More lidar"),))
    await daily.take_in(later, store, NOW)
    return Crowd()


async def crowded(crowd: Crowd, count: int) -> None:
    async with asyncio.timeout(20):
        while crowd.waiting < count:  # noqa: ASYNC110  # as many as come at once
            await asyncio.sleep(0.001)


async def test_sixteen_are_delivered_to_at_once_and_each_in_order(store: Store, crowd: Crowd, clock: Clock) -> None:
    delivering = asyncio.create_task(deliver(store, crowd, clock))
    await crowded(crowd, 16)
    crowd.go.set()

    assert (await delivering).sent == 40
    assert crowd.most == 16
    for each in PEOPLE:
        first, second = crowd.to(each)
        assert (first.cards[0].paper, second.cards[0].paper) == (LIDAR.id, "2011.00010")


async def test_one_that_is_slow_does_not_keep_the_others(store: Store, slack: Recorder, clock: Clock) -> None:
    slow = Crowd()
    for person in (ANN, BOB, Destination.parse("discord:G1/@ANN")):
        await store.subscribe(person, parse("lidar"), NOW)
    await daily.take_in(DIGEST, store, NOW)
    delivering = asyncio.create_task(daily.deliver(store, {"slack": slack, "discord": slow}, clock))
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
    delivering = asyncio.create_task(daily.deliver(store, {"slack": crowd}, clock, stopping.is_set))
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
