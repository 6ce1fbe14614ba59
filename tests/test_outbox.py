"""The outbox in an operator's hands, and what those who manage a workspace are told of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from bot import daily
from bot.commands import answer
from bot.delivery import deliver
from bot.delivery.outbox import lines
from bot.model import Destination, Digest, Following, Paper, Reply, Schedule
from bot.ports import Backlog, DeliveryError, Store
from bot.search.grammar import parse
from tests.conftest import MakeCall
from tests.fakes.recorder import Clock, Recorder

ANN = Destination.parse("slack:T1/@ANN")
BOB = Destination.parse("slack:T1/@BOB")
ROOM = Destination.parse("slack:T1/C1")
OTHER = Destination.parse("slack:T1/C2")
ELSEWHERE = Destination.parse("slack:T2/C3")
FRIDAY = date(2020, 11, 20)
MONDAY = date(2020, 11, 23)
NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
ONE, TWO, THREE = (Paper(f"2011.0000{n}", f"Lidar, part {n}") for n in range(3))


@pytest.fixture
def slack() -> Recorder:
    return Recorder()


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def take_in(store: Store, *papers: Paper, day: date = FRIDAY, category: str = "cs.CV") -> None:
    await daily.take_in(Digest("x", category, day, papers), store, NOW)


async def states(store: Store) -> list[tuple[int, str, str]]:
    found, _ = await store.deliveries()
    return [(each.delivery.id, each.state, each.code) for each in reversed(found)]


async def send(store: Store, slack: Recorder, clock: Clock, *errors: Exception) -> None:
    slack.errors = list(errors)
    await deliver(store, {"slack": slack}, clock, jitter=lambda: 1.0)


def shown(replies: Iterable[Reply]) -> list[list[str]]:
    return [[card.paper for card in each.cards] for each in replies]


async def test_the_newest_are_listed_with_how_they_stand(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await take_in(store, ONE)
    await send(store, slack, clock)
    await take_in(store, TWO, day=MONDAY)
    await send(store, slack, clock, DeliveryError("timeout", "uncertain"))
    await store.follow(Following(ROOM, schedule=Schedule(days=(3,))))
    await take_in(store, THREE, day=date(2020, 11, 24), category="cs.RO")
    found, total = await store.deliveries(limit=2)
    assert total == 4
    table = list(lines(found, total, NOW.astimezone(timezone(timedelta(hours=1)))))

    assert [" ".join(line.split()) for line in table] == [
        "ID STATE WHAT DAY TO PAPERS TRIES SINCE NEXT CODE",
        "4 pending highlights cs.RO 2020-11-24 slack:T1/C1 1 0 2020-11-20 10:00 2020-11-26 01:00",
        "3 pending alert 2020-11-24 slack:T1/@ANN 1 0 2020-11-20 10:00",
        "The newest 2 of 4. For more: --limit 4",
    ]
    uncertain, _ = await store.deliveries(states=["pending"])
    assert [line.split()[:2] for line in lines(uncertain, 3, NOW)] == [
        ["ID", "STATE"],
        ["4", "pending"],
        ["3", "pending"],
        ["2", "pending?"],
    ]
    assert next(line.split()[-1] for line in lines(uncertain[2:], 1, NOW) if "pending?" in line) == "timeout"
    assert list(lines((), 0, NOW)) == ["Nothing is or was owed so."]


async def test_what_was_given_up_is_owed_anew(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await take_in(store, ONE)
    await send(store, slack, clock, DeliveryError("msg_too_long", "content"))
    assert await states(store) == [(1, "dead", "msg_too_long")]
    clock.now += timedelta(days=3)
    assert await store.requeue([1, 7], clock.now) == (1,)
    # It is told of again: another listing must not tell it a second time.
    await take_in(store, ONE, TWO, category="cs.RO")
    await send(store, slack, clock)

    assert shown(slack.to(ANN)) == [[ONE.id], [TWO.id]]
    assert slack.keys == [f"{ANN}|alert|:2020-11-20|{part}" for part in (1, 2)]


async def test_what_was_told_of_meanwhile_is_left_out(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await take_in(store, ONE, TWO)
    await send(store, slack, clock, DeliveryError("msg_too_long", "content"))
    await take_in(store, ONE, category="cs.RO")
    await send(store, slack, clock)
    assert await store.requeue([1], NOW) == (1,)
    await send(store, slack, clock)
    assert shown(slack.to(ANN)) == [[ONE.id], [TWO.id]]
    # Nothing of it is left to tell.
    assert await store.requeue([1], NOW) == ()


async def test_what_may_have_arrived_is_owed_anew_as_that(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await take_in(store, ONE)
    await send(store, slack, clock, DeliveryError("timeout", "uncertain"))
    assert await store.drop([1]) == (1,)
    assert await states(store) == [(1, "dead", "dropped")]
    assert await store.requeue([1], NOW) == (1,)
    await take_in(store, ONE, TWO, category="cs.RO")
    await send(store, slack, clock)

    assert slack.uncertain == [False, True, False]
    assert shown(slack.to(ANN)) == [[ONE.id], [TWO.id]]


async def test_what_waits_can_be_tried_at_once(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await take_in(store, ONE)
    await send(store, slack, clock, DeliveryError("token_revoked", "later", 600.0))
    await store.requeue([1], NOW)
    await send(store, slack, clock, DeliveryError("503"))
    # From here on, it has a day again.
    clock.now += timedelta(hours=23)
    await send(store, slack, clock)

    assert shown(slack.to(ANN)) == [[ONE.id]]


async def test_what_is_dropped_was_not_told(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await take_in(store, ONE)
    assert await store.drop([1, 1, 9]) == (1,)
    assert await store.drop([1]) == ()
    await take_in(store, ONE, category="cs.RO")
    await send(store, slack, clock)

    assert shown(slack.to(ANN)) == [[ONE.id]]


async def test_what_is_sent_or_being_sent_is_not_touched(store: Store, slack: Recorder, clock: Clock) -> None:
    for person in (ANN, BOB):
        await store.subscribe(person, parse("lidar"), NOW)
    await take_in(store, ONE)
    sent, sending = await store.claim(["slack"], NOW), await store.claim(["slack"], NOW)
    assert sent is not None
    assert sending is not None
    await store.settle(sent, "sent")
    before = await states(store)

    assert await store.requeue([1, 2], NOW) == await store.drop([1, 2]) == ()
    assert await states(store) == before == [(1, "sent", ""), (2, "sending", "")]


async def test_what_was_merged_is_another_message(store: Store, slack: Recorder, clock: Clock) -> None:
    await store.subscribe(ANN, parse("lidar"), NOW)
    await take_in(store, ONE)
    await take_in(store, TWO, day=MONDAY)
    await send(store, slack, clock)

    assert await states(store) == [(1, "merged", ""), (2, "sent", "")]
    assert await store.requeue([1], NOW) == ()


async def test_the_backlog_says_what_is_due_and_since_when(store: Store, slack: Recorder, clock: Clock) -> None:
    assert await store.backlog(NOW) == ()
    for person in (ANN, BOB, Destination.parse("discord:people/@U1")):
        await store.subscribe(person, parse("lidar"), NOW)
    await store.follow(Following(ROOM, schedule=Schedule(days=(0,))))
    await take_in(store, ONE)
    slack.failing = {ANN: [DeliveryError("gone", "gone")], BOB: [DeliveryError("503")]}
    await send(store, slack, clock)

    assert await store.backlog(NOW) == (
        Backlog("discord", 1, 1, 0, NOW),
        Backlog("slack", 3, 1, 1, NOW),
    )
    monday = datetime(2020, 11, 23, tzinfo=UTC)
    assert (await store.backlog(monday))[1] == Backlog("slack", 3, 2, 1, NOW)
    await store.drop([2])
    assert (await store.backlog(monday))[1] == Backlog("slack", 2, 1, 1, monday)


# What those who manage a workspace are told


async def test_who_manages_a_workspace_is_told_what_is_owed_and_lost_there(
    store: Store, slack: Recorder, clock: Clock, call: MakeCall
) -> None:
    for room in (ROOM, OTHER, ELSEWHERE):
        await store.follow(Following(room))
    for person in (ANN, BOB):
        await store.subscribe(person, parse("lidar"), NOW)
    await take_in(store, ONE)
    slack.failing = {
        ANN: [DeliveryError("user_disabled", "gone")],
        ROOM: [DeliveryError("is_archived", "gone")],
        OTHER: [DeliveryError("msg_too_long", "content")],
        ELSEWHERE: [DeliveryError("no_text", "content")],
    }
    await send(store, slack, clock)
    await store.unfollow(OTHER)
    await take_in(store, TWO, day=MONDAY)
    said = await answer(call("deliveries", at=NOW + timedelta(days=1), may_manage=True), store)

    assert (said.private, said.about) == (True, ROOM)
    assert said.text.plain.splitlines() == [
        "Owed here: 2 messages to rooms, 3 to people.",
        "The last that arrived was sent: Fri 20 Nov 2020, 09:00 UTC.",
        "Not delivered in the last 7 days: 1 given up (msg_too_long).",
        "Paused rooms:",
        "- C1, since Fri 20 Nov 2020, 09:00 UTC: is_archived",
        "Once the bot can post there again, in each of them type: settings on",
        "Alerts to 1 person are paused: their own subscriptions say why, and how to go on.",
    ]
    later = await answer(call("deliveries", at=NOW + timedelta(days=8), may_manage=True), store)
    assert "Not delivered in the last 7 days: none." in later.text.plain
    elsewhere = call("deliveries", room=str(ELSEWHERE), at=NOW, may_manage=True)
    assert (await answer(elsewhere, store)).text.plain.splitlines() == [
        "Owed here: 1 message to rooms, 0 to people.",
        "The last that arrived was sent: none yet.",
        "Not delivered in the last 7 days: 1 given up (no_text).",
    ]


async def test_nobody_else_is_told(store: Store, call: MakeCall) -> None:
    assert "Ask one of them" in str((await answer(call("deliveries"), store)).error)
    # Alone with us one may manage all there is, but that is one's own.
    alone = call("deliveries", room="discord:people/@U1", caller="discord:people/@U1", may_manage=True)
    assert "Type it there" in str((await answer(alone, store)).error)
