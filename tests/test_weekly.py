"""A room's week: one message on its day and at its time, and none where nothing happened."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from bot import commands
from bot.daily import take_in
from bot.delivery import deliver
from bot.delivery.compose import compose
from bot.model import Delivery, Destination, Digest, Following, Paper, Reply, Schedule
from bot.ports import Store
from bot.team import weekly
from bot.timetable import came, keep_planning, plan
from storage import connect
from tests.conftest import MakeCall
from tests.fakes.command_line import Paperwire
from tests.fakes.recorder import Clock, Recorder

ROOM, OTHER = Destination.parse("slack:T1/C1"), Destination.parse("slack:T1/C2")
ANN = Destination.parse("slack:T1/@ANN")
FRIDAY = date(2020, 11, 20)
NINE = datetime(2020, 11, 20, 9, tzinfo=UTC)
BERLIN = Schedule(time(10), "Europe/Berlin", (0, 1, 2, 3))
PAPERS = tuple(Paper(f"2011.{n:05}", f"Lidar, part {n}", "An abstract.") for n in range(9))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def paperwire(tmp_path: Path) -> Paperwire:
    return Paperwire(tmp_path)


async def discuss(store: Store, room: Destination = ROOM, at: datetime = NINE) -> None:
    await take_in(Digest("test", "cs.CV", at.date() - timedelta(days=1), PAPERS), store, at, owe=False)
    await store.react(room, ANN, PAPERS[0].id, 1, at - timedelta(hours=1))


async def sent(store: Store, clock: Clock) -> list[tuple[Destination, Reply]]:
    slack = Recorder()
    await plan(store, clock(), [weekly.plan])
    await store.begin_delivery()
    await deliver(store, {"slack": slack}, clock)
    return slack.posts


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2020-11-19T23:30", None),
        ("2020-11-20T08:59", None),
        ("2020-11-20T09:00", FRIDAY),
        ("2020-11-20T23:00", FRIDAY),
        ("2020-11-21T04:59", FRIDAY),  # 05:59 in Berlin
        ("2020-11-21T05:01", None),
    ],
)
def test_a_time_has_come_from_the_rooms_start_until_six_hours_after_its_day(now: str, day: date | None) -> None:
    friday = Schedule(time(10), "Europe/Berlin", (4,))
    assert came(friday, datetime.fromisoformat(f"{now}+00:00")) == day


async def test_a_room_hears_of_its_week_on_its_weekday_whatever_days_it_has_highlights(
    store: Store, clock: Clock
) -> None:
    await store.follow(Following(ROOM, schedule=BERLIN, weekly=4))
    await store.follow(Following(OTHER, schedule=BERLIN))
    for room in (ROOM, OTHER):
        await discuss(store, room)
    clock.now = NINE - timedelta(minutes=1)
    assert await sent(store, clock) == []
    clock.now = NINE
    ((to, reply),) = await sent(store, clock)

    assert to == ROOM
    assert reply.text.plain == "The week to Fri 20 Nov 2020: the papers most discussed here"
    assert [(each.paper, each.why.plain) for each in reply.cards] == [(PAPERS[0].id, "1 person here")]
    assert reply.note.plain.endswith("their messages are not read.")
    assert not reply.private


async def test_it_comes_once_a_week_however_often_it_is_planned_and_the_service_started(
    address: str, clock: Clock
) -> None:
    posts = []
    for minutes in range(0, 600, 60):
        clock.now = NINE + timedelta(minutes=minutes)
        async with connect(address) as store:
            if not minutes:
                await store.follow(Following(ROOM, weekly=4))
                await discuss(store)
            posts += await sent(store, clock)
            found, total = await store.deliveries()
            assert total == 1, found
    assert len(posts) == 1

    clock.now = NINE + timedelta(days=7)
    async with connect(address) as store:
        await discuss(store, at=clock.now)
        assert len(await sent(store, clock)) == 1


async def test_where_nothing_happened_nothing_is_sent(store: Store, clock: Clock) -> None:
    await store.follow(Following(ROOM, weekly=4))
    await take_in(Digest("test", "cs.CV", FRIDAY, PAPERS), store, NINE, owe=False)
    await store.react(ROOM, ANN, PAPERS[0].id, -1, NINE)
    await store.react(ROOM, ANN, PAPERS[1].id, 1, NINE - timedelta(days=8))

    assert await sent(store, clock) == []
    (owed,), _ = await store.deliveries()
    assert (owed.state, owed.code) == ("dead", "unwanted")


async def test_what_is_switched_off_meanwhile_is_not_sent(store: Store) -> None:
    await discuss(store)
    owed = Delivery(ROOM, "weekly", "", FRIDAY, ())
    await store.follow(Following(ROOM, weekly=4))
    assert await compose(owed, store, NINE) is not None
    await store.follow(Following(ROOM))
    assert await compose(owed, store, NINE) is None
    await store.unfollow(ROOM)
    assert await compose(owed, store, NINE) is None


async def test_what_rises_is_of_the_rooms_categories_and_of_that_week(store: Store) -> None:
    async def fill(day: date, category: str, *titles: str) -> None:
        papers = tuple(Paper(f"{category}/{day}/{n}", title, "") for n, title in enumerate(titles))
        await take_in(Digest("test", category, day, papers), store, NINE, owe=False)

    for days in range(7, 30):
        await fill(FRIDAY - timedelta(days=days), "cs.CV", *[f"Paper {n} of {days}" for n in range(9)])
    await fill(FRIDAY, "cs.CV", *["Gaussian splatting"] * 5)
    await fill(FRIDAY, "cs.CL", *["Elephant speech"] * 5)

    async def said(day: date, *categories: str) -> list[str]:
        await store.follow(Following(ROOM, categories, weekly=4))
        reply = await compose(Delivery(ROOM, "weekly", "", day, ()), store, NINE)
        return [each.text.plain.split()[1] for each in reply.items] if reply else []

    assert await said(FRIDAY, "cs") == ["gaussian", "elephant"]
    assert await said(FRIDAY, "cs.CV") == ["gaussian"]
    assert await said(FRIDAY, "math") == []
    assert await said(FRIDAY + timedelta(days=7)) == []
    (offered,) = {
        each.buttons for day in [FRIDAY] if (each := await compose(Delivery(ROOM, "weekly", "", day, ()), store, NINE))
    }
    assert [(each.label, each.name) for each in offered] == [("All that rises", "trending")]


async def test_it_is_set_by_the_word_of_a_day_kept_and_switched_off(store: Store, call: MakeCall) -> None:
    async def said(line: str) -> str:
        return (await commands.answer(call(line, may_manage=True), store)).text.plain

    assert (await said("settings on cs.CV weekly:on")).endswith("And on Fri what was discussed here and what rises.")
    assert "And on Mon what was discussed here" in await said("settings weekly:mon")
    assert "And on Mon" in await said("settings count:3")
    assert (following := await store.following(ROOM)) is not None
    assert (following.weekly, following.count, following.categories) == (0, 3, ("cs.CV",))
    assert "what rises" not in await said("settings weekly:off")
    assert "weekly:DAY" in await said("settings weekly:someday")


async def test_a_planner_that_fails_keeps_no_other_waiting(
    store: Store, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await store.follow(Following(ROOM, weekly=4))
    stop = asyncio.Event()

    async def broken(store: Store, now: datetime) -> list[Delivery]:
        raise ZeroDivisionError

    async def last(store: Store, now: datetime) -> list[Delivery]:
        stop.set()
        return []

    await keep_planning(store, clock, stop, [broken, weekly.plan, last])

    found, _ = await store.deliveries()
    assert [(each.delivery.kind, each.delivery.day, each.state) for each in found] == [("weekly", FRIDAY, "pending")]
    assert "ZeroDivisionError" in caplog.text


def test_the_service_plans_it(paperwire: Paperwire) -> None:
    paperwire("ingest", paperwire.digest())
    today = datetime.now(UTC).strftime("%a").lower()
    for line in (f"settings weekly:{today}", "like 2011.10043"):
        assert paperwire("ask", line).returncode == 0
    assert "the papers most discussed here" in paperwire("run", "--once").stdout
    assert paperwire("run", "--once").stdout == ""


async def test_what_is_owed_already_stays_as_it_is(store: Store) -> None:
    await store.follow(Following(ROOM, weekly=4))
    owed = [Delivery(ROOM, "weekly", "", FRIDAY, ()), Delivery(OTHER, "weekly", "", FRIDAY, ())]

    assert await store.owe(owed, NINE) == 1  # nobody knows the other room
    assert await store.owe(owed, NINE) == 0
    claimed = await store.claim(["slack"], NINE)
    assert claimed
    await store.settle(claimed, "sent")
    assert await store.owe([*owed, Delivery(ROOM, "weekly", "", FRIDAY + timedelta(days=7), ())], NINE) == 1
    assert [each.state for each in (await store.deliveries())[0]] == ["pending", "sent"]
