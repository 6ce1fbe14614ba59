"""A day's work on a real store: what is owed, what is composed, what is delivered when."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot import daily, service
from bot.grammar import parse
from bot.model import Answer, Destination, Digest, Following, Link, Paper, Pick, Reply
from bot.ports import DeliveryError, DiskError, Intake, Morning, Store

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


class Recorder:
    """A platform at its edge: keeps what is posted, fails when told to."""

    def __init__(self) -> None:
        self.posts: list[tuple[Destination, Reply]] = []
        self.keys: list[str] = []
        self.uncertain: list[bool] = []
        self.errors: list[Exception] = []

    async def run(self, answer: Answer) -> None: ...

    async def post(self, to: Destination, reply: Reply, *, key: str, uncertain: bool) -> None:
        self.uncertain.append(uncertain)
        if self.errors:
            raise self.errors.pop(0)
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
    await store.subscribe(ANN, parse("lidar"), NOW)
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
    slack.errors = [DeliveryError("user_not_found", "gone")]
    await deliver(store, slack, clock)
    clock.now += timedelta(days=1)
    await deliver(store, slack, clock)

    assert [to for to, _ in slack.posts] == [BOB]
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
    slack.errors = [ZeroDivisionError()]

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
    morning = Morning("cs.CV", FRIDAY, True, DIGEST.papers, DIGEST.papers, (Following(ROOM),))

    assert list(daily.plan(morning)) == list(daily.plan(morning))
